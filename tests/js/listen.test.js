import assert from "node:assert/strict";
import { test } from "node:test";
import { acrossOf } from "../../pages/listen/listen.js";

test("versions stand beside a note's name where there is room, else in lines of about one length", () => {
  assert.equal(acrossOf(5, 1216), 0);
  assert.deepEqual([acrossOf(5, 756), acrossOf(6, 756), acrossOf(7, 756), acrossOf(8, 756)], [3, 3, 4, 4]);
  assert.deepEqual([acrossOf(5, 400), acrossOf(5, 100)], [2, 1]);
  assert.deepEqual([acrossOf(0, 756), acrossOf(5, 0)], [0, 0], "nothing to lay out yet");
});
