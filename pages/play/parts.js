// The Play page's elements, built once.

import { build, named } from "../browser/dom.js";
import { ICONS, icon } from "../browser/icons.js";
import { ACCEPT } from "../browser/sounds.js";

export const INVENTS = "Start from a sound that the model makes up: a random draw of its prior";

export class PlayParts {
  standing = ""; // what is said where there is nothing else to say

  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  button(text, title, path, act, options = {}) {
    const attributes = { type: "button", title, "aria-label": named(text, title), onclick: () => this.attempt(act), ...options };
    return build("button", attributes, path ? icon(path) : null, text ? build("span", { text }) : null);
  }

  // What goes wrong in an action is told in its sentence.
  async attempt(act) {
    try {
      await act();
    } catch (error) {
      this.tell(error.message, true);
    }
  }

  makeSound() {
    this.dot = build("i", { class: "tx-dot" });
    this.title = build("input", {
      class: "tx-title-field",
      "aria-label": "Name of the sound",
      maxlength: 120,
      spellcheck: "false",
    });
    this.edited = build("span", { class: "tx-edited", text: "changed", hidden: "" });
    this.near = build("p", { class: "tx-nearby", text: " " });
    this.field = build("input", {
      type: "search",
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": "tx-found",
      "aria-autocomplete": "list",
      "aria-label": "Start from a note of the map",
      placeholder: "Start from a note",
      autocomplete: "off",
    });
    this.found = build("div", {
      class: "tx-found",
      id: "tx-found",
      role: "listbox",
      "aria-label": "Notes found",
      hidden: "",
    });
    this.families = build("div", { class: "tx-families", role: "group" });
    this.prior = this.button("Invent", INVENTS, ICONS.dice, () => this.player.choose({ seed: Math.floor(Math.random() * 1e6) }), {
      class: "tx-chip",
    });
    this.ownFile = build("input", {
      type: "file",
      multiple: "",
      accept: `${ACCEPT},.zip`,
      class: "tx-file",
      tabindex: -1,
      "aria-label": "Sound files",
    });
    this.ownFile.addEventListener("change", () => {
      const files = [...this.ownFile.files];
      this.ownFile.value = "";
      this.attempt(() => this.player.files.takeSounds(files));
    });
    this.ownSound = this.button(
      "Sound …",
      "Play a sound of your own: a recorded note, or several of one instrument, or a ZIP of them. Or drop them here",
      "",
      () => this.ownFile.click(),
      { class: "tx-chip tx-own" },
    );
    this.microphone = this.button(
      "Record",
      "Record a note with the microphone, and play it",
      "",
      () => this.player.files.record(),
      {
        class: "tx-chip tx-record",
        "aria-pressed": "false",
      },
    );
    this.ownPitch = build("input", { type: "number", min: 0, max: 127, step: 0.01, "aria-label": "MIDI pitch of the sound" });
    this.ownPitch.addEventListener("change", () => {
      if (!this.ownPitch.validity.valid || !this.ownPitch.value) return;
      const pitch = this.ownPitch.valueAsNumber;
      this.ownPitch.blur(); // what is typed now is played
      this.attempt(() => this.player.files.correctPitch(pitch));
    });
    this.ownHeard = build("span", {});
    this.ownLine = build(
      "p",
      { class: "tx-own-line", hidden: "" },
      this.ownHeard,
      build("label", {}, "MIDI pitch ", this.ownPitch),
    );
    this.carried = this.button(
      "Recordings",
      "Play the instrument's recordings, each moved to the keys around it. Off, or with a slider moved: the model",
      "",
      () => this.player.setCarried(!this.player.carried),
      { class: "tx-chip", hidden: "" },
    );
    this.canvas = build("canvas", { "aria-label": "Spectrogram of the current sound" });
    this.caption = build("span", { class: "tx-caption", text: "" });
    this.mapCanvas = build("canvas", {
      role: "img",
      "aria-label": "Map of the notes; the ring is the one nearest to this sound",
    });
    return build(
      "section",
      { class: "tx-sound", "aria-label": "The sound" },
      build("div", { class: "tx-sound-head" }, this.dot, this.title, this.edited),
      this.near,
      build(
        "div",
        { class: "tx-starts" },
        build("div", { class: "tx-search" }, this.field, this.found),
        this.prior,
        this.ownSound,
        this.microphone,
        this.ownFile,
        this.carried,
      ),
      this.ownLine,
      this.families,
      build(
        "div",
        { class: "tx-views" },
        build("figure", {}, this.canvas, this.caption),
        build("figure", { class: "tx-small-map" }, this.mapCanvas),
      ),
    );
  }

  makeKeys() {
    this.keys = build("div", {
      class: "tx-keyboard",
      role: "group",
      "aria-label": "Keyboard: arrow keys walk, Enter plays",
    });
    this.hint = build(
      "div",
      { class: "tx-enable", role: "status" },
      build("span", { text: "Click or press any key to enable sound" }),
    );
    this.message = build("p", { class: "tx-told", role: "status", "aria-live": "polite" });
    return build("div", { class: "tx-bed" }, build("div", { class: "tx-keys-frame" }, this.keys, this.hint), this.message);
  }

  // What is said from now on where there is nothing else to say.
  stand(text) {
    if (this.message.textContent === this.standing) this.message.textContent = text;
    this.standing = text;
  }

  tell(text, wrong = false) {
    this.message.textContent = text || this.standing || "";
    this.message.classList.toggle("tx-wrong", wrong);
  }
}
