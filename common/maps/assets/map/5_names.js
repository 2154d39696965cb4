// Names on the map, written by names.js: of regions whose songs sound alike, and of songs where there is room.
// What comes first gets the room: the song that is pointed out, the one that plays or else that one with its
// nearest songs, regions, their most typical songs, songs. While a solid map is turned it has none.

const MOST_TITLED = 150; // songs in view among which titles are looked for; among more there is no room

const { layer, makeRoom, write, follow } = namesOver(map, size);

// Where songs are drawn, in pixels of the map.
function pixelsOf(rows) {
  const where = solid ? throughCamera() : onPlane();
  return rows.map((row) => ({ row, ...where(row) }));
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

function writeRegion({ name, rows }, lines, room) {
  const points = pixelsOf(rows.filter(isShown));
  if (!points.length) return;
  const heart = { x: median(points.map(({ x }) => x)), y: median(points.map(({ y }) => y)) };
  const there = write(name, "region", FONTS.region, () => around(heart), room);
  if (there && Math.abs(there.y - heart.y) > 40) lines.append(leader(there, heart));
}

// Where a name had to go aside, a line leads from its edge to its songs.
function leader({ x, y, width, height }, to) {
  const start = Math.min(Math.max(to.x, x - width / 2), x + width / 2);
  return drawing("line", { x1: start, y1: y + (Math.sign(to.y - y) * height) / 2, x2: to.x, y2: to.y });
}

// Points along the lines to the nearest songs.
function pointsOnLines() {
  if (chosen === null) return [];
  const [from, ...ends] = pixelsOf([chosen, ...shownNear(chosen)]);
  return ends.flatMap((to) => along(from, to));
}

// The name of the song that is pointed out is written before all others, and farther away if need be.
function writeStar(point, room) {
  const spots = function* (width) {
    yield* beside(point, width, STAR_SIZE / 2 + 5);
    yield* around(point);
  };
  write(`★ ${shorten(songs.title[star], 40)}`, "starred", FONTS.starred, spots, room);
}

function drawNames() {
  const seen = pixelsOf(all.filter(isShown)).filter(({ x, y }) =>
    x > -20 && y > -20 && x < map.clientWidth + 20 && y < map.clientHeight + 20);
  const [room, lines] = [makeRoom([...seen, ...pointsOnLines()]), drawing("svg", {})];
  layer.replaceChildren(lines);
  const title = (point) => write(shorten(songs.title[point.row], 32), "title", FONTS.title,
    (width) => beside(point, width, size / 2 + 5), room);
  seen.filter(({ row }) => row === star).forEach((point) => writeStar(point, room));
  const focus = chosen ?? star;
  const first = new Set(focus === null ? [] : [focus, ...nearest[focus].map(([row]) => row)]);
  const matched = new Set(matches);
  seen.filter(({ row }) => first.has(row) && row !== star).forEach(title);
  regions.forEach((region) => writeRegion(region, lines, room));
  const typical = new Set(regions.map(({ rows }) => rows[0]).filter((row) => row !== star && !first.has(row)));
  seen.filter(({ row }) => typical.has(row)).forEach(title);
  if (seen.length > MOST_TITLED) return;
  const others = seen.filter(({ row }) => !first.has(row) && !typical.has(row) && row !== star);
  others.sort((a, b) => matched.has(b.row) - matched.has(a.row) || a.row - b.row).forEach(title);
}

const renewNames = oncePerFrame(drawNames);

function watchNames() {
  $("view").append(layer);
  follow(renewNames, solid);
  new ResizeObserver(renewNames).observe(map);
  renewNames();
}
