import assert from "node:assert/strict";
import { test } from "node:test";
import { called } from "../../pages/browser/names.js";
import { Notes } from "../../pages/browser/notes.js";

const FAMILIES = { names: ["brass", "bass"], values: ["brass", "bass"], colours: ["#ff0000", "#00ff00"], kind: "category" };
const map = {
  ids: ["brass_001-061-100", "bass_007-036-050", "bass_007-036-100"],
  arrays: {
    label_family: Uint16Array.of(0, 1, 1),
    label_instrument: Uint16Array.of(0, 1, 1),
    label_pitch: Float32Array.of(61, 36, 36),
    label_velocity: Float32Array.of(100, 50, 100),
  },
  columns: { family: FAMILIES, instrument: { names: ["trumpet", "double bass"], kind: "category" } },
  words: { note: "note", example: "" },
  dot: "family",
  projections: ["umap"],
};
const notes = new Notes(map);

test("names, titles and colours", () => {
  assert.equal(notes.title(0), "trumpet C♯4");
  assert.equal(notes.detail(0), "brass");
  assert.equal(notes.colour(1), "#00ff00");
  assert.deepEqual([notes.whole(1), notes.whole(0)], ["double bass C2 · v 50", "trumpet C♯4"]);
});

test("all words must be found; what is called just so comes first", () => {
  assert.deepEqual(notes.find("bass"), [1, 2]);
  assert.deepEqual(notes.find("TRUMPET c#4"), [0]);
  assert.deepEqual(notes.find("007 100"), [2]);
  assert.deepEqual(notes.find("brass bass"), []);
  const ids = Array.from({ length: 60 }, (_, i) => `n${i}`);
  const many = new Notes({ ...map, ids, arrays: { label_family: new Uint16Array(60).fill(1) }, columns: { family: FAMILIES } });
  many.arrays.label_family[59] = 0;
  assert.equal(many.find("bass").length, 40);
  assert.deepEqual(many.find("brass"), [59]);
});

test("words of sound find what sounds so after what is called so, from all over the map", () => {
  const arrays = { ...map.arrays, sounds: Uint16Array.of(1, 2, 2) };
  const told = new Notes({ ...map, ids: [...map.ids.slice(0, 2), "dark_bass-036-100"], sounds: ["bright", "dark"], arrays });
  assert.deepEqual(told.find("bright"), [0]);
  assert.deepEqual(told.find("dark bass"), [2, 1]);
  assert.deepEqual(told.find("bright bass"), []);
  assert.deepEqual([told.heard("Dark bass"), told.heard("bass"), notes.heard("bright")], [["dark"], [], []]);
  const ids = Array.from({ length: 400 }, (_, i) => `n${i}`);
  const label_family = Uint16Array.from(ids, (_, i) => (i < 200 ? 0 : 1));
  const all = { label_family, sounds: new Uint16Array(400).fill(1) };
  const many = new Notes({ ...map, ids, arrays: all, columns: { family: FAMILIES }, sounds: ["bright"] }).find("bright");
  assert.equal(many.length, 40);
  assert.ok(many.some((row) => row < 200) && many.some((row) => row >= 200));
});

test("a note that has no pitch is told by its family, too", () => {
  assert.equal(called("id", "george", "seven", ""), "seven · george");
  assert.equal(called("id", "trumpet", "brass", "C4"), "trumpet");
  assert.equal(called("id", "", "brass", ""), "id");
});
