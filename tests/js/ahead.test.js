import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Ahead } from "../../pages/browser/ahead.js";

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

before(() => {
  globalThis.document = /** @type {any} */ ({ hidden: false });
});

function bank(answer = async () => {}) {
  const asked = [];
  return { asked, waiting: new Map(), get: (url) => asked.push(url) && answer(url) };
}

test("one after the other, until nothing is wanted", async () => {
  const sounds = bank();
  const wanted = ["a", "b", "c"];
  new Ahead(sounds, () => wanted.shift() ?? null).rest(1);
  while (wanted.length) await rest(1);
  await rest(5);
  assert.deepEqual(sounds.asked, ["a", "b", "c"]);
});

test("what is refused is told once, and no more is asked for", async () => {
  const told = [];
  const sounds = bank(async () => {
    throw new Error("no model");
  });
  new Ahead(sounds, () => "a", { refused: (error) => told.push(error.message) }).rest(1);
  while (!told.length) await rest(1);
  await rest(5);
  assert.deepEqual([sounds.asked, told], [["a"], ["no model"]]);
});

test("stopped while a sound is under way, it stays stopped", async () => {
  let finish;
  const sounds = bank(() => new Promise((resolve) => (finish = resolve)));
  const ahead = new Ahead(sounds, () => "a");
  ahead.rest(1);
  while (!sounds.asked.length) await rest(1);
  ahead.stop();
  finish();
  await rest(5);
  assert.equal(sounds.asked.length, 1);
});
