// Which notes of the map are lit: a search, chosen values and ranges of labels. The others turn grey.

import { build, noteName } from "../browser/common.js";
import { brief } from "./legend.js";

const MOST_CHIPS = 24;
const TELL_MS = 600;

export class Filters {
  // changed(): other notes are lit now. tell(filters): what Python writes into the address bar, once hands rest.
  constructor(root, { changed, tell, gather }) {
    Object.assign(this, { changed, tell, gather });
    this.search = root.querySelector(".tx-find input");
    this.button = root.querySelector(".tx-filter");
    this.shown = root.querySelector(".tx-shown");
    this.panel = root.querySelector(".tx-panel");
    this.only = new Map(); // column -> Set of the values that are lit; absent where all are
    this.ranges = new Map(); // column -> [low, high]
    this.search.addEventListener("input", () => this.change());
    this.button.addEventListener("click", () => this.open(this.panel.hidden));
    // Pressed anywhere else, the panel gets out of the map's way.
    root.querySelector(".tx-points").addEventListener("pointerdown", () => this.open(false));
    for (const part of [this.panel, this.search]) {
      part.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !this.panel.hidden) this.open(false);
      });
    }
  }

  destroy() {
    clearTimeout(this.telling);
  }

  // ---- state -----------------------------------------------------------------------------------------------------

  // Filters of a link: {search, only, without, range}; see map_filters.py.
  load({ search, only, without, range }) {
    this.search.value = search;
    this.only = new Map(Object.entries(only).map(([column, values]) => [column, new Set(values)]));
    this.excluded = Object.entries(without);
    this.ranges = new Map(Object.entries(range));
  }

  // Another map: what it does not know is forgotten.
  fill(map) {
    this.map = map;
    for (const [column, values] of this.excluded ?? []) {
      const known = map.columns[column]?.values;
      if (known) this.only.set(column, new Set(known.filter((value) => !values.includes(value))));
    }
    this.excluded = null;
    for (const [column, values] of this.only) {
      const known = map.columns[column]?.values;
      const left = new Set(known?.filter((value) => values.has(value)));
      if (known && left.size && left.size < known.length) this.only.set(column, left);
      else this.only.delete(column);
    }
    for (const column of this.ranges.keys()) if (map.columns[column]?.kind !== "number") this.ranges.delete(column);
    this.open(false);
  }

  allows(column, value) {
    return this.only.get(column)?.has(value) ?? true;
  }

  toggle(column, value) {
    const { values } = this.map.columns[column];
    const lit = new Set(this.only.get(column) ?? values);
    if (!lit.delete(value)) lit.add(value);
    this.setLit(column, lit);
  }

  allowOnly(column, value) {
    this.setLit(column, new Set([value]));
  }

  setLit(column, lit) {
    if (lit.size === this.map.columns[column].values.length) this.only.delete(column);
    else this.only.set(column, lit);
    this.change();
  }

  setRange(column, low, high) {
    const all = this.map.columns[column];
    if (low <= all.low && high >= all.high) this.ranges.delete(column);
    else this.ranges.set(column, [low, high]);
    this.change();
  }

  clear() {
    this.search.value = "";
    this.only.clear();
    this.ranges.clear();
    this.change();
    this.fillPanel();
  }

  change() {
    this.changed();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell(this.told()), TELL_MS);
  }

  told() {
    const only = {};
    const without = {};
    for (const [column, lit] of this.only) {
      const others = this.map.columns[column].values.filter((value) => !lit.has(value));
      if (lit.size <= others.length) only[column] = [...lit];
      else without[column] = others;
    }
    return { search: this.search.value.trim(), only, without, range: Object.fromEntries(this.ranges) };
  }

  // ---- which notes -----------------------------------------------------------------------------------------------

  // Writes 1 for the notes that are lit and 0 for the others.
  apply(lit) {
    const { columns, arrays, ids } = this.map;
    lit.fill(1);
    const keep = (holds) => {
      for (let i = 0; i < lit.length; i++) if (lit[i] && !holds(i)) lit[i] = 0;
    };
    for (const [column, values] of this.only) {
      const allowed = columns[column].values.map((value) => values.has(value));
      const codes = arrays[`label_${column}`];
      keep((i) => allowed[codes[i]]);
    }
    for (const [column, [low, high]] of this.ranges) {
      const numbers = arrays[`label_${column}`];
      // Numbers travel as float32: the range's own ends lie in it.
      const slack = 1e-6 * Math.max(1, Math.abs(low), Math.abs(high));
      keep((i) => numbers[i] >= low - slack && numbers[i] <= high + slack);
    }
    for (const word of this.search.value.toLowerCase().split(/\s+/).filter(Boolean)) keep(this.finds(word, columns, arrays, ids));
    const count = lit.reduce((sum, one) => sum + one, 0);
    const used = this.only.size + this.ranges.size;
    this.shown.textContent = count < lit.length ? `${count.toLocaleString("en")} of ${lit.length.toLocaleString("en")}` : "";
    this.button.lastChild.textContent = used ? `Filter (${used})` : "Filter";
    this.button.classList.toggle("tx-on", used > 0);
    if (!this.panel.hidden) this.syncPanel();
  }

  // Whether a word is in a note's labels, in its id, or the name of its pitch.
  finds(word, columns, arrays, ids) {
    // A number that is a label, a digit say, is that label and no part of others.
    const labelled =
      /^\d+$/.test(word) && Object.values(columns).some(({ kind, values }) => kind === "category" && values.includes(word));
    const has = labelled ? (text) => text === word : (text) => text.toLowerCase().includes(word);
    const found = Object.entries(columns)
      .filter(([, { kind }]) => kind === "category")
      .map(([column, { names, values }]) => [
        names.map((name, code) => has(name) || has(values[code])),
        arrays[`label_${column}`],
      ]);
    const pitches = /^[a-g][#♯]?-?\d$/.test(word) && arrays.label_pitch;
    const asked = word.replace("#", "♯").toUpperCase();
    return (i) =>
      found.some(([named, codes]) => named[codes[i]]) ||
      (pitches && noteName(pitches[i]) === asked) ||
      (!labelled && has(ids[i]));
  }

  // ---- the panel -------------------------------------------------------------------------------------------------

  open(open) {
    const focused = this.panel.contains(document.activeElement);
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.fillPanel();
    else if (focused) this.button.focus();
  }

  fillPanel() {
    this.syncs = [];
    const parts = Object.entries(this.map.columns)
      .filter(([, { kind, values, low, high }]) => (kind === "category" ? values.length > 1 : high > low))
      .map(([column, described]) => {
        const part = described.kind === "number" ? this.slider : described.values.length > MOST_CHIPS ? this.select : this.chips;
        return build("fieldset", {}, build("legend", { text: described.title }), ...part.call(this, column, described));
      });
    const foot = build(
      "div",
      { class: "tx-foot" },
      build("button", { type: "button", text: "Clear all", onclick: () => this.clear() }),
      build("button", { type: "button", class: "tx-take", text: "Choose what is shown", onclick: () => this.gather() }),
      build("button", { type: "button", text: "Close", onclick: () => this.open(false) }),
    );
    this.panel.replaceChildren(...parts, foot);
    this.syncPanel();
  }

  syncPanel() {
    for (const sync of this.syncs) sync();
  }

  chips(column, { names, values, colours }) {
    const chips = values.map((value, code) => {
      const mark = build("i", { style: `background:${colours[code]}` });
      const chip = build("button", { type: "button", onclick: () => this.toggle(column, value) }, mark, names[code] || "unknown");
      this.syncs.push(() => chip.setAttribute("aria-pressed", String(this.allows(column, value))));
      return chip;
    });
    const all = build("button", {
      type: "button",
      class: "tx-all",
      text: "all",
      onclick: () => this.setLit(column, new Set(values)),
    });
    const none = build("button", {
      type: "button",
      class: "tx-all",
      text: "none",
      onclick: () => this.setLit(column, new Set()),
    });
    return [build("div", { class: "tx-chips" }, ...chips, all, none)];
  }

  select(column, { names, values, title }) {
    const options = values.map((value, code) => build("option", { value, text: names[code] }));
    const choose = build("select", { "aria-label": title }, build("option", { value: "", text: "all" }), ...options);
    choose.addEventListener("change", () => {
      if (choose.selectedIndex === 0) this.setLit(column, new Set(values));
      else this.allowOnly(column, choose.value);
    });
    this.syncs.push(
      () => (choose.selectedIndex = this.only.get(column)?.size === 1 ? 1 + values.indexOf([...this.only.get(column)][0]) : 0),
    );
    return [choose];
  }

  slider(column, { low, high, title }) {
    const whole = Number.isInteger(low) && Number.isInteger(high);
    const step = whole ? 1 : (high - low) / 200;
    const end = (word) =>
      build("input", {
        type: "range",
        min: low,
        max: high,
        step: whole ? 1 : "any",
        "aria-label": `${title}: ${word}`,
      });
    const [from, to] = [end("lowest"), end("highest")];
    const told = build("output");
    const band = build("span", { class: "tx-band" });
    const show = () => {
      const text = (value) => (column === "pitch" ? noteName(value) : brief(value));
      told.textContent = `${text(Number(from.value))} – ${text(Number(to.value))}`;
      const place = (input) => (100 * (input.value - low)) / (high - low);
      band.style.left = `${place(from)}%`;
      band.style.right = `${100 - place(to)}%`;
    };
    const moved = (input) => {
      if (Number(from.value) > Number(to.value)) (input === from ? to : from).value = input.value;
      show();
      this.setRange(column, Number(from.value), Number(to.value));
    };
    for (const input of [from, to]) {
      input.addEventListener("input", () => moved(input));
      if (!whole)
        input.addEventListener("keydown", (event) => {
          const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
          if (!steps) return;
          event.preventDefault();
          input.value = Number(input.value) + steps * step;
          moved(input);
        });
    }
    this.syncs.push(() => {
      [from.value, to.value] = this.ranges.get(column) ?? [low, high];
      show();
    });
    return [build("div", { class: "tx-range" }, band, from, to), told];
  }
}
