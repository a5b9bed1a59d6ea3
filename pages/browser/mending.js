// Correcting a pitch that was heard wrong: a semitone or an octave up or down, and back.

import { build, named } from "./dom.js";

const STEPS = /** @type {const} */ ([
  [-12, "−8va", "Heard an octave too high: an octave down"],
  [-1, "−1", "Heard a semitone too high"],
  [1, "+1", "Heard a semitone too low"],
  [12, "+8va", "Heard an octave too low: an octave up"],
]);
const UNDO = "M6 3.5 3 6.5l3 3M3.3 6.5H9a3.5 3.5 0 0 1 0 7H6";

export class Mending {
  // mend(semitones): a step was pressed. undo(): the last one is to be taken back.
  constructor({ mend, undo }) {
    this.told = build("span", { class: "tx-mended" });
    this.undo = this.button("", "Take back the last correction", undo, { disabled: "" });
    this.undo.innerHTML = `<span class="tx-icon"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="${UNDO}"/></svg></span>`;
    this.element = build(
      "div",
      { class: "tx-mending", role: "group", "aria-label": "Correct the pitch that was heard" },
      this.told,
      ...STEPS.map(([by, text, title]) => this.button(text, title, () => mend(by), { "data-mend": by })),
      this.undo,
    );
  }

  button(text, title, act, options) {
    return build(
      "button",
      { type: "button", title, "aria-label": named(text, title), onclick: act, ...options },
      build("span", { text }),
    );
  }
}
