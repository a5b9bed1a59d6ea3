// Sounds of an instrument, played through Web Audio.

import { leaveAudio, openAudio } from "./audio.js";

export const SHORTEST_TAP = 0.12; // seconds that a key sounds whose sound came after it was let go
const MOST_VOICES = 24;
const SILENT = 1e-4;

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
    this.cents = 0;
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
    this.master.connect(this.limiter).connect(this.meter).connect(context.destination);
    this.listening = new AbortController();
    context.addEventListener("statechange", () => this.changed(), { signal: this.listening.signal });
  }

  disconnect() {
    this.listening?.abort();
    this.meter?.disconnect();
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

  bend(cents) {
    this.cents = cents;
    for (const { source } of this.voices) source.detune.setTargetAtTime(cents, this.context.currentTime, 0.005);
  }

  // Seconds between a call of start() and the loudspeaker, as far as the browser knows.
  get latency() {
    return (this.context?.baseLatency ?? 0) + (this.context?.outputLatency ?? 0);
  }

  start(key, sound, velocity) {
    if (this.voices.size >= MOST_VOICES) this.end([...this.voices][0], 0.01);
    const now = this.context.currentTime;
    const voice = { key, sound, level: (velocity / 127) ** 2, began: now };
    voice.envelope = new GainNode(this.context, { gain: 0 });
    voice.envelope.connect(this.master);
    voice.envelope.gain.setValueAtTime(0, now);
    voice.envelope.gain.linearRampToValueAtTime(voice.level, now + Math.max(this.attack, 0.002));
    this.sourceOf(voice, sound, 0, 0);
    this.voices.add(voice);
    this.changed();
    return voice;
  }

  // Let a voice go on with another sound from where it is.
  swap(voice, sound) {
    if (!this.voices.has(voice) || voice.sound === sound) return;
    const fade = 0.04;
    const now = this.context.currentTime;
    const { start, end } = sound.loop ?? { start: 0, end: sound.buffer.duration };
    let place = now - voice.began;
    if (place >= end - fade) place = sound.loop ? start + ((place - start) % (end - start)) : 0;
    voice.fader.gain.setTargetAtTime(0, now, fade / 3);
    voice.source.stop(now + 2 * fade);
    voice.sound = sound;
    voice.began = now - place;
    this.sourceOf(voice, sound, place, fade);
  }

  sourceOf(voice, sound, place, fade) {
    const now = this.context.currentTime;
    const source = new AudioBufferSourceNode(this.context, { buffer: sound.buffer, detune: this.cents });
    if (sound.loop) Object.assign(source, { loop: true, loopStart: sound.loop.start, loopEnd: sound.loop.end });
    const fader = new GainNode(this.context, { gain: fade ? 0 : 1 });
    if (fade) fader.gain.setTargetAtTime(1, now, fade / 3);
    source.connect(fader).connect(voice.envelope);
    source.addEventListener("ended", () => voice.source === source && this.forget(voice));
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
    voice.envelope.disconnect();
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
