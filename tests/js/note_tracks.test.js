import assert from "node:assert/strict";
import { test } from "node:test";
import { extremes } from "../../pages/explore/note_tracks.js";

// A second of +0.5 and a second of -0.25, at a rate.
const steps = (rate) => Float32Array.from({ length: 2 * rate }, (_, i) => (i < rate ? 0.5 : -0.25));

test("a recording and what a model makes of it are drawn on one scale of time, whatever their rates", () => {
  const drawn = [
    [0, 0.5],
    [0, 0.5],
    [-0.25, 0],
    [-0.25, 0],
    [0, 0],
    [0, 0],
  ];
  for (const rate of [8_000, 16_000, 44_100]) assert.deepEqual(extremes(steps(rate), rate, 3, 6), drawn);
});

test("what is shorter than a column is still seen", () => {
  assert.deepEqual(extremes(Float32Array.of(0, 0.75, -1), 1_000, 1, 2), [
    [-1, 0.75],
    [0, 0],
  ]);
});
