import assert from "node:assert/strict";
import { test } from "node:test";
import { nameRegions } from "../../pages/explore/region_names.js";
import { isoline } from "../../pages/explore/regions.js";

const map = {
  dot: "family",
  words: { note: "note" },
  sounds: ["bright"],
  columns: {
    family: { kind: "category", names: ["brass", "reed", "organ"] },
    instrument: { kind: "category", names: ["tuba", "horn", "oboe", "unknown"] },
  },
  arrays: {
    label_family: [0, 0, 0, 0, 1, 1, 2, 2],
    label_instrument: [0, 0, 0, 1, 2, 3, 3, 3],
    sounds: [0, 0, 0, 0, 0, 0, 1, 1],
  },
};

test("a region has the name of what most of its notes are", () => {
  const rows = [0, 1, 2, 4, 5, 6, 7];
  assert.deepEqual(nameRegions(map, rows, [0, 0, 0, 1, 1, 2, 2], 3), ["tuba", "reed", "bright organ"]);
});

test("of two families both are told, of many none", () => {
  assert.deepEqual(nameRegions(map, [3, 3, 4, 4, 6], [0, 0, 0, 0, 0], 1), ["brass, reed"]);
});

test("an isoline closes around a hill", () => {
  const values = [0, 0, 0, 0, 2, 0, 0, 0, 0];
  const lines = [];
  isoline(values, 3, 3, 1, (...line) => lines.push(line));
  assert.equal(lines.length, 4);
  for (const [x, y] of lines) assert.ok(Math.abs(Math.hypot(x - 1, y - 1) - 0.5) < 1e-9);
});
