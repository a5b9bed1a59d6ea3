// The map in small: where the sound is among the notes; a click starts from the nearest dot.

import { build, fitCanvas, themeColour } from "./common.js";

export class SmallMap {
  constructor(canvas, chosen) {
    Object.assign(this, { canvas, chosen, near: [], dot: 2.2 });
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("pointermove", (event) => this.over(event));
  }

  fill(notes) {
    this.notes = notes;
    const [x, y] = [1, 2].map((axis) => notes.arrays[`${notes.projection}_${axis}`]);
    if (!x) return;
    const span = (values) =>
      values.reduce(([a, b], v) => (Number.isFinite(v) ? [Math.min(a, v), Math.max(b, v)] : [a, b]), [Infinity, -Infinity]);
    Object.assign(this, { x, y, spanX: span(x), spanY: span(y), picture: null });
    this.draw();
  }

  place(row, width = this.canvas.clientWidth, height = this.canvas.clientHeight) {
    const part = (value, [low, high]) => (value - low) / (high - low || 1);
    return [8 + (width - 16) * part(this.x[row], this.spanX), height - 8 - (height - 16) * part(this.y[row], this.spanY)];
  }

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
    if (this.picture && this.drawn === wanted) return this.picture;
    this.drawn = wanted;
    this.picture = build("canvas", { width: width * ratio, height: height * ratio });
    const context = this.picture.getContext("2d");
    context.scale(ratio, ratio);
    const crowd = this.x.length > 5000;
    const size = crowd ? 1 : this.dot;
    context.globalAlpha = crowd ? 0.35 : 0.55;
    for (let row = 0; row < this.x.length; row++) {
      const [x, y] = this.place(row, width, height);
      context.fillStyle = this.notes.colour(row);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    return this.picture;
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

  nearestDot(event) {
    if (!this.x) return -1;
    const box = this.canvas.getBoundingClientRect();
    let best = -1;
    let least = 24 ** 2;
    for (let row = 0; row < this.x.length; row++) {
      const [x, y] = this.place(row, box.width, box.height);
      const distance = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
      if (distance < least) [best, least] = [row, distance];
    }
    return best;
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
