// The map: every note a dot. Keeps its zoom when colours change; a click plays at once, Python hears of it afterwards.

import { isDark } from "../browser/dom.js";
import { GUEST, NEIGHBOURS, PLAYING, SELECT } from "../browser/events.js";
import { mounted } from "../browser/mount.js";
import { NoteSearch } from "../browser/note_search.js";
import { Notes } from "../browser/notes.js";
import { address, fetchPacked } from "../browser/server.js";
import { Filters } from "./filters.js";
import { MapHands } from "./hands.js";
import { KEPT, kept } from "./kept.js";
import { Gathered } from "./lasso.js";
import { arrive, equip, laterParts, slideVolume, toggleList } from "./later_parts.js";
import { Legend } from "./legend.js";
import { amid, Marks } from "./marks.js";
import { Motion } from "./motion.js";
import { PointerSound } from "./pointer_sound.js";
import { Points } from "./points.js";
import { renew } from "./renewal.js";
import { Tip } from "./tip.js";

const REPORT_MS = 350; // a click is heard first: Python's rerun after it would take the server's time from the sounds
const SPACE = "3d";
export default mounted(
  (parent, data, early) => new MapView(parent, data.filters, early),
  (view, setStateValue) => {
    view.report = setStateValue;
  },
);

export class MapView {
  report = null; // tells Python what is chosen
  explained = null; // what the map's foot says when there is nothing else to say

