// Draws one song's way over the map (#journey, JSON) while it plays; works from disk, without a network.
//
//   name       what the song is called
//   file       the song's address relative to the page
//   duration   seconds
//   outline    lowest and highest sample of equal parts of the song, two lists, -1 to 1
//   times      middle of every window, seconds, ascending
//   maps       for 2 and 3 dimensions: songs and way, one list per dimension each
//   songs      title and genre of every song of the map
//   genres     name, colour and symbol of each
//   near       of every window the songs nearest to it, the nearest first: row, similarity, whether that is alike
//   passed     songs that windows are nearest to, those of most windows first: row and title
//   stretches  from, to (seconds), and the song nearest to it as in near
//   ramp       colours from the song's start to its end, used where there are no parts
//   parts      sections: from, to (seconds), name, colour, and what all of that colour are called
//   between    colour of what is in no section
const { file, duration, outline, times, maps, songs, genres, near, passed, stretches, ramp, parts, between } =
  JSON.parse(document.getElementById("journey").textContent);
const $ = (id) => document.getElementById(id);
const [map, audio, wave] = [$("map"), $("audio"), $("wave")];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const readTheme = () => ({ ink: css("--ink"), paper: css("--paper"), grid: css("--grid"), pale: Number(css("--pale")) });
let theme = readTheme();
let solid = false;
let turned = false; // or moved by the reader, who then sees what he wants
let position = 0; // seconds

const escape = (text) =>
  String(text).replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const partAt = (seconds) => parts.find(([from, to]) => seconds >= from && seconds < to);

function colourAt(seconds) {
  if (parts.length) return (partAt(seconds) || [0, 0, "", between])[3];
  return ramp[Math.min(ramp.length - 1, Math.max(0, Math.round((seconds / duration) * (ramp.length - 1))))];
}

// ---------------------------------------------------------------------------------------- map

const here = () => maps[solid ? 3 : 2];
const spans = box(maps[3].songs, [...songs.title.keys()], 0.06);
const [flat, inSpace] = [seenOn(map, maps[2].songs), seenOn(map, maps[3].songs, spans)];
const point = (values) => Object.fromEntries(values.map((value, axis) => ["xyz"[axis], value]));

// Where the dot is: between the windows before and after, or at the first or last one.
function whereAt(seconds) {
  const next = times.findIndex((time) => time > seconds);
  if (next <= 0) return here().way.map((values) => values.at(next === 0 ? 0 : -1));
  const share = (seconds - times[next - 1]) / (times[next] - times[next - 1]);
  return here().way.map((values) => values[next - 1] + share * (values[next] - values[next - 1]));
}

// The window whose middle is nearest in time; half-way, and where a stretch begins in rounded seconds, the later.
const windowAt = (seconds) => {
  const apart = times.map((time) => Math.abs(time - seconds - 0.1));
  return apart.indexOf(Math.min(...apart));
};

const degree = (similarity, alike) => ` (${similarity.toFixed(2)}${alike ? "" : ", not alike"})`;
const named = ([row, ...found]) => songs.title[row] + degree(...found);
const passing = (time, i) => [`<b>${clock(time)}</b>, nearest:`, ...near[i].map((one) => escape(named(one)))].join("<br>");

const WAY = genres.length; // traces: genres, the way, the dot
const DOT = WAY + 1;
const DOT_SIZE = 18;

function traces() {
  const kind = solid ? "scatter3d" : "scatter";
  const of = (rows) => point(here().songs.map((values) => rows.map((row) => values[row])));
  return [
    ...genres.map(({ name, colour, symbol }) => {
      const rows = [...songs.title.keys()].filter((row) => songs.genre[row] === name);
      return { type: kind, mode: "markers", ...of(rows), hoverinfo: "text",
        hovertext: rows.map((row) => `<b>${escape(songs.title[row])}</b><br>${escape(name)}`),
        marker: { color: colour, symbol, size: (solid ? 7 : 8) * growth(symbol, solid), opacity: theme.pale } };
    }),
    { type: kind, mode: "lines+markers", ...point(here().way), hoverinfo: "text",
      hovertext: times.map(passing), line: { color: "#8A8F9C", width: solid ? 4 : 2 },
      marker: { color: times.map(colourAt), size: solid ? 4 : 7, line: { color: theme.ink, width: solid ? 0 : 0.5 } } },
    { type: kind, mode: "markers", ...point(whereAt(position).map((value) => [value])), hoverinfo: "skip",
      marker: { color: "#FFD400", size: solid ? 10 : DOT_SIZE, line: { color: "#1F2430", width: 2 } } },
  ];
}

