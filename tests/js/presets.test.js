import assert from "node:assert/strict";
import { test } from "node:test";
import { between, Morphing } from "../../pages/play/morphing.js";
import { matching, tagsOf, toldOf, variation } from "../../pages/play/preset_search.js";

const PRESETS = [
  { id: "own:1", name: "My flute", tags: ["lead"], words: ["breathy", "soft attack"], starred: false },
  { id: "shipped:Harp", name: "Harp", tags: ["string"], words: ["plucked", "sharp attack", "bright"], starred: true },
];
const names = (...asked) => matching(PRESETS, ...asked).map(({ name }) => name);

test("presets are found by the beginnings of words of name, tags and sound", () => {
  assert.deepEqual(names("soft att"), ["My flute"]);
  assert.deepEqual(names("attack"), ["My flute", "Harp"]);
  assert.deepEqual(names("BRIGHT, plucked"), ["Harp"]);
  assert.deepEqual(names("lead breathy"), ["My flute"]);
  assert.deepEqual(names("reathy"), []);
  assert.deepEqual(names("", { starred: true }), ["Harp"]);
  assert.deepEqual(names("", { own: true }), ["My flute"]);
  assert.deepEqual(tagsOf(" lead, soft  pad ,,lead"), ["lead", "soft  pad"]);
});

test("a changed sound has a name of its own, and never one of another", () => {
  assert.equal(variation("brass · family mean"), "brass · family mean, variation");
  assert.equal(variation("Harp", ["Harp, variation", "Harp, variation 2"]), "Harp, variation 3");
  assert.equal(variation("Harp, variation 2", ["Harp, variation 2"]), "Harp, variation", "no variation of a variation");
});

const ONE = { z: [0, 2], macros: { noise: 2 }, release: 0.25, attack: 0, title: "one", own: null };
const TWO = { z: [4, 2], macros: { body: -2 }, release: 1, attack: 1, title: "two", own: null };

test("between two sounds everything is blended, and the ends are the sounds themselves", () => {
  assert.equal(between(ONE, TWO, 0), ONE);
  assert.equal(between(ONE, TWO, 1), TWO);
  const middle = between(ONE, TWO, 0.5);
  assert.deepEqual(middle.z, [2, 2]);
  assert.deepEqual(middle.macros, { noise: 1, body: -1 });
  assert.ok(Math.abs(middle.release - 0.5) < 1e-9);
});

test("A and B keep what was changed while they were heard", () => {
  let now = ONE;
  const player = {
    history: {
      snapshot: () => now,
      apply: (then) => {
        now = then;
      },
    },
  };
  const morphing = new Morphing(player);
  morphing.moveTo(1);
  assert.equal(now, ONE, "B begins as a copy of A");
  now = TWO;
  morphing.loaded();
  morphing.moveTo(0);
  assert.equal(now, ONE);
  now = { ...ONE, macros: { noise: 5 } };
  morphing.moveTo(0.5);
  assert.deepEqual(now.macros, { noise: 2.5, body: -1 });
  morphing.moveTo(0);
  assert.deepEqual(now.macros, { noise: 5 });
});

test("tags and words of sound are told once, and not those that the name says", () => {
  const told = (name, tags, words) => toldOf({ name, tags, words });
  assert.deepEqual(told("Accordion, pure", ["reed", "pure"], ["bright", "soft attack", "pure"]), [
    "reed",
    "bright",
    "soft attack",
  ]);
  assert.deepEqual(told("Church Organ", ["organ"], ["sustained"]), ["sustained"]);
  assert.deepEqual(told("Organist", ["organ"], []), ["organ"], "a part of a word is not said");
  assert.deepEqual(told("Bass, soft", ["soft"], ["soft attack"]), ["soft attack"]);
});
