// A square of four timbres: everything between them, decoded on a grid before it is asked for, follows the hand.

import { inkOn, parseColour } from "../browser/colours.js";
import { build, fitCanvas, themeColour } from "../browser/dom.js";
import { address, fetchJson } from "../browser/server.js";
import { LETTERS } from "./letters.js";
import { GRID, nearestFirst, shares } from "./pad_grid.js";

const PAD_STEP = 1 / (2 * (GRID - 1)); // of an arrow key
const CORNERS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
];

export class PadPanel {
  /** @param {import("./morph.js").Morph} morph */
  constructor(morph) {
    this.morph = morph;
    this.at = [0.5, 0.5];
    this.z = null;
    this.canvas = build("canvas", {
      tabindex: "0",
      role: "application",
      "aria-label": "Pad between four timbres. Arrow keys move, the space bar starts and stops the sound.",
    });
    this.corners = CORNERS.map((_, i) => build("span", { class: `tx-corner tx-corner-${i}` }));
    this.hold = build("button", {
      type: "button",
      class: "tx-main tx-hold",
      "aria-pressed": "false",
      onclick: () => this.toggle(),
    });
    this.state = build("span", { class: "tx-state", role: "status" });
    this.hint = build("p", { class: "tx-hint" });
    this.element = build(
      "div",
      { class: "tx-panel tx-pad-panel" },
      build("div", { class: "tx-pad" }, this.canvas, ...this.corners),
      build("div", { class: "tx-row" }, this.hold, this.state),
      this.hint,
    );
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel"]) this.canvas.addEventListener(type, () => this.lift());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // The note in a corner; with fewer than four, the upper ones are below as well.
  corner(i) {
    const { notes } = this.morph.chosen;
    return notes[i] ?? notes[i % 2] ?? notes[0];
  }

  paint() {
    const { chosen } = this.morph;
    this.corners.forEach((label, i) => {
      const note = this.corner(i);
      const { colour, title } = note ? this.morph.describe(note) : { colour: "transparent", title: "no note" };
      const letter = note ? LETTERS[chosen.notes.indexOf(note)] : "";
      label.replaceChildren(
        build("b", { text: letter, style: `background:${colour};color:${inkOn(colour)}` }),
        build("span", { text: title }),
      );
    });
    const few = chosen.notes.length < 4;
    this.hint.textContent = few
      ? "Choose four notes for four corners: with fewer, the upper ones are below as well."
      : chosen.notes.length > 4
        ? "The pad is between the first four notes."
        : "Drag in the square, or use the arrow keys.";
    this.hold.disabled = !chosen.notes.length;
    this.label();
    this.findPoints();
    this.draw();
  }

  label() {
    this.hold.textContent = this.held ? "Stop" : "Hold the sound";
    this.hold.setAttribute("aria-pressed", String(Boolean(this.held)));
  }

  // Where the corners' notes are in the latent space.
  async findPoints() {
    const notes = [0, 1, 2, 3].map((i) => this.corner(i));
    const wanted = JSON.stringify([this.morph.data.checkpoint, this.morph.data.version, notes]);
    if (!notes[0] || this.pointsOf === wanted) return this.ready();
    this.pointsOf = wanted;
    this.z = null;
    try {
      const ask = (note) => fetchJson(address(`${this.morph.data.url}/play/start`, this.morph.parameters({ note })));
      const found = await Promise.all(notes.map(async (note) => (await ask(note)).z));
      if (this.pointsOf !== wanted) return;
      this.z = found;
      this.ready();
      this.morph.prefetch(20);
    } catch (error) {
      this.morph.tell(error.message, true);
    }
  }

  urlAt(column, row) {
    const wanted = `${this.pointsOf} ${this.morph.key}`;
    if (this.urlsOf !== wanted) {
      this.urlsOf = wanted;
      this.urls = new Map();
    }
    const place = row * GRID + column;
    if (!this.urls.has(place)) this.urls.set(place, this.makeUrl(column, row));
    return this.urls.get(place);
  }

  makeUrl(column, row) {
    const parts = shares(column / (GRID - 1), row / (GRID - 1));
    const z = this.z[0].map((_, k) => Number(parts.reduce((sum, share, i) => sum + share * this.z[i][k], 0).toFixed(4)));
    return address(`${this.morph.data.url}/play/sound`, this.morph.parameters({ z: z.join(","), key: this.morph.key }));
  }

  order() {
    return nearestFirst(this.at, !this.held);
  }

  wanted() {
    return this.z?.length ? this.order().map(([column, row]) => this.urlAt(column, row)) : [];
  }

  ready() {
    const done = this.z?.length ? this.order().filter(([column, row]) => this.morph.bank.has(this.urlAt(column, row))).length : 0;
    const all = GRID * GRID;
    this.state.textContent = done === all ? "all sounds are ready" : `${done} of ${all} sounds ready`;
    this.element.dataset.ready = done;
    this.draw();
    if (this.held) this.sound();
  }

  // ---- drawing -----------------------------------------------------------------------------------------------------

  draw() {
    if (!this.canvas.clientWidth || !this.morph.notes) return;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    CORNERS.forEach(([x, y], i) => {
      const note = this.corner(i);
      if (!note) return;
      const glow = context.createRadialGradient(x * width, y * height, 0, x * width, y * height, 1.05 * width);
      const [r, g, b] = parseColour(this.morph.describe(note).colour);
      glow.addColorStop(0, `rgb(${r},${g},${b},.5)`);
      glow.addColorStop(1, `rgb(${r},${g},${b},0)`);
      context.fillStyle = glow;
      context.fillRect(0, 0, width, height);
    });
    const text = themeColour(this.canvas, "text-color");
    context.fillStyle = text;
    if (this.z?.length) {
      for (const [column, row] of this.order()) {
        context.globalAlpha = this.morph.bank.has(this.urlAt(column, row)) ? 0.75 : 0.16;
        context.beginPath();
        context.arc(...this.pixel([column / (GRID - 1), row / (GRID - 1)], width, height), 2, 0, 7);
        context.fill();
      }
    }
    context.globalAlpha = 1;
    context.beginPath();
    context.arc(...this.pixel(this.at, width, height), 11, 0, 7);
    context.fillStyle = this.held ? themeColour(this.canvas, "primary-color") : themeColour(this.canvas, "background-color");
    context.fill();
    context.lineWidth = 2.5;
    context.strokeStyle = text;
    context.stroke();
  }

  /** @param {number[]} place @param {number} width @param {number} height */
  pixel([x, y], width, height) {
    return [14 + x * (width - 28), 14 + y * (height - 28)];
  }

  // ---- what the hand does ------------------------------------------------------------------------------------------

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus();
    this.dragging = true;
    this.moveTo(event);
    if (!this.held) this.begin({ hand: true });
  }

