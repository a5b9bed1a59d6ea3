import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped } from "../../pages/explore/instruments.js";

const map = {
  columns: { instrument: { values: ["flute", "harp"] } },
  arrays: { label_instrument: [0, 0, 0, 1, 1], label_pitch: [72, 60, 48, 50, 40] },
};
const points = (lit = [1, 1, 1, 1, 1]) => ({ map, lit, count: 5 });
const placed = (grouping) => {
  const positions = new Float32Array([0, 0, 3, 0, 6, 3, 10, 10, 20, 30]);
  grouping.place(positions);
  return Array.from(positions);
};

test("an instrument is one dot amid its notes, and sounds in the middle of its pitches", () => {
  const grouping = grouped(points(), -1);
  assert.deepEqual([...grouping.hidden], [1, 0, 1, 1, 0]);
  assert.equal(grouping.count, 2);
  assert.deepEqual(placed(grouping), [3, 1, 3, 1, 3, 1, 15, 20, 15, 20]);
});

test("the notes of the chosen one lie where they are", () => {
  const grouping = grouped(points(), 1);
  assert.deepEqual([...grouping.hidden], [1, 0, 1, 0, 0]);
  assert.deepEqual(placed(grouping), [3, 1, 3, 1, 3, 1, 10, 10, 20, 30]);
});

test("only notes that are lit count; of an instrument without any, all do", () => {
  const grouping = grouped(points([1, 0, 1, 0, 0]), -1);
  assert.deepEqual([...grouping.hidden], [1, 1, 0, 1, 0]);
  assert.deepEqual(placed(grouping), [3, 1.5, 3, 1.5, 3, 1.5, 15, 20, 15, 20]);
});
