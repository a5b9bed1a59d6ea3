import assert from "node:assert/strict";
import { test } from "node:test";
import {
  differenceScale,
  gradient,
  inkOn,
  levelScale,
  luminance,
  parseColour,
  pointScale,
  ramp,
} from "../../pages/browser/colours.js";

test("hex colours", () => {
  assert.deepEqual(parseColour("#0A80ff"), [10, 128, 255]);
});

test("a ramp goes through its stops evenly", () => {
  const scale = ramp(["#000000", "#ff0000", "#ff00ff"]);
  assert.equal(scale.length, 256);
  assert.deepEqual(
    [scale[0], scale[255]],
    [
      [0, 0, 0],
      [255, 0, 255],
    ],
  );
  assert.deepEqual(scale[64].slice(1), [0, 0]);
  assert.ok(Math.abs(scale[64][0] - 128) <= 1);
});

test("levels grow lighter throughout", () => {
  const light = levelScale().map(luminance);
  assert.ok(light.every((value, i) => i === 0 || value >= light[i - 1] - 1));
  assert.ok(light[255] - light[0] > 200);
});

test("points stand out from either background", () => {
  assert.ok(Math.min(...pointScale(true).map(luminance)) > 60);
  assert.ok(Math.max(...pointScale(false).map(luminance)) < 200);
});

test("no difference looks like the paper", () => {
  assert.ok(luminance(differenceScale(true)[128]) < 40);
  assert.ok(luminance(differenceScale(false)[128]) > 240);
});

test("ink is read on any colour", () => {
  assert.equal(inkOn("#fde725"), "#10141c");
  assert.equal(inkOn("#440154"), "#ffffff");
});

test("a gradient is CSS", () => {
  assert.match(gradient(ramp(["#000000", "#ffffff"])), /^linear-gradient\(90deg,rgb\(0,0,0\),.*rgb\(255,255,255\)\)$/);
});
