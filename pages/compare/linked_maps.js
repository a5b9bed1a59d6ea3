// Small maps of the same notes, one per model: what is hovered or chosen in one is marked in all.

import { address, build, detailOf, fetchPacked, fitCanvas, noteName, SELECT, themeColour } from "../browser/common.js";
import { mounted } from "../browser/mount.js";

const REACH = 12;
const PAD = 14;
export default mounted(
  (parent) => new LinkedMaps(parent),
  (view, setStateValue) => {
    view.report = (selected) => setStateValue("selected", selected);
  },
);

class LinkedMaps {
  constructor(parent) {
    this.root = parent.querySelector(".tx-maps");
    this.root.timbreMaps = this;
    this.maps = [];
    this.muted = new Set();
    this.seq = 0;
    this.selected = this.hovered = null;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    window.addEventListener(SELECT, ({ detail }) => detail.from !== this && this.mark("selected", detail.id), {
      signal,
    });
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
      this.maps = data.models.map((model) => new SmallMap(this, model));
      this.root.querySelector(".tx-fields").replaceChildren(...this.maps.map(({ element }) => element));
      for (const map of this.maps) map.load(data.url);
    }
    for (const map of this.maps) map.lay(data.projection);
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
      column?.values.forEach((value, code) => families.set(value, [column.names[code], column.colours[code]]));
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

class SmallMap {
  constructor(all, model) {
    this.all = all;
    this.model = model;
    this.aside = build("em");
    this.told = build("div", { class: "tx-told", role: "status", text: "Loading the map…" });
    this.canvas = build("canvas", {
      tabindex: "0",
      role: "application",
      "aria-label": `Map of ${model.title}. Arrow keys walk from note to note, Enter plays.`,
    });
    this.marks = build("canvas", { class: "tx-marks" });
    this.element = build(
      "figure",
      { "data-model": model.checkpoint },
      build(
        "figcaption",
        {},
        build("i", { style: `background:${model.colour}` }),
        build("span", { text: model.title, title: model.title }),
        this.aside,
      ),
      build("div", { class: "tx-small" }, this.canvas, this.marks, this.told),
    );
    this.canvas.addEventListener("pointermove", (event) => this.hover(this.under(event)));
    this.canvas.addEventListener("pointerleave", () => this.hover(-1));
    this.canvas.addEventListener("click", (event) => this.choose(this.under(event)));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  async load(url) {
    try {
      this.map = await fetchPacked(address(`${url}/map`, { checkpoint: this.model.checkpoint, v: this.model.version }));
      this.rows = new Map(this.map.ids.map((id, i) => [id, i]));
      this.told.textContent = "";
      this.lay(this.all.data.projection);
      this.all.legend();
      this.element.dataset.drawn = this.map.ids.length;
      this.all.draw();
    } catch (error) {
      this.told.textContent = error.message;
    }
  }

  lay(projection) {
    if (!this.map || this.wanted === projection) return;
    this.wanted = projection;
    const shown = this.map.projections.includes(projection) ? projection : this.map.projections[0];
    this.aside.textContent = shown === projection ? "" : `${shown.toUpperCase()}: it has no other`;
    this.x = this.map.arrays[`${shown}_1`];
    this.y = this.map.arrays[`${shown}_2`];
    this.box = [...range(this.x), ...range(this.y)];
  }

  // A note's place in CSS pixels from the canvas' corner; one scale for both axes.
  place(i) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const [x0, x1, y0, y1] = this.box;
    const scale = Math.min((w - 2 * PAD) / (x1 - x0 || 1), (h - 2 * PAD) / (y1 - y0 || 1));
    return [w / 2 + (this.x[i] - (x0 + x1) / 2) * scale, h / 2 - (this.y[i] - (y0 + y1) / 2) * scale];
  }

  family(i) {
    return this.map.columns.family?.values[this.map.arrays.label_family[i]];
  }

  colour(i) {
    const { columns, arrays, dot } = this.map;
    return columns[dot]?.colours[arrays[`label_${dot}`][i]] ?? "#8a94a6";
  }

