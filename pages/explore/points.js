// The points of a map: where they are, how they are coloured, and drawing them on a 2-D canvas.

import { build, called, detailOf, fitCanvas, noteName, parseColour, pointScale } from "../browser/common.js";

// Room around the points, for what lies over the map's edges.
const MARGIN = { x: 44, y: 52 };
const ZOOM = [0.6, 60];
// Above this many, points as small as a few pixels are set pixel by pixel.
export const CROWD = 20000;
export const UNKNOWN_COLOUR = "#8a94a6";

export class Points {
  constructor(canvas) {
    this.canvas = canvas;
    this.count = 0;
    this.map = null;
    this.lit = new Uint8Array();
    this.emphasis = -1;
    this.sprites = new Map();
  }

  fill(map, projection) {
    this.map = map;
    this.count = map.ids.length;
    this.row = new Map(map.ids.map((id, i) => [id, i]));
    this.order = shuffled(this.count);
    this.lit = new Uint8Array(this.count).fill(1);
    this.view = { k: 1, x: 0, y: 0 };
    Object.assign(this, this.layout(map.projections.includes(projection) ? projection : map.projections[0]));
  }

  // ---- places ----------------------------------------------------------------------------------------------------

  // Positions of a projection around the middle of its extent, and that extent; one scale for both axes.
  layout(projection) {
    const x = this.map.arrays[`${projection}_1`];
    const y = this.map.arrays[`${projection}_2`];
    const [x0, x1] = extent(x);
    const [y0, y1] = extent(y);
    const positions = new Float32Array(2 * this.count);
    for (let i = 0; i < this.count; i++) {
      positions[2 * i] = x[i] - (x0 + x1) / 2;
      positions[2 * i + 1] = (y0 + y1) / 2 - y[i];
    }
    return { positions, shape: { width: x1 - x0 || 1, height: y1 - y0 || 1 } };
  }

  // Part t (0 to 1) of the way from one layout to another.
  between(from, to, t) {
    this.shape = {
      width: from.shape.width + (to.shape.width - from.shape.width) * t,
      height: from.shape.height + (to.shape.height - from.shape.height) * t,
    };
    this.positions = t < 1 ? to.positions.map((value, i) => from.positions[i] + (value - from.positions[i]) * t) : to.positions;
  }

