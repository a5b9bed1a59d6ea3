// Versions of one sound played in step: a switch from one to another keeps the place in the sound and leaves no gap, and they
// are equally loud unless the switch of matching.js is off.

import { allowed, FADE, leaveAudio, openAudio, speakers } from "./audio.js";
import { MATCH } from "./events.js";
import { equalGains, lufs, peakOf } from "./loudness.js";
import { matching } from "./matching.js";
import { audioBuffer } from "./wav.js";

export class Deck {
  context = null;
  began = 0; // when what sounds would have begun, in the context's seconds

  // changed(): what sounds changed. refused(): the browser wants a click before it lets anything sound. reference: the version
  // that the others are made as loud as; while it is not there, the first one.
  constructor({ changed, refused, reference = "original" }) {
    this.changed = changed;
    this.refused = refused;
    this.reference = reference;
    this.kind = null;
    this.wanted = null;
    this.loop = false;
    this.playing = false;
    this.sounds = new Map(); // kind -> AudioBuffer
    this.levels = new Map(); // kind -> {lufs, peak}
    this.voices = new Map(); // kind -> {source, gain}
    this.listening = new AbortController();
    window.addEventListener(MATCH, () => this.settle(), { signal: this.listening.signal });
  }

  close() {
    this.listening.abort();
    this.clear();
    leaveAudio(this);
  }

  // Seconds that all versions have.
  get duration() {
    return this.sounds.size ? Math.min(...[...this.sounds.values()].map((buffer) => buffer.duration)) : 0;
  }

  // Seconds into the sound, 0 when nothing sounds.
  get position() {
    if (!this.playing) return 0;
    const passed = Math.max(0, this.context.currentTime - this.began);
    return this.loop ? passed % this.duration : Math.min(passed, this.duration);
  }

  clear() {
    this.stop();
    this.sounds.clear();
    this.levels.clear();
  }

  // What a version is amplified by.
  gain(kind) {
    if (!matching()) return 1;
    const reference = this.levels.has(this.reference) ? this.reference : this.levels.keys().next().value;
    return equalGains(this.levels, reference).get(kind) ?? 1;
  }

  // samples: Float32Array at `rate` Hz. Joins what sounds already, unheard until it is switched to.
  add(kind, samples, rate) {
    this.sounds.set(kind, audioBuffer(samples, rate));
    this.levels.set(kind, { lufs: lufs(samples, rate), peak: peakOf(samples) });
    if (this.playing) this.voice(kind);
    this.settle();
    if (this.wanted?.kind === kind) this.play(kind, this.wanted.from);
  }

  // Hear a version from a place in seconds; null goes on from where the version before is. One that is not there yet sounds
  // as soon as it is.
  async play(kind, from = 0) {
    this.wanted = { kind, from };
    if (!this.sounds.has(kind)) return;
    const { wanted } = this;
    if (!(await this.open())) return this.refused();
    if (this.wanted !== wanted) return; // something else was asked for meanwhile
    this.wanted = null;
    if (from === null && this.playing) this.fade(kind);
    else this.begin(kind, from ?? 0);
    this.changed();
  }

  stop() {
    const sounded = this.playing;
    this.wanted = null;
    this.playing = false;
    this.silence();
    if (sounded) this.changed();
  }

  setLoop(loop) {
    const { kind, position, playing } = this;
    this.loop = loop;
    if (playing) this.begin(kind, position);
  }

  async open() {
    if (!allowed()) return false;
    this.context = openAudio(this);
    if (this.context.state !== "running") await this.context.resume();
    return true;
  }

  begin(kind, from) {
    this.silence();
    this.kind = kind;
    this.playing = true;
    this.began = this.context.currentTime - from;
    for (const each of this.sounds.keys()) this.voice(each);
  }

  voice(kind) {
    const now = this.context.currentTime;
    const loop = this.loop ? { loop: true, loopEnd: this.duration } : {};
    const source = new AudioBufferSourceNode(this.context, { buffer: this.sounds.get(kind), ...loop });
    const gain = new GainNode(this.context, { gain: kind === this.kind ? this.gain(kind) : 0 });
    source.connect(gain).connect(speakers(this.context));
    source.addEventListener("ended", () => this.voices.get(kind)?.source === source && this.kind === kind && this.stop());
    source.start(now, this.position);
    this.voices.set(kind, { source, gain });
  }

  fade(kind) {
    this.kind = kind;
    this.settle();
  }

  // Each voice to its level, heard or not.
  settle() {
    if (!this.playing) return;
    const now = this.context.currentTime;
    for (const [each, { gain }] of this.voices) {
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueAtTime(gain.gain.value, now);
      gain.gain.linearRampToValueAtTime(each === this.kind ? this.gain(each) : 0, now + FADE);
    }
  }

  silence() {
    if (!this.context) return;
    const now = this.context.currentTime;
    for (const { source, gain } of this.voices.values()) {
      gain.gain.setTargetAtTime(0, now, FADE / 4);
      source.stop(now + 2 * FADE);
    }
    this.voices.clear();
  }
}
