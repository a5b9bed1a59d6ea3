import assert from "node:assert/strict";
import { test } from "node:test";
import { asParameter, corrected, correctedBy, correctedNotes, WHOLE } from "../../pages/transfer/corrections.js";

const octave = { start: 0, end: WHOLE, semitones: -12 };
const second = { start: 1, end: 2, semitones: 1 };

test("a contour is moved where it is corrected", () => {
  assert.deepEqual([...corrected([60, 60, 60, 60], 2, [octave])], [48, 48, 48, 48]);
  assert.deepEqual([...corrected([60, 60, 60, 60], 2, [second])], [60, 60, 61, 61]);
});

test("notes are moved by what lies in their middle", () => {
  const notes = [
    [0, 1, 60],
    [1, 2, 64],
  ];
  assert.deepEqual(correctedNotes(notes, [octave, second]), [
    [0, 1, 48],
    [1, 2, 53],
  ]);
});

test("the whole sound, and the address", () => {
  assert.equal(correctedBy([octave, second, octave]), -24);
  assert.equal(asParameter([second]), "1.000~2.000~1");
  assert.equal(asParameter([]), "");
});
