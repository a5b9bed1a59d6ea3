// Which notes of the map are lit: a search, chosen values and ranges of labels. The others turn grey.

import { dismissed } from "../browser/dismissed.js";
import { termsOf } from "../browser/sound_terms.js";
import { FilterPanel } from "./filter_panel.js";
import { finds, textOf } from "./finds.js";
import { kept } from "./kept.js";

const TELL_MS = 600;

export class Filters extends FilterPanel {
  // changed(): other notes are lit now. tell(filters): what Python writes into the address bar, once hands rest. signal: the map
  // is gone.
  constructor(root, { changed, tell, gather, opened, signal }) {
    super(root, gather, opened);
    this.changed = changed;
    this.tell = tell;
    this.search = root.querySelector(".tx-find input");
    this.shown = root.querySelector(".tx-shown");
    this.search.addEventListener("input", () => this.change());
    this.search.addEventListener("focus", () => setTimeout(() => this.map && textOf(this.map))); // before the first letter
    dismissed(
      () => (this.panel.hidden ? null : this.panel),
      () => this.open(false),
      this.button,
      signal,
    );
  }

  destroy() {
    clearTimeout(this.telling);
  }

  // ---- state -----------------------------------------------------------------------------------------------------

  // Filters of a link: {search, only, without, range, words}; see map_filters.py.
  load({ search, only, without, range, words }) {
    this.words = new Set(words ?? []);
    this.search.value = search;
    this.only = new Map(Object.entries(only).map(([column, values]) => [column, new Set(values)]));
    this.excluded = Object.entries(without);
    this.ranges = new Map(Object.entries(range));
  }

  // Another map: what it does not know is forgotten.
  fill(map) {
    this.adopt(map);
    this.open(false);
  }

  // The same map with other notes on it.
  renew(map) {
    this.adopt(map);
    if (!this.panel.hidden) this.fillPanel();
  }

  adopt(map) {
    this.map = map;
    for (const word of this.words) if (!map.sounds?.includes(word)) this.words.delete(word);
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
    this.words.clear();
    this.sets.clear();
    this.change();
    this.fillPanel();
  }

  change() {
    this.changed();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell(this.told()), TELL_MS);
  }

  // Words of sound and kept sets are pressed or not.
  press(among, key) {
    if (!among.delete(key)) among.add(key);
    this.change();
  }

  // Stars, tags or collections are others now, here or in another browser.
  keptChanged() {
    if (!this.map) return;
    const known = new Set(kept.sets().map(({ key }) => key));
    for (const key of this.sets) if (!known.has(key)) this.sets.delete(key);
    if (!this.panel.hidden) this.fillPanel();
    if (this.sets.size) this.changed();
  }

  told() {
    const only = {};
    const without = {};
    for (const [column, lit] of this.only) {
      const others = this.map.columns[column].values.filter((value) => !lit.has(value));
      if (lit.size <= others.length) only[column] = [...lit];
      else without[column] = others;
    }
    const range = Object.fromEntries(this.ranges);
    return { search: this.search.value.trim(), only, without, range, words: [...this.words] };
  }

  // ---- which notes -----------------------------------------------------------------------------------------------

  // Writes 1 for the notes that are lit and 0 for the others.
  apply(lit) {
    const { columns, arrays } = this.map;
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
    for (const word of this.words) {
      const bit = 1 << (this.map.sounds ?? []).indexOf(word);
      keep((i) => arrays.sounds[i] & bit);
    }
    if (this.sets.size) {
      const wanted = kept.sets().filter(({ key }) => this.sets.has(key));
      keep((i) => wanted.some(({ notes }) => notes.has(this.map.ids[i])));
    }
    for (const term of termsOf(this.search.value, this.map.sounds)) keep(finds(term, this.map));
    const count = lit.reduce((sum, one) => sum + one, 0);
    const used = this.only.size + this.ranges.size + this.words.size + this.sets.size;
    this.shown.textContent = count < lit.length ? `${count.toLocaleString("en")} of ${lit.length.toLocaleString("en")}` : "";
    this.button.lastChild.textContent = used ? `Filter (${used})` : "Filter";
    this.button.classList.toggle("tx-on", used > 0);
    if (!this.panel.hidden) this.syncPanel();
  }
}
