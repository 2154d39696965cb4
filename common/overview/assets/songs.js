// Lists all songs (#table, JSON): sorted by any column, searched, and drawn as far as it is scrolled to.
//
//   columns   header, about, unit (null for text), kind (text, number, share, time), decimals of numbers
//   rows      one list of cells per song; null where unknown, [seconds, shown] for a time
//   genre, guess, nearest   which columns these are, null where there is none
//   unfiled   the genre of songs that are filed under none
"use strict";

(() => {
  const content = JSON.parse(document.getElementById("table").textContent);
  const { columns, rows, genre, guess, nearest, unfiled } = content;
  const $ = (id) => document.getElementById(id);
  const [head, body] = [document.querySelector("thead tr"), document.querySelector("tbody")];
  const STEP = 200; // rows that are drawn at a time
  const order = { column: 0, down: false };
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const all = $("count").textContent;
  let found = rows;
  let drawn = 0;

  const haystacks = rows.map((row) => fold(row.filter((cell) => typeof cell === "string").join(" ")));

  function compare(one, other) {
    const [a, b] = [one[order.column], other[order.column]];
    if (a === null || b === null) return (a === null) - (b === null); // what is unknown comes last either way
    const kind = columns[order.column].kind;
    const apart = kind === "text" ? collator.compare(a, b) : kind === "time" ? a[0] - b[0] : a - b;
    return order.down ? -apart : apart;
  }

  function written(value, { kind, decimals }) {
    if (value === null) return "–";
    if (kind === "text") return value;
    if (kind === "time") return value[1];
    if (kind === "share") return `${Math.round(100 * value)}%`;
    return value.toFixed(decimals).replace("-", "−");
  }

  function cell(value, column) {
    const { kind } = columns[column];
    const made = document.createElement(column === 0 ? "th" : "td");
    if (column === 0) made.scope = "row";
    if (kind !== "text") made.className = "number";
    made.textContent = written(value, columns[column]);
    if (kind === "text") {
      made.dir = "auto";
      if (value !== null) made.title = value;
    }
    return made;
  }

  function line(row) {
    const made = document.createElement("tr");
    made.append(...row.map(cell));
    if (guess !== null && row[guess] !== null && row[guess] !== row[genre] && row[genre] !== unfiled) {
      made.children[guess].textContent = `≠ ${row[guess]}`;
      made.children[guess].className = "other";
    }
    if (nearest !== null && row[nearest] !== null) {
      const jump = Object.assign(document.createElement("button"), { type: "button", textContent: row[nearest] });
      jump.addEventListener("click", () => find(row[nearest]));
      made.children[nearest].replaceChildren(jump);
    }
    return made;
  }

  function drawMore() {
    const next = found.slice(drawn, drawn + STEP);
    body.append(...next.map(line));
    drawn += next.length;
    $("more").hidden = drawn >= found.length;
    $("more").textContent = `${found.length - drawn} more below`;
  }

  function draw() {
    const words = fold($("find").value).split(/\s+/).filter(Boolean);
    found = rows.filter((_, place) => words.every((word) => haystacks[place].includes(word)));
    found.sort(compare);
    $("count").textContent = words.length ? `${found.length} of ${rows.length} listed` : all;
    [...head.children].forEach((made, column) => {
      made.setAttribute("aria-sort", column !== order.column ? "none" : order.down ? "descending" : "ascending");
    });
    body.replaceChildren();
    drawn = 0;
    drawMore();
    $("scroll").scrollTop = 0;
  }

  function find(name) {
    $("find").value = name;
    draw();
    $("find").focus();
  }

  columns.forEach(({ header, about, unit, kind }, column) => {
    const made = Object.assign(document.createElement("th"), { scope: "col", title: about });
    if (kind !== "text") made.className = "number";
    const sort = Object.assign(document.createElement("button"), { type: "button", textContent: header });
    sort.addEventListener("click", () => {
      // Numbers are asked for from the top first, texts from the beginning.
      order.down = order.column === column ? !order.down : kind !== "text";
      order.column = column;
      draw();
    });
    made.append(sort);
    if (unit) made.append(Object.assign(document.createElement("small"), { textContent: unit }));
    head.append(made);
  });
  $("find").addEventListener("input", draw);
  $("find").addEventListener("keydown", (event) => { if (event.key === "Escape") find(""); });
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) drawMore(); },
    { root: $("scroll"), rootMargin: "600px" }).observe($("more"));
  draw();
})();
