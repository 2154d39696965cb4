// Colours of the songs, by what the reader chooses, and the legend of each choice.

const rgb = (colour) => (colour.startsWith("#")
  ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : colour.match(/\d+/g).map(Number));
const blend = (one, other, share) => {
  const [from, to] = [rgb(one), rgb(other)];
  return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * share))})`;
};

// A song that keeps few of its nearest songs near it is drawn paler; on dark paper less so, or it would vanish.
const weighed = (colour, row) =>
  (kept[row] === undefined ? colour : blend(theme.paper, colour, theme.palest + (1 - theme.palest) * kept[row]));

const present = (values) => values.filter((value) => value !== null).sort((a, b) => a - b);

// The colour of a number, as its share of the way from the lowest (0) to the highest (1).
function mix(share) {
  const at = share * (palettes.ramp.length - 1);
  const low = Math.min(Math.floor(at), palettes.ramp.length - 2);
  return blend(palettes.ramp[low], palettes.ramp[low + 1], at - low);
}

function swatch(colour, text) {
  return element("span", { className: "swatch" }, element("i", { style: `background:${colour}` }), text);
}

function bar(low, high, unit) {
  const told = (value) => `${Math.round(value)} ${unit}`.replace("-", "−").trim();
  const ends = [low, high].map((value) => element("span", {}, told(value)));
  return [element("div", { className: "bar", style: `background:linear-gradient(90deg,${palettes.ramp})` }),
    element("div", { className: "ends" }, ...ends)];
}

// Two hundredths at either end are cut, so that one odd song does not make all others one colour.
// `plain` colours say themselves how well a song is placed.
function byNumber(values, unit, plain = false) {
  const sorted = present(values);
  const [low, high] = [0.02, 0.98].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
  const place = (value) => (high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0.5);
  const missing = sorted.length < values.length;
  return {
    plain,
    colour: (row) => (values[row] === null ? palettes.none : mix(place(values[row]))),
    legend: () => [...(sorted.length ? bar(low, high, unit) : []),
      ...(missing ? [swatch(palettes.none, sorted.length ? "not known" : "not known of any song")] : [])],
  };
}

// A sector of a ring around 0, from one angle to another (turns, 0 at the top, clockwise).
function sector(from, to, inner, outer) {
  const at = (turn, radius) =>
    `${(radius * Math.sin(2 * Math.PI * turn)).toFixed(1)} ${(-radius * Math.cos(2 * Math.PI * turn)).toFixed(1)}`;
  return `M${at(from, outer)}A${outer} ${outer} 0 0 1 ${at(to, outer)}L${at(to, inner)}` +
    `A${inner} ${inner} 0 0 0 ${at(from, inner)}z`;
}

// The DJs' wheel, 12 at the top; outside the major keys, inside the minor ones.
function wheel() {
  const hours = palettes.wheel.flatMap((colour, i) => {
    const [turn, half] = [(i + 1) / 12, 1 / 24];
    const write = (text, radius) => drawing("text", { x: radius * Math.sin(2 * Math.PI * turn),
      y: 4 - radius * Math.cos(2 * Math.PI * turn) }, text);
    const [major, minor] = palettes.hours[i];
    const hour = write(i + 1, 67);
    hour.setAttribute("class", "hour"); // legible on light and dark colours
    const inner = write(minor, 43);
    inner.setAttribute("class", "minor");
    return [drawing("path", { d: sector(turn - half, turn + half, 56, 78), fill: colour }), hour,
      write(major, 93), inner];
  });
  return drawing("svg", { class: "wheel", viewBox: "-108 -108 216 216", role: "img",
    "aria-label": "The wheel of keys: neighbours have neighbouring colours" }, ...hours);
}

function byKey() {
  const unknown = songs.hour.includes(null);
  return {
    colour: (row) => (songs.hour[row] === null ? palettes.none : palettes.wheel[songs.hour[row] - 1]),
    legend: () => [wheel(), ...(unknown ? [swatch(palettes.none, "no key")] : []),
      element("p", {}, "Neighbours on the wheel of keys have neighbouring colours and mix well.")],
  };
}

// Groups of songs, the largest first: name, size and for each song its group (or none).
function byGroup(names, sizes, groupOf, none) {
  const colours = palettes.categories;
  return {
    colour: (row) => colours[groupOf(row)] ?? palettes.none,
    legend: () => [
      ...names.slice(0, colours.length).map((name, i) => swatch(colours[i], `${shorten(name, 60)} (${sizes[i]})`)),
      swatch(palettes.none, none),
    ],
  };
}

function byAlbum() {
  const sizes = new Map();
  for (const album of songs.album) if (album) sizes.set(album, (sizes.get(album) ?? 0) + 1);
  const largest = [...sizes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const places = new Map(largest.map(([album], i) => [album, i]));
  const others = largest.length - palettes.categories.length;
  return byGroup(largest.map(([album]) => album), largest.map(([, size]) => size),
    (row) => places.get(songs.album[row]), others > 0 ? `${others} other albums, or none` : "no album");
}

function byCluster() {
  if (!regions.length) return { colour: () => palettes.none, legend: () => [element("p", {}, grouped)] };
  // Of a cluster across genres and one within a genre, the later and finer one colours the song.
  const clusterOf = new Map(regions.flatMap(({ rows }, i) => rows.map((row) => [row, i])));
  const others = regions.length - palettes.categories.length;
  return byGroup(regions.map(({ name }) => name), regions.map(({ rows }) => rows.length),
    (row) => clusterOf.get(row), others > 0 ? `${others} other clusters, or none` : "no cluster");
}

const genreColours = new Map(genres.map(({ name, colour }) => [name, colour]));
const keptPercent = () => all.map((row) => (kept[row] === undefined ? null : 100 * kept[row]));
const SCHEMES = {
  genre: () => ({ colour: (row) => genreColours.get(songs.genre[row]), legend: () => [] }),
  cluster: byCluster,
  tempo: () => byNumber(songs.tempo, "BPM"),
  key: byKey,
  loudness: () => byNumber(songs.loudness, "LUFS"),
  energy: () => byNumber(songs.energy, "LU"),
  year: () => byNumber(songs.year, ""),
  album: byAlbum,
  place: () => byNumber(keptPercent(), "% of its nearest", true),
};

function colour(name) {
  const scheme = SCHEMES[name]();
  const shade = (row) => (scheme.plain ? scheme.colour(row) : weighed(scheme.colour(row), row));
  $("scale").replaceChildren(...scheme.legend());
  // Colours as light or as dark as the paper need an outline.
  const rim = name === "genre" ? theme.paper : theme.quiet;
  Plotly.restyle(map, { "marker.color": members.map((rows) => rows.map(shade)),
    "marker.line": genres.map(({ symbol }) => outline(rim, symbol)) }, genres.map((_, i) => FIRST + i));
}