function layout() {
  const axis = { showgrid: solid, zeroline: false, showticklabels: false, showspikes: false, title: { text: "" },
    gridcolor: theme.grid };
  const [xaxis, yaxis, zaxis] = spans.map((span) => ({ ...axis, range: [...span] }));
  return { margin: { l: 0, r: 0, t: 0, b: 0 }, hovermode: "closest", showlegend: false,
    paper_bgcolor: theme.paper, plot_bgcolor: theme.paper, hoverlabel: { bgcolor: theme.paper, font: { color: theme.ink } },
    ...(solid ? { scene: { xaxis, yaxis, zaxis, aspectmode: "cube", camera: inSpace.home() } }
      : { xaxis: axis, yaxis: { ...axis, scaleanchor: "x" }, dragmode: "pan" }) };
}

function drawMap() {
  const buttons = solid ? ["resetCameraDefault3d"] : ["pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"];
  const settings = { displaylogo: false, scrollZoom: true,
    modeBarButtons: [[imageButton(map, layer), ...buttons]] };
  Plotly.newPlot(map, traces(), layout(), settings).then(() => {
    map.on("plotly_click", ({ points }) => {
      const on = points.find(({ curveNumber }) => curveNumber === WAY);
      if (on) seek(times[on.pointNumber]);
    });
    turned = false;
    map.on("plotly_relayouting", () => { turned = true; });
    if (solid) map.on("plotly_relayout", oncePerFrame(inSpace.noteCamera));
    follow(renewNames, solid);
    renewNames();
  });
}

const renewNames = oncePerFrame(drawNames);

// The start of the way and the songs that it passes, where their names cover nothing.
const { layer, makeRoom, write, follow } = namesOver(map, DOT_SIZE);
$("view").append(layer);

function drawNames() {
  layer.replaceChildren();
  const seen = solid ? inSpace.throughCamera() : flat.onPlane();
  const [points, way] = [here().songs, here().way].map((from) => from[0].map((_, i) => seen(i, from)));
  const onWay = way.slice(1).flatMap((to, i) => along(way[i], to));
  const room = makeRoom([...points, ...onWay, way.at(-1)]);
  const near = (point) => (width) => beside(point, width, DOT_SIZE / 2 + 5);
  write("start", "starred", FONTS.starred, (width) => [...near(way[0])(width), ...around(way[0])], room);
  for (const [row, title] of passed)
    write(title.length > 32 ? `${title.slice(0, 31)}…` : title, "title", FONTS.title, near(points[row]), room);
}

function turn(toSolid) {
  solid = toSolid;
  $("flat").setAttribute("aria-pressed", String(!solid));
  $("solid").setAttribute("aria-pressed", String(solid));
  drawMap();
}

// --------------------------------------------------------------------------------------- time

function drawWave() {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [wave.clientWidth, wave.clientHeight];
  [wave.width, wave.height] = [width * scale, height * scale];
  const pen = wave.getContext("2d");
  pen.scale(scale, scale);
  const [low, high] = outline;
  const head = parts.length ? 16 : 0;
  for (let x = 0; x < width; x += 1) {
    const part = Math.min(low.length - 1, Math.floor((x / width) * low.length));
    const seconds = (x / width) * duration;
    pen.globalAlpha = seconds <= position ? 1 : 0.45;
    pen.fillStyle = colourAt(seconds);
    const [top, bottom] = [0.5 - high[part] / 2.1, 0.5 - low[part] / 2.1]; // below the sections' names
    pen.fillRect(x, head + top * (height - head), 1, Math.max(1, (bottom - top) * (height - head)));
  }
  pen.globalAlpha = 1;
  pen.fillStyle = theme.ink;
  pen.font = "12px system-ui, sans-serif";
  for (const [from, to, name] of parts) { // named where the name fits
    const room = ((to - from) / duration) * width - 8;
    if (pen.measureText(name).width < room) pen.fillText(name, (from / duration) * width + 4, 13);
  }
  pen.fillRect((position / duration) * width - 1, 0, 2, height);
}

