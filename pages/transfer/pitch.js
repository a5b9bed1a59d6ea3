// A spectrogram with its sound's pitch drawn over it; the notes that the pitch falls into can be chosen.

import { fitCanvas, themeColour } from "../browser/dom.js";
import { GUTTER, Spectrogram } from "../browser/spectrogram.js";

export class PitchPicture extends Spectrogram {
  // sought(share): a place in the picture, 0 to 1, was clicked; picked(index): a note was, or none (-1).
  constructor(canvas, { sought, picked = null }) {
    super(canvas, false);
    this.sought = sought;
    this.picked = picked;
    this.contour = null;
    this.notes = [];
    this.chosen = -1;
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("pointermove", (event) => this.over(event));
  }

  // told: what /api/transfer/source or /picture answers, or null.
  fill(told) {
    this.frames = told;
    this.contour = told?.arrays.contour ?? null;
    this.notes = told?.notes ?? [];
    this.chosen = -1;
    if (!told) this.clear();
  }

  get rate() {
    return 1 / this.frames.seconds_per_frame;
  }

  plot() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const left = this.gutter ?? GUTTER.left;
    return { x: left, y: GUTTER.top, w: width - left, h: height - GUTTER.top - GUTTER.bottom };
  }

  draw(scale) {
    super.draw(scale, null);
    if (!this.frames || !this.contour) return;
    const { context } = fitCanvas(this.canvas);
    const plot = this.plot();
    const accent = themeColour(this.canvas, "primary-color");
    if (this.notes[this.chosen]) {
      const [start, end] = this.notes[this.chosen].map((seconds) => this.placeOf(seconds, this.seconds()));
      context.fillStyle = "rgba(255, 255, 255, .2)";
      context.fillRect(start, plot.y, end - start, plot.h);
    }
    context.lineJoin = context.lineCap = "round";
    // Light on dark reads on every colour of the spectrogram.
    for (const [colour, width] of [
      ["rgba(0, 0, 0, .85)", 5],
      ["#fff", 2.2],
    ]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke(this.line(plot, 0, this.contour.length));
    }
    if (!this.notes[this.chosen]) return;
    const [from, to] = this.notes[this.chosen].map((seconds) => Math.round(seconds * this.rate));
    context.strokeStyle = accent;
    context.lineWidth = 3.4;
    context.stroke(this.line(plot, from, to));
  }

  line(plot, from, to) {
    const path = new Path2D();
    let [up, last] = [true, NaN];
    for (let i = from; i < to; i++) {
      const midi = this.contour[i];
      if (!Number.isNaN(midi)) {
        const x = plot.x + (plot.w * (i + 0.5)) / this.contour.length;
        const y = Math.max(plot.y, Math.min(plot.y + plot.h, this.heightOf(midi, plot)));
        // A jump is another note, not a glide.
        if (up || Math.abs(midi - last) > 0.7) path.moveTo(x, y);
        path.lineTo(x + (up ? 0.1 : 0), y);
      }
      up = Number.isNaN(midi);
      last = midi;
    }
    return path;
  }

  // Seconds into the sound under the pointer, or null.
  secondsAt(event) {
    if (!this.frames) return null;
    const box = this.canvas.getBoundingClientRect();
    const plot = this.plot();
    const share = (event.clientX - box.left - plot.x) / plot.w;
    return share >= 0 && share < 1 ? share * this.seconds() : null;
  }

  noteAt(event) {
    const seconds = this.secondsAt(event);
    if (seconds === null || !this.picked) return -1;
    const index = this.notes.findIndex(([start, end]) => seconds >= start && seconds < end);
    if (index < 0) return -1;
    const box = this.canvas.getBoundingClientRect();
    const frame = Math.min(this.contour.length - 1, Math.floor(seconds * this.rate));
    return Math.abs(this.heightOf(this.contour[frame], this.plot()) - (event.clientY - box.top)) < 16 ? index : -1;
  }

  over(event) {
    this.canvas.style.cursor = this.noteAt(event) >= 0 ? "pointer" : "crosshair";
  }

  click(event) {
    const note = this.noteAt(event);
    if (note >= 0) return this.picked(note === this.chosen ? -1 : note);
    const seconds = this.secondsAt(event);
    if (seconds !== null) this.sought(seconds);
  }
}
