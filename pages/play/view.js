// The Play page's elements: built once, painted from what the player knows.

import { build, noteName } from "../browser/common.js";
import { ICONS, icon } from "../browser/icons.js";
import { NoteSearch } from "../browser/note_search.js";
import { SmallMap } from "../browser/small_map.js";
import { levelScale, Spectrogram } from "../browser/spectrogram.js";
import { AxisPanel, TRAIT_SHORT, TRAIT_WORDS } from "./axes.js";
import { Keyboard } from "./keys.js";
import { Rack } from "./rack.js";

export class PlayView {
  constructor(root, player) {
    this.root = root;
    this.player = player;
    this.make();
    this.keyboard = new Keyboard(this.keys, {
      press: (key, velocity, at) => player.hands.press(key, velocity, at),
      release: (key) => player.hands.letGo(key),
      moved: (base) => this.rack.setOctave(base),
    });
    this.keyboard.marked = () => {
      player.markReady();
      this.setHeld(player.hands.held);
    };
    this.panel = new AxisPanel(this.axisList, {
      began: () => player.remember(),
      moved: (axis, coordinate, at) => player.slide(axis, coordinate, at),
      rested: () => player.kept.save(),
      locked: (axis) => player.toggleLock(axis),
    });
    this.search = new NoteSearch(this.field, this.found, (note) => player.choose({ note }));
    this.map = new SmallMap(this.mapCanvas, (note) => player.choose({ note }));
    this.picture = new Spectrogram(this.canvas, false);
    this.rack.setOctave(60);
    this.rack.setEnvelope();
  }

  destroy() {
    this.keyboard.destroy();
  }

  // ---- building ----------------------------------------------------------------------------------------------------

  make() {
    this.alarmed = build("p", { class: "tx-alarm", role: "alert", hidden: "" });
    this.root.replaceChildren(
      this.alarmed,
      build("div", { class: "tx-play-top" }, this.makeSound(), this.makeAxes()),
      (this.rack = new Rack(this)).element,
      this.makeKeys(),
    );
  }

  button(text, title, path, act, options = {}) {
    const attributes = { type: "button", title, "aria-label": title, onclick: () => this.attempt(act), ...options };
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
    this.prior = this.button(
      "Prior",
      "Start from a random draw of the prior",
      ICONS.dice,
      () => this.player.choose({ seed: Math.floor(Math.random() * 1e6) }),
      { class: "tx-chip" },
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
      build("div", { class: "tx-starts" }, build("div", { class: "tx-search" }, this.field, this.found), this.prior),
      this.families,
      build(
        "div",
        { class: "tx-views" },
        build("figure", {}, this.canvas, this.caption),
        build("figure", { class: "tx-small-map" }, this.mapCanvas),
      ),
    );
  }

