// Several songs at once: their list, what they share, and the list as a playlist to copy.

let selected = []; // rows, in the order in which they were selected

function sayShared() {
  if (selected.length < LEAST_SONGS) return "";
  const shared = sharedTraits(selected);
  return shared.length ? `They share, against all other songs: ${shared.join(", ")}.`
    : "They share no audible trait that sets them apart from the other songs.";
}

// --- playlist

// As players read it (M3U): a comment with length and name, then the file.
function playlist(rows) {
  const entry = (row) => {
    const name = [songs.artist[row], songs.title[row]].filter(Boolean).join(" - ");
    return `#EXTINF:${songs.seconds[row]},${name}\n${new URL(addressOf(row), location.href).href}`;
  };
  return `#EXTM3U\n${rows.map(entry).join("\n")}\n`;
}

// A page from disk may lack the clipboard of newer browsers; the older way needs a text that is selected.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

async function copyPlaylist() {
  const done = await copyText(playlist(selected));
  $("copied").textContent = done ? "Copied; save the text as a file ending in .m3u8." : "The browser did not allow it.";
}

// --- the list

function drawSelected() {
  put({ [SELECTED]: selected.filter(isShown) });
}

function listSelected() {
  $("selection").hidden = !selected.length;
  $("selected-heading").textContent = `${counted(selected.length, "song")} selected`;
  $("shared").textContent = sayShared();
  $("copied").textContent = "";
  $("selected").replaceChildren(...selected.map((row) =>
    element("li", {}, songButton(row), " ", element("small", {}, songs.artist[row] ?? genreOf(row)))));
}

function select(rows) {
  selected = rows;
  drawSelected();
  listSelected();
}

function toggle(row) {
  select(selected.includes(row) ? selected.filter((other) => other !== row) : [...selected, row]);
}

// plotly keeps a lasso's outline; once the songs are listed and ringed it only lies in the way of the next.
function takeLasso(event) {
  if (!event?.points) return;
  const rows = event.points.map(rowOf).filter((row) => row !== null);
  select([...new Set([...selected, ...rows])]);
  Plotly.update(map, { selectedpoints: null }, { selections: [], dragmode: "pan" });
}

$("copy").addEventListener("click", copyPlaylist);
$("unselect").addEventListener("click", () => select([]));
