// The list of sounds: the order of names, as quick for a hundred thousand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ranksOf } from "../../pages/explore/sound_list.js";

const sorted = (names) => {
  const ranks = ranksOf(names);
  return Array.from(names.keys())
    .sort((a, b) => ranks[a] - ranks[b])
    .map((i) => names[i]);
};

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
