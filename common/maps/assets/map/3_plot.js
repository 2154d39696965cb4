// The drawing: which marks plotly draws, in which order, and how the paper looks.

const MANY = 2000; // From here on the browser's graphics card draws the flat map, if there is one.
const hasWebGL = () => Boolean(document.createElement("canvas").getContext("webgl"));
const kind = solid ? "scatter3d" : all.length > MANY && hasWebGL() ? "scattergl" : "scatter";
const size = Math.max(5, Math.min(12, 150 / Math.sqrt(all.length)));
const members = genres.map(({ name }) => all.filter((row) => row < own && songs.genre[row] === name));
const at = (rows) =>
  Object.fromEntries(places.map((values, axis) => ["xyz"[axis], rows.map((row) => values[row] ?? null)]));

// The order of the traces is the order of drawing: lines below, rings and the star above.
const LINES = 0;
const FIRST = 1;
const FOUND = FIRST + genres.length;
const SELECTED = FOUND + 1;
const RING = SELECTED + 1;
const GUEST = RING + 1;

const FOUND_COLOUR = "#56B4E9";
const SELECTED_COLOUR = "#D55E00";
const STAR_COLOUR = "#FFD400";
const STAR_SIZE = 18;

// The flat map draws an open shape as its outline alone; on the solid map outlines of many songs would be a fog.
function outline(colour, symbol) {
  if (solid) return { color: colour, width: all.length > MANY ? 0 : 1 };
  return { color: colour, width: symbol.endsWith("-open") ? 2 : 0.7 };
}

function ring(colour, grow, width) {
  return { type: kind, mode: "markers", ...at([]), hoverinfo: "skip",
    marker: { color: colour, symbol: "circle-open", size: size + grow, line: { color: colour, width } } };
}

function genreTrace({ colour, symbol }, i) {
  const opacity = { marker: { opacity: 0.85 } }; // a lasso is shown by rings, not by paling the others
  return { type: kind, mode: "markers", ...at(members[i]), hovertext: members[i].map(card), hoverinfo: "text",
    marker: { color: members[i].map((row) => weighed(colour, row)), symbol, size: size * growth(symbol, solid), opacity: 0.85,
      line: outline(theme.paper, symbol) },
    ...(solid ? {} : { selected: opacity, unselected: opacity }) };
}

// Its name is written by 5_names.js, where it covers nothing.
function starTrace() {
  return { type: kind, mode: "markers", ...at([star]), hovertext: [card(star)], hoverinfo: "text",
    marker: { color: STAR_COLOUR, symbol: solid ? "diamond" : "star", size: solid ? 9 : STAR_SIZE,
      line: { color: theme.ink, width: 1.5 } } };
}

const traces = () => [
  { type: kind, mode: "lines", ...at([]), hoverinfo: "skip", line: { color: theme.ink, width: solid ? 4 : 1.5 } },
  ...genres.map(genreTrace),
  ring(FOUND_COLOUR, 6, 2),
  ring(SELECTED_COLOUR, 6, 3),
  ring(theme.ink, 10, 3),
  ...(star === null ? [] : [starTrace()]),
];

function rowOf({ curveNumber, pointNumber }) {
  if (curveNumber === GUEST) return star;
  return members[curveNumber - FIRST]?.[pointNumber] ?? null;
}

// Moves some traces to the places of some rows each; one call is one drawing.
function put(rowsOf) {
  const moved = Object.values(rowsOf).map(at);
  const update = Object.fromEntries(Object.keys(moved[0]).map((name) => [name, moved.map((to) => to[name])]));
  Plotly.restyle(map, update, Object.keys(rowsOf).map(Number));
}

const axis = (i) => ({ range: [...spans[i]], showgrid: solid, zeroline: false, showticklabels: false,
  showspikes: false, title: { text: "" }, gridcolor: theme.grid });

function layout() {
  const axes = solid
    ? { scene: { xaxis: axis(0), yaxis: axis(1), zaxis: axis(2), aspectmode: "cube", camera: home() } }
    : { xaxis: axis(0), yaxis: { ...axis(1), scaleanchor: "x" }, dragmode: "pan" };
  return { margin: { l: 0, r: 0, t: 0, b: 0 }, hovermode: "closest", showlegend: false,
    hoverlabel: { align: "left", bgcolor: theme.paper, font: { color: theme.ink, size: 14 } },
    paper_bgcolor: theme.paper, plot_bgcolor: theme.paper, modebar: { color: theme.quiet, bgcolor: theme.paper,
      activecolor: theme.ink }, ...axes };
}

function settings() {
  const buttons = solid ? ["resetCameraDefault3d"] : ["pan2d", "lasso2d", "zoomIn2d", "zoomOut2d", "resetScale2d"];
  return { displaylogo: false, scrollZoom: true, modeBarButtons: [[imageButton(map, layer), ...buttons]] };
}

// The system went from light to dark, or back.
function followTheme() {
  theme = readTheme();
  const { hoverlabel, paper_bgcolor, plot_bgcolor, modebar } = layout();
  const grids = solid ? Object.fromEntries("xyz".split("").map((name) => [`scene.${name}axis.gridcolor`, theme.grid])) : {};
  Plotly.relayout(map, { hoverlabel, paper_bgcolor, plot_bgcolor, modebar, ...grids });
  Plotly.restyle(map, { "line.color": theme.ink }, [LINES]);
  Plotly.restyle(map, { "marker.color": theme.ink, "marker.line.color": theme.ink }, [RING]);
  if (star !== null) Plotly.restyle(map, { "marker.line.color": theme.ink }, [GUEST]);
  colour($("colour").value);
}
