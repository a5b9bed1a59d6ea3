import assert from "node:assert/strict";
import { test } from "node:test";
import { readWav } from "../../pages/browser/wav.js";
import { encodeWav } from "../../pages/play/recording.js";

test("what is recorded is a WAV file that can be read", () => {
  const bytes = encodeWav([new Float32Array([0, 0.5]), new Float32Array([-2, 1])], 48_000);
  const { samples, rate } = readWav(bytes);
  assert.equal(rate, 48_000);
  assert.equal(bytes.byteLength, 52);
  assert.deepEqual(
    [...samples].map((value) => Math.round(100 * value) / 100),
    [0, 0.5, -1, 1],
  );
});
