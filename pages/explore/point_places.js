// Where the points of a map are, in the projection's units and on a canvas.

import { cheapest, detour, extent, within } from "../browser/plane.js";
import { Cells, CROWD } from "./crowd.js";

// Room around the points, for what lies over the map's edges.
const MARGIN = { x: 44, y: 52 };
const ZOOM = [0.6, 60];

export class PointPlaces {
  count = 0;
  map = null;
  rows = null; // note -> its index, once it is asked for
  order = null; // in which they are drawn
  lit = new Uint8Array();
  grouping = null; // where instruments are shown and not notes: which are `hidden`, and `place(positions)`
  view = { k: 1, x: 0, y: 0 }; // how far it is zoomed, and moved in CSS pixels
  positions = null; // x and y of each
  shape = null; // how far they reach

  constructor(canvas) {
    this.canvas = canvas;
  }

  get row() {
    if (!this.map || this.rows) return this.rows;
    this.rows = new Map();
    for (let i = 0; i < this.count; i++) this.rows.set(this.map.ids[i], i);
    return this.rows;
  }

  fill(map, projection) {
    this.map = map;
    this.grouping = null;
    this.count = map.ids.length;
    this.rows = null;
    this.order = shuffled(this.count);
    this.lit = new Uint8Array(this.count).fill(1);
    this.view = { k: 1, x: 0, y: 0 };
    Object.assign(this, this.layout(map.projections.includes(projection) ? projection : map.projections[0]));
  }

  // Other notes on the same map: it is looked at from where it was.
  renew(map, projection) {
    const { view } = this;
    this.fill(map, projection);
    this.view = view;
  }

  isMuted(i) {
    return this.lit[i] === 0 || this.grouping?.hidden[i] === 1;
  }

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
    this.grouping?.place(positions);
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
    const s = this.scale();
    const cx = x - this.canvas.clientWidth / 2 - this.view.x;
    const cy = y - this.canvas.clientHeight / 2 - this.view.y;
    if (this.count > CROWD && !this.grouping) return this.cells().nearest(cx / s, cy / s, radius / s, (i) => this.lit[i]);
    let best = -1;
    let least = radius * radius;
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

  onPage(i) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = this.place(i);
    return { x: box.left + x, y: box.top + y };
  }

  cells() {
    if (this.celled?.positions !== this.positions) this.celled = new Cells(this.positions, this.shape);
    return this.celled;
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
      if (within([x, y], path)) rows.push(i);
    }
    return rows;
  }

  // The point that an arrow key leads to: ahead, and not far to the side.
  ahead(from, dx, dy) {
    const here = this.place(from);
    return cheapest(this.count, (i) => (i === from || this.isMuted(i) ? Infinity : detour(here, this.place(i), dx, dy)));
  }

  // The view zoomed around a place on the canvas.
  zoomed(x, y, ratio) {
    const k = Math.min(ZOOM[1], Math.max(ZOOM[0], this.view.k * ratio));
    const grown = k / this.view.k;
    const px = x - this.canvas.clientWidth / 2;
    const py = y - this.canvas.clientHeight / 2;
    return { k, x: px - (px - this.view.x) * grown, y: py - (py - this.view.y) * grown };
  }
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
