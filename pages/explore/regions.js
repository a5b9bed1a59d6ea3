// What lies where: names of the map's regions at each zoom, and lines of equal density where dots lie on each other.

import { build, fitCanvas, themeColour } from "../browser/dom.js";
import { nameRegions } from "./region_names.js";

const CELL = 28; // CSS pixels: what is nearer is one region
const BIN = 7; // of the density
const REST_MS = 160; // after the map stood still
const MOST_NAMES = 16;
const LEAST = 5; // notes of a region that is named
const MOST_LOOKED = 200_000; // notes: of more a part tells as much, and their order is a random one
const OVERLAPS = [0.7, 1.5, 4, 12]; // dots on each other, that lines are drawn at
const KEPT = "timbre.names";

export class Regions {
  names = []; // {text, x, y}: x and y in the positions' units
  shown = localStorage.getItem(KEPT) !== "off";

  /** @param {import("./map.js").MapView} view @param {Function} on */
  constructor(view, on) {
    this.view = view;
    this.lines = build("canvas", { class: "tx-lines" });
    this.layer = build("div", { class: "tx-names", "aria-hidden": "true" });
    view.canvas.after(this.lines, this.layer);
    this.button = view.root.querySelector(".tx-named");
    on(this.button, "click", () => {
      this.shown = !this.shown;
      localStorage.setItem(KEPT, this.shown ? "on" : "off");
      this.moved();
    });
    this.moved();
  }

  destroy() {
    clearTimeout(this.resting);
    this.lines.remove();
    this.layer.remove();
  }

  // The map is drawn anew, or from elsewhere.
  moved() {
    this.button.setAttribute("aria-pressed", String(this.shown));
    this.layer.hidden = this.lines.hidden = !this.shown;
    clearTimeout(this.resting);
    if (!this.shown) return;
    this.put();
    const { view } = this.view.points;
    const looked = JSON.stringify(view);
    if (looked !== this.looked) this.lines.style.opacity = "0";
    this.looked = looked;
    this.resting = setTimeout(() => this.rest(), REST_MS);
  }

  put() {
    const { points } = this.view;
    const s = points.scale();
    const { clientWidth: w, clientHeight: h } = points.canvas;
    this.names.forEach(({ x, y }, k) => {
      const [px, py] = [w / 2 + points.view.x + x * s, h / 2 + points.view.y + y * s];
      this.layer.children[k].style.transform = `translate(${px}px, ${py}px) translate(-50%, -50%)`;
    });
  }

  rest() {
    const { points } = this.view;
    if (!points.map || !this.view.root.isConnected) return;
    const seen = look(points);
    this.name(seen);
    this.put();
    this.drawLines(seen);
  }

  name({ rows, x, y, width, height }) {
    const { points } = this.view;
    const { of, count } = watersheds(x, y, width, height);
    const texts = nameRegions(points.map, rows, of, count);
    const middles = texts.map((text) => ({ text, x: 0, y: 0, size: 0 }));
    for (let k = 0; k < rows.length; k++) {
      const middle = middles[of[k]];
      middle.x += x[k];
      middle.y += y[k];
      middle.size++;
    }
    const s = points.scale();
    const placed = [];
    for (const { text, x: sumX, y: sumY, size } of middles.sort((a, b) => b.size - a.size)) {
      if (!text || size < LEAST || placed.length >= MOST_NAMES) continue;
      const [px, py] = [sumX / size, sumY / size];
      const half = 4 + 3.6 * text.length;
      const [left, right] = [px - half, px + half];
      const free = placed.every((other) => {
        const near = Math.abs(other.py - py);
        if (other.text === text && Math.hypot(other.px - px, near) < 220) return false;
        return near > 20 || left > other.right || right < other.left;
      });
      if (!free || left < 2 || right > width - 48 || py < 52 || py > height - 16) continue;
      placed.push({ text, px, py, left, right });
    }
    this.names = placed.map(({ text, px, py }) => ({
      text,
      x: (px - width / 2 - points.view.x) / s,
      y: (py - height / 2 - points.view.y) / s,
    }));
    this.layer.replaceChildren(...this.names.map(({ text }) => build("span", { text })));
  }

