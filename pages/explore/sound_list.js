// The notes that are lit, as a list: sorted, scrolled and walked through with the arrow keys, however many there are.

import { build } from "../browser/dom.js";
import { dragOut, KEPT, kept } from "./kept.js";
import { litOf, orderOfNames, orderOfNumbers } from "./orders.js";

export const ROW = 30;
const SPARE = 6; // rows that are ready above and below what is seen
const NARROW = 560; // pixels
const NARROW_COLUMNS = ["name", "pitch", "library", "length"];
const COLUMNS = ["name", "instrument", "family", "pitch", "library", "length", "brightness"];

export class SoundList {
  rows = []; // indices of notes, in the order in which they are listed
  sorted = { column: "name", down: false };
  anchor = -1; // where a choice with Shift begins

  /** @param {import("./map.js").MapView} view @param {Function} on */
  constructor(view, on) {
    this.view = view;
    this.panel = view.root.querySelector(".tx-list");
    this.button = view.root.querySelector(".tx-listing");
    this.head = build("div", { class: "tx-list-head", role: "row" });
    this.inner = build("div", { class: "tx-list-inner" });
    this.scroller = build(
      "div",
      { class: "tx-list-rows", role: "listbox", tabindex: "0", "aria-label": "Sounds", "aria-multiselectable": "true" },
      this.inner,
    );
    this.empty = build("p", { text: "Nothing is like that: take a filter away." });
    this.panel.append(this.head, this.scroller, this.empty);
    on(this.scroller, "scroll", () => this.draw(), { passive: true });
    on(this.scroller, "keydown", (event) => this.key(event));
    on(window, KEPT, () => this.draw());
    this.sizes = new ResizeObserver(() => {
      if (!this.panel.hidden && this.view.points.map) this.titles();
      this.draw();
    });
    this.sizes.observe(this.scroller);
  }

  destroy() {
    this.sizes.disconnect();
  }

  open(open) {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    this.view.root.classList.toggle("tx-listed", open);
    if (!open) return;
    this.view.filters.open(false); // the two lie over each other
    this.fill();
    this.revealSelected();
    this.scroller.focus();
  }

  columns() {
    const { map } = this.view.points;
    const wanted = this.panel.clientWidth < NARROW ? NARROW_COLUMNS : COLUMNS;
    const known = (name) => name !== "length" || map.arrays.label_length.some((value) => !Number.isNaN(value));
    return wanted.filter((name) => name === "name" || (map.columns[name] && known(name)));
  }

  // Other notes are lit, or there are others.
  fill() {
    const { points } = this.view;
    if (this.panel.hidden || !points.map) return;
    const { column, down } = this.sorted;
    const values = points.map.arrays[`label_${column}`];
    const known = column === "name" ? () => true : (i) => !Number.isNaN(values[i]);
    this.rows = litOf(this.order(column), (i) => !points.isMuted(i), down, known);
    this.inner.style.height = `${this.rows.length * ROW}px`;
    this.empty.hidden = this.rows.length > 0;
    this.titles();
    this.draw();
  }

  // The order of all notes by a column, found once for each map.
  order(column) {
    const { points } = this.view;
    if (this.ordered !== points.map) {
      this.ordered = points.map;
      this.orders = new Map();
    }
    if (!this.orders.has(column)) {
      const names = () => Array.from({ length: points.count }, (_, i) => this.name(i));
      const order = column === "name" ? orderOfNames(names()) : orderOfNumbers(points.map.arrays[`label_${column}`]);
      this.orders.set(column, order);
    }
    return this.orders.get(column);
  }

  sortBy(column) {
    this.sorted = { column, down: this.sorted.column === column && !this.sorted.down };
    this.fill();
    this.revealSelected();
  }

