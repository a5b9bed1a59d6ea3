// What lies over the points of a map: the selected note and its neighbours, the one under the pointer, the lasso.

import { fitCanvas, themeColour } from "../browser/dom.js";

export class Marks {
  /** @param {import("./map.js").MapView} view @param {HTMLCanvasElement} canvas */
  constructor(view, canvas) {
    this.view = view;
    this.canvas = canvas;
    this.pulse = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  destroy() {
    cancelAnimationFrame(this.rippling);
  }

  draw() {
    const { view } = this;
    const { points } = view;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    const radius = points.radius();
    const accent = themeColour(view.root, "primary-color");
    const text = themeColour(view.root, "text-color");
    const ring = (place, size, colour, thickness, alpha = 1) => {
      context.globalAlpha = alpha;
      context.beginPath();
      context.arc(...place, size, 0, 2 * Math.PI);
      context.lineWidth = thickness;
      context.strokeStyle = colour;
      context.stroke();
      context.globalAlpha = 1;
    };
    for (const i of view.gathered.marked()) ring(points.place(i), radius + 1, text, 1.1, 0.75);
    if (view.selected >= 0) this.drawSelected(context, ring, radius, accent);
    if (view.guest) this.drawGuest(context, ring, radius, accent);
    const loud = view.gathered.sounding;
    if (loud >= 0) ring(points.place(loud), radius + 5, accent, 2.4);
    if (view.hovered >= 0 && view.hovered !== view.selected) ring(points.place(view.hovered), radius + 2, text, 1.6);
    if (view.hands.path) this.drawLasso(context, view.hands.path, accent);
  }

  drawSelected(context, ring, radius, accent) {
    const { points, selected, neighbours } = this.view;
    const place = points.place(selected);
    this.drawNear(context, ring, radius, accent, place, neighbours);
    const grown = Math.max(radius + 1.5, 5.5);
    context.beginPath();
    context.arc(...place, grown, 0, 2 * Math.PI);
    context.fillStyle = points.colourOf(selected);
    context.fill();
    ring(place, grown + 2, accent, 2.2);
    if (this.pulse > 0) ring(place, grown + 4 + 26 * this.pulse, accent, 2, 1 - this.pulse);
  }

  // The nearest notes of a place, ringed, and a line to each.
  drawNear(context, ring, radius, accent, place, notes) {
    for (const i of notes) {
      const there = this.view.points.place(i);
      context.globalAlpha = 0.45;
      context.beginPath();
      context.moveTo(...place);
      context.lineTo(...there);
      context.lineWidth = 1;
      context.strokeStyle = accent;
      context.stroke();
      ring(there, radius + 2.5, accent, 1.6, 0.9);
    }
  }

  // A sound that is no note of the map, amid the notes that it is most like: these are ringed while no note is selected.
  drawGuest(context, ring, radius, accent) {
    const { points, guest, selected } = this.view;
    const places = guest.near.map(({ i, weight }) => [points.place(i), weight]);
    const total = places.reduce((sum, [, weight]) => sum + weight, 0) || 1;
    const [x, y] = [0, 1].map((axis) => places.reduce((sum, [place, weight]) => sum + place[axis] * weight, 0) / total);
    const near = selected < 0 ? guest.near.map(({ i }) => i) : [];
    this.drawNear(context, ring, radius, accent, [x, y], near);
    context.beginPath();
    for (let corner = 0; corner < 10; corner++) {
      const [size, turn] = [corner % 2 ? 5 : 11, (corner * Math.PI) / 5 - Math.PI / 2];
      context.lineTo(x + size * Math.cos(turn), y + size * Math.sin(turn));
    }
    context.closePath();
    context.fillStyle = accent;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = themeColour(this.view.root, "background-color");
    context.stroke();
  }

  drawLasso(context, path, accent) {
    context.beginPath();
    for (const place of path) context.lineTo(...place);
    context.closePath();
    context.globalAlpha = 0.14;
    context.fillStyle = accent;
    context.fill();
    context.globalAlpha = 1;
    context.setLineDash([5, 4]);
    context.lineWidth = 1.5;
    context.strokeStyle = accent;
    context.stroke();
    context.setLineDash([]);
  }

  // Rings that spread from the selected note while it sounds.
  ripple(playing) {
    cancelAnimationFrame(this.rippling);
    this.pulse = 0;
    const start = performance.now();
    const step = (now) => {
      this.pulse = ((now - start) % 1100) / 1100;
      this.view.mark();
      this.rippling = requestAnimationFrame(step);
    };
    if (playing && !this.still && this.view.selected >= 0) this.rippling = requestAnimationFrame(step);
    else this.view.mark();
  }
}

// A sound that is no note of the map, as the notes that it lies amid; null where none of them is on this map.
export function amid(points, guest) {
  const near = guest?.near.map(({ id, weight }) => ({ i: points.row?.get(id), weight })).filter(({ i }) => i !== undefined);
  return near?.length ? { near } : null;
}
