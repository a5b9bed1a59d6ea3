// What the server is asked, and how its answers are read.

import { readWav } from "./wav.js";

export function address(base, parameters) {
  return `${base}?${new URLSearchParams(parameters)}`;
}

// What asks for a note's sound or frames; `data` is what a component was given. An original knows no inverter. `among`: the
// checkpoints on whose maps a note may be that is not on this one's.
export function noteParameters(data, note, kind) {
  const inverter = kind !== "original" && data.inverter ? { inverter: data.inverter } : {};
  const among = data.among ? { among: data.among.join("/") } : {};
  return { checkpoint: data.checkpoint, note, v: data.version, kind, ...inverter, ...among };
}

// Where a note's sound is. The same for all, so that what one component fetched all have.
export function soundAddress(data, note, kind) {
  return address(`${data.url}/audio`, noteParameters(data, note, kind));
}

// What went wrong with an answer: the sentence that the server sent, and its status.
class ServerError extends Error {
  constructor(response, told) {
    super(told.error || `The server answered ${response.status}.`);
    this.status = response.status;
    this.recordingMissing = Boolean(told.recording_missing);
    this.pitchWanted = Boolean(told.pitch_wanted);
  }
}

export async function errorOf(response) {
  return new ServerError(response, await response.json().catch(() => ({})));
}

// What is said of it where a note's picture would be.
export function sentenceOf(error) {
  return error.recordingMissing ? "The recording is not on this machine." : error.message;
}

async function fetchGood(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function fetchJson(url, options = {}) {
  return (await fetchGood(url, options)).json();
}

// The counterpart of packing.py.
export async function fetchPacked(url, options = {}) {
  const buffer = await (await fetchGood(url, options)).arrayBuffer();
  return unpack(buffer);
}

// Arrays with a header, as packing.py packs them.
export function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const types = { float32: Float32Array, uint16: Uint16Array, uint8: Uint8Array };
  const arrays = {};
  for (const [name, { dtype, offset, length }] of Object.entries(header.arrays)) {
    arrays[name] = new types[dtype](buffer, 4 + size + offset, length);
  }
  return { ...header, arrays };
}

export async function fetchWav(url, options = {}) {
  return readWav(await (await fetchGood(url, options)).arrayBuffer());
}
