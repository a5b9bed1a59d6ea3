// Two sounds in step, of which one is replaced while it sounds.

import { FADE } from "../browser/audio.js";
import { Deck } from "../browser/deck.js";

export class Pair extends Deck {
  replace(kind, samples, rate) {
    const old = this.voices.get(kind);
    if (old) {
      const now = this.context.currentTime;
      this.voices.delete(kind);
      old.gain.gain.cancelScheduledValues(now);
      old.gain.gain.setTargetAtTime(0, now, FADE / 3);
      old.source.stop(now + 3 * FADE);
    }
    this.add(kind, samples, rate);
    const fresh = this.voices.get(kind);
    if (!old || !fresh || this.kind !== kind) return;
    fresh.gain.gain.setValueAtTime(0, this.context.currentTime);
    fresh.gain.gain.linearRampToValueAtTime(this.gain(kind), this.context.currentTime + FADE);
  }
}
