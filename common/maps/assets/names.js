// Names over a picture of plotly, where there is room for them, and in the image that is saved of it. No name covers
// a point, another name or the picture's edge, so what is written first gets the room.

const REACH = 260; // pixels that a name may lie away from the middle of its songs
const CELL = 48; // pixels; points are sorted into cells, so that few are looked at for a name
const typeface = getComputedStyle(document.body).fontFamily;
const FONTS = { region: `italic 600 14px ${typeface}`, title: `12px ${typeface}`, starred: `bold 14px ${typeface}` };

const cellOf = (x, y) => `${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`;

function sortIntoCells(points) {
  const cells = new Map();
  for (const point of points) {
    const cell = cellOf(point.x, point.y);
    if (cells.has(cell)) cells.get(cell).push(point);
    else cells.set(cell, [point]);
  }
  return cells;
}

// Middles of a box to try: the spot itself, then rings around it, wider and wider.
function* around(spot) {
  yield spot;
  for (let radius = 14; radius <= REACH; radius += 12)
    for (let turn = 0; turn < 16; turn += 1) {
      const angle = (turn / 16 - 0.25) * 2 * Math.PI;
      yield { x: spot.x + 1.5 * radius * Math.cos(angle), y: spot.y + radius * Math.sin(angle) };
    }
}

// Right of a song, left, above, below, and above and below to either side.
function* beside({ x, y }, width, off) {
  const aside = width / 2 + 0.7 * off;
  const lift = off + 8;
  yield* [[off + width / 2, 0], [-off - width / 2, 0], [0, -lift], [0, lift],
    [aside, -lift], [aside, lift], [-aside, -lift], [-aside, lift]].map(([right, down]) => ({ x: x + right, y: y + down }));
}

// Points along a line, close enough together that no name fits between; none where an end is behind the camera.
function along(from, to) {
  if (from.x < BEHIND / 2 || to.x < BEHIND / 2) return [];
  const parts = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 8);
  return [...Array(parts).keys()].map((part) => ({ x: from.x + ((to.x - from.x) * part) / parts,
    y: from.y + ((to.y - from.y) * part) / parts }));
}

// However often it is asked for, names are written once a frame.
function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

// The layer of names over a map whose points are drawn so large, in pixels.
function namesOver(map, size) {
  const layer = Object.assign(document.createElement("div"), { id: "names" });
  layer.setAttribute("aria-hidden", "true"); // the page's lists say the same to those who hear it
  const pen = document.createElement("canvas").getContext("2d");

  // Tells whether a box (left, top, right, bottom) hides no point, no name, and leaves the picture nowhere.
  function makeRoom(points) {
    const [cells, taken, radius] = [sortIntoCells(points), [], size / 2 + 2];
    const [width, height] = [map.clientWidth, map.clientHeight];
    const hidesPoint = ([left, top, right, bottom]) => {
      for (let x = Math.floor((left - radius) / CELL); x <= (right + radius) / CELL; x += 1)
        for (let y = Math.floor((top - radius) / CELL); y <= (bottom + radius) / CELL; y += 1)
          for (const point of cells.get(`${x} ${y}`) ?? [])
            if (point.x > left - radius && point.x < right + radius && point.y > top - radius && point.y < bottom + radius)
              return true;
      return false;
    };
    const hidesName = ([left, top, right, bottom]) =>
      taken.some(([l, t, r, b]) => left < r && right > l && top < b && bottom > t);
    const isInside = ([left, top, right, bottom]) => left > 4 && top > 4 && right < width - 4 && bottom < height - 4;
    return {
      isFree: (box) => isInside(box) && !hidesName(box) && !hidesPoint(box),
      take: (box) => taken.push(box),
    };
  }

  function write(text, kind, font, spots, room) {
    pen.font = font;
    const [width, height] = [pen.measureText(text).width + 6, 18];
    for (const { x, y } of spots(width)) {
      const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
      if (!room.isFree(box)) continue;
      room.take(box);
      const name = Object.assign(document.createElement("span"), { className: kind, textContent: text, dir: "auto" });
      Object.assign(name.style, { left: `${x}px`, top: `${y}px`, font });
      layer.append(name);
      return { x, y, width, height };
    }
    return null;
  }

  // When the picture moves, names are written anew; while a solid one is turned it has none.
  function follow(renew, isSolid) {
    for (const moved of ["plotly_relayout", "plotly_autosize"]) map.on(moved, renew);
    map.on("plotly_relayouting", isSolid ? () => layer.replaceChildren() : renew);
  }
  return { layer, makeRoom, write, follow };
}

// The button that saves the picture as an image: plotly knows nothing of the names, so it is told where they are.
function imageButton(map, layer) {
  const [inX, inY] = [(x) => x / map.clientWidth, (y) => 1 - y / map.clientHeight];
  const onPaper = { xref: "paper", yref: "paper" };
  const plain = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const annotation = (name) => {
    const { fontFamily: family, fontSize, color, fontWeight: weight, fontStyle: style } = getComputedStyle(name);
    return { ...onPaper, x: inX(parseFloat(name.style.left)), y: inY(parseFloat(name.style.top)), xanchor: "center",
      yanchor: "middle", showarrow: false, text: plain(name.textContent),
      font: { family, size: parseFloat(fontSize), color, weight: Number(weight), style } };
  };
  const shape = (line) => {
    const [x0, y0, x1, y1] = ["x1", "y1", "x2", "y2"].map((end) => Number(line.getAttribute(end)));
    return { ...onPaper, type: "line", x0: inX(x0), y0: inY(y0), x1: inX(x1), y1: inY(y1),
      line: { color: getComputedStyle(line).stroke, width: 1, dash: "2px,3px" } };
  };
  const save = () => Plotly.downloadImage(
    { data: map.data, layout: { ...map.layout, annotations: [...layer.querySelectorAll("span")].map(annotation),
      shapes: [...layer.querySelectorAll("line")].map(shape) } },
    { format: "png", width: map.clientWidth, height: map.clientHeight, scale: 2, filename: document.title });
  return { name: "image", title: "Download as a PNG", icon: Plotly.Icons.camera, click: save };
}
