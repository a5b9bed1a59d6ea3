// The map with a dot for each instrument, amid its notes; the notes of the one that was chosen last lie where they are.

import { noteName } from "../browser/pitch.js";

export class Instruments {
  on = false;
  opened = -1; // the instrument whose notes are shown

  /** @param {import("./map.js").MapView} view @param {HTMLElement} button */
  constructor(view, button) {
    this.view = view;
    this.button = button;
  }

  destroy() {
    this.view.points.grouping = null;
  }

  toggle() {
    this.on = !this.on;
    this.opened = -1;
    this.button.setAttribute("aria-pressed", String(this.on));
    this.move();
  }

  // Another map, or other notes are lit.
  fill() {
    if (!this.on) return;
    this.group();
    Object.assign(this.view.points, this.view.points.layout(this.projection()));
    this.view.draw();
  }

  // Shows the notes of a note's instrument.
  open(i) {
    const instrument = this.view.points.map.arrays.label_instrument?.[i];
    if (!this.on || instrument === undefined || instrument === this.opened) return;
    this.opened = instrument;
    this.move();
  }

  move() {
    const { points, motion, space } = this.view;
    this.group();
    if (space.part?.shown) Object.assign(points, points.layout(this.projection()));
    else motion.turnTo(this.projection(), points.view);
  }

  projection() {
    const { points, data } = this.view;
    return points.map.projections.includes(data.projection) ? data.projection : points.map.projections[0];
  }

  group() {
    const { points } = this.view;
    points.grouping = this.on && points.map.arrays.label_instrument ? grouped(points, this.opened) : null;
  }

  // All notes of the instruments that dots stand for.
  all(rows) {
    const { grouping, map, count } = this.view.points;
    if (!grouping) return rows;
    const codes = map.arrays.label_instrument;
    const chosen = new Set(rows.filter((i) => codes[i] !== this.opened).map((i) => codes[i]));
    const inside = new Set(rows);
    return Array.from({ length: count }, (_, i) => i).filter(
      (i) => inside.has(i) || (chosen.has(codes[i]) && this.view.points.lit[i]),
    );
  }

  // What is said of an instrument's dot: its name, how many notes it has, and from which pitch to which; null of a note's.
  told(i) {
    const { points } = this.view;
    const code = points.map.arrays.label_instrument?.[i];
    if (!points.grouping || code === this.opened) return null;
    const rows = points.grouping.members[code];
    const pitches = rows.map((row) => points.map.arrays.label_pitch?.[row]).filter((pitch) => Number.isFinite(pitch));
    const from = pitches.length ? `${noteName(Math.min(...pitches))} to ${noteName(Math.max(...pitches))}` : "";
    return {
      name: points.label("instrument", i),
      lines: [
        ["notes", String(rows.length)],
        ["pitch", from],
      ],
    };
  }
}

// One note that stands for each instrument, in the middle of its pitches, and where: amid those of its notes that are lit.
export function grouped({ map, lit, count }, opened) {
  const codes = map.arrays.label_instrument;
  const pitch = map.arrays.label_pitch;
  const every = map.columns.instrument.values.map(() => []);
  for (let i = 0; i < count; i++) every[codes[i]].push(i);
  const members = every.map((rows) => {
    const shown = rows.filter((i) => lit[i]);
    return shown.length ? shown : rows;
  });
  const hidden = new Uint8Array(count).fill(1);
  for (const [code, rows] of members.entries()) {
    const byPitch = pitch ? [...rows].sort((a, b) => pitch[a] - pitch[b]) : rows;
    if (rows.length) hidden[byPitch[(rows.length - 1) >> 1]] = 0;
    if (code === opened) for (const i of every[code]) hidden[i] = 0;
  }
  const place = (positions) => {
    for (const [code, rows] of members.entries()) {
      if (code === opened || !rows.length) continue;
      const [x, y] = [0, 1].map((axis) => rows.reduce((sum, i) => sum + positions[2 * i + axis], 0) / rows.length);
      for (const i of every[code]) [positions[2 * i], positions[2 * i + 1]] = [x, y];
    }
  };
  return { hidden, members, place, count: hidden.reduce((sum, gone) => sum + 1 - gone, 0) };
}
