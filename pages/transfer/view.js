// The Transfer page's elements: built once, painted from what the page knows.

import { build, noteName } from "../browser/common.js";
import { NoteSearch } from "../browser/note_search.js";
import { levelScale } from "../browser/spectrogram.js";
import { PitchPicture } from "./pitch.js";
import { PlaceMap } from "./place_map.js";

const MARKS = {
  play: "M4.5 2.8v10.4l8.5-5.2z",
  stop: "M4 4h8v8H4z",
  loop: "M3 8a4 4 0 0 1 4-4h5m-2-2 2 2-2 2M13 8a4 4 0 0 1-4 4H4m2 2-2-2 2-2",
  save: "M8 2.5v7.5m-3-3 3 3 3-3M3 13.5h10",
  undo: "M6 3.5 3 6.5l3 3M3.3 6.5H9a3.5 3.5 0 0 1 0 7H6",
};
const MOST_SHIFT = 24;
const MOST_AMOUNT = 1.5;

function drawn(mark) {
  const holder = build("span", { class: "tx-icon" });
  holder.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${MARKS[mark]}"/></svg>`;
  return holder;
}

export class TransferView {
  constructor(root, page) {
    Object.assign(this, { root, page });
    this.players = {
      source: this.makePlayer("source", "A", "Source"),
      result: this.makePlayer("result", "B", "Result"),
    };
    root.replaceChildren(
      build(
        "section",
        { class: "tx-hear", "aria-label": "Source and result" },
        this.makeHead(),
        this.players.source.figure,
        this.makeMending(),
        this.players.result.figure,
      ),
      build(
        "section",
        { class: "tx-steer", "aria-label": "What is to become of it" },
        this.makeTargets(),
        this.makeSliders(),
        this.makeMap(),
      ),
      (this.message = build("p", { class: "tx-told", role: "status", "aria-live": "polite" })),
    );
    this.pictures = {
      source: new PitchPicture(this.players.source.canvas, {
        sought: (at) => page.play("source", at),
        picked: (note) => page.pick(note),
      }),
      result: new PitchPicture(this.players.result.canvas, { sought: (at) => page.play("result", at) }),
    };
    this.map = new PlaceMap(this.mapCanvas, (note) => page.set({ toward: note }));
    this.sourceSearch = new NoteSearch(this.sourceField, this.sourceFound, (note) => page.chooseSource(note));
    this.targetSearch = new NoteSearch(this.targetField, this.targetFound, (note) => page.set({ toward: note }));
  }

  // ---- building ----------------------------------------------------------------------------------------------------

  button(text, title, mark, act, options = {}) {
    return build(
      "button",
      { type: "button", title, "aria-label": title, onclick: act, ...options },
      mark ? drawn(mark) : null,
      text ? build("span", { text }) : null,
    );
  }