  // CSS pixels per unit of a position when the whole map is shown.
  fitted() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    return Math.max(1e-9, Math.min((w - 2 * MARGIN.x) / this.shape.width, (h - 2 * MARGIN.y) / this.shape.height));
  }

  scale() {
    return this.fitted() * this.view.k;
  }

  // Where a point is drawn, in CSS pixels from the canvas' corner.
  place(i) {
    const s = this.scale();
    return [
      this.canvas.clientWidth / 2 + this.view.x + this.positions[2 * i] * s,
      this.canvas.clientHeight / 2 + this.view.y + this.positions[2 * i + 1] * s,
    ];
  }

  // The visible point nearest to a place, -1 if none is within the radius.
  nearest(x, y, radius) {
    let best = -1;
    let least = radius * radius;
    const s = this.scale();
    const cx = x - this.canvas.clientWidth / 2 - this.view.x;
    const cy = y - this.canvas.clientHeight / 2 - this.view.y;
    for (let i = 0; i < this.count; i++) {
      const dx = this.positions[2 * i] * s - cx;
      const dy = this.positions[2 * i + 1] * s - cy;
      const distance = dx * dx + dy * dy;
      if (distance < least && !this.isMuted(i)) {
        least = distance;
        best = i;
      }
    }
    return best;
  }

  // The visible points nearest to a place, within a radius, nearest first.
  around(x, y, radius, count) {
    const found = [];
    for (let i = 0; i < this.count; i++) {
      if (this.isMuted(i)) continue;
      const [px, py] = this.place(i);
      const distance = Math.hypot(px - x, py - y);
      if (distance < radius) found.push([distance, i]);
    }
    return found
      .sort(([a], [b]) => a - b)
      .slice(0, count)
      .map(([, i]) => i);
  }

  // Indices of the visible points within a closed path of places.
  inside(path) {
    const [left, right] = extent(path.map(([x]) => x));
    const [top, bottom] = extent(path.map(([, y]) => y));
    const rows = [];
    for (let i = 0; i < this.count; i++) {
      if (this.isMuted(i)) continue;
      const [x, y] = this.place(i);
      if (x < left || x > right || y < top || y > bottom) continue;
      let within = false;
      for (let a = 0, b = path.length - 1; a < path.length; b = a++) {
        const [[ax, ay], [bx, by]] = [path[a], path[b]];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
      }
      if (within) rows.push(i);
    }
    return rows;
  }

  // The point that an arrow key leads to: ahead, and not far to the side.
  ahead(from, dx, dy) {
    const [x, y] = this.place(from);
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < this.count; i++) {
      if (i === from || this.isMuted(i)) continue;
      const [px, py] = this.place(i);
      const along = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      if (along > 0 && aside <= 1.2 * along && along + 2 * aside < least) {
        least = along + 2 * aside;
        best = i;
      }
    }
    return best;
  }

  // The view zoomed around a place on the canvas.
  zoomed(x, y, ratio) {
    const k = Math.min(ZOOM[1], Math.max(ZOOM[0], this.view.k * ratio));
    const grown = k / this.view.k;
    const px = x - this.canvas.clientWidth / 2;
    const py = y - this.canvas.clientHeight / 2;
    return { k, x: px - (px - this.view.x) * grown, y: py - (py - this.view.y) * grown };
  }

  // ---- colours ---------------------------------------------------------------------------------------------------

  column() {
    return this.map.columns[this.colour];
  }

  codes() {
    return this.map.arrays[`label_${this.colour}`];
  }

  isMuted(i) {
    return this.lit[i] === 0;
  }

  // Gives every point an index into `palette`.
  paint(colour, dark) {
    this.colour = colour;
    this.dark = dark;
    const column = this.column();
    const codes = this.codes();
    this.ink = new Uint16Array(this.count);
    if (column.kind === "category") {
      this.palette = column.colours;
      this.ink.set(codes);
    } else {
      this.palette = [...pointScale(dark).map(([r, g, b]) => `rgb(${r},${g},${b})`), UNKNOWN_COLOUR];
      const span = column.high - column.low || 1;
      for (let i = 0; i < this.count; i++) {
        this.ink[i] = Number.isNaN(codes[i]) ? 256 : Math.round((255 * (codes[i] - column.low)) / span);
      }
    }
    this.sprites.clear();
  }

  colourOf(i) {
    return this.palette[this.ink[i]];
  }

  // A label as people read it.
  label(column, i) {
    const described = this.map.columns[column];
    if (!described) return "";
    const value = this.map.arrays[`label_${column}`][i];
    if (described.kind === "category") return described.names[value];
    if (Number.isNaN(value)) return "";
    if (column === "pitch") return `${noteName(value)} (MIDI ${Math.round(value * 10) / 10})`;
    return `${Math.round(value * 1000) / 1000}`;
  }

  detail(i) {
    return detailOf(this.map, i);
  }

  name(i) {
    return called(this.map.ids[i], this.label("instrument", i), this.label("family", i), this.label("pitch", i));
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------

  radius() {
    const room = (this.fitted() ** 2 * this.shape.width * this.shape.height) / (this.count || 1);
    const crowd = Math.min(5.4, Math.max(1.1, 0.29 * Math.sqrt(room)));
    return crowd * Math.min(2.4, this.view.k ** 0.45);
  }

  // Where many dots lie on each other, how many there are shows through.
  opacity() {
    return Math.min(0.9, Math.max(0.55, 0.9 - 0.2 * Math.log10(this.count / 3000 / this.view.k)));
  }

  draw() {
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    const radius = this.radius();
    const codes = this.codes();
    const faint = (i) => this.isMuted(i) || (this.emphasis >= 0 && codes[i] !== this.emphasis);
    if (this.count > CROWD && radius < 2) return this.drawPixels(context, radius, faint);
    const s = this.scale();
    const cx = width / 2 + this.view.x;
    const cy = height / 2 + this.view.y;
    for (const pass of [true, false]) {
      for (const i of this.order) {
        if (faint(i) !== pass) continue;
        const x = cx + this.positions[2 * i] * s;
        const y = cy + this.positions[2 * i + 1] * s;
        if (!(x > -20 && y > -20 && x < width + 20 && y < height + 20)) continue;
        const sprite = this.sprite(this.ink[i], radius, pass);
        context.drawImage(sprite, x - sprite.half, y - sprite.half, 2 * sprite.half, 2 * sprite.half);
      }
    }
  }

  // A dot is drawn once per colour and copied: thousands of copies take a few milliseconds.
  sprite(ink, radius, faint) {
    const key = `${ink}/${radius.toFixed(1)}/${faint}`;
    let sprite = this.sprites.get(key);
    if (sprite) return sprite;
    if (this.sprites.size > 2000) this.sprites.clear();
    const ratio = window.devicePixelRatio || 1;
    const half = Math.ceil(radius + 1.5);
    sprite = build("canvas", { width: Math.round(2 * half * ratio), height: Math.round(2 * half * ratio) });
    sprite.half = half;
    const context = sprite.getContext("2d");
    context.scale(ratio, ratio);
    context.beginPath();
    context.arc(half, half, radius, 0, 2 * Math.PI);
    context.globalAlpha = this.opacity() * (faint ? 0.18 : 1);
    context.fillStyle = faint ? UNKNOWN_COLOUR : this.palette[ink];
    context.fill();
    if (!faint && radius > 2) {
      context.globalAlpha = this.dark ? 0.85 : 0.55;
      context.lineWidth = 0.8;
      context.strokeStyle = this.dark ? "#0a0f18" : "#172233";
      context.stroke();
    }
    this.sprites.set(key, sprite);
    return sprite;
  }

  // Ten times as fast as copying dots that small.
  drawPixels(context, radius, faint) {
    const { width, height } = this.canvas;
    const ratio = width / this.canvas.clientWidth;
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const packed = (colour, alpha) => {
      const [r, g, b] = parseColour(colour);
      return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
    };
    const inks = this.palette.map((colour) => packed(colour, 255));
    const grey = packed(UNKNOWN_COLOUR, 48);
    const size = Math.max(1, Math.round(2 * radius * ratio));
    const s = this.scale() * ratio;
    const cx = width / 2 + this.view.x * ratio - size / 2;
    const cy = height / 2 + this.view.y * ratio - size / 2;
    for (const pass of [true, false]) {
      for (const i of this.order) {
        if (faint(i) !== pass) continue;
        const x = Math.round(cx + this.positions[2 * i] * s);
        const y = Math.round(cy + this.positions[2 * i + 1] * s);
        if (!(x >= 0 && y >= 0 && x + size < width && y + size < height)) continue;
        const colour = pass ? grey : inks[this.ink[i]];
        for (let row = y; row < y + size; row++) pixels.fill(colour, row * width + x, row * width + x + size);
      }
    }
    context.putImageData(image, 0, 0);
  }
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

// The same random order every time: no family is always drawn on top.
function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
