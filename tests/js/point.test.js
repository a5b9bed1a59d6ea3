import assert from "node:assert/strict";
import { test } from "node:test";
import { between, coordinates, moved, normal } from "../../pages/play/point.js";

const turned = {
  directions: [
    [0.6, 0.8],
    [-0.8, 0.6],
  ],
  spread: [2, 0.5],
};

test("a step along an axis moves that coordinate alone", () => {
  const centre = [1, -1];
  const z = moved(
    [1, -1],
    [
      [0, 1.5],
      [1, -2],
    ],
    turned,
  );
  const [first, other] = coordinates(z, centre, turned);
  assert.ok(Math.abs(first - 1.5) < 1e-12 && Math.abs(other + 2) < 1e-12);
  assert.deepEqual(coordinates(centre, centre, turned), [0, 0]);
});

test("normal numbers", () => {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const values = Array.from({ length: 4000 }, () => normal(random));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean) < 0.1 && Math.abs(spread - 1) < 0.1, `${mean} ${spread}`);
});

test("between two points", () => {
  assert.deepEqual(between([0, 4], [2, 0], 0.25), [0.5, 3]);
});
