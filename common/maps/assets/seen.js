// Where plotly draws the places of a map, and how large: on the plane, or in space, as its camera sees it. Places are
// lists, one per dimension; in space they lie in a cube whose sides are 1 long around 0.

const HEIGHT = 0.4; // of the first look down, as the tangent of its angle
const SIDES = 12; // from which the first look is tried
const TANGENT = Math.tan(Math.PI / 8); // of half the angle that plotly's camera sees from bottom to top
const FILLED = 0.92; // share of the picture that songs may fill
const NEAREST_EYE = 0.6; // from the middle of what it looks at, in sides of the cube
const BEHIND = -1e5; // pixels; what is behind the camera lies so far off

// plotly draws the same shape in another size on either map; these make them as large as a circle on the plane.
const ON_PLANE = { diamond: 1.15, "diamond-open": 1.15, cross: 1.1, x: 1.1 };
const IN_SPACE = { circle: 0.75, "circle-open": 0.75, square: 0.68, "square-open": 0.58, diamond: 0.52,
  "diamond-open": 0.52, cross: 1.2, x: 1.2 };
const growth = (symbol, solid) => (solid ? IN_SPACE : ON_PLANE)[symbol] ?? 1;

// Lowest and highest place of some songs in every dimension, with room around.
function box(places, rows, margin) {
  return places.map((values) => {
    let [low, high] = [Infinity, -Infinity];
    for (const row of rows) {
      low = Math.min(low, values[row]);
      high = Math.max(high, values[row]);
    }
    const room = (high - low) * margin || margin;
    return [low - room, high + room];
  });
}

const minus = (a, b) => ({ x: a.x - b.x, y: a.y - b.y, z: a.z - b.z });
const dot = (a, b) => a.x * b.x + a.y * b.y + a.z * b.z;
const length = (a) => Math.sqrt(dot(a, a));
const cross = (a, b) => ({ x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x });
const scaled = (a, by) => ({ x: a.x * by, y: a.y * by, z: a.z * by });
const plus = (a, b) => minus(a, scaled(b, -1));
const unit = (a) => scaled(a, 1 / length(a));

// Where a camera that looks along `away` has its right, its above, and its back.
function cameraAxes(away, up) {
  const back = unit(away);
  const right = unit(cross(up, back));
  return [right, cross(back, right), back];
}

// Lowest and highest of some numbers.
const extent = (values) =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

// Half-way between the outermost of some songs on the picture: how far right and above of its middle, as tangents.
function offMiddle(points, center, [right, above, back], distance) {
  const tangents = (direction) => points.map((point) => {
    const from = minus(point, center);
    return dot(from, direction) / (distance - dot(from, back));
  });
  return [right, above].map((direction) => extent(tangents(direction)).reduce((low, high) => (low + high) / 2));
}

// Keeps the picture as large as its place on the page, which the window is not the only one to change.
function keepSize(map, then) {
  let [width, height] = [map.clientWidth, map.clientHeight];
  new ResizeObserver(async () => {
    if (width === map.clientWidth && height === map.clientHeight) return;
    [width, height] = [map.clientWidth, map.clientHeight];
    await Plotly.Plots.resize(map);
    then();
  }).observe(map);
}

