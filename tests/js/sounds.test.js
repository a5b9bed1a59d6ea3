import assert from "node:assert/strict";
import { test } from "node:test";
import { ACCEPT, isSound, withoutLeftBehind } from "../../pages/browser/sounds.js";

const file = (name, type = "") => ({ name, type });

test("sounds are told by their ending, in any letters, or by their type", () => {
  for (const name of ["a.wav", "A.AIFF", "b.w64", "c.caf", "d.m4a"]) assert.ok(isSound(file(name)), name);
  assert.ok(isSound(file("a", "audio/x-unknown")));
  for (const name of ["a.txt", "wav", "a.wav.bak", "b.mid"]) assert.ok(!isSound(file(name)), name);
  assert.ok(ACCEPT.split(",").includes(".caf"));
});

test("what systems leave in folders is not looked at", () => {
  const names = [".DS_Store", "Thumbs.db", "._a.wav", "desktop.ini", "a.wav", "thumbs.wav", "Icon\r"];
  assert.deepEqual(
    withoutLeftBehind(names.map((name) => file(name))).map(({ name }) => name),
    ["a.wav", "thumbs.wav"],
  );
});