  makePlayer(kind, letter, title) {
    const button = this.button("", `Play the ${kind} (key ${kind === "source" ? 1 : 2})`, "play", () => this.page.press(kind), {
      class: "tx-play-button",
      disabled: "",
      "data-kind": kind,
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
      this.save,
      box,
    );
  }

  makeMending() {
    const by = (semitones, text, title) =>
      this.button(text, title, "", () => this.page.mend(semitones), { "data-mend": semitones });
    this.mended = build("span", { class: "tx-mended" });
    this.unmend = this.button("", "Take back the last correction", "undo", () => this.page.unmend(), { disabled: "" });
    return build(
      "div",
      { class: "tx-mending", role: "group", "aria-label": "Correct the pitch that was heard" },
      this.mended,
      by(-12, "−8va", "Heard an octave too high: an octave down"),
      by(-1, "−1", "Heard a semitone too high"),
      by(1, "+1", "Heard a semitone too low"),
      by(12, "+8va", "Heard an octave too low: an octave up"),
      this.unmend,
    );
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
    return build("div", { class: "tx-place" }, this.mapCanvas, this.near);
  }

  // ---- painting ----------------------------------------------------------------------------------------------------

  tell(text, wrong = false) {
    this.message.textContent = text;
    this.message.classList.toggle("tx-wrong", wrong);
  }

  wait() {
    for (const kind of ["source", "result"]) {
      const { button, figure, head, status } = this.players[kind];
      this.pictures[kind].fill(null);
      button.disabled = true;
      head.hidden = true;
      status.textContent = "";
      figure.classList.add("tx-waiting");
    }
    this.map.show({ source: null, result: null, aim: null });
    this.near.textContent = "";
    this.tell("");
  }

  fail(kind, sentence) {
    const { figure, status } = this.players[kind];
    figure.classList.remove("tx-waiting");
    status.textContent = sentence;
  }

  fillNotes(notes) {
    this.notes = notes;
    for (const search of [this.sourceSearch, this.targetSearch]) search.fill(notes);
    this.families.setAttribute("aria-label", `Toward a ${notes.words.family}`);
    this.map.fill(notes);
    const { values = [], names = [], colours = [] } = notes.columns.family ?? {};
    this.families.replaceChildren(
      ...values.map((value, i) =>
        build(
          "button",
          {
            type: "button",
            class: "tx-chip",
            "data-family": value,
            "aria-pressed": "false",
            onclick: () => this.page.set({ toward: value }),
          },
          build("i", { style: `background:${colours[i]}` }),
          names[i],
        ),
      ),
    );
  }

  // told: a source or a result, as the server packs them.
  show(kind, told) {
    const player = this.players[kind];
    player.figure.classList.remove("tx-waiting");
    player.status.textContent = "";
    this.pictures[kind].fill(told);
    if (kind === "source") player.name.textContent = told.title;
    this.map.show(kind === "source" ? { source: told.near } : { result: told.near, aim: told.aim });
    this.setPitch(kind, told.pitch);
    this.setNear();
    this.draw();
  }

  setPitch(kind, pitch) {
    const words = pitch ? `${pitch.name}${cents(pitch.midi)}` : kind === "source" ? "no pitch heard: played at C4" : "";
    this.players[kind].pitch.textContent = words;
  }

  setNear() {
    const told = ["source", "result"].map((kind) => {
      const [near] = this.map.ways[kind] ?? [];
      return near
        ? `${kind === "source" ? "A" : "B"} is near ${[near.title, near.pitch_name || near.detail].filter(Boolean).join(near.pitch_name ? " " : ", ")}`
        : null;
    });
    this.near.textContent = told.filter(Boolean).join(" · ");
  }

  setCorrections(chosen, notes, count) {
    const [, , midi] = notes[chosen] ?? [];
    const note = notes.length > 1 ? ", or click one of its notes" : "";
    this.mended.textContent =
      chosen >= 0 ? `Correct note ${chosen + 1} of ${notes.length} (${noteName(midi)})` : `Wrong pitch? Correct it${note}`;
    this.unmend.disabled = !count;
  }

  setSettings({ toward, amount, shift, steady }, base) {
    const family = this.notes?.columns.family;
    const code = family?.values.indexOf(toward) ?? -1;
    const row = this.notes?.rows.get(toward);
    this.targetName.textContent =
      toward === null
        ? "nothing: the timbre stays"
        : code >= 0
          ? family.names[code]
          : row !== undefined
            ? this.notes.whole(row)
            : "";
    this.targetDot.style.background = code >= 0 ? family.colours[code] : row !== undefined ? this.notes.colour(row) : "none";
    for (const chip of this.families.children) chip.setAttribute("aria-pressed", String(chip.dataset.family === toward));
    this.amount.input.value = amount;
    this.amount.input.disabled = toward === null;
    this.amount.told.textContent = `${Math.round(100 * amount)} %`;
    this.shift.input.value = shift;
    this.shift.told.textContent =
      `${shift > 0 ? "+" : ""}${shift}`.replace("-", "−") + (base === null ? "" : ` · ${noteName(base + shift)}`);
    this.steady.setAttribute("aria-pressed", String(steady));
  }

  ready(kind) {
    this.players[kind].button.disabled = false;
  }

  setSave(url) {
    this.save.href = url;
    this.save.removeAttribute("aria-disabled");
  }

  busy(on) {
    this.players.result.figure.classList.toggle("tx-busy", on);
  }

  sounding(kind, loop) {
    for (const [each, { button, head, figure }] of Object.entries(this.players)) {
      const here = each === kind;
      button.querySelector(".tx-icon").replaceWith(drawn(here ? "stop" : "play"));
      button.setAttribute("aria-pressed", String(here));
      figure.classList.toggle("tx-playing", here);
      head.hidden = kind === null;
    }
    this.loop.setAttribute("aria-pressed", String(loop));
  }

  follow(seconds) {
    for (const [kind, { head }] of Object.entries(this.players)) {
      const picture = this.pictures[kind];
      if (picture.frames) head.style.transform = `translateX(${picture.placeOf(seconds, picture.seconds())}px)`;
    }
  }

  draw() {
    this.scale ??= levelScale();
    for (const picture of Object.values(this.pictures)) picture.draw(this.scale);
    this.map.draw();
  }
}

// How far a pitch is off its key, where that can be heard.
function cents(midi) {
  const off = Math.round(100 * (midi - Math.round(midi)));
  return Math.abs(off) < 5 ? "" : ` ${off > 0 ? "+" : "−"}${Math.abs(off)} cents`;
}
