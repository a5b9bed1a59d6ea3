// The notes that sounds are made of: found by words, by their dots, by dice; and the path between them on the map.

import { inkOn } from "../browser/colours.js";
import { build } from "../browser/dom.js";
import { ICONS, icon } from "../browser/icons.js";
import { NoteSearch } from "../browser/note_search.js";
import { address, fetchJson } from "../browser/server.js";
import { LETTERS } from "./letters.js";
import { PathMap } from "./path_map.js";

const MOST_NOTES = 8;

export class ChosenNotes {
  /** @param {import("./morph.js").Morph} morph */
  constructor(morph) {
    this.morph = morph;
    this.armed = -1; // the letter whose note the next choice replaces
    this.chips = build("div", { class: "tx-chips", role: "group", "aria-label": "Notes of the path, in order" });
    this.field = build("input", {
      type: "search",
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": "tx-morph-found",
      "aria-autocomplete": "list",
      "aria-label": "Add a note of the map",
      placeholder: "Add a note",
      autocomplete: "off",
    });
    this.found = build("div", {
      class: "tx-found",
      id: "tx-morph-found",
      role: "listbox",
      "aria-label": "Notes found",
      hidden: "",
    });
    const dice = build(
      "button",
      {
        type: "button",
        class: "tx-dice",
        title: "Other notes, drawn at random; with a note marked, that one alone",
        onclick: () => this.dice(),
      },
      icon(ICONS.dice),
      build("span", { text: "Dice" }),
    );
    this.canvas = build("canvas", {
      role: "img",
      "aria-label": "Map of the notes and the path between those chosen. Notes can be chosen by searching, too.",
    });
    this.search = new NoteSearch(this.field, this.found, (note) => this.choose(note));
    this.map = new PathMap(this.canvas, (note) => this.choose(note));
    this.element = build(
      "section",
      { class: "tx-from", "aria-label": "Notes" },
      build("div", { class: "tx-adding" }, build("div", { class: "tx-search" }, this.field, this.found), dice),
      this.chips,
      build(
        "figure",
        {},
        this.canvas,
        build("figcaption", { text: "click a dot to add its note · click a letter above, then a dot, to replace it" }),
      ),
    );
  }

  get notes() {
    return this.morph.notes;
  }

  get chosen() {
    return this.morph.chosen;
  }

  fill(notes) {
    this.search.fill(notes);
    this.map.fill(notes);
  }

  // ---- choosing ----------------------------------------------------------------------------------------------------

  choose(note) {
    const notes = [...this.chosen.notes];
    if (this.armed >= 0) notes[this.armed] = note;
    else if (notes.length < MOST_NOTES) notes.push(note);
    else
      return this.morph.tell(`A path goes through ${MOST_NOTES} notes at most: click a letter first, to replace its note.`, true);
    this.armed = -1;
    this.morph.change({ notes });
    this.morph.panels.path.hearNote(notes.indexOf(note));
  }

  remove(place) {
    this.armed = -1;
    this.morph.change({ notes: this.chosen.notes.filter((_, i) => i !== place) });
  }

  dice() {
    if (!this.notes) return;
    const any = () => this.notes.ids[Math.floor(Math.random() * this.notes.ids.length)];
    const notes = [...this.chosen.notes];
    if (this.armed >= 0) notes[this.armed] = any();
    else {
      const families = new Set();
      for (let i = 0; i < Math.max(2, notes.length); i++) {
        // Of different families where there are enough: a path within one says little.
        let note = any();
        for (let tries = 0; tries < 40 && families.has(this.notes.text("family", this.notes.rows.get(note))); tries++)
          note = any();
        families.add(this.notes.text("family", this.notes.rows.get(note)));
        notes[i] = note;
      }
    }
    this.morph.change({ notes });
  }

  // ---- painting ----------------------------------------------------------------------------------------------------

  paint() {
    this.paintChips();
    this.map.show(this.chosen.notes);
    this.showTrail();
  }

  paintChips() {
    const chips = this.chosen.notes.map((note, i) => {
      const { colour, title, family } = this.morph.describe(note);
      return build(
        "span",
        { class: "tx-chip", "data-note": note },
        build(
          "button",
          {
            type: "button",
            class: "tx-arm",
            "aria-pressed": String(this.armed === i),
            title: `${title}, ${family}: click, then choose the note that replaces it`,
            onclick: () => {
              this.armed = this.armed === i ? -1 : i;
              this.paintChips();
            },
          },
          build("b", { text: LETTERS[i], style: `background:${colour};color:${inkOn(colour)}` }),
          build("span", { text: title }),
        ),
        build("button", {
          type: "button",
          class: "tx-remove",
          "aria-label": `Take ${title} out`,
          title: "Take it out",
          text: "×",
          onclick: () => this.remove(i),
        }),
      );
    });
    this.chips.replaceChildren(
      ...chips,
      ...(chips.length ? [] : [build("em", { text: "No note yet: search for one, click a dot, or throw the dice." })]),
    );
  }

  async showTrail() {
    const { notes, path } = this.chosen;
    const wanted = JSON.stringify([this.morph.data.checkpoint, this.morph.data.version, notes, path]);
    if (this.trailOf === wanted) return;
    this.trailOf = wanted;
    this.map.trail = null;
    if (notes.length < 2 || !this.notes.projection) return this.map.draw();
    try {
      const asked = this.morph.parameters({ notes: notes.join(","), path, projection: this.notes.projection });
      const { points } = await fetchJson(address(`${this.morph.data.url}/morph/trail`, asked));
      if (this.trailOf !== wanted) return;
      this.map.trail = points;
      this.map.draw();
    } catch (error) {
      this.morph.tell(error.message, true);
    }
  }
}
