// What the colours of a map mean: entries that switch a value's notes off and on, or a scale.

import { gradient, pointScale, UNKNOWN_COLOUR } from "../browser/colours.js";
import { build } from "../browser/dom.js";
import { noteName } from "../browser/pitch.js";

// More entries than this nobody reads: the most frequent are shown, search and filters find the others.
const MOST_ENTRIES = 200;

export class Legend {
  constructor(element, points, filters, changed) {
    this.element = element;
    this.points = points;
    this.filters = filters;
    this.changed = changed;
    this.buttons = new Map();
  }

  show(key) {
    if (this.shown === key) return this.sync();
    this.shown = key;
    this.points.emphasis = -1;
    this.buttons.clear();
    const column = this.points.column();
    const entries = column.kind === "category" ? this.entries(column) : this.scale(column);
    this.element.classList.toggle("tx-scale", column.kind !== "category");
    this.element.replaceChildren(...entries);
    this.sync();
  }

  // Entries look as the filters say.
  sync() {
    for (const [value, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(this.filters.allows(this.points.colour, value)));
    }
  }

  entries(column) {
    const codes = column.names.map((_, code) => code);
    if (codes.length > MOST_ENTRIES) codes.sort((a, b) => column.counts[b] - column.counts[a]);
    const entries = codes.slice(0, MOST_ENTRIES).map((code) => {
      const counted = `${column.counts[code]} ${this.points.map.words.note}s`;
      const about = `${counted}: click to turn them grey or back, Shift-click for these alone`;
      const entry = build(
        "button",
        { type: "button", title: about },
        build("i", { style: `background:${column.colours[code]}` }),
        column.names[code] || "unknown",
      );
      entry.addEventListener("click", (event) => {
        const value = column.values[code];
        if (event.shiftKey) this.filters.allowOnly(this.points.colour, value);
        else this.filters.toggle(this.points.colour, value);
      });
      entry.addEventListener("pointerenter", () => this.emphasise(code));
      entry.addEventListener("pointerleave", () => this.emphasise(-1));
      this.buttons.set(column.values[code], entry);
      return entry;
    });
    const left = codes.length - entries.length;
    return left > 0 ? [...entries, build("span", { text: `and ${left} more: search for them` })] : entries;
  }

  emphasise(code) {
    this.points.emphasis = code;
    this.changed();
  }

  scale(column) {
    const isPitch = this.points.colour === "pitch";
    const ticks = isPitch ? octaves(column.low, column.high) : evenly(column.low, column.high);
    const span = column.high - column.low || 1;
    const marks = ticks.map((value) =>
      build("span", {
        style: `left:${(100 * (value - column.low)) / span}%`,
        text: isPitch ? noteName(value) : brief(value),
      }),
    );
    const unknown = this.points.codes().some(Number.isNaN);
    return [
      build("em", { text: isPitch ? "Pitch (MIDI note)" : column.title }),
      build(
        "div",
        { class: "tx-ramp" },
        build("div", { class: "tx-bar", style: `background:${gradient(pointScale(this.points.dark))}` }),
        build("div", { class: "tx-ticks" }, ...marks),
      ),
      ...(unknown
        ? [build("span", { class: "tx-unknown" }, build("i", { style: `background:${UNKNOWN_COLOUR}` }), "unknown")]
        : []),
    ];
  }
}

// A number with as many digits as people read.
export function brief(value) {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}

function octaves(low, high) {
  const ticks = [];
  for (let midi = Math.ceil(low / 12) * 12; midi <= high; midi += 12) ticks.push(midi);
  return ticks.length ? ticks : [low, high];
}

function evenly(low, high) {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => low + (high - low) * part);
}
