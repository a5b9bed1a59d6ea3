import assert from "node:assert/strict";
import { test } from "node:test";
import { cheapest, detour, extent, within } from "../../pages/browser/plane.js";

test("extent passes over what is no number", () => {
  assert.deepEqual(extent([3, Number.NaN, -1, 2]), [-1, 3]);
  assert.deepEqual(extent([Number.NaN]), [0, 1]);
});

test("the cheapest within a limit", () => {
  const costs = [5, 2, 2, 9];
  assert.equal(
    cheapest(4, (i) => costs[i]),
    1,
  );
  assert.equal(
    cheapest(4, (i) => costs[i], 2),
    -1,
  );
  assert.equal(
    cheapest(2, () => Infinity),
    -1,
  );
});

test("an arrow key leads ahead, and not far to the side", () => {
  assert.equal(detour([0, 0], [3, 0], 1, 0), 3);
  assert.equal(detour([0, 0], [3, 1], 1, 0), 5);
  assert.equal(detour([0, 0], [-3, 0], 1, 0), Infinity);
  assert.equal(detour([0, 0], [1, 2], 1, 0), Infinity);
  assert.equal(detour([0, 0], [0, -2], 0, -1), 2);
});

test("inside and outside of a path with a notch", () => {
  const path = [
    [0, 0],
    [10, 0],
    [10, 10],
    [5, 4],
    [0, 10],
  ];
  assert.equal(within([2, 3], path), true);
  assert.equal(within([5, 8], path), false);
  assert.equal(within([11, 5], path), false);
});