  // Isolines of how many dots lie on each other.
  drawLines({ rows, x, y, every, width, height }) {
    const { points } = this.view;
    const { context } = fitCanvas(this.lines);
    context.clearRect(0, 0, width, height);
    this.lines.style.opacity = "1";
    const [across, down] = [Math.ceil(width / BIN) + 1, Math.ceil(height / BIN) + 1];
    let dense = new Float32Array(across * down);
    const dot = (Math.PI * points.radius() ** 2 * every) / BIN ** 2;
    for (let k = 0; k < rows.length; k++) dense[Math.floor(y[k] / BIN) * across + Math.floor(x[k] / BIN)] += dot;
    for (let pass = 0; pass < 2; pass++) dense = blurred(dense, across, down);
    context.strokeStyle = themeColour(this.view.root, "text-color");
    context.lineWidth = 1;
    OVERLAPS.forEach((level, k) => {
      context.globalAlpha = 0.22 + 0.12 * k;
      context.beginPath();
      isoline(dense, across, down, level, (x0, y0, x1, y1) => {
        context.moveTo((x0 + 0.5) * BIN, (y0 + 0.5) * BIN);
        context.lineTo((x1 + 0.5) * BIN, (y1 + 0.5) * BIN);
      });
      context.stroke();
    });
    context.globalAlpha = 1;
  }
}

// The lit notes that are seen, with their places in CSS pixels; of very many, one in `every`.
function look(points) {
  const { clientWidth: width, clientHeight: height } = points.canvas;
  const s = points.scale();
  const [cx, cy] = [width / 2 + points.view.x, height / 2 + points.view.y];
  const looked = Math.min(points.count, MOST_LOOKED);
  const [rows, x, y] = [[], [], []];
  for (let k = 0; k < looked; k++) {
    const i = points.order[k];
    const [px, py] = [cx + points.positions[2 * i] * s, cy + points.positions[2 * i + 1] * s];
    if (!(px >= 0 && py >= 0 && px < width && py < height) || points.isMuted(i)) continue;
    rows.push(i);
    x.push(px);
    y.push(py);
  }
  return { rows, x, y, every: points.count / (looked || 1), width, height };
}

// Of each place, which hill of density it belongs to: up the steepest way from cell to cell.
function watersheds(x, y, width, height) {
  const [across, down] = [Math.ceil(width / CELL) + 1, Math.ceil(height / CELL) + 1];
  const cells = Int32Array.from(x, (px, k) => Math.floor(y[k] / CELL) * across + Math.floor(px / CELL));
  let dense = new Float32Array(across * down);
  for (const cell of cells) dense[cell]++;
  dense = blurred(dense, across, down);
  const top = new Int32Array(across * down).fill(-1);
  const climb = (cell) => {
    if (top[cell] >= 0) return top[cell];
    let best = cell;
    const [column, row] = [cell % across, Math.floor(cell / across)];
    for (let r = Math.max(0, row - 1); r <= Math.min(down - 1, row + 1); r++) {
      for (let c = Math.max(0, column - 1); c <= Math.min(across - 1, column + 1); c++) {
        if (dense[r * across + c] > dense[best]) best = r * across + c;
      }
    }
    top[cell] = best === cell ? cell : climb(best);
    return top[cell];
  };
  const numbers = new Map();
  const of = Int32Array.from(cells, (cell) => {
    const hill = climb(cell);
    if (!numbers.has(hill)) numbers.set(hill, numbers.size);
    return numbers.get(hill);
  });
  return { of, count: numbers.size };
}

// Means over three cells each way, weighted 1, 2, 1.
function blurred(values, across, down) {
  const half = new Float32Array(values.length);
  const whole = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) {
    const column = k % across;
    half[k] = (2 * values[k] + (column ? values[k - 1] : 0) + (column < across - 1 ? values[k + 1] : 0)) / 4;
  }
  for (let k = 0; k < values.length; k++) {
    const row = Math.floor(k / across);
    whole[k] = (2 * half[k] + (row ? half[k - across] : 0) + (row < down - 1 ? half[k + across] : 0)) / 4;
  }
  return whole;
}

// Lines where values cross a level, in units of cells (marching squares): line(x0, y0, x1, y1) for each piece.
export function isoline(values, across, down, level, line) {
  for (let row = 0; row < down - 1; row++) {
    for (let column = 0; column < across - 1; column++) {
      const at = row * across + column;
      const corners = [values[at], values[at + 1], values[at + across + 1], values[at + across]];
      const above = corners.map((value) => value >= level);
      if (above.every(Boolean) || !above.some(Boolean)) continue;
      const crossings = [];
      for (let side = 0; side < 4; side++) {
        const next = (side + 1) % 4;
        if (above[side] === above[next]) continue;
        const part = (level - corners[side]) / (corners[next] - corners[side]);
        const [[x0, y0], [x1, y1]] = [SQUARE[side], SQUARE[next]];
        crossings.push([column + x0 + (x1 - x0) * part, row + y0 + (y1 - y0) * part]);
      }
      for (let k = 0; k + 1 < crossings.length; k += 2) line(...crossings[k], ...crossings[k + 1]);
    }
  }
}

const SQUARE = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
