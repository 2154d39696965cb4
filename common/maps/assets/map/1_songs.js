// The songs of the page (#songs, JSON), and the words it has for them.
//
// The numbered files of this folder are one script: page.py puts them into one function, in this order, so
// that the page works from disk without a network. Each is a subject; what it needs of another it calls.
//
//   songs     facts, one list per fact: title, artist, genre, album, year, duration, seconds, tempo (BPM),
//             loudness (LUFS), energy (LU), key, hour (of the key on the DJs' wheel, 1 to 12), start
//             (seconds where the loudest section begins), file (number of its folder, and its name in it)
//   folders   their addresses relative to the page, with a slash at the end
//   places    one list per dimension, 2 or 3 of them
//   kept      for each of the library's songs the share, 0 to 1, of its nearest songs that are near it on
//             the map; empty where places mean nothing
//   nearest   for each song [row, similarity] of its nearest songs in the whole embedding
//   genres    name, colour and symbol of each
//   regions   groups of songs that sound alike: name, and rows with the most typical song first
//   grouped   a sentence that says which were found, or why none are shown
//   traits    words (high, low and whose they are), and values: bytes, song after song; see 8_traits.js
//   own       how many songs are the library's; a song from outside comes after them
//   star      row of a song to point out, or null
//   palettes  ramp (numbers), wheel (hours of keys), hours (names of the keys of each), categories (albums
//             and clusters), none (nothing known)
const { songs, folders, places, kept, nearest, genres, regions, grouped, traits, own, star, palettes } = JSON.parse(
  document.getElementById("songs").textContent,
);
const $ = (id) => document.getElementById(id);
const map = $("map");
const solid = places.length === 3;
const all = [...songs.title.keys()];

// plotly reads a little HTML in labels; a stranger's title must stay text.
const escape = (text) =>
  String(text).replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
const shorten = (text, longest = 60) => (text.length > longest ? text.slice(0, longest - 1) + "…" : text);
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function drawing(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function addressOf(row) {
  const [folder, name] = songs.file[row];
  return folders[folder] + name;
}

const genreOf = (row) => (row < own ? songs.genre[row] : "not in the library");

function measured(row) {
  const { duration, tempo, key, year } = songs;
  return [duration[row], tempo[row] && `${tempo[row]} BPM`, key[row], year[row]].filter(Boolean).join(" · ");
}

// What is shown of a song under the mouse.
function card(row) {
  return [
    `<b>${escape(shorten(songs.title[row]))}</b>`,
    songs.artist[row] && escape(shorten(songs.artist[row])),
    songs.album[row] && `<i>${escape(shorten(songs.album[row]))}</i>`,
    escape(shorten(genreOf(row))),
    escape(measured(row)),
    kept[row] !== undefined && `place: ${Math.round(100 * kept[row])}% of its nearest are near it here`,
  ].filter(Boolean).join("<br>");
}

// Ink and paper are the page's style, which follows the system from light to dark.
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { ink: read("--ink"), paper: read("--paper"), grid: read("--grid"), quiet: read("--quiet"),
    palest: Number(read("--palest")) };
}
let theme = readTheme();
