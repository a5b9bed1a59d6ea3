import assert from "node:assert/strict";
import { test } from "node:test";
import { namedNotes } from "../../pages/browser/spectrogram.js";

const tall = (midi) => 400 - 3 * midi; // an octave is 36 pixels
const flat = (midi) => 66 - midi / 2; // an octave is 6 pixels

test("all Cs are named where there is room, and others left out where there is none", () => {
  assert.deepEqual(namedNotes(tall, 0, 400, null), [132, 120, 108, 96, 84, 72, 60, 48, 36, 24, 12]);
  assert.deepEqual(namedNotes(flat, 0, 66, null), [132, 96, 60, 24]);
  assert.deepEqual(namedNotes(tall, 150, 250, null), [72, 60]);
});

test("the marked note has its name before all others", () => {
  assert.deepEqual(namedNotes(flat, 0, 66, 72), [72, 132, 36]);
  assert.deepEqual(namedNotes(tall, 0, 400, 60), [60, 132, 120, 108, 96, 84, 72, 48, 36, 24, 12]);
  assert.deepEqual(namedNotes(flat, 0, 66, 65.6), [66, 132, 96, 36]);
});
