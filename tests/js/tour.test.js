import assert from "node:assert/strict";
import { test } from "node:test";
import { stepsOf } from "../../pages/explore/tour.js";

const columns = {
  family: { title: "Family", values: ["brass", "reed"] },
  instrument: { title: "Instrument", values: ["tuba"] },
  pitch: { title: "Pitch", low: 36, high: 84 },
};
const words = { note: "note" };
const said = (map, heard) =>
  stepsOf(map, heard)
    .map(([, title, text]) => `${title}: ${text}`)
    .join("\n");

test("the tour names words of sound that the map has, the plain ones first", () => {
  assert.match(
    said({ words, columns, sounds: ["dark", "low", "noisy", "bright"] }, true),
    /words such as bright, noisy or dark\./,
  );
  assert.match(said({ words, columns, sounds: ["high"] }, true), /words such as high\./);
});

test("of a map without measured traits it names labels in which its notes differ", () => {
  const told = said({ words, columns }, true);
  assert.match(told, /filter by family or pitch\./);
  assert.doesNotMatch(told, /bright|short|noisy|instrument/);
  assert.match(said({ words, columns: {} }, true), /Search names\. The list/);
});

test("pictures are not heard", () => {
  const told = said({ words: { note: "picture" }, columns }, false);
  assert.match(told, /Every dot is a picture/);
  assert.doesNotMatch(told, /hear|sound|record|play/i);
});
