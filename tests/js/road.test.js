import assert from "node:assert/strict";
import { test } from "node:test";
import { along } from "../../pages/transfer/road.js";

test("the result lies where its percentage says, between the source and the target", () => {
  assert.deepEqual(along(0.36, 0.8), { source: 0, asked: 80, result: 36, target: 100, gone: 36 });
});

test("what goes past the target, or away from it, is still on the line", () => {
  const past = along(1.25, 1.5);
  assert.ok(past.target < past.result && past.result < past.asked && past.asked === 100);
  const away = along(-0.25, 0.5);
  assert.deepEqual([away.result, away.source, away.target, away.gone], [0, 20, 100, -25]);
});
