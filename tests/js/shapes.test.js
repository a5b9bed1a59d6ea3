import assert from "node:assert/strict";
import { test } from "node:test";
import { DRAWN_SECONDS } from "../../pages/morph/drawing.js";
import { SHAPES } from "../../pages/morph/shapes.js";

test("contours to begin with go forward in time, around the key", () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const points = shape(60);
    assert.equal(points[0][1], 60, name);
    assert.ok(
      points.every(([time], i) => (i === 0 || time > points[i - 1][0]) && time <= DRAWN_SECONDS),
      name,
    );
    assert.ok(
      points.every(([, pitch]) => Math.abs(pitch - 60) <= 12),
      name,
    );
  }
});
