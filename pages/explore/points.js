// The points of a map: how they are coloured and called, and drawing them on a 2-D canvas.

import { pointScale, UNKNOWN_COLOUR } from "../browser/colours.js";
import { build, fitCanvas } from "../browser/dom.js";
import { called, detailOf } from "../browser/names.js";
import { noteName } from "../browser/pitch.js";
import { CROWD, Crowd } from "./crowd.js";
import { PointPlaces } from "./point_places.js";

export class Points extends PointPlaces {
  emphasis = -1; // the category that alone is lit
  sprites = new Map();
  ink = null; // of each: its index into `palette`
  palette = null;
  crowd = new Crowd(this);

  // ---- colours ---------------------------------------------------------------------------------------------------

  column() {
    return this.map.columns[this.colour];
  }

  codes() {
    return this.map.arrays[`label_${this.colour}`];
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
    return called(
      this.detail(i) || this.map.ids[i],
      this.label("instrument", i),
      this.label("family", i),
      this.label("pitch", i),
    );
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------

  radius() {
    const room = (this.fitted() ** 2 * this.shape.width * this.shape.height) / ((this.grouping ?? this).count || 1);
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
    if (this.count > CROWD && !this.grouping) {
      const dims = this.emphasis >= 0 || this.lit.includes(0);
      return this.crowd.paint(context, radius, dims ? faint : null, UNKNOWN_COLOUR);
    }
    const s = this.scale();
    const cx = width / 2 + this.view.x;
    const cy = height / 2 + this.view.y;
    for (const pass of [true, false]) {
      for (const i of this.order) {
        if (this.grouping?.hidden[i] || faint(i) !== pass) continue;
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
}
