import assert from "node:assert/strict";
import { test } from "node:test";
import { acrossOf, leftOver } from "../../pages/listen/listen.js";

test("versions stand beside a note's name where there is room, else in lines of about one length", () => {
  assert.equal(acrossOf(5, 1216), 0);
  assert.deepEqual([acrossOf(5, 756), acrossOf(6, 756), acrossOf(7, 756), acrossOf(8, 756)], [3, 3, 4, 4]);
  assert.deepEqual([acrossOf(5, 400), acrossOf(5, 100)], [2, 1]);
  assert.deepEqual([acrossOf(0, 756), acrossOf(5, 0)], [0, 0], "nothing to lay out yet");
});

test("a name fills what lines of one length leave empty, and never a whole line", () => {
  assert.deepEqual([leftOver(5, 3), leftOver(6, 3), leftOver(7, 4), leftOver(7, 3), leftOver(5, 0)], [1, 0, 1, 2, 0]);
  for (let count = 1; count < 20; count++) {
    for (let width = 100; width < 1600; width += 50) {
      const across = acrossOf(count, width);
      const empty = leftOver(count, across);
      assert.ok(empty < Math.max(across, 1));
      if (across) assert.equal((count + empty) % across, 0);
    }
  }
});
