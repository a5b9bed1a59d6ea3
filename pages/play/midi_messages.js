// What MIDI messages mean: bytes in, one thing to do out. MIDI 1.0, and MIDI Polyphonic Expression 1.0 (lower and upper zone).

const BEND = 2; // semitones to either side, until a keyboard says otherwise
const MPE_BEND = 48; // the same of a note's own channel in MPE
const NONE = [127, 127]; // no parameter
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

  // What is said about bends on one of MPE's notes holds for all of them.
  zone(channel) {
    return this.own(channel) ? "notes" : channel;
  }

  range(channel) {
    return this.ranges.get(this.zone(channel)) ?? (this.own(channel) ? MPE_BEND : BEND);
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
    if (number === 121) return { kind: "reset", channel: own };
    return this.parameter(number, value, channel);
  }

  // Registered parameters: how far bends go, in semitones and cents, and how many channels MPE has.
  parameter(number, value, channel) {
    const [high, low] = this.parameters.get(channel) ?? NONE;
    if (number === 101) this.parameters.set(channel, [value, low]);
    if (number === 100) this.parameters.set(channel, [high, value]);
    if (number === 98 || number === 99) this.parameters.set(channel, NONE); // a maker's own: not for us
    if (high !== 0) return null;
    const zone = this.zone(channel);
    if (low === 0 && number === 6) this.ranges.set(zone, Math.min(value, 96));
    if (low === 0 && number === 38) this.ranges.set(zone, Math.floor(this.range(channel)) + Math.min(value, 99) / 100);
    if (low !== 6 || number !== 6 || (channel !== 1 && channel !== 16)) return null;
    if (this.channel !== "all" && this.channel !== "mpe") return null; // one channel was chosen by hand
    this.channel = value > 0 ? "mpe" : "all";
    return { kind: "zone", channel: this.channel };
  }
}
