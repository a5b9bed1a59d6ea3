import assert from "node:assert/strict";
import { test } from "node:test";
import { address, noteParameters, unpack } from "../../pages/browser/server.js";

test("a header and arrays, as packing.py packs them", () => {
  const text = new TextEncoder().encode(
    JSON.stringify({
      rate: 16000,
      arrays: { a: { dtype: "float32", offset: 0, length: 2 }, b: { dtype: "uint8", offset: 8, length: 3 } },
    }),
  );
  const size = text.length + ((4 - (text.length % 4)) % 4);
  const buffer = new ArrayBuffer(4 + size + 12);
  new DataView(buffer).setUint32(0, size, true);
  new Uint8Array(buffer).fill(32, 4, 4 + size).set(text, 4);
  new Float32Array(buffer, 4 + size, 2).set([0.5, -1]);
  new Uint8Array(buffer, 12 + size, 3).set([1, 2, 255]);
  const { rate, arrays } = unpack(buffer);
  assert.equal(rate, 16000);
  assert.deepEqual(
    [[...arrays.a], [...arrays.b]],
    [
      [0.5, -1],
      [1, 2, 255],
    ],
  );
});

test("an original knows no inverter", () => {
  const data = { checkpoint: "a b", version: "1", inverter: "best" };
  assert.equal(
    address("/api/audio", noteParameters(data, "n", "original")),
    "/api/audio?checkpoint=a+b&note=n&v=1&kind=original",
  );
  assert.equal(noteParameters(data, "n", "reconstruction").inverter, "best");
});
