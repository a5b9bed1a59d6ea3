// Maps of tens of thousands of points and more: painted pixel by pixel, and searched by cells.

import { parseColour } from "../browser/colours.js";

// From this many on.
export const CROWD = 20000;
const IN_A_CELL = 4; // points, on average
const BEYOND = 48; // of 255, how much there is of a point that is not lit

// Points as they are drawn one after the other: memory is then read in order, which is most of the time.
export class Crowd {
  constructor(points) {
    this.points = points;
  }

  // Draws all points as discs of a radius in CSS pixels; grey(i): which are not lit, null where all are.
  paint(context, radius, grey, greyColour) {
    const { points } = this;
    const { width, height } = points.canvas;
    if (this.image?.width !== width || this.image.height !== height) this.image = context.createImageData(width, height);
    const pixels = new Uint32Array(this.image.data.buffer);
    pixels.fill(0);
    this.sort();
    const ratio = width / points.canvas.clientWidth;
    const size = Math.max(1, Math.round(2 * radius * ratio));
    const rows = spans(size);
    const inks = Uint32Array.from(points.palette, (colour) => packed(colour, 255));
    const faint = packed(greyColour, BEYOND);
    const s = points.scale() * ratio;
    const cx = width / 2 + points.view.x * ratio - size / 2 + 0.5;
    const cy = height / 2 + points.view.y * ratio - size / 2 + 0.5;
    const [right, below] = [width - size, height - size];
    const { places, inked } = this;
    const { order } = points;
    for (const pass of grey ? [true, false] : [false]) {
      for (let k = 0; k < order.length; k++) {
        const x = cx + places[2 * k] * s;
        const y = cy + places[2 * k + 1] * s;
        if (!(x >= 0 && y >= 0 && x < right && y < below)) continue;
        if (grey && grey(order[k]) !== pass) continue;
        const colour = pass ? faint : inks[inked[k]];
        let at = (y | 0) * width + (x | 0);
        for (let row = 0; row < size; row++, at += width) {
          const from = at + rows[row];
          for (let pixel = at + size - rows[row] - 1; pixel >= from; pixel--) pixels[pixel] = colour;
        }
      }
    }
    context.putImageData(this.image, 0, 0);
  }

  sort() {
    const { order, positions, ink } = this.points;
    if (this.placed !== positions) {
      this.placed = positions;
      this.places ??= new Float32Array(positions.length);
      if (this.places.length !== positions.length) this.places = new Float32Array(positions.length);
      for (let k = 0; k < order.length; k++) {
        this.places[2 * k] = positions[2 * order[k]];
        this.places[2 * k + 1] = positions[2 * order[k] + 1];
      }
    }
    if (this.painted === ink) return;
    this.painted = ink;
    this.inked = Uint16Array.from(order, (i) => ink[i]);
  }
}

// How many pixels each row of a disc leaves out at its ends.
function spans(size) {
  const middle = (size - 1) / 2;
  return Array.from({ length: size }, (_, row) =>
    size < 4 ? 0 : Math.round(middle - Math.sqrt(Math.max(0, (size / 2) ** 2 - (row - middle) ** 2)) + 0.4),
  ).map((left) => Math.max(0, Math.min(left, Math.floor(middle))));
}

function packed(colour, alpha) {
  const [r, g, b] = parseColour(colour);
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

// Points by the cells of a grid that they lie in.
export class Cells {
  // positions: x and y of each; shape: how far they reach around 0.
  constructor(positions, { width, height }) {
    const count = positions.length / 2;
    this.positions = positions;
    this.size = Math.max(Math.sqrt((width * height * IN_A_CELL) / count), Math.max(width, height) / 2048) || 1;
    this.origin = [-width / 2, -height / 2];
    this.across = Math.floor(width / this.size) + 1;
    this.down = Math.floor(height / this.size) + 1;
    this.starts = new Uint32Array(this.across * this.down + 1);
    for (let i = 0; i < count; i++) this.starts[this.cell(i) + 1]++;
    for (let cell = 1; cell < this.starts.length; cell++) this.starts[cell] += this.starts[cell - 1];
    const next = this.starts.slice();
    this.members = new Uint32Array(count);
    for (let i = 0; i < count; i++) this.members[next[this.cell(i)]++] = i;
  }

  cell(i) {
    return this.row(this.positions[2 * i + 1]) * this.across + this.column(this.positions[2 * i]);
  }

  column(x) {
    return Math.min(this.across - 1, Math.max(0, Math.floor((x - this.origin[0]) / this.size) | 0));
  }

  row(y) {
    return Math.min(this.down - 1, Math.max(0, Math.floor((y - this.origin[1]) / this.size) | 0));
  }

  // The point nearest to a place, of those that holds(i), within a radius; -1 where there is none.
  nearest(x, y, radius, holds) {
    const [column, row] = [Math.floor((x - this.origin[0]) / this.size), Math.floor((y - this.origin[1]) / this.size)];
    let best = -1;
    let least = radius * radius;
    const look = (c, r) => {
      if (c < 0 || r < 0 || c >= this.across || r >= this.down) return;
      const cell = r * this.across + c;
      for (let at = this.starts[cell]; at < this.starts[cell + 1]; at++) {
        const i = this.members[at];
        const distance = (this.positions[2 * i] - x) ** 2 + (this.positions[2 * i + 1] - y) ** 2;
        if (distance < least && holds(i)) {
          least = distance;
          best = i;
        }
      }
    };
    const most = Math.min(Math.ceil(radius / this.size), this.across + this.down);
    for (let ring = 0; ring <= most; ring++) {
      if (best >= 0 && least <= ((ring - 1) * this.size) ** 2) break;
      for (let c = column - ring; c <= column + ring; c++) {
        look(c, row - ring);
        if (ring) look(c, row + ring);
      }
      for (let r = row - ring + 1; r < row + ring; r++) {
        look(column - ring, r);
        look(column + ring, r);
      }
    }
    return best;
  }
}
