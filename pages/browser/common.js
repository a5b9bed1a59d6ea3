// Shared by the components on a page: put before each component's own script (see components.py).

const NOTE_NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

// What components tell each other, as events on the window: a note was chosen ({id, seq, play, from}), its nearest
// neighbours are known ({ids}), a sound began or ended ({playing}).
export const SELECT = "timbre:select";
export const NEIGHBOURS = "timbre:neighbours";
export const PLAYING = "timbre:playing";
// Whoever begins to sound says so ({from}), and all others fall silent.
export const HUSH = "timbre:hush";
// The map is drawn: what takes the server's time may be asked for now.
export const DRAWN = "timbre:drawn";
// A sound that is no note of the library was placed among its notes ({title, near: [{id, weight}]}), or null.
export const GUEST = "timbre:guest";

export function noteName(midi) {
  const nearest = Math.round(midi);
  return NOTE_NAMES[((nearest % 12) + 12) % 12] + (Math.floor(nearest / 12) - 1);
}

export function midiToHz(midi) {
  return 440 * 2 ** ((midi - 69) / 12);
}

export function hzToMidi(hz) {
  return 69 + 12 * Math.log2(hz / 440);
}

// An element: build("button", {class: "x", text: "Play", onclick: f}, child, ...). Text never becomes HTML.
export function build(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

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

// What went wrong with an answer, as the sentence the server sent.
export async function errorOf(response) {
  const body = await response.json().catch(() => ({}));
  const error = new Error(body.error || `The server answered ${response.status}.`);
  error.status = response.status;
  error.recordingMissing = Boolean(body.recording_missing);
  return error;
}

export async function fetchJson(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw await errorOf(response);
  return response.json();
}

// The counterpart of packing.py.
export async function fetchPacked(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw await errorOf(response);
  const buffer = await response.arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const types = { float32: Float32Array, uint16: Uint16Array, uint8: Uint8Array };
  const arrays = {};
  for (const [name, { dtype, offset, length }] of Object.entries(header.arrays)) {
    arrays[name] = new types[dtype](buffer, 4 + size + offset, length);
  }
  return { ...header, arrays };
}

// A mono WAV file of 16 bits as audio.py and sampler.py write them: its samples from -1 to 1, and their rate in Hz.
export function readWav(bytes) {
  const view = new DataView(bytes);
  const pcm = new Int16Array(bytes, 44, view.getUint32(40, true) / 2);
  return { samples: Float32Array.from(pcm, (sample) => sample / 32768), rate: view.getUint32(24, true) };
}

export async function fetchWav(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw await errorOf(response);
  return readWav(await response.arrayBuffer());
}

export function parseColour(text) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = text;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

// A note's name without its pitch: one that has none is told by its family, too.
export function called(id, instrument, family, pitched) {
  if (!instrument) return id;
  return pitched || !family || family === "unknown" || family === instrument ? instrument : `${family} · ${instrument}`;
}

// What tells a note of a map (as /api/map answers it) from others of its name and velocity.
export function detailOf({ details, ids, arrays }, i) {
  return details ? details[i] : Number.isFinite(arrays.label_pitch?.[i]) ? "" : ids[i];
}

export function isDark(element) {
  const background = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const [r, g, b] = parseColour(background || "white");
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
}

export function themeColour(element, name) {
  return getComputedStyle(element).getPropertyValue(`--st-${name}`).trim();
}

// A canvas as large as its box in device pixels; returns its context scaled to CSS pixels.
export function fitCanvas(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}

// Colour scales as 256 colours. Stops: viridis and magma (van der Walt and Smith, 2015), sampled.
export const STOPS = {
  viridis: ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"],
  magma: ["#000004", "#180f3d", "#440f76", "#721f81", "#9e2f7f", "#cd4071", "#f1605d", "#fd9668", "#feca8d", "#fcfdbf"],
};

export function ramp(stops) {
  const colours = stops.map(parseColour);
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colours.length - 1);
    const below = Math.min(Math.floor(place), colours.length - 2);
    return colours[below].map((c, k) => Math.round(c + (colours[below + 1][k] - c) * (place - below)));
  });
}

// The part of viridis that stands out from the background: neither its darkest on dark nor its lightest on light.
export function pointScale(dark) {
  const full = ramp(STOPS.viridis);
  const [low, high] = dark ? [60, 255] : [0, 225];
  return full.map((_, i) => full[Math.round(low + ((high - low) * i) / 255)]);
}

export function gradient(scale) {
  const stops = scale.filter((_, i) => i % 15 === 0).map(([r, g, b]) => `rgb(${r},${g},${b})`);
  return `linear-gradient(90deg,${stops})`;
}
