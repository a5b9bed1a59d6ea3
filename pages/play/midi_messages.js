// What MIDI messages mean: bytes in, one thing to do out. MIDI 1.0, and MIDI Polyphonic Expression 1.0 (lower and upper zone).

const BEND = 2; // semitones to either side, until a keyboard says otherwise
const MPE_BEND = 48; // the same of a note's own channel in MPE
const CURVES = { soft: 0.6, played: 1, hard: 1.7 }; // exponents: "soft" keyboards reach loud notes easily

export const CURVE_NAMES = Object.keys(CURVES);

// A velocity as a curve has it, 1-127.
export function curved(velocity, curve) {
  return Math.max(1, Math.round(127 * (velocity / 127) ** (CURVES[curve] ?? 1)));
}

export class MidiMessages {
  channel = "all"; // "all", "mpe", or a channel's number 1-16
  curve = "played";

  constructor() {
    this.parameters = new Map(); // channel -> the registered parameter that controller 6 sets
    this.ranges = new Map(); // channel -> semitones of bend
  }

  // The note's own channel in MPE, null where a message is meant for all notes.
  own(channel) {
    return this.channel === "mpe" && channel !== 1 && channel !== 16 ? channel : null;
  }

  range(channel) {
    return this.ranges.get(channel) ?? (this.own(channel) ? MPE_BEND : BEND);
  }

  // {kind, ...} of a message's bytes, null for one that is not for us.
  read([status, first = 0, second = 0]) {
    const kind = status & 0xf0;
    const channel = (status & 0x0f) + 1;
    if (kind < 0x80 || kind === 0xf0) return null;
    if (typeof this.channel === "number" && channel !== this.channel) return null;
    const own = this.own(channel);
    if (kind === 0x90 && second > 0) return { kind: "press", key: first, velocity: curved(second, this.curve), channel: own };
    if (kind === 0x80 || kind === 0x90) return { kind: "release", key: first };
    if (kind === 0xa0) return { kind: "pressure", value: second / 127, channel: null, key: first };
    if (kind === 0xd0) return { kind: "pressure", value: first / 127, channel: own, key: null };
    if (kind === 0xe0) {
      const cents = (((second << 7) | first) / 8192 - 1) * 100 * this.range(channel);
      return { kind: "bend", cents, channel: own };
    }
    return kind === 0xb0 ? this.control(first, second, channel, own) : null;
  }

  control(number, value, channel, own) {
    if (number === 1) return { kind: "vibrato", value: value / 127 };
    if (number === 64) return { kind: "sustain", down: value >= 64 };
    if (number === 66) return { kind: "sostenuto", down: value >= 64 };
    if (number === 74) return { kind: "brightness", value: value / 127, channel: own };
    if (number === 120 || number === 123) return { kind: "off" };
    if (number === 101) this.parameters.set(channel, [value, 127]);
    if (number === 100) this.parameters.set(channel, [this.parameters.get(channel)?.[0] ?? 127, value]);
    const [high, low] = this.parameters.get(channel) ?? [127, 127];
    if (number === 6 && high === 0 && low === 0) this.ranges.set(channel, Math.min(value, 96));
    return null;
  }
}
