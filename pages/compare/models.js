// One note through several models: the recording, and what each model makes of it, to hear and to see.

import { gradient, levelScale } from "../browser/colours.js";
import { Deck } from "../browser/deck.js";
import { build, typing } from "../browser/dom.js";
import { PLAYING, SELECT } from "../browser/events.js";
import { matchSwitch } from "../browser/matching.js";
import { mounted } from "../browser/mount.js";
import { address, fetchJson, fetchPacked, fetchWav, noteParameters, sentenceOf, soundAddress } from "../browser/server.js";
import { Spectrogram } from "../browser/spectrogram.js";
import { drawTogether } from "../browser/together.js";

export default mounted((parent) => new Players(parent));

class Players {
  constructor(parent) {
    this.root = parent.querySelector(".tx-models");
    this.root.timbreModels = this;
    this.cards = [];
    this.id = null;
    this.seq = 0;
    this.listeners = new AbortController();
    this.loading = new AbortController();
    const on = (type, handler) => window.addEventListener(type, handler, { signal: this.listeners.signal });
    on(SELECT, ({ detail }) => detail.seq !== undefined && this.chosen(detail));
    on("keydown", (event) => this.key(event));
    this.deck = new Deck({
      changed: () => this.sounding(),
      refused: () => (this.cardOf(this.deck.wanted?.kind).about.textContent = "press play to hear it"),
    });
    this.root.querySelector(".tx-keys").append(matchSwitch(this.listeners.signal));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.root.querySelector(".tx-cards"));
  }

  destroy() {
    this.listeners.abort();
    this.loading.abort();
    this.sizes.disconnect();
    this.deck.close();
    cancelAnimationFrame(this.frame);
  }

  update(data) {
    const models = JSON.stringify(data.models);
    const others = models !== this.models;
    this.data = data;
    this.scale = levelScale();
    this.root.querySelector(".tx-key-level").style.background = gradient(this.scale);
    if (others) {
      this.models = models;
      this.deck.clear();
      this.cards = [this.card(data.models[0], "original"), ...data.models.map((model) => this.card(model, "reconstruction"))];
      this.root.querySelector(".tx-cards").replaceChildren(...this.cards.map(({ element }) => element));
    }
    const { note, seq } = data.selected ?? { note: null, seq: 0 };
    if (others || (seq >= this.seq && note !== this.id)) {
      this.seq = Math.max(this.seq, seq);
      this.show(note, false);
    }
    this.draw();
  }

  chosen({ id, seq, play }) {
    this.seq = seq;
    if (id !== this.id) this.show(id, play);
    else if (play) this.deck.play("original");
  }

  // ---- cards -----------------------------------------------------------------------------------------------------

  card(model, kind) {
    const title = kind === "original" ? "Original" : model.title;
    const told = kind === "original" ? "the recording" : "through this model";
    const key = kind === "original" ? kind : `model ${model.checkpoint}`;
    const card = { key, model, kind, told, title, about: build("span", { text: told }) };
    card.button = build("button", {
      type: "button",
      disabled: "",
      "aria-label": `Play ${title}`,
      onclick: () => this.press(card),
    });
    card.canvas = build("canvas", { role: "img", "aria-label": `${title}: spectrogram` });
    card.picture = new Spectrogram(card.canvas, false);
    card.status = build("div", { class: "tx-status" });
    card.playhead = build("div", { class: "tx-playhead", hidden: "" });
    const head = build(
      "div",
      { class: "tx-card-head" },
      card.button,
      build("div", {}, build("b", { text: title, title }), card.about),
    );
    const plot = build("div", { class: "tx-plot" }, card.canvas, card.playhead, card.status);
    card.element = build("div", { class: "tx-card", "data-kind": kind, "data-model": model.checkpoint }, head, plot);
    if (kind !== "original") card.element.style.setProperty("--tx-own", model.colour);
    card.canvas.addEventListener("pointermove", (event) => {
      const cell = card.picture.under(event);
      card.about.textContent = cell ? card.picture.describe(cell) : card.told;
    });
    card.canvas.addEventListener("pointerleave", () => (card.about.textContent = card.told));
    card.canvas.addEventListener("click", (event) => {
      const cell = card.picture.under(event);
      if (cell) this.deck.play(card.key, cell.time);
    });
    return card;
  }

  cardOf(key) {
    return this.cards.find((card) => card.key === key) ?? this.cards[0];
  }

  source(card) {
    const { checkpoint, version } = card.model;
    const among = this.data.models.length > 1 ? this.data.models.map((model) => model.checkpoint) : null;
    return { url: this.data.url, checkpoint, version, among };
  }

  draw() {
    drawTogether(
      this.cards.map(({ picture }) => picture),
      (picture) => picture.draw(this.scale, this.pitch ?? null),
    );
  }

  // ---- a note ----------------------------------------------------------------------------------------------------

  async show(id, play) {
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.deck.clear();
    this.id = id;
    this.pitch = null;
    for (const card of this.cards) this.clear(card);
    if (id === null || !this.cards.length) return;
    this.listenTo(this.cards[0], signal);
    if (play) this.deck.play("original");
    this.describe(signal);
    await Promise.all(this.cards.map((card) => this.load(card, signal)));
    if (signal.aborted) return;
    this.measure();
    for (const card of this.cards.slice(1)) if (card.picture.frames) this.listenTo(card, signal);
  }

  clear(card) {
    card.picture.clear();
    card.told = card.kind === "original" ? "the recording" : "through this model";
    card.about.textContent = card.told;
    card.status.textContent = "";
    card.element.classList.remove("tx-failed");
    card.element.classList.toggle("tx-waiting", this.id !== null);
    card.playhead.hidden = true;
    card.button.disabled = true;
  }

  // What a note is called is asked of the first model that knows it.
  async describe(signal) {
    let unknown = "";
    for (const { checkpoint, version } of this.data.models) {
      try {
        const parameters = { checkpoint, note: this.id, v: version };
        const { note, facts } = await fetchJson(address(`${this.data.url}/note`, parameters), { signal });
        this.pitch = note.pitch;
        this.root.querySelector(".tx-dot").style.background = note.colour;
        this.root.querySelector(".tx-about h3").textContent = note.title;
        this.root.querySelector(".tx-pitch").textContent = note.pitch_name;
        const told = facts.filter(([word]) => word !== "error L1");
        this.root
          .querySelector(".tx-facts")
          .replaceChildren(...told.map(([word, value]) => build("span", {}, build("em", { text: word }), value)));
        return this.draw();
      } catch (error) {
        if (error.name === "AbortError") return;
        unknown = error.message;
      }
    }
    this.root.querySelector(".tx-about h3").textContent = unknown;
  }

  async load(card, signal) {
    try {
      const parameters = noteParameters(this.source(card), this.id, card.kind);
      card.picture.frames = await fetchPacked(address(`${this.data.url}/frames`, parameters), { signal });
      card.element.classList.remove("tx-waiting");
      this.draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      card.element.classList.remove("tx-waiting");
      card.element.classList.add("tx-failed");
      card.status.textContent = sentenceOf(error);
    }
  }

  // How far each model is from the recording, where both are seen through the same features.
  measure() {
    const [original, ...models] = this.cards;
    const truth = original.picture.frames;
    for (const card of models) {
      const made = card.picture.frames;
      if (!truth || !made || made.n_bins !== truth.n_bins || made.n_frames !== truth.n_frames) continue;
      const total = made.arrays.frames.reduce((sum, value, i) => sum + Math.abs(value - truth.arrays.frames[i]), 0);
      const apart = ((total / made.arrays.frames.length) * made.top_db) / 255;
      card.told = card.about.textContent = `${apart.toFixed(1)} dB off on average`;
    }
  }

  async listenTo(card, signal) {
    try {
      const { samples, rate } = await fetchWav(soundAddress(this.source(card), this.id, card.kind), { signal });
      if (signal.aborted) return;
      card.button.disabled = false;
      this.deck.add(card.key, samples, rate);
    } catch (error) {
      if (error.name !== "AbortError") card.about.textContent = error.message;
    }
  }

  // ---- sound -----------------------------------------------------------------------------------------------------

  // What sounds stops; another card takes over where it is.
  press(card) {
    const { playing, kind } = this.deck;
    if (playing && kind === card.key) this.deck.stop();
    else if (!card.button.disabled) this.deck.play(card.key, playing ? null : 0);
  }

  sounding() {
    const { playing, kind } = this.deck;
    for (const card of this.cards) {
      const here = playing && card.key === kind;
      card.element.classList.toggle("tx-playing", here);
      card.button.setAttribute("aria-label", `${here ? "Stop" : "Play"} ${card.title}`);
      card.playhead.hidden = !here;
    }
    window.dispatchEvent(new CustomEvent(PLAYING, { detail: { playing } }));
    cancelAnimationFrame(this.frame);
    if (playing) this.follow(this.cardOf(kind));
  }

  follow(card) {
    const seconds = card.picture.frames ? card.picture.seconds() : this.deck.duration || Infinity;
    card.playhead.style.transform = `translateX(${card.picture.placeOf(this.deck.position, seconds)}px)`;
    this.frame = requestAnimationFrame(() => this.follow(card));
  }

  key(event) {
    const card = this.cards[Number(event.key) - 1];
    if (card && !typing(event) && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat) this.press(card);
  }
}
