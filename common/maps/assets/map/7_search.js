// Finding songs by what is written of them; the map shows what is found.

const MOST_LISTED = 10;
const MOST_RINGS = 500;

let keys = null; // folded texts of all songs, made when first needed
let matches = [];
let option = 0;

const textOf = (row) =>
  fold([songs.title[row], songs.artist[row], songs.album[row], genreOf(row)].filter(Boolean).join(" "));

function find(query) {
  keys ??= all.map(textOf);
  const words = fold(query).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = all.filter((row) => words.every((word) => keys[row].includes(word)));
  // Titles that begin with the query come first; otherwise the library's order.
  const begins = (row) => keys[row].startsWith(words.join(" "));
  return [...found.filter(begins), ...found.filter((row) => !begins(row))];
}

function drawFound() {
  put({ [FOUND]: matches.filter(isShown).slice(0, MOST_RINGS) });
}

function listItem(row, i) {
  const facts = [songs.artist[row], genreOf(row)].filter(Boolean).join(" · ");
  const item = element("li", { id: `result-${i}`, dir: "auto" }, songs.title[row], element("br"),
    element("small", {}, facts));
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(i === option));
  item.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the search focused
  item.addEventListener("click", () => take(i));
  return item;
}

function sayFound(listed) {
  const more = matches.length > listed ? `, the first ${listed} listed` : "";
  const found = matches.length ? `${counted(matches.length, "song")}${more}` : "no song found";
  $("found").textContent = $("search").value.trim() ? found : "";
}

function listFound() {
  const listed = matches.slice(0, MOST_LISTED);
  $("results").replaceChildren(...listed.map(listItem));
  $("results").hidden = !listed.length;
  $("search").setAttribute("aria-expanded", String(listed.length > 0));
  if (listed.length) $("search").setAttribute("aria-activedescendant", `result-${option}`);
  else $("search").removeAttribute("aria-activedescendant");
  sayFound(listed.length);
}

function search() {
  matches = find($("search").value);
  option = 0;
  listFound();
  drawFound();
  const seen = matches.filter(isShown);
  if (seen.length) fit(seen);
  else showAll();
  renewNames();
}

function endSearch() {
  matches = [];
  $("search").value = "";
  listFound();
  drawFound();
}

// The chosen song and its nearest songs are all in the picture, and fill it.
function take(i) {
  const row = matches[i];
  endSearch();
  choose(row);
  fit([row, ...shownNear(row)]);
  map.focus(); // so that the arrows and the space bar work at once
}

function searchKey(event) {
  const listed = Math.min(matches.length, MOST_LISTED);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && listed) {
    option = (option + step + listed) % listed;
    listFound();
  } else if (event.key === "Enter" && listed) {
    take(option);
  } else if (event.key === "Escape") {
    endSearch();
    showAll();
    map.focus();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

$("search").addEventListener("input", search);
$("search").addEventListener("keydown", searchKey);
