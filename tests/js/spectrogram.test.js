import assert from "node:assert/strict";
import { test } from "node:test";
import { namedNotes, Spectrogram } from "../../pages/browser/spectrogram.js";
import { drawTogether } from "../../pages/browser/together.js";

const tall = (midi) => 400 - 3 * midi; // an octave is 36 pixels
const flat = (midi) => 66 - midi / 2; // an octave is 6 pixels

test("all Cs are named where there is room, and others left out where there is none", () => {
  assert.deepEqual(namedNotes(tall, 0, 400, null), [132, 120, 108, 96, 84, 72, 60, 48, 36, 24, 12]);
  assert.deepEqual(namedNotes(flat, 0, 66, null), [132, 96, 60, 24]);
  assert.deepEqual(namedNotes(tall, 150, 250, null), [72, 60]);
});

test("the marked note has its name before all others", () => {
  assert.deepEqual(namedNotes(flat, 0, 66, 72), [72, 132, 36]);
  assert.deepEqual(namedNotes(tall, 0, 400, 60), [60, 132, 120, 108, 96, 84, 72, 48, 36, 24, 12]);
  assert.deepEqual(namedNotes(flat, 0, 66, 65.6), [66, 132, 96, 36]);
});

test("pictures that are drawn together share the longest one's axis of time", () => {
  const picture = (n_frames, seconds_per_frame) => {
    const made = new Spectrogram({ clientWidth: 130 }, false);
    made.frames = n_frames === null ? null : { n_frames, seconds_per_frame };
    return made;
  };
  const [long, short, none, timeless] = [picture(200, 0.02), picture(100, 0.01), picture(null), picture(8, null)];
  const drawn = [];
  drawTogether([long, short, none, timeless], (each) => drawn.push(each));
  assert.deepEqual(drawn, [long, short, timeless]);
  assert.deepEqual([long.seconds(), short.seconds(), short.lasting(), short.filled], [4, 4, 1, 0.25]);
  assert.equal(short.placeOf(1, short.seconds()), long.placeOf(1, long.seconds()));
  assert.equal(timeless.filled, 1);
  drawTogether([short], () => {});
  assert.equal(short.seconds(), 1, "and each has its own again when it stands alone");
});
