// What the hand does to a drawn pitch contour: points are added, moved and taken away.

import { DRAWN_SECONDS, PitchDrawing } from "./drawing.js";

const GRASP = 14; // pixels around a point

export class ContourHand extends PitchDrawing {
  dragging = false;

  // The contour is another one now.
  changed() {}

  // The marked range is to hold all points.
  fitRange() {}

  play() {}

  near(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const away = this.points.map((point) => {
      const [x, y] = this.pixel(point);
      return Math.hypot(x - event.clientX + bounds.left, y - event.clientY + bounds.top);
    });
    const best = away.indexOf(Math.min(...away));
    return away[best] < GRASP ? best : -1;
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus();
    const near = this.near(event);
    this.selected = near >= 0 ? near : this.add(this.pointAt(event));
    this.dragging = true;
    this.draw();
  }

  /** @param {number[]} point */
  add([time, pitch]) {
    const place = this.points.findIndex(([at]) => at > time);
    const index = place < 0 ? this.points.length : place;
    if (this.points.length >= 32 || this.points.some(([at]) => Math.abs(at - time) < 0.02)) return this.selected;
    this.points.splice(index, 0, [time, pitch]);
    return index;
  }

  // Move the marked point; it stays between its neighbours.
  /** @param {number[]} point */
  place([time, pitch]) {
    const before = this.points[this.selected - 1]?.[0] ?? -0.02;
    const after = this.points[this.selected + 1]?.[0] ?? DRAWN_SECONDS + 0.02;
    this.points[this.selected] = [Math.min(after - 0.02, Math.max(before + 0.02, time)), Math.min(120, Math.max(12, pitch))];
    this.heard = null;
    this.draw();
  }

  drag(event) {
    if (this.dragging) this.place(this.pointAt(event));
    else this.canvas.style.cursor = this.near(event) >= 0 ? "grab" : "crosshair";
  }

  lift() {
    if (!this.dragging) return;
    this.dragging = false;
    this.changed();
  }

  removeAt(event) {
    const near = this.near(event);
    if (near >= 0) this.remove(near);
  }

  remove(index) {
    if (this.points.length < 2) return;
    this.points.splice(index, 1);
    this.selected = Math.max(0, index - 1);
    this.changed();
  }

  key(event) {
    const [time, pitch] = this.points[this.selected];
    const move = {
      ArrowLeft: [-0.05, 0],
      ArrowRight: [0.05, 0],
      ArrowUp: [0, event.shiftKey ? 0.1 : 1],
      ArrowDown: [0, event.shiftKey ? -0.1 : -1],
    }[event.key];
    const mark = { PageUp: -1, PageDown: 1 }[event.key];
    if (move) this.place([time + move[0], pitch + move[1]]);
    else if (mark) this.selected = Math.min(this.points.length - 1, Math.max(0, this.selected + mark));
    else if (event.key === "Enter")
      this.selected = this.add([Math.min(DRAWN_SECONDS, time + 0.5), this.pitchAt(Math.min(DRAWN_SECONDS, time + 0.5))]);
    else if (event.key === "Delete" || event.key === "Backspace") this.remove(this.selected);
    else if (event.key === " ") this.play();
    else return;
    event.preventDefault();
    if (!mark && event.key !== " ") {
      if (pitch + (move?.[1] ?? 0) > this.range[1] || pitch + (move?.[1] ?? 0) < this.range[0]) this.fitRange();
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.changed(), 250);
    }
    this.draw();
  }
}
