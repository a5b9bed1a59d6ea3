// A path between notes: on the map, as steps, and as one sound that changes.

import { inkOn, levelScale, parseColour } from "../browser/colours.js";
import { build } from "../browser/dom.js";
import { fetchPacked } from "../browser/server.js";
import { Spectrogram } from "../browser/spectrogram.js";
import { LETTERS } from "./letters.js";

const A_SEGMENT = 6; // steps from one note to the next, both included but for the last
const STEP_MS = 850; // between two steps that are played in a row
const LENGTHS = [2, 4, 8]; // seconds of the sound that changes

export class PathPanel {
  /** @param {import("./morph.js").Morph} morph */
  constructor(morph) {
    this.morph = morph;
    this.seconds = 4;
    this.steps = build("div", { class: "tx-steps", role: "group", "aria-label": "Steps of the path" });
    this.kinds = [
      ["spherical", "Spherical", "Along an arc around the middle of the space, where most timbres lie"],
      ["linear", "Linear", "Straight through the space, nearer to its middle"],
    ].map(([kind, text, title]) =>
      build("button", {
        type: "button",
        role: "radio",
        "data-path": kind,
        text,
        title,
        onclick: () => morph.change({ path: kind }),
      }),
    );
    this.lengths = build(
      "select",
      {
        "aria-label": "Length of the one sound",
        onchange: () => {
          this.seconds = Number(this.lengths.value);
          morph.prefetch();
          this.paint();
        },
      },
      ...LENGTHS.map((seconds) => build("option", { value: seconds, text: `${seconds} s`, selected: seconds === this.seconds })),
    );
    this.walk = build("button", { type: "button", class: "tx-main tx-walk", onclick: () => this.playSteps() });
    this.whole = build("button", { type: "button", class: "tx-main tx-whole", onclick: () => this.playWhole() });
    this.bar = build("i", { hidden: "" });
    this.canvas = build("canvas", { "aria-label": "Spectrogram of the sound that changes" });
    this.picture = new Spectrogram(this.canvas, false);
    this.save = build("a", { class: "tx-save", text: "Save as WAV", download: "morph.wav" });
    this.hint = build("p", { class: "tx-hint" });
    this.element = build(
      "div",
      { class: "tx-panel tx-path-panel" },
      build(
        "div",
        { class: "tx-row" },
        build("div", { class: "tx-switch", role: "radiogroup", "aria-label": "Kind of path" }, ...this.kinds),
        this.hint,
      ),
      build("h3", { text: "As steps" }),
      build("p", { text: "Each dot is a timbre on the way: click one, or hear them in a row." }),
      this.steps,
      build("div", { class: "tx-row" }, this.walk),
      build("h3", { text: "As one sound" }),
      build("p", { text: "One note whose timbre moves along the path while it sounds." }),
      build("div", { class: "tx-row" }, this.whole, this.lengths, this.save),
      build("div", { class: "tx-picture" }, this.canvas, this.bar),
    );
  }

  get places() {
    const last = this.morph.chosen.notes.length - 1;
    const count = last > 3 ? 3 * last + 1 : last > 1 ? 4 * last + 1 : A_SEGMENT + 3;
    return last < 1 ? [] : Array.from({ length: count }, (_, i) => (i * last) / (count - 1));
  }

  stepUrl(place) {
    return this.morph.soundUrl({ place: Number(place.toFixed(4)), seconds: 2 });
  }

  wholeUrl() {
    return this.morph.soundUrl({ seconds: this.seconds });
  }

  wanted() {
    return this.places.length ? [...this.places.map((place) => this.stepUrl(place)), this.wholeUrl()] : [];
  }

