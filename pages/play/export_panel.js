// The Play page's panel that exports the sound as a multi-sampled instrument.

import { build } from "../browser/dom.js";
import { noteName } from "../browser/pitch.js";

const FORMATS = [
  ["sfz", "SFZ: sfizz, Sforzando, TX16Wx"],
  ["sf2", "SoundFont 2: MuseScore, Logic, Kontakt"],
  ["dspreset", "Decent Sampler"],
  ["multisample", "Multisample: Bitwig, Studio One"],
  ["wav", "WAV files: Ableton, Renoise, others"],
];
// Measured: benchmarks/instrument_formats.py.
const COST = "about 3 dB of their spectrum and 1 dB of their level per semitone. 1 has a sample for every key.";
const LOOPS = [
  ["auto", "where the sound is sustained"],
  ["on", "wherever it can be"],
  ["off", "no: one-shot"],
];

export class ExportPanel {
  /** @param {import("./view.js").PlayView} view */
  constructor(view) {
    this.view = view;
    this.element = this.make();
    this.count();
  }

  make() {
    this.low = this.number("Lowest key", 36, 0, 127);
    this.high = this.number("Highest key", 84, 0, 127);
    this.step = this.number("Every … semitones", 1, 1, 24);
    this.layers = this.number("Velocity layers", 1, 1, 4);
    this.format = this.choice("Format", FORMATS);
    this.loop = this.choice("Loops", LOOPS);
    this.rate = this.choice("Sample rate", [
      ["44100", "44.1 kHz"],
      ["48000", "48 kHz"],
    ]);
    this.bits = this.choice("Bits", [
      ["16", "16"],
      ["24", "24"],
    ]);
    this.counted = build("p", { class: "tx-count" });
    this.button = this.view.button("Export", "Render the samples and save them as a ZIP archive", "", () => this.save(), {
      class: "tx-export",
    });
    const rows = [this.format, this.low, this.high, this.step, this.layers, this.loop, this.rate, this.bits];
    return build(
      "details",
      { class: "tx-menu", name: "tx-play-menus" },
      build("summary", { text: "Instrument", title: "Export as a multi-sampled instrument for samplers" }),
      build(
        "div",
        {},
        build("b", { text: "Multi-sampled instrument" }),
        build("p", { text: "Attack and Release as set here; a licence note goes along." }),
        ...rows.map(({ element }) => element),
        this.counted,
        this.button,
      ),
    );
  }

  number(label, value, min, max) {
    const input = build("input", { type: "number", value, min, max, "aria-label": label });
    input.addEventListener("input", () => this.count());
    return { input, element: build("label", {}, build("span", { text: label }), input) };
  }

  choice(label, options) {
    const input = build("select", { "aria-label": label }, ...options.map(([value, text]) => build("option", { value, text })));
    return { input, element: build("label", {}, build("span", { text: label }), input) };
  }

  get numbers() {
    return [this.low, this.high, this.step, this.layers].map(({ input }) => input);
  }

  count() {
    const [low, high, step, layers] = this.numbers.map((input) => input.valueAsNumber);
    const sensible = this.numbers.every((input) => input.validity.valid && Number.isInteger(input.valueAsNumber)) && low <= high;
    const samples = (Math.floor((high - low) / step) + 1) * layers;
    const far = Math.floor(step / 2);
    const cost =
      far > 0 ? ` · keys up to ${far} semitone${far === 1 ? "" : "s"} off their sample are played faster or slower: ${COST}` : "";
    this.counted.textContent = sensible
      ? `${samples} sample${samples === 1 ? "" : "s"}, ${noteName(low)} to ${noteName(high)}${cost}`
      : "Choose MIDI keys from 0 to 127, the lowest first, a step of 1 to 24, and 1 to 4 layers.";
    this.button.disabled = !sensible || this.button.classList.contains("tx-busy");
  }

  async save() {
    this.button.classList.add("tx-busy");
    this.button.disabled = true;
    this.counted.textContent = "Rendering the samples …";
    const [low, high, step, layers] = this.numbers.map((input) => input.valueAsNumber);
    const [format, loop, rate, bits] = [this.format, this.loop, this.rate, this.bits].map(({ input }) => input.value);
    try {
      await this.view.player.files.saveInstrument({ low, high, step, layers, format, loop, rate, bits });
      this.element.open = false;
    } finally {
      this.button.classList.remove("tx-busy");
      this.count();
    }
  }
}
