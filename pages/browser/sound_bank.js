// Sounds of an instrument: fetched once per point and key.

import { errorOf } from "./server.js";
import { audioBuffer, readWav } from "./wav.js";

const BANK_BYTES = 96 * 2 ** 20;

// A WAV file as an AudioBuffer with its loop in seconds, or null.
function readSound(bytes, loop) {
  const { samples, rate } = readWav(bytes);
  const [start, end] = loop ? loop.split("-").map(Number) : [];
  return { buffer: audioBuffer(samples, rate), loop: loop ? { start: start / rate, end: end / rate } : null };
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
