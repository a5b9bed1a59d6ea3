// The small map with the way that a sound goes: from its own place to that of what becomes of it, toward its target.

import { themeColour } from "../browser/dom.js";
import { SmallMap } from "../browser/small_map.js";

export class PlaceMap extends SmallMap {
  // chosen(id): a note's dot was clicked.
  constructor(canvas, chosen) {
    super(canvas, chosen);
    this.ways = { source: null, result: null, aim: null };
  }

  // Of the source, the result and what it aims at: the nearest notes with their weights, as the server tells them, or null.
  show(ways) {
    Object.assign(this.ways, ways);
    this.draw();
  }

  // Where nearest notes say that a sound lies: their places, each as its weight.
  amid(near) {
    let [x, y, total] = [0, 0, 0];
    for (const { id, weight } of near ?? []) {
      const row = this.notes.rows.get(id);
      if (row === undefined) continue;
      const [px, py] = this.place(row);
      x += weight * px;
      y += weight * py;
      total += weight;
    }
    return total ? [x / total, y / total] : null;
  }

  mark(context) {
    const [source, result, aim] = ["source", "result", "aim"].map((name) => this.amid(this.ways[name]));
    const ink = themeColour(this.canvas, "text-color");
    const paper = themeColour(this.canvas, "background-color");
    if (aim) this.ring(context, aim, 9, ink, [3, 3]);
    if (source && result) {
      context.strokeStyle = ink;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(...source);
      context.lineTo(...result);
      context.stroke();
    }
    if (source) this.letter(context, source, "A", paper, ink);
    if (result) this.letter(context, result, "B", themeColour(this.canvas, "primary-color"), paper);
  }

  /** @param {CanvasRenderingContext2D} context @param {number[]} place */
  ring(context, [x, y], radius, colour, dashes) {
    context.setLineDash(dashes);
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.stroke();
    context.setLineDash([]);
  }

  /** @param {CanvasRenderingContext2D} context @param {number[]} place */
  letter(context, [x, y], text, fill, ink) {
    context.fillStyle = fill;
    context.strokeStyle = ink;
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, y, 8, 0, 7);
    context.fill();
    context.stroke();
    context.fillStyle = ink;
    context.font = `700 10px ${themeColour(this.canvas, "font") || "sans-serif"}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, x, y + 0.5);
  }
}
