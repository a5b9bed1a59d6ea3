// A pitch contour on a canvas: what is asked for as a line with its points, what is heard dashed over it.

import { fitCanvas, themeColour } from "../browser/dom.js";
import { noteName } from "../browser/pitch.js";

export const DRAWN_SECONDS = 4;
const EDGE = { left: 42, right: 10, top: 10, bottom: 22 };

// Whoever extends it fills these.
export class PitchDrawing {
  morph = null;
  canvas = null;
  points = null; // [seconds, MIDI], in the order of time
  range = [0, 127]; // MIDI
  selected = -1; // a point
  heard = null; // what was measured: {midi, seconds: of a step}
  part = null; // how far the sound is, 0 to 1
  depth = null; // a slider: percent of a semitone
  rate = null; // a slider: Hz

  box() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return { width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom };
  }

  /** @param {number[]} point */
  pixel([time, pitch]) {
    const { width, height } = this.box();
    const [low, high] = this.range;
    return [EDGE.left + (time / DRAWN_SECONDS) * width, EDGE.top + (1 - (pitch - low) / (high - low)) * height];
  }

  pointAt(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const { width, height } = this.box();
    const [low, high] = this.range;
    const time = ((event.clientX - bounds.left - EDGE.left) / width) * DRAWN_SECONDS;
    const pitch = low + (1 - (event.clientY - bounds.top - EDGE.top) / height) * (high - low);
    // Onto the semitone where the hand is near one; with Shift wherever it is.
    const near = Math.abs(pitch - Math.round(pitch)) < 0.25 && !event.shiftKey ? Math.round(pitch) : pitch;
    return [Math.min(DRAWN_SECONDS, Math.max(0, time)), Math.min(high, Math.max(low, near))];
  }

  pitchAt(time) {
    const after = this.points.findIndex(([at]) => at >= time);
    if (after === 0) return this.points[0][1];
    if (after < 0) return this.points.at(-1)[1];
    const [[t0, p0], [t1, p1]] = [this.points[after - 1], this.points[after]];
    return p0 + ((p1 - p0) * (time - t0)) / (t1 - t0);
  }

  draw() {
    if (!this.canvas.clientWidth || !this.points) return;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    const text = themeColour(this.canvas, "text-color");
    const accent = themeColour(this.canvas, "primary-color");
    this.drawGrid(context, width, text);
    const [depth, rate] = [Number(this.depth.input.value) / 100, Number(this.rate.input.value)];
    const asked = Array.from({ length: 601 }, (_, i) => {
      const time = (i / 600) * DRAWN_SECONDS;
      return this.pixel([time, this.pitchAt(time) + depth * Math.sin(2 * Math.PI * rate * time)]);
    });
    this.line(context, asked, { colour: accent, width: 3, alpha: 0.9 });
    if (this.heard) {
      const heard = this.heard.midi.map((midi, i) => (midi === null ? null : this.pixel([i * this.heard.seconds, midi])));
      this.line(context, heard, { colour: text, width: 1.6, alpha: 0.95, dash: [5, 3] });
    }
    this.points.forEach((point, i) => {
      context.beginPath();
      context.arc(...this.pixel(point), i === this.selected ? 8 : 6, 0, 7);
      context.fillStyle = i === this.selected ? accent : themeColour(this.canvas, "background-color");
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = i === this.selected ? text : accent;
      context.stroke();
    });
    if (this.part !== null) {
      const [x] = this.pixel([this.part * DRAWN_SECONDS, this.range[0]]);
      this.line(
        context,
        [
          [x, EDGE.top],
          [x, height - EDGE.bottom],
        ],
        { colour: text, width: 1.5, alpha: 0.8 },
      );
    }
  }

  drawGrid(context, width, text) {
    context.font = "11px sans-serif";
    context.fillStyle = text;
    context.textBaseline = "middle";
    const [low, high] = this.range;
    const every = high - low > 30 ? 12 : high - low > 16 ? 3 : 2;
    for (let pitch = Math.ceil(low); pitch <= high; pitch++) {
      const [, y] = this.pixel([0, pitch]);
      const named = (pitch - Math.round(this.morph.key)) % every === 0;
      this.line(
        context,
        [
          [EDGE.left, y],
          [width - EDGE.right, y],
        ],
        { colour: text, width: 1, alpha: named ? 0.25 : 0.08 },
      );
      context.textAlign = "right";
      if (named) context.fillText(noteName(pitch), EDGE.left - 7, y);
    }
    context.textAlign = "center";
    for (let second = 0; second <= DRAWN_SECONDS; second++) {
      const [x, y] = this.pixel([second, low]);
      this.line(
        context,
        [
          [x, EDGE.top],
          [x, y],
        ],
        { colour: text, width: 1, alpha: 0.15 },
      );
      context.fillText(`${second} s`, Math.min(x, width - 14), y + 13);
    }
  }

  line(context, points, { colour, width, alpha, dash = [] }) {
    context.save();
    Object.assign(context, { strokeStyle: colour, lineWidth: width, globalAlpha: alpha, lineJoin: "round" });
    context.setLineDash(dash);
    context.beginPath();
    let pen = false;
    for (const point of points) {
      if (point) context[pen ? "lineTo" : "moveTo"](...point);
      pen = Boolean(point);
    }
    context.stroke();
    context.restore();
  }
}
