import assert from "node:assert/strict";
import { test } from "node:test";
import { alongMap, byPitch, thinned } from "../../pages/explore/hearing_order.js";

test("along the map: from the left on to what is nearest", () => {
  const places = [
    [5, 0],
    [0, 0],
    [1, 0],
    [9, 0],
    [1, 6],
  ];
  assert.deepEqual(
    alongMap([0, 1, 2, 3, 4], (i) => places[i]),
    [1, 2, 0, 3, 4],
  );
  assert.deepEqual(
    alongMap([3], (i) => places[i]),
    [3],
  );
});

test("by pitch: what has none comes last", () => {
  assert.deepEqual(byPitch([0, 1, 2, 3], [60, Number.NaN, 48, 60]), [2, 0, 3, 1]);
});

test("no more than so many, evenly picked", () => {
  const rows = Array.from({ length: 500 }, (_, i) => i);
  const some = thinned(rows, 200);
  assert.ok(some.length <= 200);
  assert.deepEqual(some.slice(0, 3), [0, 3, 6]);
  assert.deepEqual(thinned([4, 5], 200), [4, 5]);
});