  titles() {
    const { columns } = this.view.points.map;
    this.panel.style.setProperty("--tx-columns", grid(this.columns()));
    this.head.replaceChildren(
      build("span"),
      ...this.columns().map((name) => {
        const { column, down } = this.sorted;
        const mark = column === name ? (down ? " ↓" : " ↑") : "";
        const text = (name === "name" ? "Name" : columns[name].title.replace(/ \(.*/, "")) + mark;
        return build("button", { type: "button", text, title: `Sort by ${text}`, onclick: () => this.sortBy(name) });
      }),
    );
  }

  name(i) {
    const { points } = this.view;
    return points.detail(i) || points.map.ids[i];
  }

  revealSelected() {
    this.reveal(this.place());
  }

  place() {
    return this.rows.indexOf(this.view.selected);
  }

  // ---- seen ------------------------------------------------------------------------------------------------------

  draw() {
    if (this.panel.hidden || !this.view.points.map) return;
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    const chosen = new Set(this.view.gathered.notes);
    this.inner.replaceChildren(
      ...Array.from({ length: Math.max(0, last - first) }, (_, k) => this.row(this.rows[first + k], first + k, chosen)),
    );
    this.scroller.setAttribute("aria-activedescendant", this.place() >= 0 ? `tx-row-${this.view.selected}` : "");
  }

  row(i, place, chosen) {
    const { points, selected } = this.view;
    const id = points.map.ids[i];
    const starred = kept.stars.has(id);
    const star = build("button", {
      type: "button",
      class: "tx-star",
      tabindex: "-1",
      "aria-pressed": String(starred),
      "aria-label": "Star",
      text: starred ? "★" : "☆",
      onclick: (event) => {
        event.stopPropagation();
        this.star([id]);
      },
    });
    const cells = this.columns().map((name) => {
      if (name !== "name") return build("span", { text: this.cell(name, i) });
      const { dot } = points.map;
      const colour = points.map.columns[dot]?.colours[points.map.arrays[`label_${dot}`][i]] ?? "";
      return build(
        "span",
        { title: this.name(i) },
        build("i", { style: `background:${colour}` }),
        build("bdi", { text: this.name(i) }),
      );
    });
    const row = build(
      "div",
      {
        id: `tx-row-${i}`,
        role: "option",
        "aria-selected": String(i === selected || chosen.has(i)),
        "aria-posinset": place + 1,
        "aria-setsize": this.rows.length,
        class: i === selected ? "tx-now" : "",
        style: `top:${place * ROW}px`,
        draggable: "true",
        "data-note": id,
      },
      star,
      ...cells,
    );
    row.addEventListener("click", (event) => this.click(i, event));
    row.addEventListener("dragstart", (event) => dragOut(event, id, this.name(i)));
    return row;
  }

  cell(name, i) {
    const { points } = this.view;
    if (name === "pitch") return points.label("pitch", i).replace(/ \(.*/, "");
    const text = points.label(name, i);
    if (name === "length") return text && `${Number(text).toFixed(2)} s`;
    return name === "brightness" ? text && `${Math.round(Number(text))} Hz` : text;
  }

  reveal(place) {
    if (place < 0) return;
    const { scrollTop, clientHeight } = this.scroller;
    const top = place * ROW;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW - clientHeight;
    this.draw();
  }

  // ---- chosen and heard ------------------------------------------------------------------------------------------

  click(i, event) {
    const { view } = this;
    const { notes } = view.gathered;
    if (event.shiftKey && this.anchor >= 0) {
      const ends = [this.rows.indexOf(this.anchor), this.rows.indexOf(i)].sort((a, b) => a - b);
      view.gather(this.rows.slice(ends[0], ends[1] + 1));
    } else if (event.ctrlKey || event.metaKey) {
      const before = notes.length || view.selected < 0 ? notes : [view.selected];
      view.gather(before.includes(i) ? before.filter((each) => each !== i) : [...before, i]);
    } else view.select(i);
    if (!event.shiftKey) this.anchor = i;
    this.draw();
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 1);
    const place = this.place();
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (step !== undefined) {
      const next = Math.min(this.rows.length - 1, Math.max(0, place + step));
      if (next !== place) this.go(next, event.shiftKey);
    } else if (event.key === "Enter" && place >= 0) this.view.select(this.rows[place]);
    else if (event.key.toLowerCase() === "s" && place >= 0 && !event.ctrlKey && !event.metaKey)
      this.star([this.view.points.map.ids[this.rows[place]]]);
    else if (event.key === "Escape") this.open(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  go(place, extends_) {
    const i = this.rows[place];
    if (i === undefined) return;
    if (extends_) {
      const before = this.view.gathered.notes;
      this.view.gather([...new Set([...(before.length ? before : [this.view.selected]), i])].filter((each) => each >= 0));
    } else this.anchor = i;
    this.view.select(i);
    this.reveal(place);
  }

  async star(ids) {
    try {
      await kept.toggleStar(ids);
    } catch (error) {
      this.view.notice(error.message);
    }
  }
}

function grid(columns) {
  const widths = {
    name: "minmax(120px, 2fr)",
    instrument: "minmax(70px, 1fr)",
    family: "minmax(60px, .7fr)",
    library: "minmax(84px, .8fr)",
    brightness: "minmax(66px, .5fr)",
  };
  return ["28px", ...columns.map((name) => widths[name] ?? "minmax(52px, .5fr)")].join(" ");
}
