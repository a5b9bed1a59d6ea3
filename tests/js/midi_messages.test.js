import assert from "node:assert/strict";
import { test } from "node:test";
import { curved, MidiMessages } from "../../pages/play/midi_messages.js";

test("keys, pedals and the wheel", () => {
  const midi = new MidiMessages();
  assert.deepEqual(midi.read([0x90, 60, 100]), { kind: "press", key: 60, velocity: 100, channel: null });
  assert.deepEqual(midi.read([0x91, 60, 0]), { kind: "release", key: 60 });
  assert.deepEqual(midi.read([0x80, 60, 64]), { kind: "release", key: 60 });
  assert.deepEqual(midi.read([0xb0, 64, 127]), { kind: "sustain", down: true });
  assert.deepEqual(midi.read([0xb0, 66, 20]), { kind: "sostenuto", down: false });
  assert.deepEqual(midi.read([0xb0, 1, 127]), { kind: "vibrato", value: 1 });
  assert.deepEqual(midi.read([0xb0, 123, 0]), { kind: "off" });
  assert.equal(midi.read([0xf8]), null);
  assert.equal(midi.read([0xc0, 5]), null);
});

test("bend is two semitones until the keyboard says otherwise", () => {
  const midi = new MidiMessages();
  assert.deepEqual(midi.read([0xe0, 0, 64]), { kind: "bend", cents: 0, channel: null });
  assert.equal(midi.read([0xe0, 0, 96]).cents, 100);
  for (const [number, value] of [
    [101, 0],
    [100, 0],
    [6, 12],
  ])
    assert.equal(midi.read([0xb0, number, value]), null);
  assert.equal(midi.read([0xe0, 0, 0]).cents, -1200);
});

test("one channel of many, or all", () => {
  const midi = new MidiMessages();
  midi.channel = 3;
  assert.equal(midi.read([0x90, 60, 100]), null);
  assert.equal(midi.read([0x92, 60, 100]).kind, "press");
});

test("in MPE every note bends and presses by itself", () => {
  const midi = new MidiMessages();
  midi.channel = "mpe";
  assert.equal(midi.read([0x91, 60, 100]).channel, 2);
  assert.deepEqual(midi.read([0xe1, 0, 96]), { kind: "bend", cents: 2400, channel: 2 });
  assert.deepEqual(midi.read([0xe0, 0, 96]), { kind: "bend", cents: 100, channel: null }, "the zone's own channel bends all");
  assert.deepEqual(midi.read([0xd4, 127]), { kind: "pressure", value: 1, channel: 5, key: null });
  assert.deepEqual(midi.read([0xb4, 74, 0]), { kind: "brightness", value: 0, channel: 5 });
});

test("velocity curves keep both ends", () => {
  for (const curve of ["soft", "played", "hard"]) {
    assert.equal(curved(127, curve), 127);
    assert.ok(curved(1, curve) >= 1);
  }
  assert.ok(curved(64, "soft") > 64);
  assert.equal(curved(64, "played"), 64);
  assert.ok(curved(64, "hard") < 64);
});

const parameter = (midi, channel, low, ...data) => {
  const told = [[101, 0], [100, low], ...data].map(([number, value]) => midi.read([0xb0 | (channel - 1), number, value]));
  return told.at(-1);
};

test("what is said about bends on one of MPE's notes holds for all, cents included; other parameters change nothing", () => {
  const midi = new MidiMessages();
  midi.channel = "mpe";
  parameter(midi, 3, 0, [6, 24], [38, 50]);
  assert.equal(midi.read([0xe1, 127, 127]).cents > 2449, true);
  assert.equal(midi.read([0xe0, 0, 0]).cents, -200, "the zone's own channel has its own range");
  midi.read([0xb1, 99, 1]);
  midi.read([0xb1, 6, 1]);
  assert.ok(midi.read([0xe1, 0, 0]).cents < -2449);
});

test("a keyboard that says it is MPE is taken as that, unless a channel was chosen by hand", () => {
  const midi = new MidiMessages();
  assert.deepEqual(parameter(midi, 1, 6, [6, 15]), { kind: "zone", channel: "mpe" });
  assert.equal(midi.read([0x92, 60, 100]).channel, 3);
  assert.deepEqual(parameter(midi, 1, 6, [6, 0]), { kind: "zone", channel: "all" });
  midi.channel = 5;
  assert.equal(parameter(midi, 5, 6, [6, 15]), null);
  assert.equal(midi.channel, 5);
});

test("controllers are put back", () => {
  const midi = new MidiMessages();
  assert.deepEqual(midi.read([0xb0, 121, 0]), { kind: "reset", channel: null });
  midi.channel = "mpe";
  assert.deepEqual(midi.read([0xb2, 121, 0]), { kind: "reset", channel: 3 });
});
