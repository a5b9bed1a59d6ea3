// The map: every note a dot. Keeps its zoom when colours change; a click plays at once, Python hears of it afterwards.

import { address, build, DRAWN, fetchJson, fetchPacked, GUEST, isDark, NEIGHBOURS, PLAYING, SELECT } from "../browser/common.js";
import { mounted } from "../browser/mount.js";
import { Notes, NoteSearch } from "../browser/note_search.js";
import { Filters } from "./filters.js";
import { Hands } from "./hands.js";
import { Gathered } from "./lasso.js";
import { Legend } from "./legend.js";
import { Marks } from "./marks.js";
import { PointerSound } from "./pointer_sound.js";
import { CROWD, Points, UNKNOWN_COLOUR } from "./points.js";
import { Space } from "./space.js";

const MOVE_MS = 550;
// A click is heard first: Python's rerun after it would take the server's time from the sounds.
const REPORT_MS = 350;
const SPACE = "3d";
export default mounted(
  (parent, data) => new MapView(parent, data.filters),
  (view, setStateValue) => {
    view.report = setStateValue;
  },
);

class MapView {
  constructor(parent, filters) {
    this.data = {};
    this.selected = this.hovered = -1;
    this.seq = 0;
    this.neighbours = [];
    this.guest = null;
    this.listeners = new AbortController();
    this.root = parent.querySelector(".tx-map");
    this.canvas = this.root.querySelector(".tx-points");
    this.tip = this.root.querySelector(".tx-tip");
    this.hint = this.root.querySelector(".tx-hint");
    this.message = this.root.querySelector(".tx-message");
    this.live = this.root.querySelector(".tx-live");
    const on = (target, type, handler, options = {}) =>
      target.addEventListener(type, handler, { ...options, signal: this.listeners.signal });
    this.points = new Points(this.canvas);
    this.hands = new Hands(this, on);
    this.marks = new Marks(this, this.root.querySelector(".tx-marks"));
    this.sound = new PointerSound(this.root, on, (sentence) => this.notice(sentence));
    this.gathered = new Gathered(this);
    this.space = new Space(this, on);
    this.filters = new Filters(this.root, {
      changed: () => this.filter(),
      tell: (told) => this.report("filters", told),
      gather: () => this.gather(Array.from(this.points.lit.keys()).filter((i) => this.points.lit[i])),
    });
    this.filters.load(filters);
    this.finder = new NoteSearch(
      this.filters.search,
      this.root.querySelector(".tx-results"),
      (id) => this.selectId(id, true),
      true,
    );
    this.legend = new Legend(this.root.querySelector(".tx-legend"), this.points, this.filters, () => this.draw());
    this.root.timbreMap = this;
    this.listen(on);
  }

