import assert from "node:assert/strict";
import { test } from "node:test";
import { readWav } from "../../pages/browser/wav.js";

function wav(samples, { rate = 16000, channels = 1, bits = 16, before = [], told = null } = {}) {
  const chunk = (name, bytes, size = bytes.length) => {
    const head = new Uint8Array(8 + bytes.length + (bytes.length % 2));
    head.set(new TextEncoder().encode(name));
    new DataView(head.buffer).setUint32(4, size, true);
    head.set(bytes, 8);
    return [...head];
  };
  const format = new DataView(new ArrayBuffer(16));
  format.setUint16(0, 1, true);
  format.setUint16(2, channels, true);
  format.setUint32(4, rate, true);
  format.setUint16(14, bits, true);
  const data = new Uint8Array(Int16Array.from(samples).buffer);
  const parts = [chunk("fmt ", new Uint8Array(format.buffer)), ...before.map(([name, bytes]) => chunk(name, bytes))];
  parts.push(chunk("data", data, told ?? data.length));
  return Uint8Array.from([...new TextEncoder().encode("RIFF\0\0\0\0WAVE"), ...parts.flat()]).buffer;
}

test("samples lie between -1 and 1", () => {
  const { samples, rate } = readWav(wav([0, 16384, -32768, 32767], { rate: 22050 }));
  assert.equal(rate, 22050);
  assert.deepEqual([...samples], [0, 0.5, -1, 32767 / 32768].map(Math.fround));
});

test("other chunks are passed over, of odd length too", () => {
  const { samples } = readWav(wav([8192], { before: [["LIST", Uint8Array.of(1, 2, 3)]] }));
  assert.deepEqual([...samples], [0.25]);
});

test("a length beyond the file's end is cut there", () => {
  assert.equal(readWav(wav([1, 2, 3], { told: 0x7fffffff })).samples.length, 3);
});

test("an empty sound", () => {
  assert.equal(readWav(wav([])).samples.length, 0);
});

test("anything else is refused", () => {
  for (const bytes of [wav([1, 2], { channels: 2 }), wav([1], { bits: 24 }), new ArrayBuffer(0), new ArrayBuffer(60)]) {
    assert.throws(() => readWav(bytes), /no mono WAV file/);
  }
});
