// Pitch over time, drawn: points joined by lines, vibrato on top, and the pitch that is heard in the result.

import { build } from "../browser/dom.js";
import { fetchJson } from "../browser/server.js";
import { ContourHand } from "./contour_hand.js";
import { DRAWN_SECONDS } from "./drawing.js";
import { LETTERS } from "./letters.js";
import { SHAPES } from "./shapes.js";

const MEASURE_MS = 350;
const LABEL =
  "Pitch over time. Arrow keys move the marked point, Page Up and Page Down mark another, Enter adds one, Delete removes it.";
const SORRY =
  "This model was not told the pitch when it learned, so it cannot follow one: choose a checkpoint above whose name says that " +
  "it is told the pitch, such as the pitch-conditioned one.";
export class PitchPanel extends ContourHand {
  /** @param {import("./morph.js").Morph} morph */
  constructor(morph) {
    super();
    this.morph = morph;
    this.selected = 0;
    this.canvas = build("canvas", {
      tabindex: "0",
      role: "application",
      "aria-label": LABEL,
    });
    this.source = build("select", { "aria-label": "Timbre", onchange: () => this.changed() });
    this.shapes = Object.keys(SHAPES).map((name) =>
      build("button", { type: "button", text: name, onclick: () => this.shape(name) }),
    );
    this.depth = this.slider("Depth", 0, 200, 5, "cents");
    this.rate = this.slider("Rate", 1, 10, 0.1, "Hz");
    this.button = build("button", { type: "button", class: "tx-main tx-sing", onclick: () => this.play() });
    this.save = build("a", { class: "tx-save", text: "Save as WAV", download: "contour.wav" });
    this.measured = build("span", { class: "tx-state", role: "status" });
    this.sorry = build("p", {
      class: "tx-sorry",
      hidden: "",
      text: SORRY,
    });
    this.body = build(
      "div",
      { class: "tx-pitch-body" },
      build(
        "div",
        { class: "tx-row" },
        build("label", {}, "Timbre ", this.source),
        build("div", { class: "tx-shapes", role: "group", "aria-label": "Shapes to begin with" }, ...this.shapes),
      ),
      build(
        "div",
        { class: "tx-draw" },
        this.canvas,
        build(
          "p",
          { class: "tx-key" },
          build("i"),
          "asked for",
          build("i", { class: "tx-dashed" }),
          "heard · click to add a point, double-click to take it out",
        ),
      ),
      build(
        "div",
        { class: "tx-row tx-vibrato", role: "group", "aria-label": "Vibrato" },
        build("b", { text: "Vibrato" }),
        this.depth.element,
        this.rate.element,
      ),
      build("div", { class: "tx-row" }, this.button, this.save, this.measured),
    );
    this.element = build("div", { class: "tx-panel tx-contour-panel" }, this.sorry, this.body);
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel"]) this.canvas.addEventListener(type, () => this.lift());
    this.canvas.addEventListener("dblclick", (event) => this.removeAt(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  slider(name, low, high, step, unit) {
    const input = build("input", {
      type: "range",
      min: low,
      max: high,
      step,
      "aria-label": `${name} of the vibrato in ${unit}`,
    });
    const output = build("output");
    const told = () => (output.textContent = `${Number(input.value)} ${unit}`);
    input.addEventListener("input", () => {
      told();
      this.draw();
    });
    input.addEventListener("change", () => this.changed());
    return { input, told, element: build("label", { class: "tx-dial" }, build("span", { text: name }), input, output) };
  }

  // ---- what is asked for -------------------------------------------------------------------------------------------

  paint() {
    const { morph } = this;
    this.sorry.hidden = morph.data.conditioned;
    this.body.hidden = !morph.data.conditioned;
    const { notes, contour, vibrato, path } = morph.chosen;
    const wanted = JSON.stringify([notes, contour, vibrato, path, morph.key, morph.data.checkpoint]);
    if (wanted === this.painted) return;
    this.painted = wanted;
    const kept = this.source.value;
    this.source.replaceChildren(
      ...notes.map((note, i) => build("option", { value: String(i), text: `${LETTERS[i]}: ${morph.describe(note).title}` })),
      ...(notes.length > 1 ? [build("option", { value: "all", text: `the whole path, A to ${LETTERS[notes.length - 1]}` })] : []),
    );
    this.source.value = [...this.source.options].some(({ value }) => value === kept) ? kept : "0";
    this.points = contour ? contour.split(",").map((point) => point.split(":").map(Number)) : SHAPES.Held(morph.key);
    const [depth, rate] = vibrato ? vibrato.split(",").map(Number) : [contour ? 0 : 50, 5.5];
    Object.assign(this.depth.input, { value: depth });
    Object.assign(this.rate.input, { value: rate });
    for (const slider of [this.depth, this.rate]) slider.told();
    this.selected = Math.min(this.selected, this.points.length - 1);
    for (const button of [this.button, this.source]) button.disabled = !notes.length;
    this.fitRange();
    this.label();
    this.refresh();
  }

  get contour() {
    return this.points.map(([time, pitch]) => `${Number(time.toFixed(3))}:${Number(pitch.toFixed(2))}`).join(",");
  }

  get vibrato() {
    return `${Number(this.depth.input.value)},${Number(this.rate.input.value)}`;
  }

  asked() {
    const { notes } = this.morph.chosen;
    const one = this.source.value === "all" ? {} : { notes: notes[Number(this.source.value)] ?? notes[0] };
    return { ...one, contour: this.contour, vibrato: this.vibrato, seconds: DRAWN_SECONDS };
  }

  url() {
    return this.morph.soundUrl(this.asked());
  }

  wanted() {
    return this.morph.data.conditioned && this.morph.chosen.notes.length ? [this.url()] : [];
  }

  changed() {
    this.painted = null;
    this.morph.change({ contour: this.contour, vibrato: this.vibrato });
  }

  shape(name) {
    this.points = SHAPES[name](this.morph.key).map(([time, pitch]) => [time, Math.min(120, Math.max(12, pitch))]);
    this.selected = 0;
    this.fitRange();
    this.changed();
  }

  // The drawing's range: what is drawn, with room around it; unchanged while a hand moves a point.
  fitRange() {
    const pitches = this.points.map(([, pitch]) => pitch);
    const [low, high] = [Math.min(...pitches), Math.max(...pitches)];
    const room = Math.max(3, (12 - (high - low)) / 2);
    this.range = [Math.max(0, Math.floor(low - room)), Math.min(127, Math.ceil(high + room))];
  }

  // Fetch what is asked for, and measure it.
  refresh() {
    this.heard = null;
    this.draw();
    clearTimeout(this.measuring);
    if (!this.morph.data.conditioned || !this.morph.chosen.notes.length) return;
    this.save.href = this.url();
    this.measured.textContent = "measuring the pitch …";
    this.measuring = setTimeout(() => this.measure(), MEASURE_MS);
  }

  async measure() {
    if (this.morph.chosen.view !== "pitch") {
      this.painted = null;
      return;
    }
    const turn = {};
    this.turn = turn;
    try {
      const heard = await fetchJson(this.morph.soundUrl(this.asked(), "pitch"));
      if (turn !== this.turn) return;
      this.heard = heard;
      this.measured.textContent =
        heard.cents === null ? "no clear pitch is heard in it" : `heard within ${heard.cents} cents of the line (median)`;
      this.element.dataset.cents = heard.cents ?? "";
      this.draw();
    } catch (error) {
      this.measured.textContent = "";
      this.morph.tell(error.message, true);
    }
  }

  ready() {}

  label() {
    this.button.textContent = this.part === null ? "Play" : "Stop";
  }

  async play() {
    if (this.part !== null) return this.morph.stop();
    await this.morph.play(this.url(), (part) => {
      this.part = part;
      this.label();
      this.draw();
    });
  }
}
