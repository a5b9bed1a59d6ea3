// Small maps of the same notes, one per model: what is hovered or chosen in one is marked in all.

import { build } from "../browser/dom.js";
import { SELECT } from "../browser/events.js";
import { mounted } from "../browser/mount.js";
import { LinkedMap } from "./linked_map.js";

export default mounted(
  (parent) => new LinkedMaps(parent),
  (view, setStateValue) => {
    view.report = (selected) => setStateValue("selected", selected);
  },
);

export class LinkedMaps {
  report = null; // tells Python what is chosen
  emphasis = undefined; // the family that alone is lit

  constructor(parent) {
    this.root = parent.querySelector(".tx-maps");
    this.root.timbreMaps = this;
    this.maps = [];
    this.muted = new Set();
    this.seq = 0;
    this.selected = this.hovered = null;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    const told = ({ detail }) => detail.from !== this && this.mark("selected", detail.id);
    window.addEventListener(SELECT, told, { signal });
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.root.querySelector(".tx-fields"));
  }

  destroy() {
    this.listeners.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.waiting);
  }

  update(data) {
    const models = JSON.stringify(data.models);
    this.data = data;
    if (models !== this.models) {
      this.models = models;
      this.maps = data.models.map((model) => new LinkedMap(this, model));
      this.root.querySelector(".tx-fields").replaceChildren(...this.maps.map(({ element }) => element));
      for (const map of this.maps) map.load(data.url);
    }
    for (const map of this.maps) map.project(data.projection);
    if (data.selected && data.selected.seq >= this.seq) {
      this.seq = data.selected.seq;
      this.selected = data.selected.note;
    }
    this.draw();
  }

  // Every family of any map, to switch off and on in all.
  legend() {
    const families = new Map();
    for (const { map } of this.maps) {
      const column = map?.columns.family;
      for (const [code, value] of column?.values.entries() ?? []) families.set(value, [column.names[code], column.colours[code]]);
    }
    const entries = [...families].sort().map(([value, [name, colour]]) => {
      const entry = build(
        "button",
        { type: "button", "aria-pressed": String(!this.muted.has(value)), title: "Click to hide or show" },
        build("i", { style: `background:${colour}` }),
        name || "unknown",
      );
      entry.addEventListener("click", () => {
        if (!this.muted.delete(value)) this.muted.add(value);
        entry.setAttribute("aria-pressed", String(!this.muted.has(value)));
        this.draw();
      });
      const emphasise = (family) => {
        this.emphasis = family;
        this.draw();
      };
      entry.addEventListener("pointerenter", () => emphasise(value));
      entry.addEventListener("pointerleave", () => emphasise(undefined));
      return entry;
    });
    this.root.querySelector(".tx-families").replaceChildren(...entries);
  }

  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      for (const map of this.maps) map.draw();
    });
  }

  mark(what, id) {
    if (this[what] === id) return;
    this[what] = id;
    for (const map of this.maps) map.drawMarks();
  }

  choose(id, told) {
    this.mark("selected", id);
    this.seq += 1;
    this.root.querySelector(".tx-live").textContent = told;
    window.dispatchEvent(new CustomEvent(SELECT, { detail: { id, seq: this.seq, play: true, from: this } }));
    this.report({ note: id, seq: this.seq });
  }
}
