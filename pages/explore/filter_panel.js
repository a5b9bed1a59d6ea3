// The panel that filters are chosen in: chips, a list or a range for each label.

import { build } from "../browser/dom.js";
import { noteName } from "../browser/pitch.js";
import { kept } from "./kept.js";
import { brief } from "./legend.js";

const MOST_CHIPS = 24;

// Whoever extends it has the filters themselves.
export class FilterPanel {
  map = null; // as /api/map answers it
  only = new Map(); // column -> Set of the values that are lit; absent where all are
  ranges = new Map(); // column -> [low, high]
  words = new Set(); // words of sound that lit notes have, all of them
  sets = new Set(); // keys of kept sets that lit notes are in, one of them at least
  syncs = []; // each paints what is chosen

  // gather(): all that is lit is to be chosen. opened(): the panel lies over the map now.
  constructor(root, gather, opened) {
    this.gather = gather;
    this.opened = opened;
    this.button = root.querySelector(".tx-filter");
    this.panel = root.querySelector(".tx-panel");
    this.button.addEventListener("click", () => this.open(this.panel.hidden));
  }

  clear() {}

  setLit(_column, _lit) {}

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

  setRange(_column, _low, _high) {}

  open(open) {
    const focused = this.panel.contains(document.activeElement);
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) {
      this.opened();
      this.fillPanel();
    } else if (focused) this.button.focus();
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
    this.panel.replaceChildren(...this.pressed(), ...parts, foot);
    this.syncPanel();
  }

  press(_among, _key) {}

  // What notes sound like, and what is kept of them: chips that are pressed to have only such notes.
  pressed() {
    const chips = (title, among, choices) => {
      if (!choices.length) return [];
      const made = choices.map(([key, text]) => {
        const chip = build("button", { type: "button", class: "tx-press", text, onclick: () => this.press(among, key) });
        this.syncs.push(() => chip.setAttribute("aria-pressed", String(among.has(key))));
        return chip;
      });
      return [build("fieldset", {}, build("legend", { text: title }), build("div", { class: "tx-chips" }, ...made))];
    };
    const sets = kept.sets().map(({ key, title, notes }) => [key, `${title} (${notes.size})`]);
    return [
      ...chips(
        "Sounds",
        this.words,
        (this.map.sounds ?? []).map((word) => [word, word]),
      ),
      ...chips("Kept", this.sets, sets),
    ];
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