  radius() {
    return Math.min(4, Math.max(1, 0.24 * Math.sqrt((this.canvas.clientWidth * this.canvas.clientHeight) / this.map.ids.length)));
  }

  draw() {
    if (!this.map || !this.canvas.clientWidth) return;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    const radius = this.radius();
    // One path per colour: tens of thousands of dots are drawn in some milliseconds.
    const paths = new Map();
    const faint = new Path2D();
    for (let i = 0; i < this.map.ids.length; i++) {
      const family = this.family(i);
      const hidden = this.all.muted.has(family) || (this.all.emphasis !== undefined && this.all.emphasis !== family);
      if (!hidden && !paths.has(this.colour(i))) paths.set(this.colour(i), new Path2D());
      const path = hidden ? faint : paths.get(this.colour(i));
      const [x, y] = this.place(i);
      path.moveTo(x + radius, y);
      path.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.globalAlpha = 0.18;
    context.fillStyle = "#8a94a6";
    context.fill(faint);
    context.globalAlpha = 0.85;
    for (const [colour, path] of paths) {
      context.fillStyle = colour;
      context.fill(path);
    }
    context.globalAlpha = 1;
    this.drawMarks();
  }

  drawMarks() {
    if (!this.map) return;
    const { context, width, height } = fitCanvas(this.marks);
    context.clearRect(0, 0, width, height);
    const ring = (id, colour, size) => {
      const i = this.rows.get(id);
      if (i === undefined) return;
      const [x, y] = this.place(i);
      context.beginPath();
      context.arc(x, y, size - 2, 0, 2 * Math.PI);
      context.fillStyle = this.colour(i);
      context.fill();
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.strokeStyle = colour;
      context.stroke();
    };
    const { hovered, selected } = this.all;
    if (hovered !== null && hovered !== selected) ring(hovered, themeColour(this.element, "text-color"), 6.5);
    if (selected !== null) ring(selected, themeColour(this.element, "primary-color"), 8.5);
    const shown = this.rows.has(hovered ?? selected) || hovered === null ? "" : "not on this map";
    this.told.textContent = shown || (hovered === null ? "" : this.describe(this.rows.get(hovered)));
  }

  describe(i) {
    const { columns, arrays, ids } = this.map;
    const word = (name) => columns[name]?.names?.[arrays[`label_${name}`][i]] ?? "";
    const pitch = arrays.label_pitch?.[i];
    return [word("instrument") || ids[i], Number.isFinite(pitch) ? noteName(pitch) : "", word("family"), detailOf(this.map, i)]
      .filter(Boolean)
      .join(" · ");
  }

  // ---- what the hand does ----------------------------------------------------------------------------------------

  under(event) {
    if (!this.map) return -1;
    const box = this.canvas.getBoundingClientRect();
    return this.best((x, y) => Math.hypot(x - (event.clientX - box.left), y - (event.clientY - box.top)), REACH);
  }

  best(cost, most) {
    let found = -1;
    for (let i = 0; i < this.map.ids.length; i++) {
      if (this.all.muted.has(this.family(i))) continue;
      const here = cost(...this.place(i), i);
      if (here < most) [found, most] = [i, here];
    }
    return found;
  }

  hover(i) {
    this.all.mark("hovered", i < 0 ? null : this.map.ids[i]);
  }

  choose(i) {
    if (i >= 0) this.all.choose(this.map.ids[i], this.describe(i));
  }

  key(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!this.map || !(event.key in arrows || event.key === "Enter" || event.key === " ")) return;
    event.preventDefault();
    const from = this.rows.get(this.all.selected) ?? 0;
    if (!(event.key in arrows)) return this.choose(from);
    const [dx, dy] = arrows[event.key];
    const [x, y] = this.place(from);
    const cost = (px, py, i) => {
      const along = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      return i !== from && along > 0 && aside <= 1.2 * along ? along + 2 * aside : Infinity;
    };
    this.choose(this.best(cost, Infinity));
  }
}

function range(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}
