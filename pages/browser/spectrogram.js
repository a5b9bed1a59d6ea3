// A spectrogram on a canvas: bands upwards with note names, seconds to the right.

import { build, fitCanvas, themeColour } from "./dom.js";
import { hzToMidi, midiToHz, noteName } from "./pitch.js";

export const GUTTER = { left: 30, bottom: 15, top: 3 };
const DIFFERENCE_DB = 24;
const NAME_HEIGHT = 13;

// `frames` is what /api/frames answers: bytes from 0 (softest) to 255, or, for a difference, dB. Features without a frequency
// axis have no `bands`, those without a unit or without time no `unit` or `seconds_per_frame`.
export class Spectrogram {
  // gutter: pixels for the names of the notes; 0 where they stand beside another picture of the same bands.
  constructor(canvas, differs, gutter = GUTTER.left) {
    this.canvas = canvas;
    this.differs = differs;
    this.gutter = gutter;
    this.frames = null;
    this.span = 0; // seconds that the axis has at least, so that pictures of other lengths compare
  }

  // What is drawn, in seconds; NaN for features without time.
  lasting() {
    return this.frames.n_frames * this.frames.seconds_per_frame;
  }

  // What the axis has room for.
  seconds() {
    return Math.max(this.lasting(), this.span);
  }

  // The share of the axis that the picture takes.
  get filled() {
    return this.lasting() / this.seconds() || 1;
  }

  // Where a time lies, in CSS pixels from the canvas' left.
  placeOf(time, seconds) {
    return this.gutter + (this.canvas.clientWidth - this.gutter) * Math.min(1, time / seconds);
  }

  clear() {
    this.frames = null;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
  }

  // pitch: a MIDI number to mark on the axis, or null.
  draw(scale, pitch) {
    if (!this.frames) return;
    const { context, width, height } = fitCanvas(this.canvas);
    const plot = { x: this.gutter, y: GUTTER.top, w: width - this.gutter, h: height - GUTTER.top - GUTTER.bottom };
    context.clearRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture(scale), plot.x, plot.y, plot.w * this.filled, plot.h);
    context.font = `10px ${themeColour(this.canvas, "font") || "sans-serif"}`;
    context.fillStyle = themeColour(this.canvas, "text-color");
    if (this.frames.bands && this.gutter) this.drawNotes(context, plot, pitch);
    if (this.frames.seconds_per_frame) this.drawTimes(context, plot);
    if (this.frames.bands && this.gutter && pitch !== null) this.drawPitch(context, plot, pitch);
  }

  picture(scale) {
    const { n_bins: bins, n_frames: frames, arrays } = this.frames;
    const image = new ImageData(frames, bins);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = scale.map(([r, g, b]) => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0);
    for (let bin = 0; bin < bins; bin++) {
      const row = (bins - 1 - bin) * frames;
      for (let frame = 0; frame < frames; frame++) {
        const value = arrays.frames[bin * frames + frame];
        const shade = this.differs ? Math.round(127.5 + (127.5 * value) / this.reach) : value;
        pixels[row + frame] = colours[Math.min(255, Math.max(0, shade))];
      }
    }
    const canvas = build("canvas", { width: frames, height: bins });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  // What the strongest colours of a difference stand for.
  get reach() {
    return this.frames.unit === "dB" ? DIFFERENCE_DB : 0.3 * this.frames.top_db;
  }

  heightOf(midi, plot) {
    return plot.y + plot.h * (1 - bandOf(midiToHz(midi), this.frames.bands) / this.frames.n_bins);
  }

  drawNotes(context, plot, pitch) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    const heightOf = (midi) => this.heightOf(midi, plot);
    for (const midi of namedNotes(heightOf, plot.y + 4, plot.y + plot.h - 3, pitch)) {
      const y = heightOf(midi);
      context.globalAlpha = 0.75;
      context.fillText(noteName(midi), plot.x - 7, y);
      context.globalAlpha = 0.4;
      context.fillRect(plot.x - 4, y, 4, 1);
    }
  }

  drawTimes(context, plot) {
    const seconds = this.seconds();
    const step = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30].find((s) => (s / seconds) * plot.w >= 34) ?? 60;
    context.globalAlpha = 0.75;
    context.textBaseline = "top";
    for (let time = 0; time <= seconds; time += step) {
      const x = plot.x + (time / seconds) * plot.w;
      context.textAlign = time === 0 ? "left" : x > plot.x + plot.w - 12 ? "right" : "center";
      context.fillText(time === 0 ? "0 s" : `${Math.round(time * 100) / 100}`, x, plot.y + plot.h + 4);
    }
    context.globalAlpha = 1;
  }

  drawPitch(context, plot, pitch) {
    const y = this.heightOf(pitch, plot);
    context.fillStyle = themeColour(this.canvas, "primary-color");
    context.beginPath();
    context.moveTo(plot.x, y);
    context.lineTo(plot.x - 6, y - 4);
    context.lineTo(plot.x - 6, y + 4);
    context.fill();
  }

  // The cell under the pointer: {share (0 to 1 of the length), time (s), hz, value}, or null outside of the picture. What
  // the features do not know is null.
  under(event) {
    if (!this.frames) return null;
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - this.gutter) / ((box.width - this.gutter) * this.filled);
    const y = (event.clientY - box.top - GUTTER.top) / (box.height - GUTTER.top - GUTTER.bottom);
    if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return null;
    const { n_bins: bins, n_frames: frames, bands, top_db: span, unit, seconds_per_frame: step, arrays } = this.frames;
    const bin = Math.min(bins - 1, Math.floor((1 - y) * bins));
    const frame = Math.floor(x * frames);
    const value = arrays.frames[bin * frames + frame];
    // Decibels count down from the loudest, other values lie from -1 to 1.
    const told = this.differs ? value : (value / 255) * span - (unit === "dB" ? span : span / 2);
    return { share: x, time: step ? x * this.lasting() : null, hz: bands?.[bin] ?? null, value: told, bin, frame };
  }

  describe({ time, hz, value, bin, frame }) {
    const { unit } = this.frames;
    const sign = this.differs && value > 0 ? "+" : "";
    const where = time === null ? `column ${frame + 1}` : `${time.toFixed(2)} s`;
    const height = hz === null ? `row ${bin + 1}` : `${hz > 0 ? `${noteName(hzToMidi(hz))} ` : ""}${Math.round(hz)} Hz`;
    return `${where} · ${height} · ${sign}${unit === "dB" ? `${value.toFixed(0)} dB` : value.toFixed(2)}`;
  }
}

// Which notes are named beside an axis, MIDI: the marked one if there is one, and those Cs between top and bottom whose names do
// not lie over another. heightOf(midi): in pixels, from above.
export function namedNotes(heightOf, top, bottom, marked) {
  const named = marked === null ? [] : [Math.round(marked)];
  for (let midi = 132; midi >= 12; midi -= 12) {
    const y = heightOf(midi);
    const covered = named.some((other) => Math.abs(heightOf(other) - y) < NAME_HEIGHT);
    if (y >= top && y <= bottom && !covered) named.push(midi);
  }
  return named;
}

// Where a frequency lies on the axis of bands, in bands (the middle of band 0 is 0.5).
function bandOf(hz, bands) {
  if (hz <= bands[0]) return (0.5 * hz) / bands[0];
  const above = bands.findIndex((centre) => centre >= hz);
  if (above < 0) return bands.length;
  return above - 0.5 + (hz - bands[above - 1]) / (bands[above] - bands[above - 1]);
}