function say() {
  const [nearest] = near[windowAt(position)];
  const part = partAt(position);
  $("now").textContent = `${clock(position)} of ${clock(Math.round(duration))}` + (part ? `, ${part[2]}` : "") +
    (nearest ? `, sounds most like ${named(nearest)}` : "");
  wave.setAttribute("aria-valuemax", Math.round(duration));
  wave.setAttribute("aria-valuenow", Math.round(position));
  wave.setAttribute("aria-valuetext", clock(position));
}

function drawPosition() {
  if (solid) inSpace.keepCamera();
  Plotly.restyle(map, point(whereAt(position).map((value) => [[value]])), [DOT]);
  drawWave();
  say();
}

function seek(seconds) {
  position = Math.min(Math.max(seconds, 0), duration);
  if (audio.readyState > 0) audio.currentTime = position;
  drawPosition();
}

let drawn = 0;
function travel(now) {
  if (now - drawn > 80) { // twelve times a second is smooth enough, and leaves the browser time
    drawn = now;
    position = audio.currentTime;
    drawPosition();
  }
  if (!audio.paused) requestAnimationFrame(travel);
}

audio.addEventListener("play", () => requestAnimationFrame(travel));
audio.addEventListener("loadedmetadata", () => { if (position) audio.currentTime = position; });
audio.addEventListener("seeked", () => { if (audio.paused) { position = audio.currentTime; drawPosition(); } });
audio.addEventListener("error", () => {
  $("trouble").textContent = "The browser cannot play this file: it was moved, or its format is not one " +
    "the browser knows. The way can still be followed with a click on the waveform.";
  $("trouble").hidden = false;
});
wave.addEventListener("click", (event) => seek((event.offsetX / wave.clientWidth) * duration));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, audio")) return;
  if (event.key === " ") {
    if (audio.paused) audio.play().catch(() => {});
    else audio.pause();
  } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    seek(position + (event.key === "ArrowLeft" ? -5 : 5));
  } else {
    return;
  }
  event.preventDefault();
});
$("flat").addEventListener("click", () => turn(false));
$("solid").addEventListener("click", () => turn(true));
window.addEventListener("resize", drawWave);
keepSize(map, () => {
  if (solid && !turned) Plotly.relayout(map, { "scene.camera": inSpace.home() });
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  theme = readTheme();
  drawMap();
  drawWave();
});

for (const [from, to, row, ...found] of stretches) {
  const item = document.createElement("li");
  const jump = Object.assign(document.createElement("button"), { type: "button" });
  jump.textContent = `${clock(from)} to ${clock(to)}`;
  jump.addEventListener("click", () => seek(from));
  const title = Object.assign(document.createElement("span"), { dir: "auto" });
  title.textContent = songs.title[row];
  item.append(jump, ": ", title, degree(...found));
  $("stretches").append(item);
}
$("alike").hidden = !stretches.length;
const SIGNS = { circle: "●", square: "■", diamond: "◆", cross: "✚", x: "✖", "circle-open": "○", "square-open": "□",
  "diamond-open": "◇" };
function explain(list, name, colour, symbol = "circle") {
  const item = document.createElement("li");
  const sign = Object.assign(document.createElement("span"), { className: "sign", textContent: SIGNS[symbol], ariaHidden: true });
  sign.style.color = colour;
  item.append(sign, name);
  $(list).append(item);
}
for (const [kind, colour] of new Map(parts.map(([, , , colour, kind]) => [kind, colour]))) explain("sections", kind, colour);
for (const { name, colour, symbol } of genres) explain("genres", name, colour, symbol);
audio.src = file;
drawMap();
drawWave();
say();