  constructor(parent, filters, early) {
    this.early = early; // the page is not there yet
    this.data = {};
    this.selected = this.hovered = -1;
    this.seq = 0;
    this.neighbours = [];
    this.guest = null;
    this.listeners = new AbortController();
    this.root = parent.querySelector(".tx-map");
    this.canvas = this.root.querySelector(".tx-points");
    this.tip = new Tip(this, this.root.querySelector(".tx-tip"));
    this.hint = this.root.querySelector(".tx-hint");
    this.message = this.root.querySelector(".tx-message");
    this.live = this.root.querySelector(".tx-live");
    const on = (target, type, handler, options = {}) =>
      target.addEventListener(type, handler, { ...options, signal: this.listeners.signal });
    this.points = new Points(this.canvas);
    this.hands = new MapHands(this, on);
    this.motion = new Motion(this);
    this.marks = new Marks(this, this.root.querySelector(".tx-marks"));
    this.sound = new PointerSound(this.root, on, (sentence) => this.notice(sentence));
    this.gathered = new Gathered(this);
    this.later = laterParts(this, on);
    this.space = this.later.space;
    this.list = this.later.list;
    this.regions = this.later.regions;
    this.instruments = this.later.instruments;
    this.tour = this.later.tour;
    this.filters = new Filters(this.root, {
      changed: () => this.filter(),
      tell: (told) => this.report("filters", told),
      opened: () => this.list.part?.open(false),
      signal: this.listeners.signal,
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
    button(".tx-in", () => this.motion.zoomBy(1.6));
    button(".tx-out", () => this.motion.zoomBy(1 / 1.6));
    button(".tx-fit", () => this.motion.showAll());
    button(".tx-random", () => this.hands.random());
    button(".tx-instruments", () => this.points.map && this.instruments.use((part) => part.toggle()));
    button(".tx-listing", () => toggleList(this));
    button(".tx-help", () => this.tour.use((part) => part.begin(this.root.querySelector(".tx-field"))));
    slideVolume(this.root.querySelector(".tx-volume"), on);
    button(".tx-lasso", (event) => {
      this.hands.draws(!this.hands.drawing);
      event.currentTarget.setAttribute("aria-pressed", String(this.hands.drawing));
    });
    on(window, SELECT, (event) => event.detail.from !== this && this.selectId(event.detail.id, event.detail.play));
    on(window, NEIGHBOURS, (event) => this.showNeighbours(event.detail.ids));
    on(window, PLAYING, (event) => this.marks.ripple(event.detail.playing));
    on(window, KEPT, () => this.filters.keptChanged());
    on(window, GUEST, (event) => this.showGuest(event.detail));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.canvas);
  }

  destroy() {
    this.listeners.abort();
    this.sizes.disconnect();
    clearTimeout(this.telling);
    cancelAnimationFrame(this.waiting);
    this.motion.stop();
    kept.close();
    for (const part of [...Object.values(this.later), this.marks, this.gathered, this.sound, this.filters]) part.destroy();
  }

  update(data) {
    const before = this.data;
    this.data = data;
    if (data.checkpoint !== before.checkpoint) return this.load();
    if (data.version !== before.version) return renew(this);
    if (!this.points.map) return;
    if (data.projection !== before.projection) {
      if (data.projection !== SPACE && before.projection !== SPACE) this.motion.turnTo(data.projection);
      else if (data.projection !== SPACE) Object.assign(this.points, this.points.layout(data.projection));
      this.showSpace();
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
    for (const { part } of [this.list, this.instruments]) part?.fill();
    this.draw();
  }

  showSpace() {
    const shown = () => this.data.projection === SPACE;
    if (shown() || this.space.part) this.space.use((space) => space.show(shown()));
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
      this.filters.search.placeholder = map.words.example ? `Search: ${map.words.example}` : `Search ${map.words.note}s`;
      this.points.fill(map, this.data.projection);
      this.filters.fill(map);
      this.filters.apply(this.points.lit);
      for (const { part } of [this.space, this.list, this.instruments]) part?.fill();
      this.refresh();
      this.showSpace();
      requestAnimationFrame(() => this.arrived());
    } catch (error) {
      if (current()) this.message.textContent = error.message;
    }
  }

  arrived() {
    performance.mark("timbre:map-drawn");
    this.root.dataset.drawn = this.points.count;
    equip(this);
    if (!this.early) arrive(this);
  }

  settled() {
    this.early = false;
    if (this.points.map && this.root.dataset.drawn) arrive(this);
  }

  // Said at the map's foot, until another map is loaded.
  notice(sentence) {
    this.explained ??= [...this.hint.childNodes];
    this.hint.replaceChildren(...(sentence ? [sentence] : this.explained));
    this.hint.classList.toggle("tx-notice", Boolean(sentence));
  }

  // Python's word on what is selected counts unless something was clicked here since it was spoken.
  adopt(selected) {
    if (!selected || selected.seq < this.seq) return;
    this.seq = selected.seq;
    this.selected = this.points.row.get(selected.note) ?? -1;
  }

  // For scripts and tests: where on the page a note is.
  positionOf(id) {
    return this.points.onPage(this.points.row.get(id));
  }

  draw() {
    this.stale = true;
    this.mark();
  }

  // Draws what lies over the points, and the points too if something about them changed.
  mark() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      if (!this.points.map || !this.points.ink) return;
      if (this.stale && this.space.part?.shown) this.space.part.draw();
      else if (this.stale) {
        this.points.draw();
        this.regions.part?.moved();
      }
      this.stale = false;
      this.marks.draw();
    });
  }

  select(i, play = true) {
    if (i < 0) return;
    this.hover(-1);
    this.sound.stop();
    this.gathered.stop();
    this.root.classList.add("tx-used");
    if (i !== this.selected) this.neighbours = [];
    this.selected = i;
    this.list.part?.revealSelected();
    this.instruments.part?.open(i);
    this.motion.reveal(i);
    if (this.space.part?.shown) this.draw();
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

  // Many notes, by their indices.
  gather(rows) {
    this.gathered.show(rows);
    this.mark();
  }

  showNeighbours(ids) {
    this.neighbours = ids.map((id) => this.points.row?.get(id)).filter((i) => i !== undefined);
    this.mark();
  }

  // A guest is shown instead of the note that was selected, whatever Python has said of that one.
  showGuest(guest) {
    this.guest = amid(this.points, guest);
    if (this.guest) [this.selected, this.neighbours, this.seq] = [-1, [], this.seq + 1];
    this.mark();
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.classList.toggle("tx-over", i >= 0);
    if (i < 0) this.tip.hide();
    if (i < 0) this.sound.leave();
    else {
      if (i !== this.selected && !this.gathered.timer) this.sound.point(this.points.map.ids[i]);
      this.tip.show(i);
    }
    this.mark();
  }
}
