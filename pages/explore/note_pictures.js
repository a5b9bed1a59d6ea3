// The pictures of a note side by side: the recording's frames, the model's, and where they differ.

import { differenceScale, gradient, levelScale } from "../browser/colours.js";
import { build, isDark } from "../browser/dom.js";
import { GUTTER, Spectrogram } from "../browser/spectrogram.js";

const PICTURES = [
  { kind: "original", title: "Original", meaning: "The recording's features: what the model is shown." },
  {
    kind: "reconstruction",
    title: "Reconstruction",
    meaning: "What the model makes of them from a handful of numbers.",
  },
  { kind: "difference", title: "Difference", meaning: "Where the model is louder or softer than the recording." },
];

export class Pictures {
  // sought(kind, share): a place in a picture was clicked, 0 to 1 of its length.
  constructor(root, sought) {
    this.root = root;
    this.sought = sought;
    this.cards = Object.fromEntries(PICTURES.map((each) => [each.kind, this.makeCard(each)]));
    root.querySelector(".tx-cards").replaceChildren(...PICTURES.map(({ kind }) => this.cards[kind].element));
    this.pitch = null;
  }

  makeCard({ kind, title, meaning }) {
    const card = {
      kind,
      meaning,
      about: build("span", {}),
      canvas: build("canvas", { role: "img", "aria-label": `${title}: spectrogram` }),
    };
    card.picture = new Spectrogram(card.canvas, kind === "difference", kind === "original" ? GUTTER.left : 0);
    card.status = build("div", { class: "tx-status" });
    card.playhead = build("div", { class: "tx-playhead", hidden: "" });
    const plot = build("div", { class: "tx-plot" }, card.canvas, card.playhead, card.status);
    card.element = build(
      "div",
      { class: "tx-card", "data-kind": kind },
      build("div", { class: "tx-card-head" }, build("b", { text: title }), card.about),
      plot,
    );
    card.canvas.addEventListener("pointermove", (event) => this.read(card, event));
    card.canvas.addEventListener("pointerleave", () => this.read(card, null));
    card.canvas.addEventListener("click", (event) => {
      const cell = card.picture.under(event);
      if (cell) this.sought(kind === "difference" ? "reconstruction" : kind, cell.share);
    });
    return card;
  }

  retheme() {
    this.scales = { level: levelScale(), difference: differenceScale(isDark(this.root)) };
    for (const [name, scale] of Object.entries(this.scales)) {
      this.root.querySelector(`.tx-key-${name}`).style.background = gradient(scale);
    }
    this.draw();
  }

  clear(empty) {
    this.pitch = null;
    for (const card of Object.values(this.cards)) {
      card.picture.clear();
      card.about.textContent = card.told = "";
      card.status.replaceChildren(build("span", { text: empty ? card.meaning : "" }));
      card.element.classList.remove("tx-failed");
      card.element.classList.toggle("tx-waiting", !empty);
      card.playhead.hidden = true;
    }
    this.read(this.cards.original, null);
  }

  draw() {
    for (const card of Object.values(this.cards)) this.drawCard(card);
  }

  drawCard(card) {
    card.picture.draw(card.kind === "difference" ? this.scales.difference : this.scales.level, this.pitch);
  }

  setPitch(pitch) {
    this.pitch = pitch;
    this.draw();
  }

  fill(kind, frames) {
    const card = this.cards[kind];
    card.element.classList.remove("tx-waiting");
    card.status.replaceChildren();
    card.picture.frames = frames;
    this.drawCard(card);
    this.label(frames.unit);
    if (kind !== "difference") this.subtract();
  }

  // Decibels are loudness; other values are just less and more.
  label(unit) {
    const [soft, loud, softer, louder] = unit ? ["soft", "loud", "softer", `louder (${unit})`] : ["low", "high", "less", "more"];
    for (const [name, text] of Object.entries({ soft, loud, softer, louder }))
      this.root.querySelector(`.tx-word-${name}`).textContent = text;
  }

  fail(kind, sentence) {
    const { element, status } = this.cards[kind];
    element.classList.remove("tx-waiting");
    element.classList.add("tx-failed");
    status.textContent = sentence;
  }

  subtract() {
    const [original, decoded] = ["original", "reconstruction"].map((kind) => this.cards[kind].picture.frames);
    if (!original || !decoded) return;
    const { top_db: span } = original;
    const values = Float32Array.from(decoded.arrays.frames, (value, i) => ((value - original.arrays.frames[i]) / 255) * span);
    const total = values.reduce((sum, value) => sum + Math.abs(value), 0);
    const card = this.cards.difference;
    this.fill("difference", { ...original, arrays: { frames: values } });
    card.told = `${shortNumber(total / values.length)}${original.unit ? ` ${original.unit}` : ""} on average`;
    card.about.textContent = card.told;
  }

  // share: where the sound is, 0 to 1 of the picture; null: nowhere.
  mark(share) {
    for (const { playhead, picture } of Object.values(this.cards)) {
      playhead.hidden = share === null || !picture.frames;
      if (!playhead.hidden) playhead.style.transform = `translateX(${picture.placeOf(share, 1)}px)`;
    }
  }

  // Seconds that the pictures span; 0 where they are not there yet, or have no time.
  get seconds() {
    const { picture } = this.cards.original.picture.frames ? this.cards.original : this.cards.reconstruction;
    return picture.frames?.seconds_per_frame ? picture.seconds() : 0;
  }

  // Values under the pointer, in the line below the pictures.
  read(card, event) {
    const cell = event && card.picture.under(event);
    this.root.querySelector(".tx-reading").textContent = cell ? card.picture.describe(cell) : "";
  }
}

function shortNumber(value) {
  return Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 1 ? 1 : 2);
}
