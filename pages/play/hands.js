// What hands do on the Play page: keys held, the pedal, sounds heard while a slider moves, the computer's keyboard and MIDI.

import { typing } from "../browser/dom.js";
import { SHORTEST_TAP } from "../browser/synth.js";

const PREVIEW_MS = 700; // a sound heard while a slider moves ends this long after its last move
const FARTHEST_STAND_IN = 36; // keys

export class PlayHands {
  midi = null;

  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
    this.held = new Map(); // key -> {voice, pedalled, down}
    this.pedal = false;
  }

  // on(type, handler, options): listens on the window for as long as the page is there.
  listen(on) {
    on("keydown", (event) => this.keydown(event), { capture: true });
    on("keyup", (event) => this.keyup(event), { capture: true });
    on("blur", () => this.allOff());
    for (const type of ["pointerdown", "keydown"]) on(type, () => this.enable(), { capture: true });
  }

  destroy() {
    this.midi?.disconnect();
    clearTimeout(this.previewEnd);
  }

  async enable() {
    if (!this.player.space || this.player.synth.running) return;
    await this.player.synth
      .open(this.player.space.sample_rate)
      .catch(() => this.player.view.tell("This browser gives no sound: try another one.", true));
  }

  // channel: the note's own, where a keyboard bends and presses each note by itself (MPE).
  async press(key, velocity, at = performance.now(), channel = null) {
    if (!this.player.space || this.player.failed || !this.player.playable(key)) return;
    const before = this.held.get(key);
    if (before?.voice) this.player.synth.end(before.voice, 0.03);
    const note = { voice: null, down: true, caught: false, channel };
    this.held.set(key, note);
    const moved = this.player.key !== key;
    this.player.key = key;
    this.player.prefetch();
    this.player.view.setHeld(this.held);
    const url = this.player.soundUrl(key, velocity);
    const ready = this.player.bank.has(url);
    const opening = this.enable();
    try {
      let near = ready ? null : this.standIn(key, velocity);
      if (near) await opening;
      else await Promise.all([this.firstOf(key, velocity), opening]);
      if (this.held.get(key) !== note && note.down) return;
      if (!near && !this.player.bank.has(url)) near = this.standIn(key, velocity);
      this.sound(note, key, near ?? { sound: this.player.bank.peek(url), off: 0 }, velocity);
      const detail = { key, ready, near: Boolean(near), latency: this.player.synth.latency };
      performance.measure("timbre:key-to-sound", { start: at, end: performance.now(), detail });
      if (near) this.player.synth.swap(note.voice, await this.player.bank.get(url));
    } catch (error) {
      this.held.delete(key);
      this.player.view.setHeld(this.held);
      if (error.name !== "AbortError") this.player.view.tell(error.message, true);
    }
    if (moved) this.player.keyMoved();
  }

  // What can be heard of a key first: its own sound, or, of dropped sounds, the recording that it is made of.
  async firstOf(key, velocity) {
    const { player } = this;
    const wanted = player.bank.get(player.soundUrl(key, velocity));
    const [real] = player.recordings.pitches
      .map((pitch) => Math.round(pitch))
      .filter((other) => player.own && Math.abs(other - key) <= FARTHEST_STAND_IN)
      .sort((one, two) => Math.abs(one - key) - Math.abs(two - key));
    if (real === undefined || !player.playable(real)) return wanted;
    const recorded = player.bank.get(player.soundUrl(real, velocity));
    return Promise.any([wanted, recorded]).catch(() => wanted);
  }

  // The nearest key that is decoded, played higher or lower: it sounds at once, until the key's own sound is there.
  standIn(key, velocity) {
    const { player } = this;
    for (let away = 1; away <= FARTHEST_STAND_IN; away++)
      for (const other of [key - away, key + away]) {
        if (other < 0 || other > 127 || !player.playable(other)) continue;
        const sound = player.bank.peek(player.soundUrl(other, velocity));
        const pitchOf = (place) => player.tuning?.pitches[place] ?? place;
        if (sound) return { sound, off: 100 * (pitchOf(key) - pitchOf(other)) };
      }
    return null;
  }

  sound(note, key, { sound, off }, velocity) {
    if (!this.player.synth.context) return;
    note.voice = this.player.synth.start(key, sound, velocity, note.channel, off);
    // Let go before its sound came: it sounds all the same, as short as a tap.
    if (!note.down) setTimeout(() => this.player.synth.end(note.voice), 1000 * SHORTEST_TAP);
  }

  letGo(key) {
    const note = this.held.get(key);
    if (!note) return;
    note.down = false;
    if ((this.pedal || note.caught) && note.voice) return;
    this.held.delete(key);
    if (note.voice) this.player.synth.end(note.voice);
    this.player.view.setHeld(this.held);
  }

  setPedal(down) {
    this.pedal = down;
    this.player.view.rack.setPedal(down);
    if (!down) for (const [key, note] of [...this.held]) if (!note.down) this.letGo(key);
  }

  // The sostenuto pedal holds the notes that are down at the moment it is pressed.
  setSostenuto(down) {
    for (const [key, note] of [...this.held]) {
      note.caught = down && note.down;
      if (!note.caught && !note.down) this.letGo(key);
    }
  }

  allOff() {
    this.player.view.keyboard.releaseAll();
    for (const voice of [...this.player.synth.voices]) this.player.synth.end(voice);
    this.held.clear();
    this.player.view.setHeld(this.held);
  }

  // Hear the point as it is now: held keys take on the new sound, otherwise the last key sounds for a moment. While one
  // sound is on its way only the newest place is remembered.
  async audition(at) {
    if (this.player.failed) return;
    this.stale = { at: this.stale?.at ?? at };
    if (!this.busy && !this.player.synth.context) this.stale = null;
    if (this.busy || !this.stale) return;
    this.busy = true;
    this.player.bank.keepOnly(new Set());
    while (this.stale) {
      const asked = this.stale.at;
      this.stale = null;
      await this.hear(asked).catch((error) => error.name !== "AbortError" && this.player.view.tell(error.message, true));
    }
    this.busy = false;
  }

  async hear(asked) {
    const sounding = [...this.held].filter(([, note]) => note.voice);
    const keys = sounding.length ? sounding.map(([key]) => key) : [this.player.key];
    const sounds = await Promise.all(keys.map((key) => this.player.bank.get(this.player.soundUrl(key))));
    if (sounding.length) for (const [i, [, note]] of sounding.entries()) this.player.synth.swap(note.voice, sounds[i]);
    else this.hearPreview(sounds[0]);
    performance.measure("timbre:slider-to-sound", {
      start: asked,
      end: performance.now(),
      detail: { latency: this.player.synth.latency },
    });
  }

  hearPreview(sound) {
    const going =
      this.preview && this.player.synth.voices.has(this.preview) && !this.preview.ending && this.preview.key === this.player.key;
    if (going) this.player.synth.swap(this.preview, sound);
    else this.preview = this.player.synth.start(this.player.key, sound, 96);
    clearTimeout(this.previewEnd);
    const { preview } = this;
    this.previewEnd = setTimeout(() => this.player.synth.end(preview, 0.35), PREVIEW_MS);
  }

  // ---- the computer's keyboard -------------------------------------------------------------------------------------

  foreign(event) {
    return typing(event) || event.altKey;
  }

  keydown(event) {
    if (this.foreign(event) || !this.player.space) return;
    const command = event.ctrlKey || event.metaKey;
    const onButton = event.target instanceof Element && event.target.closest("button, a, summary");
    let ours = true;
    if (command && event.code === "KeyZ") this.player.history.travel(!event.shiftKey);
    else if (command && event.code === "KeyY") this.player.history.travel(false);
    else if (command) ours = false;
    else if (event.code === "Space" && !onButton) event.repeat || this.setPedal(true);
    else if (event.key === "Escape") this.allOff();
    else ours = this.player.view.keyboard.type(event);
    if (!ours) return;
    event.preventDefault();
    // Streamlit has keys of its own; and a click is a gesture wherever it happens, so sound opens here too.
    event.stopPropagation();
    this.enable();
  }

  keyup(event) {
    this.player.view.keyboard.typeUp(event);
    const onButton = event.target instanceof Element && event.target.closest("button, a, summary");
    if (event.code === "Space" && !onButton && !this.foreign(event)) this.setPedal(false);
  }

  // All that a keyboard's controllers have moved is where it was, but for the volume.
  resetControllers(channel) {
    const { synth } = this.player;
    synth.bend(0, channel);
    synth.brightness(0.5, channel);
    synth.pressure(0, channel);
    if (channel !== null) return;
    synth.vibrato(0);
    this.setSostenuto(false);
    this.setPedal(false);
  }

  async connectMidi() {
    const { synth } = this.player;
    const { MidiInput } = await import("./midi.js");
    this.midi ??= new MidiInput(
      {
        press: ({ key, velocity, at, channel }) => this.press(key, velocity, at, channel),
        release: ({ key }) => this.letGo(key),
        sustain: ({ down }) => this.setPedal(down),
        sostenuto: ({ down }) => this.setSostenuto(down),
        off: () => this.allOff(),
        reset: ({ channel }) => this.resetControllers(channel),
        zone: ({ channel }) => this.player.view.rack.setMidiChannel(channel),
        bend: ({ cents, channel }) => synth.bend(cents, channel),
        vibrato: ({ value }) => synth.vibrato(value),
        brightness: ({ value, channel }) => synth.brightness(value, channel),
        pressure: ({ value, channel, key }) => synth.pressure(value, channel, key),
      },
      (text, count) => this.player.view.setMidi(text, count),
    );
    await this.midi.connect();
  }
}
