// The Play page's elements: built once, painted from what the player knows.

import { levelScale, UNKNOWN_COLOUR } from "../browser/colours.js";
import { build } from "../browser/dom.js";
import { NoteSearch } from "../browser/note_search.js";
import { noteName } from "../browser/pitch.js";
import { SmallMap } from "../browser/small_map.js";
import { Spectrogram } from "../browser/spectrogram.js";
import { AxisPanel } from "./axes.js";
import { AxisParts } from "./axis_parts.js";
import { Keyboard } from "./keys.js";
import { MacroPanel } from "./macros.js";
import { INVENTS } from "./parts.js";
import { variation } from "./preset_search.js";
import { Rack } from "./rack.js";
import { allMacros } from "./shape.js";

const ROUNDED = 0.005; // a distance that a place told in four digits may be off

export class PlayView extends AxisParts {
  presets = null; // PresetPanel
  kind = ""; // what is to be known of the model's sounds

  /** @param {HTMLElement} root @param {import("./play.js").Player} player */
  constructor(root, player) {
    super(player);
    this.root = root;
    this.make();
    this.keyboard = new Keyboard(this.keys, {
      press: (key, velocity, at) => player.hands.press(key, velocity, at),
      release: (key) => player.hands.letGo(key),
      moved: (base) => this.rack.setOctave(base),
    });
    this.keyboard.marked = () => {
      player.markReady();
      this.setOwn();
      this.setHeld(player.hands.held);
      this.setTuning();
    };
    this.panel = new AxisPanel(this.axisList, {
      began: () => player.history.remember(),
      moved: (axis, coordinate, at) => player.moves.slide(axis, coordinate, at),
      rested: () => player.kept.save(),
      locked: (axis) => player.moves.toggleLock(axis),
    });
    this.macroPanel = new MacroPanel(this.macroList, {
      began: () => player.history.remember(),
      moved: (name, steps, at) => player.moves.shapeBy(name, steps, at),
      rested: () => player.kept.save(),
    });
    this.search = new NoteSearch(this.field, this.found, (note) => player.choose({ note }));
    this.map = new SmallMap(this.mapCanvas, (note) => player.choose({ note }));
    this.picture = new Spectrogram(this.canvas, false);
    this.rack.setOctave(60);
    this.rack.setEnvelope();
  }

  make() {
    this.alarmed = build("p", { class: "tx-alarm", role: "alert", hidden: "" });
    this.rack = new Rack(this);
    this.root.replaceChildren(
      this.alarmed,
      build("div", { class: "tx-play-top" }, this.makeSound(), this.makeAxes()),
      this.rack.element,
      this.makeKeys(),
      this.rack.midiRow,
    );
  }

  destroy() {
    this.rack.pieces.destroy();
    this.keyboard.destroy();
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
    this.macroPanel.show(allMacros(space.macros));
    this.keyboard.draw();
    this.prior.disabled = !space.prior;
    this.prior.title = space.prior
      ? INVENTS
      : "This model makes nothing up (a plain autoencoder, without a prior): use Randomise";
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
    this.kind = space.conditioned
      ? ""
      : "This model is not told the pitch: it makes one sound, and the keys play it faster or slower (resampled).";
    this.standing = this.kind;
    this.tell("");
  }

  // What only presets need is loaded with the first of them.
  showPresets() {
    return this.attempt(async () => {
      const { PresetPanel } = await import("./presets.js");
      this.presets ??= new PresetPanel(this, this.presetPage);
      await this.presets.open();
    });
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

  setPoint() {
    const { player } = this;
    if (this.shownTitle !== player.title) this.title.value = this.shownTitle = player.title;
    this.edited.hidden = !player.changed;
    this.carried.hidden = !player.carriable;
    this.carried.setAttribute("aria-pressed", String(player.carried));
    this.setOwn();
    this.dot.style.background = player.colour ?? UNKNOWN_COLOUR;
    if (player.colour) this.root.style.setProperty("--tx-accent", player.colour);
    for (const chip of this.families.children)
      chip.setAttribute("aria-pressed", String(chip.dataset.family === player.start?.family && !player.changed));
    if (this.panel.rows.length) this.panel.set(player.coordinates());
    this.setMacros();
  }

  // Which keys are recordings, and which the model's.
  markRecorded() {
    const real = this.keyboard.markReal(this.player.recordings.at());
    this.stand(real ? "Keys with a bar are recorded, the others are made from the nearest of them." : this.kind);
  }

  // The notes that were dropped, and at which pitch the last one is heard.
  setOwn() {
    const { own, unheard } = this.player;
    this.markRecorded();
    this.ownLine.hidden = !own && !unheard;
    if (unheard) {
      this.ownHeard.textContent = `${unheard.file.name}: say at which key it sounds as it is`;
      this.ownPitch.value = "";
      return;
    }
    if (!own) return;
    const { name, pitch } = own.notes.at(-1);
    const others = own.notes.length > 1 ? `${own.notes.length} notes, the last ` : "";
    const cents = Math.round(100 * (pitch - Math.round(pitch)));
    const off = cents ? ` ${cents > 0 ? "+" : "−"}${Math.abs(cents)} cents` : "";
    this.ownHeard.textContent = `${others}${name}: ${noteName(Math.round(pitch))}${off}`;
    this.ownPitch.value = String(pitch);
  }

  setRecording(on) {
    this.microphone.setAttribute("aria-pressed", String(on));
    this.microphone.lastElementChild.textContent = on ? "Stop" : "Record";
  }

  setTuning() {
    const { tuning } = this.player;
    this.rack.setTuning(tuning);
    this.keyboard.mark("tx-silent", new Set(tuning?.pitches.flatMap((pitch, key) => (pitch === null ? [key] : [])) ?? []));
    this.markRecorded();
  }

  name() {
    const changed = this.player.changed && this.title.value === this.player.title;
    const name = this.title.value.trim() || "sound";
    return changed ? variation(name) : name;
  }

  setPicture(frames) {
    this.picture.frames = frames;
    this.setKey();
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
      // A sound of one's own is given the place of the map's note that it is most like.
      const there = this.player.own && this.player.own.carrier === this.player.sounding.carrier && near.distance < ROUNDED;
      const far = there ? "stands on the map for this sound" : `distance ${near.distance.toFixed(2)}`;
      this.near.textContent = `nearest ${this.player.space.words.note}: ${name} · ${far}${pitch}`;
      if (!this.player.colour || this.player.changed) {
        this.dot.style.background = near.colour;
        this.root.style.setProperty("--tx-accent", near.colour);
      }
    }
    this.map.draw(nearest);
  }

  setHistory() {
    this.undo.disabled = !this.player.history.done.length;
    this.redo.disabled = !this.player.history.undone.length;
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
}
