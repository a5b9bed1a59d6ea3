// Sounds of an instrument: fetched once per point and key, and played through Web Audio.

import { errorOf, readWav } from "./common.js";

export const SHORTEST_TAP = 0.12; // seconds that a key sounds whose sound came after it was let go
const MOST_VOICES = 24;
const BANK_BYTES = 96 * 2 ** 20;
const SILENT = 1e-4;

// A WAV file as an AudioBuffer with its loop in seconds, or null.
function readSound(bytes, loop) {
  const { samples, rate } = readWav(bytes);
  const buffer = new AudioBuffer({ length: Math.max(1, samples.length), sampleRate: rate, numberOfChannels: 1 });
  buffer.copyToChannel(samples, 0);
  const [start, end] = loop ? loop.split("-").map(Number) : [];
  return { buffer, loop: loop ? { start: start / rate, end: end / rate } : null };
}

// Decoded sounds by address, the least recently used forgotten first. What somebody waits for goes before what may be
// wanted later; what nobody waits for any more is given up.
export class SoundBank {
  constructor() {
    this.sounds = new Map();
    this.bytes = 0;
    this.waiting = new Map();
    this.changed = () => {};
  }

  has(url) {
    return this.sounds.has(url);
  }

  peek(url) {
    const sound = this.sounds.get(url);
    if (sound) {
      this.sounds.delete(url);
      this.sounds.set(url, sound);
    }
    return sound;
  }

  get(url) {
    const kept = this.peek(url);
    if (kept) return Promise.resolve(kept);
    let entry = this.waiting.get(url);
    if (!entry) {
      const stop = new AbortController();
      entry = { stop, promise: this.load(url, stop.signal).finally(() => this.waiting.delete(url)) };
      this.waiting.set(url, entry);
    }
    return entry.promise;
  }

  async load(url, signal) {
    const response = await fetch(url, { signal });
    if (!response.ok) throw await errorOf(response);
    const sound = readSound(await response.arrayBuffer(), response.headers.get("X-Loop"));
    this.sounds.set(url, sound);
    this.bytes += sound.buffer.length * 4;
    for (const [old, { buffer }] of this.sounds) {
      if (this.bytes <= BANK_BYTES || old === url) break;
      this.sounds.delete(old);
      this.bytes -= buffer.length * 4;
    }
    this.changed();
    return sound;
  }

  // Give up all that is still waited for, except these addresses.
  keepOnly(urls) {
    for (const [url, { stop }] of this.waiting) if (!urls.has(url)) stop.abort();
  }
}

export class Synth {
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

  // Browsers open sound only during a gesture, or after one. The context runs at the sounds' own rate, so that they are
  // converted to the device's once, by the browser's good converter, and loops stay exact.
  async open(rate) {
    if (!this.context || this.rate !== rate) {
      this.context?.close();
      this.voices.clear();
      this.rate = rate;
      try {
        this.context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
      } catch {
        this.context = new AudioContext({ latencyHint: "interactive" });
      }
      this.limiter = new DynamicsCompressorNode(this.context, {
        threshold: -8,
        knee: 6,
        ratio: 12,
        attack: 0.002,
        release: 0.12,
      });
      this.master = new GainNode(this.context, { gain: this.volume });
      this.meter = new AnalyserNode(this.context, { fftSize: 2048 });
      this.master.connect(this.limiter).connect(this.meter).connect(this.context.destination);
      this.context.addEventListener("statechange", () => this.changed());
    }
    if (!this.running) await this.context.resume();
    this.changed();
  }

  close() {
    this.context?.close();
    this.context = null;
    this.voices.clear();
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
    const voice = { key, sound, level: (velocity / 127) ** 1.5, began: now };
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
