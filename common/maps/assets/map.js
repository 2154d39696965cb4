// Draws the songs of the page (#songs, JSON) as a map with plotly that can be searched, coloured and played;
// works from disk, without a network.
//
//   songs     facts, one list per fact: title, artist, genre, album, duration, tempo (BPM), energy (LU),
//             key, hour (of the key on the DJs' wheel, 1 to 12), file (address relative to the page)
//   places    one list per dimension, 2 or 3 of them
//   kept      for each of the library's songs the share, 0 to 1, of its nearest songs that are near it on the
//             map; empty where places mean nothing
//   nearest   for each song [row, similarity] of its nearest songs in the whole embedding
//   genres    name, colour and symbol of each
//   own       how many songs are the library's; a song from outside comes after them
//   star      row of a song to point out, or null
//   palettes  ramp (numbers), wheel (keys), categories (albums), none (nothing known)
"use strict";

(() => {
  const { songs, places, kept, nearest, genres, own, star, palettes } = JSON.parse(
    document.getElementById("songs").textContent,
  );
  const $ = (id) => document.getElementById(id);
  const map = $("map");
  const solid = places.length === 3;
  const all = [...songs.title.keys()];
  const INK = "#1F2430";
  const PAPER = "#FFFFFF";
  const MANY = 2000; // From here on the browser's graphics card draws the flat map, if there is one.
  const MOST_FOUND = 10;
  const MOST_RINGS = 500;

  // ------------------------------------------------------------------------------------- words

  // plotly reads a little HTML in labels; a stranger's title must stay text.
  const escape = (text) =>
    String(text).replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const shorten = (text, longest = 60) => (text.length > longest ? text.slice(0, longest - 1) + "…" : text);
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  const genreOf = (row) => (row < own ? songs.genre[row] : "not in the library");

  function measured(row) {
    const { duration, tempo, key } = songs;
    return [duration[row], tempo[row] && `${tempo[row]} BPM`, key[row]]
      .filter(Boolean)
      .join(" · ");
  }

  function card(row) {
    return [
      `<b>${escape(shorten(songs.title[row]))}</b>`,
      songs.artist[row] && escape(shorten(songs.artist[row])),
      songs.album[row] && `<i>${escape(shorten(songs.album[row]))}</i>`,
      escape(shorten(genreOf(row))),
      escape(measured(row)),
      kept[row] !== undefined && `place: ${Math.round(100 * kept[row])} % of its nearest are near it here`,
    ].filter(Boolean).join("<br>");
  }

  // ----------------------------------------------------------------------------------- colours

  const rgb = (colour) => (colour.startsWith("#")
    ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : colour.match(/\d+/g).map(Number));
  const blend = (one, other, share) => rgb(one).map((value, i) => Math.round(value + (rgb(other)[i] - value) * share));

  // A song that keeps few of its nearest songs near it is drawn paler.
  const PALEST = 0.25;
  const weighed = (colour, row) =>
    (kept[row] === undefined ? colour : `rgb(${blend(PAPER, colour, PALEST + (1 - PALEST) * kept[row])})`);

  const wheelColour = (hour) => (hour === null ? palettes.none : palettes.wheel[hour - 1]);
  const present = (values) => values.filter((value) => value !== null).sort((a, b) => a - b);

  function mix(share) {
    const at = share * (palettes.ramp.length - 1);
    const low = Math.min(Math.floor(at), palettes.ramp.length - 2);
    return `rgb(${blend(palettes.ramp[low], palettes.ramp[low + 1], at - low)})`;
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
      legend: () => [
        ...(sorted.length
          ? [
              element("div", { className: "bar", style: `background:linear-gradient(90deg,${palettes.ramp})` }),
              element("div", { className: "ends" },
                ...[low, high].map((value) => element("span", {}, `${Math.round(value)} ${unit}`))),
            ]
          : []),
        ...(missing ? [swatch(palettes.none, "not known")] : []),
      ],
    };
  }

  function swatch(colour, text) {
    return element("span", { className: "swatch" }, element("i", { style: `background:${colour}` }), text);
  }

  function byKey() {
    const names = new Map();
    songs.hour.forEach((hour, row) => {
      if (hour !== null) names.set(hour, (names.get(hour) ?? new Set()).add(songs.key[row]));
    });
    const hours = [...names.keys()].sort((a, b) => a - b);
    return {
      colour: (row) => wheelColour(songs.hour[row]),
      legend: () => [
        ...hours.map((hour) => swatch(wheelColour(hour), [...names.get(hour)].sort().join(", "))),
        ...(hours.length && songs.hour.includes(null) ? [swatch(palettes.none, "no key")] : []),
        element("p", {}, "Neighbours on the wheel of keys have neighbouring colours and mix well."),
      ],
    };
  }

  function byAlbum() {
    const sizes = new Map();
    for (const album of songs.album) if (album) sizes.set(album, (sizes.get(album) ?? 0) + 1);
    const largest = [...sizes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const shown = new Map(largest.slice(0, palettes.categories.length).map(([album], i) =>
      [album, palettes.categories[i]]));
    const others = sizes.size - shown.size;
    return {
      colour: (row) => shown.get(songs.album[row]) ?? palettes.none,
      legend: () => [
        ...[...shown].map(([album, colour]) => swatch(colour, `${shorten(album, 40)} (${sizes.get(album)})`)),
        swatch(palettes.none, others ? `${others} other albums, or none` : "no album"),
      ],
    };
  }

  const genreColours = new Map(genres.map(({ name, colour }) => [name, colour]));
  const SCHEMES = {
    genre: () => ({ colour: (row) => genreColours.get(songs.genre[row]), legend: () => [] }),
    tempo: () => byNumber(songs.tempo, "BPM"),
    energy: () => byNumber(songs.energy, "LU"),
    key: byKey,
    album: byAlbum,
    place: () => byNumber(all.map((row) => (kept[row] === undefined ? null : 100 * kept[row])), "% of its nearest", true),
  };

  // -------------------------------------------------------------------------------------- plot

  const hasWebGL = () => Boolean(document.createElement("canvas").getContext("webgl"));
  const kind = solid ? "scatter3d" : all.length > MANY && hasWebGL() ? "scattergl" : "scatter";
  const size = Math.max(5, Math.min(12, 150 / Math.sqrt(all.length))) * (solid ? 0.7 : 1);
  // plotly draws some shapes smaller than a circle of the same size.
  const GROWTH = { "triangle-up": 1.3, "triangle-down": 1.3, star: 1.4, diamond: 1.15 };
  const members = genres.map(({ name }) => all.filter((row) => row < own && songs.genre[row] === name));
  const outsiders = all.filter((row) => row >= own);
  const at = (rows) =>
    Object.fromEntries(places.map((values, axis) => ["xyz"[axis], rows.map((row) => values[row] ?? null)]));

  // The order of the traces is the order of drawing: lines below, rings and the star above.
  const LINES = 0;
  const FIRST = 1;
  const FOUND = FIRST + genres.length;
  const RING = FOUND + 1;
  const GUEST = RING + 1;

  const outline = (colour) => ({ color: colour, width: solid ? 0 : 0.7 });
  const ring = (colour, grow, width) => ({
    type: kind, mode: "markers", ...at([]), hoverinfo: "skip",
    marker: { color: colour, symbol: "circle-open", size: size + grow, line: { color: colour, width } },
  });
  const traces = [
    { type: kind, mode: "lines", ...at([]), hoverinfo: "skip", line: { color: INK, width: solid ? 4 : 1.5 } },
    ...genres.map(({ colour, symbol }, i) => ({
      type: kind,
      mode: "markers",
      ...at(members[i]),
      hovertext: members[i].map(card),
      hoverinfo: "text",
      marker: { color: members[i].map((row) => weighed(colour, row)), symbol, size: size * (GROWTH[symbol] ?? 1), opacity: 0.85, line: outline("#fff") },
    })),
    ring("#56B4E9", 6, 2),
    ring(INK, 10, 3),
    ...(star === null ? [] : [{
      type: kind,
      mode: "markers+text",
      ...at([star]),
      text: [`★ ${escape(shorten(songs.title[star], 40))}`],
      textposition: "top center",
      textfont: { size: 14, color: INK },
      hovertext: [card(star)],
      hoverinfo: "text",
      marker: { color: "#FFD400", symbol: solid ? "diamond" : "star", size: solid ? 9 : 18,
        line: { color: INK, width: 1.5 } },
    }]),
  ];

  function rowOf({ curveNumber, pointNumber }) {
    if (curveNumber === GUEST) return star;
    return members[curveNumber - FIRST]?.[pointNumber] ?? null;
  }

  const spans = places.map((values) => {
    const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)],
      [Infinity, -Infinity]);
    const margin = (high - low) * 0.06 || 1;
    return [low - margin, high + margin];
  });
  const axis = (i) => ({ range: [...spans[i]], showgrid: solid, zeroline: false, showticklabels: false,
    showspikes: false, title: { text: "" } });
  const HOME = { eye: { x: 1, y: 1, z: 0.55 }, center: { x: 0, y: 0, z: 0 }, up: { x: 0, y: 0, z: 1 } };
  const layout = {
    margin: { l: 0, r: 0, t: 0, b: 0 },
    hovermode: "closest",
    hoverlabel: { align: "left", bgcolor: "#fff", font: { color: INK, size: 14 } },
    showlegend: false,
    paper_bgcolor: "#fff",
    plot_bgcolor: "#fff",
    ...(solid
      ? { scene: { xaxis: axis(0), yaxis: axis(1), zaxis: axis(2), aspectmode: "cube",
          camera: structuredClone(HOME) } }
      : { xaxis: axis(0), yaxis: { ...axis(1), scaleanchor: "x" }, dragmode: "pan" }),
  };
  const buttons = solid ? ["toImage", "resetCameraDefault3d"] : ["toImage", "zoomIn2d", "zoomOut2d", "resetScale2d"];
  const settings = { responsive: true, displaylogo: false, scrollZoom: true, modeBarButtons: [buttons] };

  const colour = (name) => {
    const scheme = SCHEMES[name]();
    $("scale").replaceChildren(...scheme.legend());
    const colours = members.map((rows) => rows.map((row) => (scheme.plain ? scheme.colour(row) : weighed(scheme.colour(row), row))));
    // Light colours need a dark outline on white paper.
    Plotly.restyle(map, { "marker.color": colours, "marker.line": outline(name === "genre" ? "#fff" : "#555B68") },
      genres.map((_, i) => FIRST + i));
  };

  // -------------------------------------------------------------------------------------- view

  // What is seen of the flat map; plotly keeps both directions to one scale, so its ranges are not ours.
  const ranges = () => [map._fullLayout.xaxis.range, map._fullLayout.yaxis.range];
  const span = () => ranges().map(([low, high]) => high - low);
  const middle = () => ranges().map(([low, high]) => (low + high) / 2);

  function camera() {
    const { eye, center, up } = { ...HOME, ...map.layout.scene.camera };
    return { eye, center, up };
  }

  // Where a song is in the scene, whose sides are 1 long and whose middle is 0.
  const inScene = (row) =>
    Object.fromEntries(places.map((values, i) =>
      ["xyz"[i], (values[row] - spans[i][0]) / (spans[i][1] - spans[i][0]) - 0.5]));
  const minus = (a, b) => ({ x: a.x - b.x, y: a.y - b.y, z: a.z - b.z });
  const dot = (a, b) => a.x * b.x + a.y * b.y + a.z * b.z;
  const length = (a) => Math.sqrt(dot(a, a));
  const cross = (a, b) => ({ x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x });
  const scaled = (a, by) => ({ x: a.x * by, y: a.y * by, z: a.z * by });
  const plus = (a, b) => minus(a, scaled(b, -1));

  function look(at, distance) {
    const { eye, center, up } = camera();
    const away = minus(eye, center);
    const there = plus(at, scaled(away, distance / length(away)));
    Plotly.relayout(map, { "scene.camera": { eye: there, center: at, up } });
  }

  function show([x, y], [width, height]) {
    Plotly.relayout(map, { "xaxis.range": [x - width / 2, x + width / 2],
      "yaxis.range": [y - height / 2, y + height / 2] });
  }

  function centre(row) {
    if (solid) return look(inScene(row), Math.min(1.1, length(minus(camera().eye, camera().center))));
    // Close enough to tell the neighbours apart, far enough to see all of them.
    const wide = span().map((now, i) => {
      const reach = Math.max(0, ...nearest[row].map(([other]) => Math.abs(places[i][other] - places[i][row])));
      return Math.min(now, Math.max(2.3 * reach, 0.4 * (spans[i][1] - spans[i][0])));
    });
    return show(places.map((values) => values[row]), wide);
  }

  function zoom(by) {
    if (solid) {
      const { eye, center } = camera();
      return look(center, length(minus(eye, center)) * by);
    }
    return show(middle(), span().map((now) => now * by));
  }

  function showAll() {
    Plotly.relayout(map, solid ? { "scene.camera": structuredClone(HOME) }
      : { "xaxis.range": [...spans[0]], "yaxis.range": [...spans[1]] });
  }

  // ------------------------------------------------------------------------------------ genres

  const hidden = new Set();
  const isShown = (row) => row >= own || !hidden.has(songs.genre[row]);

  function applyGenres() {
    const visible = genres.map(({ name }) => !hidden.has(name));
    Plotly.restyle(map, { visible }, genres.map((_, i) => FIRST + i));
    genres.forEach((_, i) => { boxes[i].checked = visible[i]; });
    drawLines();
    drawFound();
  }

  const SHAPES = {
    circle: "M8 2a6 6 0 1 0 .01 0z", square: "M3 3h10v10H3z", diamond: "M8 1l6 7-6 7-6-7z",
    "triangle-up": "M8 2l7 12H1z", "triangle-down": "M8 14l7-12H1z", cross: "M6 1h4v5h5v4h-5v5H6v-5H1V6h5z",
    x: "M3 1l5 5 5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z",
    star: "M8 1l2 5h5l-4 3 2 6-5-4-5 4 2-6-4-3h5z",
  };

  function shape(symbol, fill) {
    const [form, open] = [symbol.replace("-open", ""), symbol.endsWith("-open")];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [name, value] of Object.entries({ width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" }))
      svg.setAttribute(name, value);
    for (const [name, value] of Object.entries({ d: SHAPES[form], fill: open ? "none" : fill, stroke: fill,
      "stroke-width": open ? 2 : 0 }))
      path.setAttribute(name, value);
    svg.append(path);
    return svg;
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

  // --------------------------------------------------------------------------- the chosen song

  const audio = $("audio");
  let chosen = null; // the song that plays
  let cursor = null; // the song that the keyboard is at

  // Moves some traces to the places of some rows each; one call is one drawing.
  function put(rowsOf) {
    const moved = Object.values(rowsOf).map(at);
    const update = Object.fromEntries(Object.keys(moved[0]).map((name) => [name, moved.map((to) => to[name])]));
    Plotly.restyle(map, update, Object.keys(rowsOf).map(Number));
  }

  function drawLines() {
    const to = chosen === null ? [] : nearest[chosen].map(([row]) => row).filter(isShown);
    const rows = to.flatMap((row) => [chosen, row, -1]); // -1 is nowhere: the line ends
    put({ [LINES]: rows, [RING]: cursor === null ? [] : [cursor] });
  }

  function describe(row) {
    $("name").textContent = row === null ? "Click a song to hear it" : songs.title[row];
    $("facts").textContent = row === null ? "" :
      [[songs.artist[row], songs.album[row]].filter(Boolean).join(" · "), genreOf(row), measured(row)]
        .filter(Boolean).join("\n");
    const near = row === null ? [] : nearest[row];
    $("near-heading").hidden = !near.length;
    $("near").replaceChildren(...near.map(([other, score]) => {
      const button = element("button", { type: "button", dir: "auto" }, songs.title[other]);
      button.addEventListener("click", () => choose(other, true));
      const genre = songs.genre[other] === songs.genre[row] ? null : songs.genre[other];
      const facts = [songs.artist[other], genre, score.toFixed(2)].filter(Boolean).join(" · ");
      return element("li", {}, button, " ", element("small", {}, facts));
    }));
  }

  function play(row) {
    audio.hidden = false;
    $("trouble").hidden = true;
    audio.src = songs.file[row];
    // What stops it is said by the error event; a newer choice stopping an older one is no trouble.
    audio.play().catch(() => {});
  }

  audio.addEventListener("error", () => {
    if (chosen === null) return;
    const link = element("a", { href: songs.file[chosen] }, "open the file");
    $("trouble").replaceChildren(
      "The browser cannot play this file: it was moved, or its format is not one the browser knows. Try to ", link, ".");
    $("trouble").hidden = false;
  });

  function choose(row, centred = false) {
    if (row < own && hidden.delete(songs.genre[row])) applyGenres();
    if (row !== chosen || audio.paused) {
      if (row === chosen && audio.currentTime > 0 && !audio.error) audio.play().catch(() => {});
      else play(row);
    }
    [chosen, cursor] = [row, row];
    $("here").hidden = true;
    describe(row);
    drawLines();
    if (centred) centre(row);
  }

  function clear() {
    audio.pause();
    audio.removeAttribute("src");
    audio.hidden = true;
    $("trouble").hidden = $("here").hidden = true;
    [chosen, cursor] = [null, null];
    describe(null);
    drawLines();
  }

  // ------------------------------------------------------------------------------------ search

  let keys = null; // folded texts of all songs, made when first needed
  let matches = [];
  let option = 0;

  function find(query) {
    keys ??= all.map((row) =>
      fold([songs.title[row], songs.artist[row], songs.album[row], genreOf(row)].filter(Boolean).join(" ")));
    const words = fold(query).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const found = all.filter((row) => words.every((word) => keys[row].includes(word)));
    // Titles that begin with the query come first; otherwise the library's order.
    const start = words.join(" ");
    return [...found.filter((row) => keys[row].startsWith(start)), ...found.filter((row) => !keys[row].startsWith(start))];
  }

  function drawFound() {
    put({ [FOUND]: matches.filter(isShown).slice(0, MOST_RINGS) });
  }

  function listFound() {
    const shown = matches.slice(0, MOST_FOUND);
    $("results").replaceChildren(...shown.map((row, i) => {
      const facts = [songs.artist[row], genreOf(row)].filter(Boolean).join(" · ");
      const item = element("li", { id: `result-${i}`, dir: "auto" }, songs.title[row], element("br"),
        element("small", {}, facts));
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(i === option));
      item.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the search focused
      item.addEventListener("click", () => take(i));
      return item;
    }));
    const open = shown.length > 0;
    $("results").hidden = !open;
    $("search").setAttribute("aria-expanded", String(open));
    if (open) $("search").setAttribute("aria-activedescendant", `result-${option}`);
    else $("search").removeAttribute("aria-activedescendant");
    const more = matches.length > shown.length ? `, the first ${shown.length} listed` : "";
    $("found").textContent = !$("search").value.trim() ? "" :
      matches.length === 1 ? "1 song" : matches.length ? `${matches.length} songs${more}` : "no song found";
  }

  function search() {
    matches = find($("search").value);
    option = 0;
    listFound();
    drawFound();
  }

  function take(i) {
    const row = matches[i];
    matches = [];
    $("search").value = "";
    listFound();
    drawFound();
    choose(row, true);
    map.focus(); // so that the arrows and the space bar work at once
  }

  $("search").addEventListener("input", search);
  $("search").addEventListener("keydown", (event) => {
    const listed = Math.min(matches.length, MOST_FOUND);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && listed) {
      option = (option + step + listed) % listed;
      listFound();
    } else if (event.key === "Enter" && listed) {
      take(option);
    } else if (event.key === "Escape") {
      $("search").value = "";
      search();
      map.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });

  // ---------------------------------------------------------------------------------- keyboard

  // Places as the eye sees them, from the middle of what it sees: x to the right, y up.
  function seen() {
    if (!solid) {
      const [x, y] = middle();
      return (row) => [places[0][row] - x, places[1][row] - y];
    }
    const { eye, center, up } = camera();
    const ahead = minus(center, eye);
    const right = cross(ahead, up);
    const above = cross(right, ahead);
    const [toRight, upwards] = [right, above].map((a) => scaled(a, 1 / length(a)));
    return (row) => {
      const from = minus(inScene(row), center);
      return [dot(from, toRight), dot(from, upwards)];
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
    if (!solid) {
      const inside = ranges().every(([low, high], i) => places[i][cursor] > low && places[i][cursor] < high);
      if (!inside) centre(cursor);
    }
  }

  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (ARROWS[event.key]) moveCursor(ARROWS[event.key]);
    else if (event.key === "Enter" && cursor !== null) choose(cursor);
    else if (event.key === " " && chosen !== null) audio.paused ? audio.play().catch(() => {}) : audio.pause();
    else if (event.key === "+" || event.key === "=") zoom(1 / 1.4);
    else if (event.key === "-") zoom(1.4);
    else if (event.key === "0") showAll();
    else return;
    event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && event.target !== $("search")) {
      event.preventDefault();
      $("search").focus();
      $("search").select();
    } else if (event.key === "Escape") {
      clear();
    }
  });

  $("colour").addEventListener("change", () => colour($("colour").value));

  // plotly looks for a click on a scene only while it draws a frame, and misses a quick one. The song under
  // the mouse it knows, so a press that is let go without a drag is a click on that.
  function watchScene() {
    let [hovered, pressed] = [null, null];
    map.on("plotly_hover", ({ points }) => { hovered = points.map(rowOf).find((row) => row !== null) ?? null; });
    map.on("plotly_unhover", () => { hovered = null; });
    map.addEventListener("pointerdown", (event) => { pressed = event; }, true);
    map.addEventListener("pointerup", (event) => {
      const moved = Math.hypot(event.clientX - pressed?.clientX, event.clientY - pressed?.clientY);
      if (moved < 5 && hovered !== null && !event.target.closest(".modebar")) choose(hovered);
      map.focus();
    }, true);
  }

  function watchPlane() {
    map.on("plotly_click", ({ points }) => {
      const row = points.map(rowOf).find((found) => found !== null);
      if (row !== undefined) choose(row);
      map.focus();
    });
  }

  Plotly.newPlot(map, traces, layout, settings).then(() => {
    if (solid) watchScene();
    else watchPlane();
    colour($("colour").value); // a reloaded page may remember another choice
  });
})();
