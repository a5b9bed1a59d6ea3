// The map in small: where a sound is among the notes; a click starts from the nearest dot.

import { build, fitCanvas, themeColour } from "./dom.js";
import { cheapest, extent } from "./plane.js";

const MARGIN = 8;

export class SmallMap {
  dot = 2.2; // a dot's size in CSS pixels
  reach = 24; // how far from a dot, in CSS pixels, the pointer still means it
  near = [];
  x = null;
  y = null;

  // chosen(id): a note's dot was clicked.
  constructor(canvas, chosen) {
    this.canvas = canvas;
    this.chosen = chosen;
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("pointermove", (event) => this.over(event));
  }

  fill(notes) {
    this.notes = notes;
    const [x, y] = [1, 2].map((axis) => notes.arrays[`${notes.projection}_${axis}`]);
    if (!x) return;
    this.lay(x, y);
    this.draw();
  }

  lay(x, y) {
    this.x = x;
    this.y = y;
    this.spanX = extent(x);
    this.spanY = extent(y);
    this.painted = null;
  }

  // Where a note's dot is, in CSS pixels from the canvas' corner; each axis has its own scale.
  place(row, width = this.canvas.clientWidth, height = this.canvas.clientHeight) {
    const part = (value, limits) => (value - limits[0]) / (limits[1] - limits[0] || 1);
    return [
      MARGIN + (width - 2 * MARGIN) * part(this.x[row], this.spanX),
      height - MARGIN - (height - 2 * MARGIN) * part(this.y[row], this.spanY),
    ];
  }

  // near: nearest notes as the server tells them, the first of them is marked.
  draw(near = this.near) {
    this.near = near;
    if (!this.x || !this.canvas.clientWidth) return;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    context.drawImage(this.dots(width, height), 0, 0, width, height);
    this.mark(context);
  }

  // All dots, drawn once for a size: the mark alone moves.
  dots(width, height) {
    const ratio = window.devicePixelRatio || 1;
    const wanted = `${width} ${height} ${ratio}`;
    if (this.painted && this.paintedFor === wanted) return this.painted;
    this.paintedFor = wanted;
    this.painted = build("canvas", { width: width * ratio, height: height * ratio });
    const context = this.painted.getContext("2d");
    context.scale(ratio, ratio);
    const crowd = this.x.length > 5000;
    const size = crowd ? 1 : this.dot;
    context.globalAlpha = crowd ? 0.35 : 0.55;
    for (let row = 0; row < this.x.length; row++) {
      const [x, y] = this.place(row, width, height);
      context.fillStyle = this.notes.colour(row);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    return this.painted;
  }

  mark(context) {
    const nearest = this.notes.rows.get(this.near[0]?.id);
    if (nearest === undefined) return;
    const [x, y] = this.place(nearest);
    context.lineWidth = 2;
    context.strokeStyle = themeColour(this.canvas, "text-color");
    context.fillStyle = this.notes.colour(nearest);
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    context.fill();
    context.stroke();
  }

  // The row of the dot that an event means, -1 for none. hidden(row): whether it cannot be meant.
  nearestDot(event, hidden = (_row) => false) {
    if (!this.x) return -1;
    const box = this.canvas.getBoundingClientRect();
    const distance = (row) => {
      const [x, y] = this.place(row, box.width, box.height);
      return hidden(row) ? Infinity : Math.hypot(x - event.clientX + box.left, y - event.clientY + box.top);
    };
    return cheapest(this.x.length, distance, this.reach);
  }

  over(event) {
    const row = this.nearestDot(event);
    this.canvas.style.cursor = row < 0 ? "default" : "pointer";
    this.canvas.title = row < 0 ? "" : `${this.notes.title(row)}, ${this.notes.detail(row)}`;
  }

  click(event) {
    const row = this.nearestDot(event);
    if (row >= 0) this.chosen(this.notes.ids[row]);
  }
}
