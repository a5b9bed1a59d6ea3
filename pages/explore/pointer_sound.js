// The sound under the pointer: the beginning of the note that is pointed at, played without a round through Python.

import { allowed, FADE, leaveAudio, openAudio, speakers } from "../browser/audio.js";
import { HUSH } from "../browser/events.js";
import { address, errorOf } from "../browser/server.js";
import { audioBuffer, readWav } from "../browser/wav.js";

const MOST_KEPT = 300;
// A note that the pointer only passes over is not played; one that the model must decode first is not even asked for.
const PASSING_MS = 20;
const DECODING_MS = 25;
// Where notes are decoded, those around a pointer that rests this long are asked for ahead, one after the other.
const RESTING_MS = 90;
const SETTING = "timbre:pointer-sound";

export class PointerSound {
  context = null;

  constructor(root, on, told) {
    this.told = told;
    this.kept = new Map(); // note -> {buffer: promise of an AudioBuffer, there, ahead, asking: AbortController}
    this.button = root.querySelector(".tx-sound");
    this.invitation = root.querySelector(".tx-enable");
    this.wanted = null;
    this.voice = null;
    this.decodes = false;
    this.on = localStorage.getItem(SETTING) !== "off";
    on(this.button, "click", () => this.switch(!this.on));
    on(this.invitation, "click", () => this.ready());
    for (const type of ["pointerdown", "keydown"]) on(window, type, () => this.ready(), { capture: true });
    on(window, HUSH, (event) => event.detail.from !== this && this.stop());
    this.show();
  }

  destroy() {
    this.from(null);
    leaveAudio(this);
  }

  switch(on) {
    this.on = on;
    localStorage.setItem(SETTING, on ? "on" : "off");
    if (!on) this.stop();
    this.show();
  }

  show() {
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.title = `Sound under the pointer: ${this.on ? "on" : "off"}`;
    this.invitation.hidden = allowed() || !this.on;
  }

  ready() {
    if (!allowed()) return;
    this.context = openAudio(this);
    if (this.context.state === "suspended") this.context.resume();
    this.show();
  }

  // Another map: what was heard of the one before is forgotten.
  from(data) {
    this.data = data;
    this.leave();
    for (const note of this.kept.keys()) this.forget(note);
    this.decodes = false;
    this.silent = null;
    this.stop();
  }

  // The pointer came over a note.
  point(note) {
    this.leave();
    this.wanted = note;
    if (!this.on || !allowed() || this.silent) return;
    performance.mark("timbre:pointed");
    const asked = performance.now();
    this.rest = setTimeout(
      async () => {
        const heard = this.sound(note);
        if (this.decodes) return this.start(note, await heard);
        const buffer = await heard;
        const left = PASSING_MS - (performance.now() - asked);
        this.rest = setTimeout(() => this.start(note, buffer), Math.max(0, left));
      },
      this.decodes && !this.kept.get(note)?.there ? DECODING_MS : 0,
    );
  }

  // The pointer may come over one of `near()` soon, nearest first. A recording is fetched at once; what the model must
  // decode is asked for when the pointer rests, behind all that somebody waits for.
  foresee(near) {
    clearTimeout(this.later);
    if (!this.on || !allowed() || this.silent) return;
    if (this.decodes) this.later = setTimeout(() => this.askAhead(near()), RESTING_MS);
    else for (const note of near().slice(0, 1)) this.sound(note);
  }

  async askAhead(notes) {
    this.ahead = notes;
    await this.kept.get(this.wanted)?.buffer;
    if (this.ahead !== notes) return;
    for (const note of notes) {
      if (!this.kept.has(note)) await this.sound(note, true);
      if (this.ahead !== notes) return;
    }
  }

  // The pointer went on: what is not there yet is not wanted any longer.
  leave() {
    clearTimeout(this.rest);
    clearTimeout(this.later);
    const asked = this.decodes ? [this.wanted, ...(this.ahead ?? [])] : [];
    this.wanted = this.ahead = null;
    for (const note of asked) if (this.kept.get(note)?.there === false) this.forget(note);
  }

  forget(note) {
    this.kept.get(note).asking.abort();
    this.kept.delete(note);
  }

  start(note, buffer) {
    if (note !== this.wanted || !buffer) return;
    this.play(note, buffer);
    performance.mark("timbre:pointer-sounding");
  }

  // A note's beginning as an AudioBuffer, null where it has no sound. Ahead: nobody waits for it yet.
  sound(note, ahead = false) {
    const before = this.kept.get(note);
    this.kept.delete(note);
    const hurried = before?.ahead && !before.there && !ahead;
    const sound = before && !hurried ? before : this.ask(note, ahead);
    this.kept.set(note, sound);
    if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    return sound.buffer;
  }

  ask(note, ahead) {
    const sound = { ahead, there: false, asking: new AbortController() };
    sound.buffer = this.fetch(note, sound);
    return sound;
  }

  async fetch(note, sound) {
    const { data } = this;
    const parameters = { checkpoint: data.checkpoint, note, v: data.version, ...(sound.ahead ? { ahead: 1 } : {}) };
    try {
      const response = await fetch(address(`${data.url}/preview`, parameters), { signal: sound.asking.signal });
      if (!response.ok) throw await errorOf(response);
      if (data === this.data) this.decodes = response.headers.get("X-Kind") !== "original";
      const { samples, rate } = readWav(await response.arrayBuffer());
      const buffer = audioBuffer(samples, rate);
      sound.there = true;
      return buffer;
    } catch (error) {
      if (this.kept.get(note) === sound) this.kept.delete(note);
      if (data === this.data && error.name !== "AbortError") {
        // What one note lacks the others lack too: asked for once, said once.
        this.silent = error.message;
        this.told(error.message);
      }
      return null;
    }
  }

  play(note, buffer) {
    this.ready();
    if (!this.context) return;
    window.dispatchEvent(new CustomEvent(HUSH, { detail: { from: this } }));
    this.stop();
    const source = new AudioBufferSourceNode(this.context, { buffer });
    const gain = new GainNode(this.context);
    source.connect(gain).connect(speakers(this.context));
    source.start();
    const voice = { note, source, gain, buffer };
    source.addEventListener("ended", () => {
      if (this.voice === voice) this.voice = null;
    });
    this.voice = voice;
  }

  stop() {
    if (!this.voice) return;
    const now = this.context.currentTime;
    this.voice.gain.gain.setTargetAtTime(0, now, FADE / 4);
    this.voice.source.stop(now + 2 * FADE);
    this.voice = null;
  }
}
