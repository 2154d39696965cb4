// What is seen of the map: everything, some songs, nearer, farther.

const NEAREST_VIEW = 0.3; // share of the map that is always seen, however close together the songs are

const spans = box(places, all, 0.06);
const { inScene, cameraFor, home, camera, noteCamera, throughCamera, onPlane } = seenOn(map, places, spans);

// --- the flat map; plotly keeps both directions to one scale, so its ranges are not ours

const ranges = () => [map._fullLayout.xaxis.range, map._fullLayout.yaxis.range];
const span = () => ranges().map(([low, high]) => high - low);
const middle = () => ranges().map(([low, high]) => (low + high) / 2);

function show([x, y], [width, height]) {
  Plotly.relayout(map, { "xaxis.range": [x - width / 2, x + width / 2],
    "yaxis.range": [y - height / 2, y + height / 2] });
}

function fitFlat(rows) {
  const sides = box(places, rows, 0.15);
  show(sides.map(([low, high]) => (low + high) / 2),
    sides.map(([low, high], i) => Math.max(high - low, NEAREST_VIEW * (spans[i][1] - spans[i][0]))));
}

const isInFlat = (row) =>
  ranges().every(([low, high], i) => places[i][row] >= low && places[i][row] <= high);

// --- the solid map

function look(at, distance) {
  const { eye, center, up } = camera();
  const there = plus(at, scaled(unit(minus(eye, center)), distance));
  Plotly.relayout(map, { "scene.camera": { eye: there, center: at, up } });
}

function fitSolid(rows) {
  const { eye, center, up } = camera();
  Plotly.relayout(map, { "scene.camera": cameraFor(rows, minus(eye, center), up) });
}

function isInSolid(row) {
  const { x, y } = throughCamera()(row);
  return x >= 0 && y >= 0 && x <= map.clientWidth && y <= map.clientHeight;
}

// --- both

// The songs that the picture was last fitted to; none after the reader has moved it.
let fitted = all;

function fit(rows) {
  fitted = rows;
  if (solid) fitSolid(rows);
  else fitFlat(rows);
}

const isInView = (row) => (solid ? isInSolid(row) : isInFlat(row));

function zoom(by) {
  fitted = null;
  if (!solid) return show(middle(), span().map((now) => now * by));
  const { eye, center } = camera();
  return look(center, length(minus(eye, center)) * by);
}

function showAll() {
  fitted = all;
  Plotly.relayout(map, solid ? { "scene.camera": home() }
    : { "xaxis.range": [...spans[0]], "yaxis.range": [...spans[1]] });
}

// What the picture was fitted to stays in it when the window changes its size or is turned.
function watchSize() {
  map.on("plotly_relayouting", () => { fitted = null; });
  if (solid) map.on("plotly_relayout", oncePerFrame(noteCamera));
  keepSize(map, () => {
    if (fitted === all) showAll();
    else if (fitted) fit(fitted);
  });
}