  listen(on) {
    const button = (name, handler) => on(this.root.querySelector(name), "click", handler);
    button(".tx-in", () => this.zoomBy(1.6));
    button(".tx-out", () => this.zoomBy(1 / 1.6));
    button(".tx-fit", () => this.showAll());
    button(".tx-random", () => this.selectRandom());
    button(".tx-lasso", (event) => {
      this.hands.draws(!this.hands.drawing);
      event.currentTarget.setAttribute("aria-pressed", String(this.hands.drawing));
    });
    on(window, SELECT, (event) => event.detail.from !== this && this.selectId(event.detail.id, event.detail.play));
    on(window, NEIGHBOURS, (event) => this.showNeighbours(event.detail.ids));
    on(window, PLAYING, (event) => this.marks.ripple(event.detail.playing));
    on(window, GUEST, (event) => this.showGuest(event.detail));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.canvas);
  }

  destroy() {
    this.listeners.abort();
    this.sizes.disconnect();
    clearTimeout(this.telling);
    for (const frame of [this.frame, this.waiting]) cancelAnimationFrame(frame);
    for (const part of [this.marks, this.gathered, this.sound, this.space, this.filters]) part.destroy();
  }

  // ---- data ------------------------------------------------------------------------------------------------------

  update(data) {
    const before = this.data;
    this.data = data;
    if (data.checkpoint !== before.checkpoint || data.version !== before.version) return this.load();
    if (!this.points.map) return;
    if (data.projection !== before.projection) {
      if (data.projection !== SPACE && before.projection !== SPACE) this.moveTo(data.projection);
      else if (data.projection !== SPACE) Object.assign(this.points, this.points.layout(data.projection));
      this.space.show(data.projection === SPACE);
    }
    this.refresh();
  }

  refresh() {
    this.adopt(this.data.selected);
    const dark = isDark(this.root);
    this.points.paint(this.data.colour, dark);
    this.legend.show(JSON.stringify([this.parameters(), this.data.colour, dark]));
    this.draw();
  }

  // Other notes are lit.
  filter() {
    if (!this.points.map) return;
    this.filters.apply(this.points.lit);
    this.legend.sync();
    this.draw();
  }

  parameters() {
    return { checkpoint: this.data.checkpoint, v: this.data.version };
  }

  async load() {
    const { data } = this;
    const current = () => this.data.checkpoint === data.checkpoint && this.data.version === data.version;
    this.points.map = null;
    this.message.textContent = "Loading the map…";
    try {
      const map = await fetchPacked(address(`${data.url}/map`, this.parameters()));
      if (!current()) return;
      this.message.textContent = "";
      this.notice("");
      this.gather([]);
      this.selected = this.hovered = -1;
      this.neighbours = [];
      this.guest = null;
      this.sound.from(this.data);
      this.finder.fill(new Notes(map));
      this.points.fill(map, this.data.projection);
      this.filters.fill(map);
      this.filters.apply(this.points.lit);
      this.space.fill();
      this.refresh();
      this.space.show(this.data.projection === SPACE);
      requestAnimationFrame(() => this.arrived());
    } catch (error) {
      if (current()) this.message.textContent = error.message;
    }
  }

  async arrived() {
    performance.mark("timbre:map-drawn");
    this.root.dataset.drawn = this.points.count;
    window.dispatchEvent(new CustomEvent(DRAWN));
    const { data } = this;
    try {
      // The page is there: now the server may load the model for the first click.
      await fetchJson(address(`${data.url}/ready`, this.parameters()));
    } catch (error) {
      if (data.checkpoint === this.data.checkpoint) this.notice(error.message);
    }
  }

  // Said at the map's foot, until another map is loaded.
  notice(sentence) {
    this.explained ??= this.hint.textContent;
    this.hint.textContent = sentence || this.explained;
    this.hint.classList.toggle("tx-notice", Boolean(sentence));
  }

  // Python's word on what is selected counts unless something was clicked here since it was spoken.
  adopt(selected) {
    if (!selected || selected.seq < this.seq) return;
    this.seq = selected.seq;
    this.selected = this.points.row.get(selected.note) ?? -1;
  }

  moveTo(projection) {
    const { positions, shape } = this.points;
    const to = this.points.layout(projection);
    const view = { ...this.points.view };
    this.animate(this.points.count > CROWD ? 0 : MOVE_MS, (t) => {
      this.points.between({ positions, shape }, to, t);
      this.points.view = mix(view, { k: 1, x: 0, y: 0 }, t);
    });
  }

  // For scripts and tests: where on the page a note is.
  positionOf(id) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = this.points.place(this.points.row.get(id));
    return { x: box.left + x, y: box.top + y };
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------

  draw() {
    this.stale = true;
    this.mark();
  }

  // Draws what lies over the points, and the points too if something about them changed.
  mark() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      if (!this.points.map || !this.points.ink) return;
      if (this.stale && this.space.shown) this.space.draw();
      else if (this.stale) this.points.draw();
      this.stale = false;
      this.marks.draw();
    });
  }

  animate(duration, step) {
    cancelAnimationFrame(this.frame);
    const start = performance.now();
    const tick = (now) => {
      const t = this.marks.still || duration <= 0 ? 1 : Math.min(1, (now - start) / duration);
      step(1 - (1 - t) ** 3);
      this.draw();
      if (t < 1) this.frame = requestAnimationFrame(tick);
    };
    tick(start);
  }

  glideTo(view) {
    const from = { ...this.points.view };
    this.animate(260, (t) => (this.points.view = mix(from, view, t)));
  }

  showAll() {
    if (this.points.map) this.glideTo({ k: 1, x: 0, y: 0 });
  }

  zoomBy(ratio) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (this.points.map) this.glideTo(this.points.zoomed(w / 2, h / 2, ratio));
  }

  // ---- selection -------------------------------------------------------------------------------------------------

  select(i, play = true) {
    if (i < 0) return;
    this.hover(-1);
    this.sound.stop();
    this.gathered.stop();
    this.root.classList.add("tx-used");
    if (i !== this.selected) this.neighbours = [];
    this.selected = i;
    this.reveal(i);
    if (this.space.shown) this.draw();
    else this.mark();
    this.seq += 1;
    const id = this.points.map.ids[i];
    this.live.textContent =
      ["instrument", "family", "pitch"]
        .map((name) => this.points.label(name, i))
        .filter(Boolean)
        .join(", ") || id;
    window.dispatchEvent(new CustomEvent(SELECT, { detail: { id, seq: this.seq, play, from: this } }));
    const { seq } = this;
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.report("selected", { note: id, seq }), REPORT_MS);
  }

  selectId(id, play) {
    const i = this.points.row?.get(id);
    if (i !== undefined) this.select(i, play);
  }

  selectRandom() {
    if (!this.points.map) return;
    const visible = Array.from({ length: this.points.count }, (_, i) => i).filter((i) => !this.points.isMuted(i));
    this.select(visible[Math.floor(Math.random() * visible.length)] ?? -1);
  }

  // Many notes, by their indices.
  gather(rows) {
    this.gathered.show(rows);
    this.mark();
  }

  showNeighbours(ids) {
    this.neighbours = ids.map((id) => this.points.row?.get(id)).filter((i) => i !== undefined);
    this.mark();
  }

  showGuest(guest) {
    const near = guest?.near
      .map(({ id, weight }) => ({ i: this.points.row?.get(id), weight }))
      .filter(({ i }) => i !== undefined);
    this.guest = near?.length ? { near } : null;
    this.mark();
  }

  // Brings a note that lies outside the visible part into it.
  reveal(i) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const { view } = this.points;
    const [x, y] = this.points.place(i);
    if (x > 8 && y > 8 && x < w - 8 && y < h - 8) return;
    this.glideTo({ k: view.k, x: view.x + w / 2 - x, y: view.y + h / 2 - y });
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.classList.toggle("tx-over", i >= 0);
    this.tip.hidden = i < 0;
    if (i < 0) this.sound.leave();
    else {
      if (i !== this.selected && !this.gathered.timer) this.sound.point(this.points.map.ids[i]);
      this.showTip(i);
    }
    this.mark();
  }

  showTip(i) {
    const { points } = this;
    const { columns, arrays, ids } = points.map;
    const extra = ["family", "pitch", "instrument"].includes(this.data.colour) ? [] : [this.data.colour];
    const lines = [...new Set(["pitch", "velocity", ...extra])]
      .map((column) => [columns[column]?.title, points.label(column, i)])
      .concat([["id", points.label("pitch", i) ? "" : ids[i]]])
      .filter(([, value]) => value)
      .map(([title, value]) => build("div", {}, build("span", { text: title }), build("b", { text: value })));
    const { dot } = points.map;
    const colour = columns[dot]?.colours[arrays[`label_${dot}`][i]] ?? UNKNOWN_COLOUR;
    const head = build("div", { class: "tx-tip-head" }, build("i", { style: `background:${colour}` }));
    head.append(points.name(i));
    this.tip.replaceChildren(head, ...lines);
    const box = this.canvas.getBoundingClientRect();
    const { pointer } = this.space;
    const [x, y] = this.space.shown && pointer ? [pointer.clientX - box.left, pointer.clientY - box.top] : points.place(i);
    const { clientWidth: w, clientHeight: h } = this.canvas;
    this.tip.style.left = `${Math.min(x + 14, w - this.tip.offsetWidth - 6)}px`;
    this.tip.style.top = `${y + 14 + this.tip.offsetHeight > h ? y - this.tip.offsetHeight - 12 : y + 14}px`;
  }
}

function mix(from, to, t) {
  return { k: from.k + (to.k - from.k) * t, x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}
