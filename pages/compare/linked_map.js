// One of several small maps of the same notes: marked, muted and lit as all of them are.

import { UNKNOWN_COLOUR } from "../browser/colours.js";
import { build, fitCanvas, themeColour } from "../browser/dom.js";
import { detailOf } from "../browser/names.js";
import { noteName } from "../browser/pitch.js";
import { cheapest, detour } from "../browser/plane.js";
import { address, fetchPacked } from "../browser/server.js";
import { SmallMap } from "../browser/small_map.js";

const PAD = 14;

export class LinkedMap extends SmallMap {
  reach = 12;
  map = null;

  /** @param {import("./linked_maps.js").LinkedMaps} all @param {any} model */
  constructor(all, model) {
    const label = `Map of ${model.title}. Arrow keys walk from note to note, Enter plays.`;
    super(build("canvas", { tabindex: "0", role: "application", "aria-label": label }), null);
    this.all = all;
    this.model = model;
    this.aside = build("em");
    this.told = build("div", { class: "tx-told", role: "status", text: "Loading the map…" });
    this.marks = build("canvas", { class: "tx-marks" });
    const dot = build("i", { style: `background:${model.colour}` });
    const title = build("span", { text: model.title, title: model.title });
    this.element = build(
      "figure",
      { "data-model": model.checkpoint },
      build("figcaption", {}, dot, title, this.aside),
      build("div", { class: "tx-small" }, this.canvas, this.marks, this.told),
    );
    this.canvas.addEventListener("pointerleave", () => this.hover(-1));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  async load(url) {
    try {
      this.map = await fetchPacked(address(`${url}/map`, { checkpoint: this.model.checkpoint, v: this.model.version }));
      this.rows = new Map(this.map.ids.map((id, i) => [id, i]));
      this.told.textContent = "";
      this.project(this.all.data.projection);
      this.all.legend();
      this.element.dataset.drawn = this.map.ids.length;
      this.all.draw();
    } catch (error) {
      this.told.textContent = error.message;
    }
  }

  project(projection) {
    if (!this.map || this.wanted === projection) return;
    this.wanted = projection;
    const shown = this.map.projections.includes(projection) ? projection : this.map.projections[0];
    this.aside.textContent = shown === projection ? "" : `${shown.toUpperCase()}: it has no other`;
    this.lay(this.map.arrays[`${shown}_1`], this.map.arrays[`${shown}_2`]);
  }

  // One scale for both axes.
  place(i, w = this.canvas.clientWidth, h = this.canvas.clientHeight) {
    const [[x0, x1], [y0, y1]] = [this.spanX, this.spanY];
    const scale = Math.min((w - 2 * PAD) / (x1 - x0 || 1), (h - 2 * PAD) / (y1 - y0 || 1));
    return [w / 2 + (this.x[i] - (x0 + x1) / 2) * scale, h / 2 - (this.y[i] - (y0 + y1) / 2) * scale];
  }

  family(i) {
    return this.map.columns.family?.values[this.map.arrays.label_family[i]];
  }

  colour(i) {
    const { columns, arrays, dot } = this.map;
    return columns[dot]?.colours[arrays[`label_${dot}`][i]] ?? UNKNOWN_COLOUR;
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
    context.fillStyle = UNKNOWN_COLOUR;
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

  nearestDot(event) {
    return super.nearestDot(event, (i) => this.all.muted.has(this.family(i)));
  }

  over(event) {
    this.hover(this.nearestDot(event));
  }

  click(event) {
    this.choose(this.nearestDot(event));
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
    const here = this.place(from);
    const out = (i) => i === from || this.all.muted.has(this.family(i));
    this.choose(cheapest(this.x.length, (i) => (out(i) ? Infinity : detour(here, this.place(i), dx, dy))));
  }
}
