// Which keys sound as they were recorded; the others are the model's.

import { fetchJson } from "../browser/server.js";

const REAL = 0.5; // semitones from a recording: nearer keys are that, tuned

export class Recordings {
  of = new Map(); // the MIDI pitches of the recordings of a note's instrument, by the note's id

  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  // MIDI pitches of the recordings that sound.
  get pitches() {
    const { own, start, z, sounding } = this.player;
    if (!z || !sounding.carrier) return [];
    if (own) return own.notes.map(({ pitch }) => pitch);
    if (!this.of.has(start.note)) this.learn(start.note);
    return this.of.get(start.note);
  }

  // Of a note that came with a preset, or back with a reload.
  learn(note) {
    const { player } = this;
    this.of.set(note, []);
    fetchJson(player.url("start", { note }), { signal: player.loading.signal }).then(
      ({ recordings }) => {
        this.of.set(note, recordings);
        player.view.markRecorded();
      },
      () => this.of.delete(note), // the sound itself says what is wrong
    );
  }

  // Tells of a key whether it is a recording.
  at() {
    const { pitches, player } = this;
    return (key) => {
      const wanted = player.tuning ? player.tuning.pitches[key] : key;
      return wanted !== null && pitches.some((pitch) => Math.abs(pitch - wanted) < REAL);
    };
  }
}