// What is seen of the songs of a map, whose axes go from the lowest to the highest of `spans`. Other places than the
// songs', given as `from`, are found likewise.
function seenOn(map, places, spans) {
  const all = [...places[0].keys()];
  const inScene = (row, from = places) => Object.fromEntries(from.map((values, i) =>
    ["xyz"[i], (values[row] - spans[i][0]) / (spans[i][1] - spans[i][0]) - 0.5]));

  // From how far a camera sees all songs whole: beside and above each there is room, at its own distance.
  function distanceFor(points, center, [right, above, back]) {
    const aspect = map.clientWidth / map.clientHeight;
    const needed = (point) => {
      const from = minus(point, center);
      const reach = Math.max(Math.abs(dot(from, above)), Math.abs(dot(from, right)) / aspect);
      return dot(from, back) + reach / (TANGENT * FILLED);
    };
    return points.reduce((farthest, point) => Math.max(farthest, needed(point)), NEAREST_EYE);
  }

  // The camera that looks along a direction and sees some songs whole and in the middle.
  function cameraFor(rows, away, up) {
    const axes = cameraAxes(away, up);
    const points = rows.map((row) => inScene(row));
    let center = axes.map((direction) => {
      const [low, high] = extent(points.map((point) => dot(point, direction)));
      return scaled(direction, (low + high) / 2);
    }).reduce(plus);
    let distance = distanceFor(points, center, axes);
    // What is near looks larger, so the middle of the songs is not that of their picture; it is soon approached.
    for (let round = 0; round < 4; round += 1) {
      const [x, y] = offMiddle(points, center, axes, distance);
      center = plus(center, plus(scaled(axes[0], x * distance), scaled(axes[1], y * distance)));
      distance = distanceFor(points, center, axes);
    }
    return { eye: plus(center, scaled(axes[2], distance)), center, up };
  }

  // The first look comes from the side from which the songs are spread most widely, as on the printed map.
  function widestSide() {
    const [xs, ys] = [0, 1].map((axis) => {
      const [low, high] = spans[axis];
      const mean = places[axis].reduce((sum, value) => sum + value, 0) / all.length;
      return places[axis].map((value) => (value - mean) / (high - low));
    });
    const products = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
    const [xx, xy, yy] = [products(xs, xs), products(xs, ys), products(ys, ys)];
    const spread = ({ x, y }) => y * y * xx - 2 * x * y * xy + x * x * yy; // squares along what is then right
    const sides = [...Array(SIDES).keys()].map((i) => (i / SIDES) * Math.PI)
      .map((angle) => ({ x: Math.cos(angle), y: Math.sin(angle), z: 0 }));
    return sides.reduce((a, b) => (spread(b) > spread(a) ? b : a));
  }

  const home = () => cameraFor(all, { ...widestSide(), z: HEIGHT }, { x: 0, y: 0, z: 1 });

  function camera() {
    const scene = map._fullLayout.scene._scene;
    const { eye, center, up } = scene?.camera ? scene.getCamera() : map.layout.scene.camera;
    return { eye, center, up };
  }

  // What plotly notes of a drag lacks the last move of the mouse: later pictures and names would be of that view.
  function noteCamera() {
    const seen = camera();
    const noted = map.layout.scene.camera;
    if (["eye", "center", "up"].some((part) => length(minus(seen[part], noted[part])) > 1e-6))
      Plotly.relayout(map, { "scene.camera": seen });
  }

  // During a drag plotly notes nothing, and whatever is drawn meanwhile would be seen from where it began.
  function keepCamera() {
    map.layout.scene.camera = camera();
  }

  // Where the camera shows a song, in pixels of the map.
  function throughCamera() {
    const { eye, center, up } = camera();
    const [right, above, back] = cameraAxes(minus(eye, center), up);
    const half = [map.clientWidth / 2, map.clientHeight / 2];
    return (row, from) => {
      const sight = minus(inScene(row, from), eye);
      const ahead = -dot(sight, back) * TANGENT;
      const [aside, up] = [right, above].map((way) => (ahead > 0 ? (dot(sight, way) / ahead) * half[1] : BEHIND));
      return { x: half[0] + aside, y: half[1] - up };
    };
  }

  // The same on the plane.
  function onPlane() {
    const { xaxis, yaxis } = map._fullLayout;
    return (row, [xs, ys] = places) => ({
      x: xaxis._offset + ((xs[row] - xaxis.range[0]) / (xaxis.range[1] - xaxis.range[0])) * xaxis._length,
      y: yaxis._offset + ((yaxis.range[1] - ys[row]) / (yaxis.range[1] - yaxis.range[0])) * yaxis._length });
  }
  return { inScene, cameraFor, home, camera, noteCamera, keepCamera, throughCamera, onPlane };
}
