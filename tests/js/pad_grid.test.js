import assert from "node:assert/strict";
import { test } from "node:test";
import { GRID, nearestFirst, shares } from "../../pages/morph/pad_grid.js";

test("shares of the corners add up, and a corner is itself", () => {
  assert.deepEqual(shares(0, 0), [1, 0, 0, 0]);
  assert.deepEqual(shares(1, 1), [0, 0, 0, 1]);
  const parts = shares(0.3, 0.8);
  assert.ok(Math.abs(parts.reduce((a, b) => a + b) - 1) < 1e-12);
});

test("what is under the hand is decoded first, and nothing twice", () => {
  const order = nearestFirst([1 / 6, 1 / 2], false);
  assert.deepEqual(order[0], [1, 3]);
  assert.equal(new Set(order.map(String)).size, GRID * GRID);
});

test("before there was a hand, the middle and the corners are decoded first", () => {
  const first = nearestFirst([0.5, 0.5], true);
  assert.deepEqual(first[0], [3, 3]);
  const corner = first.findIndex(([column, row]) => column === 0 && row === 0);
  const beside = first.findIndex(([column, row]) => column === 1 && row === 0);
  assert.ok(corner < beside);
});
