// The small map with the path between the chosen notes.

import { inkOn } from "../browser/colours.js";
import { themeColour } from "../browser/dom.js";
import { SmallMap } from "../browser/small_map.js";
import { LETTERS } from "./letters.js";

export class PathMap extends SmallMap {
  dot = 3.4;
  chosenNotes = [];
  trail = null; // places of the path, in the projection's units
  part = null; // how far on it the sound is, 0 to 1

  show(notes) {
    this.chosenNotes = notes;
    this.draw();
  }

  // The path, the letters of its notes, and where on it a sound is.
  mark(context) {
    const text = themeColour(this.canvas, "text-color");
    const back = themeColour(this.canvas, "background-color");
    if (this.trail) {
      context.lineJoin = "round";
      for (const [width, colour] of [
        [5, back],
        [2, text],
      ]) {
        context.beginPath();
        for (const [i, point] of this.trail.entries()) context[i ? "lineTo" : "moveTo"](...this.at(point));
        context.lineWidth = width;
        context.strokeStyle = colour;
        context.stroke();
      }
    }
    for (const [i, note] of this.chosenNotes.entries()) this.letter(context, note, LETTERS[i], text);
    // A step that sounds on may be none of the path any more.
    const now = this.trail && this.part !== null && this.trail[Math.round(this.part * (this.trail.length - 1))];
    if (now) {
      const [x, y] = this.at(now);
      context.beginPath();
      context.arc(x, y, 6, 0, 7);
      context.fillStyle = themeColour(this.canvas, "primary-color");
      context.fill();
    }
  }

  letter(context, note, letter, text) {
    const row = this.notes.rows.get(note);
    if (row === undefined) return;
    const [x, y] = this.place(row);
    context.beginPath();
    context.arc(x, y, 9, 0, 7);
    context.fillStyle = this.notes.colour(row);
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = text;
    context.stroke();
    context.font = "700 11px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = inkOn(this.notes.colour(row));
    context.fillText(letter, x, y + 0.5);
  }

  at([x, y]) {
    const part = (value, limits) => (value - limits[0]) / (limits[1] - limits[0] || 1);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [8 + (width - 16) * part(x, this.spanX), height - 8 - (height - 16) * part(y, this.spanY)];
  }

  moveTo(part) {
    this.part = part;
    this.draw();
  }
}