  makeAxes() {
    const choice = (name, text, title) =>
      build("button", {
        type: "button",
        role: "radio",
        "data-axes": name,
        title,
        text,
        onclick: () => this.player.switchAxes(name),
      });
    this.choices = [
      choice("dimensions", "Dimensions", "The model's own latent dimensions, the ones that say most first"),
      choice("principal", "Principal directions", "The directions in which the map's notes differ most"),
    ];
    this.undo = this.button("", "Undo (Ctrl+Z)", ICONS.undo, () => this.player.travel(true), { disabled: "" });
    this.redo = this.button("", "Redo (Ctrl+Y)", ICONS.redo, () => this.player.travel(false), { disabled: "" });
    this.axisList = build("div", { class: "tx-axis-list" });
    this.measured = build("span", { class: "tx-measured", role: "status" });
    this.traitHeads = build("div", { class: "tx-bars tx-bar-heads" });
    return build(
      "section",
      { class: "tx-axes", "aria-label": "Latent sliders" },
      build(
        "div",
        { class: "tx-axes-head" },
        build("div", { class: "tx-switch", role: "radiogroup", "aria-label": "Sliders along" }, ...this.choices),
        build(
          "div",
          { class: "tx-tools" },
          this.undo,
          this.redo,
          this.button("", "Nudge: a small random step", ICONS.nudge, () => this.player.randomise(0.25), {
            class: "tx-nudge",
          }),
          this.button(
            "Randomise",
            "Somewhere among the map's notes; locked sliders stay",
            ICONS.dice,
            () => this.player.randomise(1),
            { class: "tx-randomise" },
          ),
          this.button("Reset", "Back to where the sound started", ICONS.reset, () => this.player.reset(), {
            class: "tx-reset",
          }),
        ),
      ),
      build("div", { class: "tx-axes-told" }, this.measured, this.traitHeads),
      this.axisList,
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

  // ---- painting ----------------------------------------------------------------------------------------------------

  wait() {
    this.alarmed.hidden = true;
    this.root.removeAttribute("data-ready");
    this.root.classList.add("tx-waiting");
    this.tell("");
  }

  open(space) {
    this.root.classList.remove("tx-waiting");
    this.keyboard.range = space.keys;
    this.keyboard.draw();
    this.prior.disabled = !space.prior;
    this.prior.title = space.prior ? "Start from a random draw of the prior" : "A plain autoencoder has no prior: use Randomise";
    this.families.setAttribute("aria-label", `Start from the mean of a ${space.words.family}`);
    this.families.replaceChildren(
      ...space.families.map(({ value, name, colour }) =>
        build(
          "button",
          {
            type: "button",
            class: "tx-chip",
            "data-family": value,
            title: `Mean of the ${space.words.note}s of ${name}`,
            onclick: () => this.player.choose({ family: value }),
          },
          build("i", { style: `background:${colour}` }),
          name,
        ),
      ),
    );
    this.standing = space.conditioned
      ? ""
      : "This model is not told the pitch: it makes one sound, and the keys play it faster or slower (resampled).";
    this.tell("");
  }

  fillNotes(notes) {
    this.notes = notes;
    this.search.fill(notes);
    this.map.fill(notes);
  }

  retheme() {
    this.scale = levelScale();
    this.draw();
  }

  draw() {
    this.picture.draw(this.scale, this.player.space?.conditioned ? this.player.key : null);
    this.map.draw();
  }

  showAxes() {
    const { player } = this;
    for (const choice of this.choices) choice.setAttribute("aria-checked", String(choice.dataset.axes === player.axes));
    this.panel.show(player.space.axes[player.axes], player.axes, player.locks[player.axes]);
    this.showTraits(player.traits);
    this.panel.set(player.coordinates());
  }

  showTraits(told) {
    const names = told?.names ?? [];
    this.traitHeads.replaceChildren(
      ...names.map((name) => build("span", { text: TRAIT_SHORT[name], title: TRAIT_WORDS[name][2] })),
    );
    this.panel.explain(told?.correlations?.[this.player.axes] ?? null, names);
    if (told?.failed) this.measured.textContent = told.failed;
    else if (told?.correlations)
      this.measured.textContent = `What a slider changes: correlation over ${told.notes} recordings${told.pitch_held ? ", pitch held constant" : ""}`;
    else
      this.measured.textContent = told?.of
        ? `Measuring what each slider changes … ${told.done} of ${told.of} notes`
        : "Measuring what each slider changes …";
    if (this.player.z) this.panel.set(this.player.coordinates());
  }

  setPoint() {
    const { player } = this;
    if (this.shownTitle !== player.title) this.title.value = this.shownTitle = player.title;
    this.edited.hidden = !player.changed;
    this.dot.style.background = player.colour ?? "#8a94a6";
    if (player.colour) this.root.style.setProperty("--tx-accent", player.colour);
    for (const chip of this.families.children)
      chip.setAttribute("aria-pressed", String(chip.dataset.family === player.start?.family && !player.changed));
    if (this.panel.rows.length) this.panel.set(player.coordinates());
  }

  name() {
    return `${this.title.value.trim() || "sound"}${this.player.changed && this.title.value === this.player.title ? " changed" : ""}`;
  }

  setPicture(frames, key) {
    this.picture.frames = frames;
    this.setKey(key);
    this.draw();
  }

  setKey() {
    this.caption.textContent =
      this.player.space?.conditioned === false ? "as the model makes it" : `at ${noteName(this.player.key)}`;
  }

  setAbout({ nearest, own_pitch: own }) {
    const [near] = nearest;
    if (near) {
      const pitch = own === null ? "" : ` · sounds near ${noteName(own)} by itself`;
      const name = [`${near.title} ${near.pitch_name}`.trim(), near.pitch_name ? near.family : near.detail]
        .filter(Boolean)
        .join(", ");
      this.near.textContent = `nearest ${this.player.space.words.note}: ${name} · distance ${near.distance.toFixed(2)}${pitch}`;
      if (!this.player.colour || this.player.changed) {
        this.dot.style.background = near.colour;
        this.root.style.setProperty("--tx-accent", near.colour);
      }
    }
    this.map.draw(nearest);
  }

  setHistory() {
    this.undo.disabled = !this.player.done.length;
    this.redo.disabled = !this.player.undone.length;
  }

  setMidi(text, count) {
    this.rack.setMidi(text, count > 0);
    this.tell(count ? `MIDI: ${text}` : text);
  }

  setHeld(held) {
    this.keyboard.mark("tx-down", new Set(held.keys()));
  }

  markReady(keys) {
    this.keyboard.mark("tx-ready", keys);
  }

  sounding(synth) {
    this.root.classList.toggle("tx-audible", synth.running);
    this.root.dataset.voices = synth.voices.size;
  }

  // What makes the whole page useless stands at its top, over the sound that cannot be heard.
  alarm(text) {
    this.root.classList.remove("tx-waiting");
    this.alarmed.textContent = text;
    this.alarmed.hidden = false;
  }

  tell(text, wrong = false) {
    this.message.textContent = text || this.standing || "";
    this.message.classList.toggle("tx-wrong", wrong);
  }
}
