// The song that was chosen: what is said of it, its sound, and lines to its nearest songs. And which genres
// are shown, because a chosen song brings its genre back.

const audio = $("audio");
let chosen = null; // the song that plays
let cursor = null; // the song that the keyboard is at

// --- genres

const hidden = new Set();
const isShown = (row) => row >= own || !hidden.has(songs.genre[row]);

function applyGenres() {
  const visible = genres.map(({ name }) => !hidden.has(name));
  Plotly.restyle(map, { visible }, genres.map((_, i) => FIRST + i));
  genres.forEach((_, i) => { boxes[i].checked = visible[i]; });
  drawLines();
  drawFound();
  drawSelected();
  renewNames();
}

const SHAPES = {
  circle: "M8 2a6 6 0 1 0 .01 0z", square: "M3 3h10v10H3z", diamond: "M8 1l6 7-6 7-6-7z",
  cross: "M6 1h4v5h5v4h-5v5H6v-5H1V6h5z", x: "M3 1l5 5 5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z",
};

function shape(symbol, fill) {
  const [form, open] = [symbol.replace("-open", ""), symbol.endsWith("-open")];
  return drawing("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" },
    drawing("path", { d: SHAPES[form], fill: open ? "none" : fill, stroke: fill, "stroke-width": open ? 2 : 0 }));
}

const boxes = genres.map(({ name, colour: fill, symbol }, i) => {
  const box = element("input", { type: "checkbox", checked: true });
  box.addEventListener("change", () => {
    if (box.checked) hidden.delete(name);
    else hidden.add(name);
    applyGenres();
  });
  $("genres").append(element("label", {}, box, shape(symbol, fill), `${name} (${members[i].length})`));
  return box;
});
$("all").addEventListener("click", () => { hidden.clear(); applyGenres(); });
$("none").addEventListener("click", () => { genres.forEach(({ name }) => hidden.add(name)); applyGenres(); });

// --- what is drawn and said

const shownNear = (row) => nearest[row].map(([near]) => near).filter(isShown);

function drawLines() {
  const rows = chosen === null ? [] : shownNear(chosen).flatMap((row) => [chosen, row, -1]); // -1 is nowhere: the line ends
  put({ [LINES]: rows, [RING]: cursor === null ? [] : [cursor] });
}

function songButton(row) {
  const button = element("button", { type: "button", dir: "auto" }, songs.title[row]);
  button.addEventListener("click", () => choose(row));
  return button;
}

function nearItem([row, score], to) {
  const genre = songs.genre[row] === songs.genre[to] ? null : songs.genre[row];
  const facts = [songs.artist[row], genre, score.toFixed(2)].filter(Boolean).join(" · ");
  return element("li", {}, songButton(row), " ", element("small", {}, facts));
}

function describe(row) {
  $("name").textContent = row === null ? "Click a song to hear it" : songs.title[row];
  $("facts").textContent = row === null ? "" :
    [[songs.artist[row], songs.album[row]].filter(Boolean).join(" · "), genreOf(row), measured(row)]
      .filter(Boolean).join("\n");
  const near = row === null ? [] : nearest[row];
  $("near-heading").hidden = !near.length;
  $("near").replaceChildren(...near.map((found) => nearItem(found, row)));
}

// --- sound

// The address says where to begin, so that nothing before it is loaded.
function play(row) {
  const start = $("loudest").checked ? songs.start[row] : 0;
  audio.hidden = false;
  $("player").classList.add("on");
  $("trouble").hidden = true;
  audio.src = addressOf(row) + (start ? `#t=${start}` : "");
  // What stops it is said by the error event; a newer choice stopping an older one is no trouble.
  audio.play().catch(() => {});
}

audio.addEventListener("error", () => {
  if (chosen === null) return;
  const link = element("a", { href: addressOf(chosen) }, "open the file");
  $("trouble").replaceChildren(
    "The browser cannot play this file: it was moved, or its format is not one the browser knows. Try to ", link, ".");
  $("trouble").hidden = false;
});

function choose(row) {
  if (row < own && hidden.delete(songs.genre[row])) applyGenres();
  if (row !== chosen || audio.paused) {
    if (row === chosen && audio.currentTime > 0 && !audio.error) audio.play().catch(() => {});
    else play(row);
  }
  [chosen, cursor] = [row, row];
  $("here").hidden = true;
  describe(row);
  drawLines();
  // A line that leads out of the picture leads nowhere.
  const drawn = [row, ...shownNear(row)];
  if (!drawn.every(isInView)) fit(drawn);
  renewNames();
}

function clearSong() {
  audio.pause();
  audio.removeAttribute("src");
  audio.hidden = true;
  $("player").classList.remove("on");
  $("trouble").hidden = $("here").hidden = true;
  [chosen, cursor] = [null, null];
  describe(null);
  drawLines();
}
