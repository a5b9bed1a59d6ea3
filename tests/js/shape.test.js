import assert from "node:assert/strict";
import { test } from "node:test";
import { allMacros, releaseSeconds, releaseSteps, shapeText, thrown, told } from "../../pages/play/shape.js";

const BRIGHT = { name: "brightness", low: -6, high: 6, step: 2, unit: "semitones", times: false };
const ATTACK = { name: "attack", low: -5, high: 5, step: 1.5, unit: "of the time", times: true };
const VIBRATO = { name: "vibrato", low: 0, high: 8, step: 10, unit: "cents", times: false };

test("a shape's text names what is moved alone, in one order", () => {
  assert.equal(shapeText({ noise: -1, brightness: 2.5, attack: 0, release: 3 }), "brightness=2.5,noise=-1");
  assert.equal(shapeText({ attack: 0 }), "");
});

test("steps are told as what they come to", () => {
  assert.equal(told(BRIGHT, 1.5), "+3.0 st");
  assert.equal(told(BRIGHT, -6), "−12 st");
  assert.equal(told(ATTACK, 2), "×2.25");
  assert.equal(told(VIBRATO, 0), "0.0 cents");
});

test("the release is in seconds, and stands behind the sustain", () => {
  const all = allMacros([BRIGHT, { ...BRIGHT, name: "sustain" }, VIBRATO]);
  assert.deepEqual(
    all.map(({ name }) => name),
    ["brightness", "sustain", "release", "vibrato"],
  );
  assert.equal(releaseSeconds(2), 1);
  assert.ok(Math.abs(releaseSteps(releaseSeconds(-3.3)) + 3.3) < 1e-9);
  assert.equal(told(all[2], -4), "16 ms");
});

test("thrown steps stay within a macro's reach", () => {
  for (let i = 0; i < 200; i++) {
    const made = thrown([BRIGHT, VIBRATO], { brightness: 6 }, i % 2 ? 1 : 0.25);
    assert.ok(made.brightness >= -6 && made.brightness <= 6);
    assert.ok(made.vibrato >= 0 && made.vibrato <= 8);
  }
});