  drag(event) {
    if (this.dragging) this.moveTo(event);
  }

  lift() {
    this.dragging = false;
    if (this.held?.hand) this.end();
  }

  moveTo(event) {
    const box = this.canvas.getBoundingClientRect();
    this.place((event.clientX - box.left - 14) / (box.width - 28), (event.clientY - box.top - 14) / (box.height - 28));
  }

  place(x, y) {
    this.at = [x, y].map((value) => Math.min(1, Math.max(0, value)));
    this.sound();
    this.draw();
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) this.place(this.at[0] + step[0] * PAD_STEP, this.at[1] + step[1] * PAD_STEP);
    else if (event.key === " " || event.key === "Enter") this.toggle();
    else return;
    event.preventDefault();
  }

  toggle() {
    if (this.held) this.end();
    else this.begin({ hand: false });
  }

  // ---- sound -------------------------------------------------------------------------------------------------------

  async begin(held) {
    this.morph.stop();
    this.held = held;
    this.sounding = null;
    this.label();
    try {
      await this.morph.synth.open(this.morph.data.sampleRate);
      this.sound();
    } catch {
      this.morph.tell("This browser gives no sound: try another one.", true);
    }
    // `stop` of the page ends this sound as any other.
    this.morph.playing = {
      voice: null,
      follow: (part) => part === null && this.silence(),
      began: performance.now(),
      lasts: Infinity,
    };
  }

  end() {
    this.morph.stop();
    this.silence();
  }

  silence() {
    if (this.voice) this.morph.synth.end(this.voice, 0.15);
    this.voice = this.held = null;
    this.label();
    this.draw();
  }

  // The nearest point that is decoded sounds; the voice fades over to it from where it is.
  sound() {
    const { bank, synth } = this.morph;
    if (!this.held || !this.z?.length || !synth.running) return;
    const near = this.nearest();
    const url = near && this.urlAt(...near);
    const sound = url && bank.peek(url);
    if (!sound) return this.morph.prefetch(0);
    // A sound that died away begins anew only where the hand has moved on.
    if (this.sounding === url) return;
    this.sounding = url;
    if (this.voice && synth.voices.has(this.voice)) synth.swap(this.voice, sound);
    else this.voice = synth.start(this.morph.key, sound, 105);
    this.morph.prefetch();
  }

  nearest() {
    const [x, y] = this.at.map((value) => value * (GRID - 1));
    const distance = (point) => Math.hypot(point[0] - x, point[1] - y);
    return (
      this.order()
        .filter((point) => this.morph.bank.has(this.urlAt(...point)))
        .sort((a, b) => distance(a) - distance(b))[0] ?? null
    );
  }
}
