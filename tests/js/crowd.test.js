import assert from "node:assert/strict";
import { test } from "node:test";
import { Cells } from "../../pages/explore/crowd.js";

test("cells find what looking at every point finds", () => {
  let state = 3;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const positions = Float32Array.from({ length: 4000 }, (_, k) => (random() - 0.5) * (k % 2 ? 4 : 10) * random());
  const cells = new Cells(positions, { width: 10, height: 4 });
  const lit = (i) => i % 3 > 0;
  for (let k = 0; k < 200; k++) {
    const [x, y, radius] = [12 * (random() - 0.5), 6 * (random() - 0.5), k % 2 ? 0.3 : Infinity];
    let [best, least] = [-1, radius * radius];
    for (let i = 0; i < positions.length / 2; i++) {
      const distance = (positions[2 * i] - x) ** 2 + (positions[2 * i + 1] - y) ** 2;
      if (distance < least && lit(i)) [best, least] = [i, distance];
    }
    assert.equal(cells.nearest(x, y, radius, lit), best);
  }
});
