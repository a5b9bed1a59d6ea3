// The Transfer page's elements, built once.

import { build, named } from "../browser/dom.js";
import { matchSwitch } from "../browser/matching.js";
import { Mending } from "../browser/mending.js";
import { Road } from "./road.js";

const MARKS = {
  play: "M4.5 2.8v10.4l8.5-5.2z",
  stop: "M4 4h8v8H4z",
  loop: "M3 8a4 4 0 0 1 4-4h5m-2-2 2 2-2 2M13 8a4 4 0 0 1-4 4H4m2 2-2-2 2-2",
  save: "M8 2.5v7.5m-3-3 3 3 3-3M3 13.5h10",
};
const MOST_SHIFT = 24;
const MOST_AMOUNT = 1.5;

export function drawn(mark) {
  const holder = build("span", { class: "tx-icon" });
  holder.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${MARKS[mark]}"/></svg>`;
  return holder;
}

export class TransferParts {
  sourceField = null;
  sourceFound = null;
  targetField = null;
  targetFound = null;

  /** @param {import("./transfer.js").TransferPage} page */
  constructor(page) {
    this.page = page;
  }

  button(text, title, mark, act, options = {}) {
    return build(
      "button",
      { type: "button", title, "aria-label": named(text, title), onclick: act, ...options },
      mark ? drawn(mark) : null,
      text ? build("span", { text }) : null,
    );
  }

  makePlayer(kind, letter, title) {
    const told = `Play the ${kind} (key ${kind === "source" ? 1 : 2})`;
    const button = this.button("", told, "play", () => this.page.press(kind), {
      class: "tx-play-button",
      disabled: "",
      "data-kind": kind,
      "aria-label": named(letter, told),
    });
    button.prepend(build("b", { text: letter }));
    const name = build("span", { class: "tx-name", text: title });
    const pitch = build("span", { class: "tx-pitch" });
    const canvas = build("canvas", { role: "img", "aria-label": `${title}: spectrogram with its pitch` });
    const head = build("div", { class: "tx-playhead", hidden: "" });
    const status = build("span", { class: "tx-status", text: "" });
    const figure = build(
      "figure",
      { class: "tx-waiting", "data-kind": kind },
      build("figcaption", {}, button, name, pitch),
      build("div", { class: "tx-plot" }, canvas, head, status),
    );
    return { button, name, pitch, canvas, head, status, figure };
  }

  found(label) {
    const id = `tx-list-${label.replace(/\W+/g, "-")}`;
    const field = build("input", {
      type: "search",
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-autocomplete": "list",
      "aria-label": label,
      placeholder: label,
      autocomplete: "off",
    });
    const list = build("div", { class: "tx-found", id, role: "listbox", "aria-label": "Notes found", hidden: "" });
    return [field, list, build("div", { class: "tx-search" }, field, list)];
  }

  makeHead() {
    let box;
    [this.sourceField, this.sourceFound, box] = this.found("Another note to begin with");
    this.sourceBox = box;
    this.loop = this.button("", "Repeat (key L)", "loop", () => this.page.toggleLoop(), {
      class: "tx-small",
      "aria-pressed": "false",
    });
    this.save = build(
      "a",
      {
        class: "tx-small tx-save",
        role: "button",
        title: "Save the result as a WAV file",
        "aria-label": "Save the result as a WAV file",
        "aria-disabled": "true",
      },
      drawn("save"),
      build("span", { text: "WAV" }),
    );
    return build(
      "div",
      { class: "tx-head" },
      this.button("A ⇄ B", "Go on with the other one from the same place (Space: play and stop)", "", () => this.page.swap(), {
        class: "tx-swap",
      }),
      this.loop,
      matchSwitch(this.page.listeners.signal),
      this.save,
      box,
    );
  }

  makeMending() {
    const mending = new Mending({ mend: (by) => this.page.mend(by), undo: () => this.page.unmend() });
    this.mended = mending.told;
    this.unmend = mending.undo;
    return mending.element;
  }

  makeTargets() {
    let box;
    [this.targetField, this.targetFound, box] = this.found("Toward a note");
    this.families = build("div", { class: "tx-families", role: "group" });
    this.targetName = build("b", { text: "" });
    this.targetDot = build("i", { class: "tx-dot" });
    return build(
      "div",
      { class: "tx-targets" },
      build("div", { class: "tx-row" }, build("span", { text: "Timbre toward" }), this.targetDot, this.targetName, box),
      this.families,
    );
  }

  slider(label, title, name, min, max, step) {
    const input = build("input", { type: "range", min, max, step, "aria-label": title, title, "data-setting": name });
    const told = build("output", {});
    input.addEventListener("input", () => this.page.slide({ [name]: Number(input.value) }));
    input.addEventListener("change", () => this.page.rest());
    return {
      input,
      told,
      element: build("label", { class: "tx-slider" }, build("span", { text: label }), input, told),
    };
  }

  makeSliders() {
    this.amount = this.slider(
      "How far",
      "How far toward the target: 0 % as it is, 100 % at the target",
      "amount",
      0,
      MOST_AMOUNT,
      0.05,
    );
    this.shift = this.slider("Pitch", "Semitones up or down", "shift", -MOST_SHIFT, MOST_SHIFT, 1);
    this.steady = this.button(
      "Steady",
      "One pitch throughout: without vibrato, glides and melody",
      "",
      () => this.page.set({ steady: !this.page.settings.steady }),
      { class: "tx-small", "aria-pressed": "false" },
    );
    this.shift.element.append(this.steady);
    return build("div", { class: "tx-sliders" }, this.amount.element, this.shift.element);
  }

  makeMap() {
    this.mapCanvas = build("canvas", {
      role: "img",
      "aria-label":
        "Map of the notes: A is the source, B the result, the dashed ring the target. A click on a dot makes it the target.",
    });
    this.near = build("p", { class: "tx-near" });
    this.road = new Road();
    return build("div", { class: "tx-place" }, this.mapCanvas, this.road.element, this.near);
  }
}
