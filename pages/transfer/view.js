// The Transfer page's elements: built once, painted from what the page knows.

import { levelScale } from "../browser/colours.js";
import { build } from "../browser/dom.js";
import { telling } from "../browser/names.js";
import { NoteSearch } from "../browser/note_search.js";
import { noteName } from "../browser/pitch.js";
import { drawn, TransferParts } from "./parts.js";
import { PitchPicture } from "./pitch.js";
import { PlaceMap } from "./place_map.js";

export class TransferView extends TransferParts {
  way = null; // how much of the way to its aim the result has gone

  scale = null;

  /** @param {HTMLElement} root @param {import("./transfer.js").TransferPage} page */
  constructor(root, page) {
    super(page);
    this.root = root;
    this.players = {
      source: this.makePlayer("source", "A", "Source"),
      result: this.makePlayer("result", "B", "Result"),
    };
    this.message = build("p", { class: "tx-told", role: "status", "aria-live": "polite" });
    root.replaceChildren(
      build(
        "section",
        { class: "tx-hear", "aria-label": "Source and result" },
        this.makeHead(),
        this.message,
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
      ...telling(values).map((value) =>
        build(
          "button",
          {
            type: "button",
            class: "tx-chip",
            "data-family": value,
            "aria-pressed": "false",
            onclick: () => this.page.set({ toward: value }),
          },
          build("i", { style: `background:${colours[values.indexOf(value)]}` }),
          names[values.indexOf(value)],
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
    this.setPitch(kind, told.pitch, told.several);
    if (kind === "result") this.way = told.way;
    this.setNear();
    this.draw();
  }

  // several: what is said of a sound of several notes, which has no one pitch.
  setPitch(kind, pitch, several = "") {
    const words = several
      ? several
      : pitch
        ? `${pitch.name}${cents(pitch.midi)}`
        : kind === "source"
          ? "no pitch heard: played at C4"
          : "";
    this.players[kind].pitch.textContent = words;
  }

  setNear() {
    const told = ["source", "result"].map((kind) => {
      const [near] = this.map.ways[kind] ?? [];
      if (!near) return null;
      const words = [near.title, near.pitch_name || near.detail].filter(Boolean);
      return `${kind === "source" ? "A" : "B"} is near ${words.join(near.pitch_name ? " " : ", ")}`;
    });
    const there = Number.isFinite(this.way) && Boolean(this.map.ways.result);
    this.road.show(there ? this.way : null, this.page.settings.amount);
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
