// The versions of a note one below the other: a button and a waveform each, on one scale of time and level.

import { build, fitCanvas, themeColour } from "../browser/dom.js";

const NUMBER = { original: 1, inversion: 2, reconstruction: 3 };

export class Tracks {
  // pressed(kind): its button. sought(kind, share): a place in its waveform, 0 to 1.
  constructor(element, versions, { pressed, sought }) {
    this.element = element;
    this.sought = sought;
    this.rows = new Map(versions.map((version) => [version.kind, this.makeRow(version, pressed)]));
    this.head = build("div", { class: "tx-playhead", hidden: "" });
    this.field = build("div", { class: "tx-track-field", "aria-hidden": "true" }, this.head);
    element.replaceChildren(...[...this.rows.values()].map((row) => row.element), this.field);
  }

  makeRow({ kind, title, about, meaning }, pressed) {
    const row = { kind, title, told: about, meaning, samples: null, rate: 1 };
    row.button = build("button", {
      type: "button",
      disabled: "",
      "aria-label": `Play ${title.toLowerCase()}`,
      title: `${title}: play, or go on from the same place (key ${NUMBER[kind]})`,
      onclick: () => pressed(kind),
    });
    row.about = build("span", { text: about });
    row.canvas = build("canvas", { role: "img", "aria-label": `${title}: waveform` });
    row.status = build("span", { class: "tx-status", text: meaning });
    row.canvas.addEventListener("click", (event) => row.samples && this.sought(kind, event.offsetX / row.canvas.clientWidth));
    row.element = build(
      "div",
      { class: "tx-track", "data-kind": kind },
      row.button,
      build("div", { class: "tx-track-name" }, build("b", { text: title }), row.about),
      build("div", { class: "tx-wave" }, row.canvas, row.status),
    );
    return row;
  }

  // empty: nothing is chosen, so each row says what it would be.
  clear(empty) {
    for (const row of this.rows.values()) {
      row.samples = row.failed = null;
      row.button.disabled = true;
      row.about.textContent = row.told;
      row.status.textContent = empty ? row.meaning : "";
      row.element.classList.remove("tx-failed", "tx-both");
      row.element.classList.toggle("tx-waiting", !empty);
    }
    this.head.hidden = true;
    this.draw();
  }

  // samples: Float32Array at `rate` Hz, which a recording need not share with what a model makes of it.
  fill(kind, samples, rate) {
    const row = this.rows.get(kind);
    row.samples = samples;
    row.rate = rate;
    row.button.disabled = false;
    row.element.classList.remove("tx-waiting");
    this.draw();
  }

  fail(kind, sentence) {
    const row = this.rows.get(kind);
    row.failed = row.status.title = sentence;
    row.element.classList.remove("tx-waiting");
    row.element.classList.add("tx-failed");
    // What two rows that follow each other lack for one reason is said once, over both.
    const rows = [...this.rows.values()];
    rows.forEach((each, i) => {
      const before = each.failed && each.failed === rows[i - 1]?.failed;
      each.element.classList.toggle("tx-both", Boolean(each.failed) && each.failed === rows[i + 1]?.failed && !before);
      if (each.failed) each.status.replaceChildren(...(before ? [] : [build("span", {}, ...withCode(each.failed))]));
    });
  }

  note(kind, text) {
    this.rows.get(kind).about.textContent = text;
  }

  draw() {
    const rows = [...this.rows.values()];
    const known = rows.filter(({ samples }) => samples);
    const peak = Math.max(1e-3, ...known.map(({ samples }) => loudest(samples)));
    const seconds = Math.max(...known.map(({ samples, rate }) => samples.length / rate));
    for (const row of rows) drawWave(row, peak, seconds);
  }

  // kind: what sounds, or null; share: where, 0 to 1.
  mark(kind, share) {
    this.head.hidden = kind === null;
    if (kind !== null) this.head.style.transform = `translateX(${share * this.field.clientWidth}px)`;
  }

  sounding(kind) {
    for (const row of this.rows.values()) {
      const here = row.kind === kind;
      row.element.classList.toggle("tx-playing", here);
      row.button.setAttribute("aria-label", `${here ? "Stop" : kind ? "Switch to" : "Play"} ${row.title.toLowerCase()}`);
      row.button.setAttribute("aria-pressed", String(here));
    }
  }
}

// Text whose `commands` are set as such.
function withCode(text) {
  return text.split("`").map((part, i) => (i % 2 ? build("code", { text: part }) : part));
}

function loudest(samples) {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}

// A line from the lowest to the highest sample of each column of pixels.
function drawWave({ canvas, samples, rate }, peak, seconds) {
  const { context, width, height } = fitCanvas(canvas);
  context.clearRect(0, 0, width, height);
  if (!samples || !width) return;
  context.fillStyle = themeColour(canvas, "text-color");
  const [middle, reach] = [height / 2, (height / 2 - 1) / peak];
  for (const [x, [low, high]] of extremes(samples, rate, seconds, width).entries())
    context.fillRect(x, middle - high * reach - 0.3, 1, (high - low) * reach + 0.6);
}

// The lowest and the highest of the samples and 0, in each of `width` columns that are `seconds` together.
export function extremes(samples, rate, seconds, width) {
  const each = (seconds * rate) / width;
  return Array.from({ length: width }, (_, x) => {
    const end = Math.min(samples.length, Math.ceil((x + 1) * each));
    let [low, high] = [0, 0];
    for (let i = Math.floor(x * each); i < end; i++) {
      if (samples[i] < low) low = samples[i];
      if (samples[i] > high) high = samples[i];
    }
    return [low, high];
  });
}
