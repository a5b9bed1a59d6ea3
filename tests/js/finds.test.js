import assert from "node:assert/strict";
import { test } from "node:test";
import { termsOf } from "../../pages/browser/sound_terms.js";
import { finds } from "../../pages/explore/finds.js";

const map = {
  ids: ["7_george_1", "1_nicolas_7", "x_anna_17"],
  columns: {
    family: { kind: "category", names: ["seven", "one", "ten"], values: ["7", "1", "10"] },
    pitch: { kind: "number" },
  },
  arrays: { label_family: Uint16Array.of(0, 1, 2), label_pitch: Float32Array.of(61, 36, Number.NaN) },
};
const found = (word) => map.ids.map((_, i) => i).filter(finds(word, map));

test("a number that is a label is that label, and no part of others", () => {
  assert.deepEqual(found("7"), [0]);
  assert.deepEqual(found("1"), [1]);
});

test("parts of names and ids, and names of pitches", () => {
  assert.deepEqual(found("seven"), [0]);
  assert.deepEqual(found("an"), [2]);
  assert.deepEqual(found("17"), [2]);
  assert.deepEqual([found("c#4"), found("c♯4"), found("c2")], [[0], [0], [1]]);
  assert.deepEqual(found("nothing"), []);
});

test("letters that become longer in lower case move no other note's name", () => {
  const turkish = { ids: ["İİİİ", "b", "cİ"], details: ["", "ınn", "Zed"], columns: {}, arrays: {} };
  const rows = (word) => [0, 1, 2].filter(finds(word, turkish));
  assert.deepEqual([rows("b"), rows("zed"), rows("i̇"), rows("nn")], [[1], [2], [0, 2], [1]]);
});

test("each of many notes is found by its own name alone", () => {
  const many = {
    ids: Array.from({ length: 3000 }, (_, i) => `x${i}y`),
    details: Array.from({ length: 3000 }, (_, i) => (i % 3 ? "" : `Take ${i}`)),
    columns: {},
    arrays: {},
  };
  const rows = (word) => [...many.ids.keys()].filter(finds(word, many));
  assert.deepEqual(rows("x1234y"), [1234]);
  assert.deepEqual(rows("x2999y"), [2999]);
  assert.equal(rows("take").length, 1000);
  assert.deepEqual(rows("yx"), [], "names do not run into each other");
});

const heard = {
  ids: ["a_oboe", "b_oboe", "c_bright-oboe", "d_flute"],
  sounds: ["bright", "dark", "soft start"],
  columns: {},
  arrays: { sounds: Uint16Array.of(0b001, 0b010, 0b010, 0b101) },
};
const lit = (text) => [0, 1, 2, 3].filter((i) => termsOf(text, heard.sounds).every((term) => finds(term, heard)(i)));

test("a word of sound finds what sounds so and what is called so, with other words both at once", () => {
  assert.deepEqual(lit("bright"), [0, 2, 3]);
  assert.deepEqual(lit("Bright oboe"), [0, 2]);
  assert.deepEqual(lit("dark oboe"), [1, 2]);
  assert.deepEqual(lit("soft start"), [3]);
  assert.deepEqual(lit("flute  soft  start "), [3]);
  assert.deepEqual(lit("start"), [], "a part of a word of sound is none");
  assert.deepEqual(lit("short"), [], "nor one that nothing was measured for");
});
