// Sounds of an instrument, played through Web Audio.

import { leaveAudio, openAudio, speakers } from "./audio.js";

export const SHORTEST_TAP = 0.12; // seconds that a key sounds whose sound came after it was let go
const MOST_VOICES = 24;
const SILENT = 1e-4;
const VIBRATO_HZ = 5.5;
const VIBRATO_CENTS = 50; // with the mod wheel all up
const DARKEST_OCTAVES = 6;

export class Synth {
  context = null;
  master = null;
  meter = null;

  constructor(changed) {
    this.changed = changed;
    this.voices = new Set();
    this.attack = 0.002;
    this.release = 0.25;
    this.volume = 0.8;
    this.bends = new Map();
    this.tones = new Map();
    this.wheel = 0;
  }

  get running() {
    return this.context?.state === "running";
  }

  // Browsers open sound only during a gesture, or after one. rate: the sounds' own in Hz.
  async open(rate) {
    const context = openAudio(this, rate);
    if (context !== this.context) this.connect(context);
    if (!this.running) await context.resume();
    this.changed();
  }

  connect(context) {
    this.disconnect();
    this.context = context;
    this.limiter = new DynamicsCompressorNode(context, { threshold: -8, knee: 6, ratio: 12, attack: 0.002, release: 0.12 });
    this.master = new GainNode(context, { gain: this.volume });
    this.meter = new AnalyserNode(context, { fftSize: 2048 });
    this.master.connect(this.limiter).connect(this.meter).connect(speakers(context));
    this.wave = new OscillatorNode(context, { frequency: VIBRATO_HZ });
    this.depth = new GainNode(context, { gain: VIBRATO_CENTS * this.wheel });
    this.wave.connect(this.depth);
    this.wave.start();
    this.listening = new AbortController();
    context.addEventListener("statechange", () => this.changed(), { signal: this.listening.signal });
  }

  disconnect() {
    this.listening?.abort();
    this.meter?.disconnect();
    this.wave?.stop();
    this.wave = null;
    this.voices.clear();
  }

  close() {
    this.disconnect();
    this.context = null;
    leaveAudio(this);
  }

  setVolume(volume) {
    this.volume = volume;
    this.master?.gain.setTargetAtTime(volume, this.context.currentTime, 0.02);
  }

  // channel: the notes that are bent, where a keyboard bends each by itself; null bends all.
  bend(cents, channel = null) {
    this.bends.set(channel, cents);
    for (const voice of this.voices) voice.source.detune.setTargetAtTime(this.centsOf(voice), this.context.currentTime, 0.005);
  }

  // What all notes are bent by.
  get cents() {
    return this.bends.get(null) ?? 0;
  }

  centsOf({ channel, off }) {
    return off + this.cents + (channel === null ? 0 : (this.bends.get(channel) ?? 0));
  }

  // The mod wheel, 0-1.
  vibrato(value) {
    this.wheel = value;
    this.depth?.gain.setTargetAtTime(VIBRATO_CENTS * value, this.context.currentTime, 0.02);
  }

  // Controller 74, 0-1: as the sound is from the middle on, darker below.
  brightness(value, channel = null) {
    this.tones.set(channel, value);
    for (const voice of this.voices) voice.tone.frequency.setTargetAtTime(this.cutoffOf(voice), this.context.currentTime, 0.01);
  }

  cutoffOf({ channel }) {
    const value = Math.min(this.tones.get(null) ?? 0.5, (channel === null ? null : this.tones.get(channel)) ?? 0.5);
    return (this.context.sampleRate / 2) * 2 ** (-DARKEST_OCTAVES * Math.max(0, 1 - 2 * value));
  }

  // How hard keys are pressed on, 0-1: those of a channel, one key, or all.
  pressure(value, channel = null, key = null) {
    for (const voice of this.voices)
      if ((channel === null || voice.channel === channel) && (key === null || voice.key === key))
        voice.touch.gain.setTargetAtTime(1 + value, this.context.currentTime, 0.02);
  }

  // Seconds between a call of start() and the loudspeaker, as far as the browser knows.
  get latency() {
    return (this.context?.baseLatency ?? 0) + (this.context?.outputLatency ?? 0);
  }

  // off: cents by which the sound is to be played higher, where it is another key's.
  start(key, sound, velocity, channel = null, off = 0) {
    if (this.voices.size >= MOST_VOICES) this.end([...this.voices][0], 0.01);
    const now = this.context.currentTime;
    const voice = { key, sound, channel, off, level: (velocity / 127) ** 2, began: now };
    voice.envelope = new GainNode(this.context, { gain: 0 });
    voice.tone = new BiquadFilterNode(this.context, { type: "lowpass", frequency: this.cutoffOf(voice) });
    voice.touch = new GainNode(this.context);
    voice.envelope.connect(voice.tone).connect(voice.touch).connect(this.master);
    voice.envelope.gain.setValueAtTime(0, now);
    voice.envelope.gain.linearRampToValueAtTime(voice.level, now + Math.max(this.attack, 0.002));
    this.sourceOf(voice, sound, 0, 0);
    this.voices.add(voice);
    this.changed();
    return voice;
  }

  // Let a voice go on with another sound from where it is.
  swap(voice, sound) {
    if (!this.voices.has(voice) || voice.ending || voice.sound === sound) return;
    const fade = 0.04;
    const now = this.context.currentTime;
    const { start, end } = sound.loop ?? { start: 0, end: sound.buffer.duration };
    let place = now - voice.began;
    if (place >= end - fade) place = sound.loop ? start + ((place - start) % (end - start)) : 0;
    voice.fader.gain.setTargetAtTime(0, now, fade / 3);
    voice.source.stop(now + 2 * fade);
    voice.sound = sound;
    voice.off = 0;
    voice.began = now - place;
    this.sourceOf(voice, sound, place, fade);
  }

  sourceOf(voice, sound, place, fade) {
    const now = this.context.currentTime;
    const source = new AudioBufferSourceNode(this.context, { buffer: sound.buffer, detune: this.centsOf(voice) });
    if (sound.loop) Object.assign(source, { loop: true, loopStart: sound.loop.start, loopEnd: sound.loop.end });
    const fader = new GainNode(this.context, { gain: fade ? 0 : 1 });
    if (fade) fader.gain.setTargetAtTime(1, now, fade / 3);
    source.connect(fader).connect(voice.envelope);
    this.depth.connect(source.detune);
    source.addEventListener("ended", () => {
      this.depth.disconnect(source.detune);
      if (voice.source === source) this.forget(voice);
    });
    source.start(now, place);
    Object.assign(voice, { source, fader });
  }

  end(voice, seconds = this.release) {
    if (!this.voices.has(voice) || voice.ending) return;
    voice.ending = true;
    const now = this.context.currentTime;
    const { gain } = voice.envelope;
    if (gain.cancelAndHoldAtTime) gain.cancelAndHoldAtTime(now);
    else gain.cancelScheduledValues(now);
    const duration = Math.max(seconds, 0.005);
    // Exponential: after five time constants nothing is left to hear.
    gain.setTargetAtTime(SILENT / 10, now, duration / 5);
    voice.source.stop(now + duration * 1.4);
    this.changed();
  }

  forget(voice) {
    this.voices.delete(voice);
    voice.touch.disconnect();
    this.changed();
  }

  // RMS of what goes to the loudspeaker now.
  level() {
    if (!this.meter) return 0;
    const wave = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
  }
}
