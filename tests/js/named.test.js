import assert from "node:assert/strict";
import { test } from "node:test";
import { named } from "../../pages/browser/dom.js";

test("a button's name has the words that are seen on it", () => {
  assert.equal(named("Reset", "Back to where the sound started"), "Reset: Back to where the sound started");
  assert.equal(named("WAV", "Save the current key as a WAV file"), "Save the current key as a WAV file");
  assert.equal(named("MIDI file …", "Choose a MIDI file"), "Choose a MIDI file");
  assert.equal(named("", "Undo (Ctrl+Z)"), "Undo (Ctrl+Z)");
  assert.equal(named("Tuning", ""), "Tuning");
  assert.equal(named("A", "Play the source (key 1)"), "A: Play the source (key 1)", "a letter within a word is not said");
  assert.equal(named("★", "Only starred presets"), "Only starred presets");
});
