// The keyboard and the mouse on the map; and the beginning.

// Places as the eye sees them, from the middle of what it sees: x to the right, y up.
function seen() {
  if (!solid) {
    const [x, y] = middle();
    return (row) => [places[0][row] - x, places[1][row] - y];
  }
  const { eye, center, up } = camera();
  const [right, above] = cameraAxes(minus(eye, center), up);
  return (row) => {
    const from = minus(inScene(row), center);
    return [dot(from, right), dot(from, above)];
  };
}

// The nearest song within 45° of a direction; one straight ahead wins over a nearer one aside.
// The walk begins at the song in the middle of the picture.
function step([dx, dy]) {
  const [place, candidates] = [seen(), all.filter(isShown)];
  if (cursor === null) {
    const far = (row) => Math.hypot(...place(row));
    return candidates.length ? candidates.reduce((a, b) => (far(b) < far(a) ? b : a)) : null;
  }
  const [x, y] = place(cursor);
  let [best, least] = [cursor, Infinity];
  for (const row of candidates) {
    const [right, up] = [place(row)[0] - x, place(row)[1] - y];
    const [along, aside] = [right * dx + up * dy, Math.abs(right * dy) + Math.abs(up * dx)];
    const cost = along + 2 * aside;
    if (row !== cursor && along > 0 && aside <= along && cost < least) [best, least] = [row, cost];
  }
  return best;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function moveCursor(direction) {
  cursor = step(direction);
  if (cursor === null) return;
  drawLines();
  $("here").textContent = [songs.title[cursor], songs.artist[cursor], genreOf(cursor), measured(cursor)]
    .filter(Boolean).join("\n");
  $("here").hidden = false;
  if (!isInView(cursor)) fit([cursor, ...(chosen === null ? [] : [chosen, ...shownNear(chosen)])]);
}

function pause() {
  if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
}

function mapKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (ARROWS[event.key]) moveCursor(ARROWS[event.key]);
  else if (event.key === "Enter" && cursor !== null) pick(cursor, event);
  else if (event.key === " " && chosen !== null) pause();
  else if (event.key === "+" || event.key === "=") zoom(1 / 1.4);
  else if (event.key === "-") zoom(1.4);
  else return;
  event.preventDefault();
}

function pageKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === $("search")) return;
  if (event.key === "/") {
    event.preventDefault();
    $("search").focus();
    $("search").select();
  } else if (event.key === "Escape") {
    clearSong();
    endSearch();
    select([]);
    showAll();
  } else if (event.key === "0") {
    showAll();
  }
}

// With Shift a song joins the selection, or leaves it.
function pick(row, { shiftKey }) {
  if (shiftKey) toggle(row);
  else choose(row);
}

// plotly looks for a click on a scene only while it draws a frame, and misses a quick one. The song under
// the mouse it knows, so a press that is let go without a drag is a click on that.
function watchScene() {
  let [hovered, pressed] = [null, null];
  map.on("plotly_hover", ({ points }) => { hovered = points.map(rowOf).find((row) => row !== null) ?? null; });
  map.on("plotly_unhover", () => { hovered = null; });
  map.addEventListener("pointerdown", (event) => { pressed = event; }, true);
  map.addEventListener("pointerup", (event) => {
    const moved = Math.hypot(event.clientX - pressed?.clientX, event.clientY - pressed?.clientY);
    if (moved < 5 && hovered !== null && !event.target.closest(".modebar")) pick(hovered, event);
    map.focus();
  }, true);
}

function watchPlane() {
  map.on("plotly_click", ({ points, event }) => {
    const row = points.map(rowOf).find((found) => found !== null);
    if (row !== undefined) pick(row, event);
    map.focus();
  });
  map.on("plotly_selected", takeLasso);
}

map.addEventListener("keydown", mapKey);
document.addEventListener("keydown", pageKey);
$("colour").addEventListener("change", () => colour($("colour").value));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", followTheme);

Plotly.newPlot(map, traces(), layout(), settings()).then(() => {
  if (solid) watchScene();
  else watchPlane();
  watchSize();
  watchNames();
  // The marks are drawn by genre; a reloaded page may remember another choice.
  if ($("colour").value !== "genre") colour($("colour").value);
});
