import assert from "node:assert/strict";
import { test } from "node:test";
import { equalGains, lufs, SILENT } from "../../pages/browser/loudness.js";

function sine(hz, seconds, peak, rate = 48000) {
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => peak * Math.sin((2 * Math.PI * hz * i) / rate));
}

function near(value, wanted, within) {
  assert.ok(Math.abs(value - wanted) < within, `${value}, not ${wanted}`);
}

test("a sine at full scale measures what the standard says, at any rate", () => {
  for (const rate of [16000, 44100, 48000]) near(lufs(sine(997, 3, 1, rate), rate), -3.01, 0.1);
  near(lufs(sine(997, 3, 0.1), 48000), -23.01, 0.1);
});

test("what is shorter than a block of 400 ms is measured, too", () => {
  near(lufs(sine(997, 0.15, 1), 48000), -3.01, 0.2);
});

test("silence around a note does not count, low rumble counts little", () => {
  const [note, silence] = [sine(997, 1, 0.5), new Float32Array(3 * 48000)];
  near(lufs(Float32Array.from([...silence, ...note, ...silence]), 48000), lufs(note, 48000), 1.5);
  assert.ok(lufs(sine(20, 2, 1), 48000) < -12);
  assert.equal(lufs(silence, 48000), SILENT);
  assert.equal(lufs(new Float32Array(0), 48000), SILENT);
});

test("the others become as loud as the reference, which stays", () => {
  const gains = equalGains(
    new Map([
      ["original", { lufs: -20, peak: 0.5 }],
      ["soft", { lufs: -30, peak: 0.1 }],
      ["silent", { lufs: SILENT, peak: 0 }],
    ]),
    "original",
  );
  assert.equal(gains.get("original"), 1);
  near(20 * Math.log10(gains.get("soft")), 10, 1e-9);
  assert.equal(gains.get("silent"), 1);
});

test("where one would clip, all become softer together", () => {
  const gains = equalGains(
    new Map([
      ["original", { lufs: -10, peak: 0.9 }],
      ["peaky", { lufs: -20, peak: 0.8 }],
    ]),
    "original",
  );
  near(gains.get("peaky") * 0.8, 1, 1e-9);
  near(20 * Math.log10(gains.get("peaky") / gains.get("original")), 10, 1e-9);
});
