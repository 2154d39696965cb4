// Draws the songs of the page (#songs, JSON) as a map with plotly; works from disk, without a network.
//
//   songs   facts, one list per fact: title, artist, genre, album, duration (s), tempo (BPM), key
//   places  one list per dimension, 2 or 3 of them
//   genres  name, colour and symbol of each
//   star    a song to point out ({name, row, place}), or null; row is null for a file outside the library
"use strict";

(() => {
  const { songs, places, genres, star } = JSON.parse(document.getElementById("songs").textContent);
  const map = document.getElementById("map");
  const solid = places.length === 3;
  const MANY = 2000; // From here on the browser's graphics card draws the flat map.

  // plotly reads a little HTML in labels; a stranger's title must stay text.
  const escape = (text) =>
    String(text).replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

  const shorten = (text, longest = 60) => (text.length > longest ? text.slice(0, longest - 1) + "…" : text);

  function clock(seconds) {
    const whole = Math.round(seconds);
    const pad = (n) => String(n).padStart(2, "0");
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
  }

  function card(row) {
    const { title, artist, genre, album, duration, tempo, key } = songs;
    const measured = [clock(duration[row]), tempo[row] && `${Math.round(tempo[row])} BPM`, key[row]];
    return [
      `<b>${escape(shorten(title[row]))}</b>`,
      artist[row] && escape(shorten(artist[row])),
      album[row] && `<i>${escape(shorten(album[row]))}</i>`,
      escape(shorten(genre[row])),
      measured.filter(Boolean).map(escape).join(" · "),
    ].filter(Boolean).join("<br>");
  }

  const kind = solid ? "scatter3d" : songs.title.length > MANY ? "scattergl" : "scatter";
  const at = (points) => Object.fromEntries(points.map((values, axis) => ["xyz"[axis], values]));
  const size = Math.max(5, Math.min(12, 150 / Math.sqrt(songs.title.length))) * (solid ? 0.7 : 1);

  function genreTrace({ name, colour, symbol }) {
    const rows = [...songs.genre.keys()].filter((row) => songs.genre[row] === name);
    return {
      type: kind,
      mode: "markers",
      name: `${escape(shorten(name, 28))} (${rows.length})`,
      ...at(places.map((values) => rows.map((row) => values[row]))),
      customdata: rows.map(card),
      hovertemplate: "%{customdata}<extra></extra>",
      marker: { color: colour, symbol, size, opacity: 0.85, line: { color: "#fff", width: solid ? 0 : 0.6 } },
    };
  }

  function starTrace({ name, row, place }) {
    const text = row === null ? `<b>${escape(shorten(name))}</b><br>not in the library` : card(row);
    return {
      type: solid ? "scatter3d" : "scatter",
      mode: solid ? "markers" : "markers+text",
      name: `★ ${escape(shorten(name, 28))}`,
      ...at(place.map((value) => [value])),
      text: [escape(shorten(name, 40))],
      textposition: "top center",
      textfont: { size: 14, color: "#1F2430" },
      customdata: [text],
      hovertemplate: "%{customdata}<extra></extra>",
      marker: { color: "#FFD400", symbol: solid ? "diamond" : "star", size: solid ? 9 : 18,
        line: { color: "#1F2430", width: 1.5 } },
    };
  }

  const bare = { showgrid: solid, zeroline: false, showticklabels: false, title: { text: "" },
    showspikes: false };
  const layout = {
    margin: { l: 0, r: 0, t: 36, b: 0 }, // the top holds plotly's buttons
    hovermode: "closest",
    hoverlabel: { align: "left", bgcolor: "#fff", font: { color: "#1F2430", size: 14 } },
    legend: { itemsizing: "constant", font: { size: 13 }, bgcolor: "rgba(255,255,255,.8)" },
    paper_bgcolor: "#fff",
    plot_bgcolor: "#fff",
    showlegend: true,
    ...(solid
      ? { scene: { xaxis: bare, yaxis: bare, zaxis: bare, aspectmode: "cube",
          camera: { eye: { x: 1.2, y: 1.2, z: 0.65 }, center: { x: 0, y: 0, z: -0.1 } } } }
      : { xaxis: bare, yaxis: bare, dragmode: "pan" }),
  };
  const traces = [...genres.map(genreTrace), ...(star ? [starTrace(star)] : [])];
  Plotly.newPlot(map, traces, layout, { responsive: true, displaylogo: false, scrollZoom: true });
})();