  paint() {
    const { chosen, map } = this.morph;
    for (const kind of this.kinds) kind.setAttribute("aria-checked", String(kind.dataset.path === chosen.path));
    const enough = chosen.notes.length >= 2;
    this.hint.textContent = enough ? "" : "Choose two notes or more: a path has two ends.";
    for (const button of [this.walk, this.whole]) button.disabled = !enough;
    this.save.href = enough ? this.wholeUrl() : "#";
    this.save.toggleAttribute("hidden", !enough);
    const colours = chosen.notes.map((note) => parseColour(this.morph.describe(note).colour));
    const dots = this.places.map((place, i) => {
      const below = Math.min(Math.floor(place), colours.length - 2);
      const mixed = colours[below].map((value, k) => Math.round(value + (colours[below + 1][k] - value) * (place - below)));
      const letter = Number.isInteger(place) ? LETTERS[place] : "";
      const title = letter
        ? `Note ${letter}: ${this.morph.describe(chosen.notes[place]).title}`
        : `${Math.round(100 * (place - below))} % of the way from ${LETTERS[below]} to ${LETTERS[below + 1]}`;
      return build("button", {
        type: "button",
        "data-step": i,
        title,
        "aria-label": title,
        style: `--tx-mix:rgb(${mixed});color:${inkOn(`rgb(${mixed})`)}`,
        text: letter,
        onclick: () => this.hear(i),
      });
    });
    this.steps.replaceChildren(...dots);
    this.label();
    this.ready();
    map.moveTo(null);
  }

  label() {
    this.walk.textContent = this.walking ? "Stop" : "Play the steps";
    this.whole.textContent = this.sounding ? "Stop" : "Play as one sound";
  }

  ready() {
    for (const [i, place] of this.places.entries()) {
      this.steps.children[i]?.classList.toggle("tx-ready", this.morph.bank.has(this.stepUrl(place)));
    }
    if (!this.places.length || this.morph.bank.has(this.wholeUrl())) this.showPicture();
  }

  draw() {
    if (this.canvas.clientWidth) this.picture.draw(levelScale(), this.morph.data.conditioned ? this.morph.key : null);
  }

  // The picture comes once the sounds that may be asked for are there.
  async showPicture() {
    const wanted = this.places.length ? this.morph.soundUrl({ seconds: this.seconds }, "frames") : null;
    if (this.pictureOf === wanted) return;
    this.pictureOf = wanted;
    this.picture.clear();
    if (!wanted) return;
    try {
      const frames = await fetchPacked(wanted);
      if (this.pictureOf !== wanted) return;
      this.picture.frames = frames;
      this.draw();
    } catch (error) {
      this.morph.tell(error.message, true);
    }
  }

  mark(step) {
    for (const [i, dot] of [...this.steps.children].entries()) dot.classList.toggle("tx-now", i === step);
    this.morph.map.moveTo(step === null ? null : step / (this.places.length - 1));
  }

  hear(step) {
    return this.morph.play(this.stepUrl(this.places[step]), (part) => this.mark(part === null ? null : step));
  }

  // The note that was just chosen, as the model makes it sound.
  hearNote(index) {
    const { notes } = this.morph.chosen;
    if (this.morph.chosen.view !== "path") return;
    if (notes.length >= 2) this.hear(this.places.indexOf(index));
    else this.morph.play(this.morph.soundUrl({ seconds: 2 }));
  }

  async playSteps() {
    if (this.walking) return this.stopWalking();
    const turn = {};
    this.walking = turn;
    this.label();
    for (let step = 0; step < this.places.length && this.walking === turn; step++) {
      const sound = await this.hear(step);
      if (!sound) break;
      await new Promise((done) => setTimeout(done, STEP_MS));
    }
    if (this.walking === turn) this.stopWalking(false);
  }

  stopWalking(quiet = true) {
    this.walking = null;
    if (quiet) this.morph.stop();
    this.label();
  }

  async playWhole() {
    if (this.sounding) return this.morph.stop();
    this.walking = null;
    this.whole.classList.add("tx-busy");
    await this.morph.play(this.wholeUrl(), (part) => {
      this.sounding = part !== null;
      this.bar.hidden = part === null;
      this.bar.style.left = `${this.picture.frames ? this.picture.placeOf(part ?? 0, 1) : 0}px`;
      this.morph.map.moveTo(part);
      this.label();
    });
    this.whole.classList.remove("tx-busy");
  }
}
