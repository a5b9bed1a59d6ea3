import assert from "node:assert/strict";
import { test } from "node:test";
import { hzToMidi, midiToHz, noteName } from "../../pages/browser/pitch.js";

test("MIDI 60 is C4, MIDI 69 440 Hz", () => {
  assert.deepEqual([noteName(60), noteName(61.4), noteName(0), noteName(-1)], ["C4", "C♯4", "C-1", "B-2"]);
  assert.equal(midiToHz(69), 440);
  for (const midi of [21, 60.25, 108]) assert.ok(Math.abs(hzToMidi(midiToHz(midi)) - midi) < 1e-9);
});
