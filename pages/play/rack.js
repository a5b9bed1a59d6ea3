// The Play page's middle row: octave, pedal, MIDI, envelope and volume, and the files to save and load.

import { dismissed } from "../browser/dismissed.js";
import { build } from "../browser/dom.js";
import { noteName } from "../browser/pitch.js";
import { ExportPanel } from "./export_panel.js";
import { PiecePanel } from "./piece_panel.js";

export class Rack {
  /** @param {import("./view.js").PlayView} view */
  constructor(view) {
    this.view = view;
    this.element = this.make();
  }

  dial(label, title, min, max, step, act) {
    const input = build("input", { type: "range", min, max, step, "aria-label": title });
    const told = build("output", {});
    input.addEventListener("input", () => act(Number(input.value)));
    const element = build("label", { class: "tx-dial", title }, build("span", { text: label }), input, told);
    return { input, told, element };
  }

  make() {
    const { player } = this.view;
    this.octave = build("output", { class: "tx-octave", "aria-label": "Octave of the computer keyboard" });
    this.sustain = this.view.button(
      "Sustain",
      "Hold notes after their keys are let go (Space, or a MIDI pedal)",
      "",
      () => player.hands.setPedal(!player.hands.pedal),
      {
        class: "tx-toggle tx-sustain",
        "aria-pressed": "false",
      },
    );
    this.midiButton = this.view.button("MIDI", "Connect a MIDI keyboard", "", () => player.hands.connectMidi(), {
      class: "tx-toggle tx-midi",
    });
    if (!navigator.requestMIDIAccess) {
      this.midiButton.disabled = true;
      this.midiButton.title = "This browser has no Web MIDI: Chrome, Edge and Firefox have.";
    }
    this.tuningFiles = build("input", {
      type: "file",
      multiple: "",
      accept: ".scl,.kbm",
      class: "tx-file",
      tabindex: -1,
      "aria-label": "Scala files",
    });
    this.tuningFiles.addEventListener("change", () => {
      const files = [...this.tuningFiles.files];
      this.tuningFiles.value = "";
      this.view.attempt(() => player.files.takeTuning(files));
    });
    this.tuning = this.view.button(
      "Tuning",
      "",
      "",
      () => (player.tuning ? player.files.takeTuning([]) : this.tuningFiles.click()),
      { class: "tx-toggle tx-tuning" },
    );
    this.setTuning(null);
    this.velocity = this.dial("Velocity", "Velocity of the computer's keys", 10, 127, 1, (value) => {
      this.view.keyboard.velocity = value;
      this.setEnvelope();
    });
    this.attack = this.dial("Fade in", "Fade in, beside the attack that the sound has", 0, 1, 0.01, (value) => {
      player.synth.attack = 2 * value ** 2;
      this.setEnvelope();
    });
    this.volume = this.dial("Volume", "Volume", 0, 1, 0.01, (value) => {
      player.synth.setVolume(value ** 2);
      this.setEnvelope();
    });
    this.midiRow = build("div", { class: "tx-midi-row", hidden: "" }); // shown below the keys, filled by the first keyboard
    this.meterBar = build("i", {});
    this.volume.told.replaceWith(build("span", { class: "tx-meter", "aria-hidden": "true" }, this.meterBar));
    return build(
      "div",
      { class: "tx-rack" },
      build(
        "div",
        { class: "tx-octaves", role: "group", "aria-label": "Octave" },
        this.view.button("−", "Octave down (Z)", "", () => this.view.keyboard.shift(-1)),
        this.octave,
        this.view.button("+", "Octave up (X)", "", () => this.view.keyboard.shift(1)),
      ),
      this.sustain,
      this.midiButton,
      this.tuning,
      this.tuningFiles,
      build("div", { class: "tx-dials" }, ...[this.velocity, this.attack, this.volume].map(({ element }) => element)),
      this.makeFiles(),
    );
  }

  makeFiles() {
    const { player } = this.view;
    this.file = build("input", {
      type: "file",
      accept: ".json,application/json",
      class: "tx-file",
      tabindex: -1,
      "aria-label": "Preset file",
    });
    this.file.addEventListener("change", () => {
      const [file] = this.file.files;
      this.file.value = "";
      if (file) this.view.attempt(() => player.files.loadPreset(file));
    });
    this.exporting = new ExportPanel(this.view);
    this.pieces = new PiecePanel(this.view);
    const menus = [this.pieces.element, this.exporting.element];
    for (const menu of menus) {
      dismissed(
        () => (menu.open ? menu : null),
        () => this.shut(menu),
        menu,
        player.listeners.signal,
      );
    }
    return build(
      "div",
      { class: "tx-files" },
      this.view.button("Save", "Save the sound as a preset (JSON)", "", () => player.files.savePreset(), {
        class: "tx-save",
      }),
      this.view.button("Load", "Load a preset (JSON)", "", () => this.file.click(), { class: "tx-load" }),
      this.file,
      this.view.button("WAV", "Save the current key as a WAV file", "", () => player.files.saveSound(), {
        class: "tx-wav",
      }),
      ...menus,
    );
  }

  // A menu that had the keyboard hands it back to what opened it.
  shut(menu) {
    if (menu.contains(document.activeElement)) menu.firstElementChild.focus();
    menu.open = false;
  }

  setEnvelope() {
    const { synth } = this.view.player;
    const seconds = (value) => (value < 0.1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(2)} s`);
    const set = (dial, value, told) => {
      dial.input.value = value;
      dial.told.textContent = told;
    };
    set(this.velocity, this.view.keyboard.velocity, String(this.view.keyboard.velocity));
    set(this.attack, Math.sqrt(synth.attack / 2), seconds(synth.attack));
    set(this.volume, Math.sqrt(synth.volume), "");
  }

  setTuning(tuning) {
    const title = tuning ? `Tuned by ${tuning.name}: press for pianos' tuning` : "Tune the keys by Scala files (.scl, .kbm)";
    this.tuning.setAttribute("aria-pressed", String(Boolean(tuning)));
    this.tuning.title = title;
  }

  setOctave(base) {
    this.octave.textContent = `${noteName(base)}`;
  }

  setPedal(down) {
    this.sustain.setAttribute("aria-pressed", String(down));
  }

  setMidi(text, connected) {
    this.midiButton.setAttribute("aria-pressed", String(connected));
    this.midiButton.title = text;
    this.midiRow.hidden = !connected;
    if (connected) this.fillMidiRow();
  }

  async fillMidiRow() {
    const { midiChoices, latencyTold } = await import("./midi_row.js");
    if (!this.midiRow.children.length) this.midiRow.append(...midiChoices(this.view.player));
    this.midiRow.lastElementChild.textContent = latencyTold(this.view.player.synth);
  }

  // A keyboard said that it plays each note on a channel of its own (MPE), or no longer.
  setMidiChannel(channel) {
    const choice = this.midiRow.querySelector("select");
    if (choice) choice.value = channel;
  }

  drawMeter(synth) {
    const db = 20 * Math.log10(Math.max(synth.level(), 1e-4));
    this.meterBar.style.width = `${Math.max(0, Math.min(100, (100 * (db + 54)) / 48))}%`;
  }
}
