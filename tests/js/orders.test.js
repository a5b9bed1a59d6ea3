// The order of the list of sounds: as quick for a hundred thousand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { litOf, orderOfNames, orderOfNumbers } from "../../pages/explore/orders.js";

const sorted = (names) => Array.from(orderOfNames(names), (i) => names[i]);

test("names come as people count", () => {
  assert.deepEqual(sorted(["kick 10", "Kick 2", "bell", "kick 1"]), ["bell", "kick 1", "Kick 2", "kick 10"]);
});

test("a hundred thousand names come in the same order", () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `kick ${(i * 7919) % 100_000}`);
  const found = sorted(names);
  assert.equal(found[0], "kick 0");
  assert.equal(found[2], "kick 2");
  assert.equal(found[10], "kick 10");
  assert.equal(found.at(-1), "kick 99999");
});

test("unknown numbers come last, upwards and downwards, and only what is lit comes at all", () => {
  const values = Float32Array.of(3, Number.NaN, 1, 2, Number.NaN, 5);
  const listed = (down) =>
    litOf(
      orderOfNumbers(values),
      (i) => i !== 0,
      down,
      (i) => !Number.isNaN(values[i]),
    );
  assert.deepEqual(listed(false), [2, 3, 5, 1, 4]);
  assert.deepEqual(listed(true), [5, 3, 2, 4, 1]);
});
