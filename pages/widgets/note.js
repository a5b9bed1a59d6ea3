// One note: its original, inversion and reconstruction to hear, and their spectrograms to see.

const CARDS = [
  {
    kind: "original",
    title: "Original",
    about: "the recording",
    meaning: "The note as it was recorded.",
  },
  {
    kind: "reconstruction",
    title: "Reconstruction",
    about: "through the model",
    meaning: "What the model makes of it from a handful of numbers.",
  },
  {
    kind: "inversion",
    title: "Inversion",
    about: "picture to sound, no model",
    meaning: "The recording's picture turned back into sound: no model could sound better.",
  },
  {
    kind: "difference",
    title: "Difference",
    about: "reconstruction − original",
    meaning: "Where the model is louder or softer than the recording.",
  },
];
// A walk through many notes asks for the costly sounds only of the note it rests on.
const REST_MS = 140;
const viewers = new WeakMap();

export default function ({ data, parentElement }) {
  let viewer = viewers.get(parentElement);
  if (!viewer) viewers.set(parentElement, (viewer = new NoteViewer(parentElement)));
  viewer.update(data);
  return () => {
    viewer.destroy();
    viewers.delete(parentElement);
  };
}

class NoteViewer {
  constructor(parent) {
    this.root = parent.querySelector(".tx-note");
    this.seq = 0;
    this.id = null;
    this.data = {};
    this.listeners = new AbortController();
    this.loading = new AbortController();
    this.cards = Object.fromEntries(CARDS.map((card) => [card.kind, this.makeCard(card)]));
    this.root.querySelector(".tx-cards").replaceChildren(...CARDS.map(({ kind }) => this.cards[kind].element));
    const on = (target, type, handler) => target.addEventListener(type, handler, { signal: this.listeners.signal });
    on(window, SELECT, (event) => this.chosen(event.detail));
    on(window, "keydown", (event) => this.key(event));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.root.querySelector(".tx-cards"));
  }

  destroy() {
    this.listeners.abort();
    this.loading.abort();
    this.sizes.disconnect();
    this.stop();
    clearTimeout(this.rest);
    cancelAnimationFrame(this.frame);
  }

  update(data) {
    const moved = ["checkpoint", "version", "inverter"].some((name) => data[name] !== this.data[name]);
    this.data = data;
    this.scales = { level: levelScale(), difference: differenceScale(isDark(this.root)) };
    for (const [name, scale] of Object.entries(this.scales)) {
      this.root.querySelector(`.tx-key-${name}`).style.background = gradient(scale);
    }
    const { note, seq } = data.selected ?? { note: null, seq: 0 };
    if (moved || (seq >= this.seq && note !== this.id)) {
      this.seq = Math.max(this.seq, seq);
      this.show(note, false);
    }
    this.draw();
  }

  draw() {
    for (const card of Object.values(this.cards)) this.drawCard(card);
  }

  drawCard(card) {
    const scale = card.kind === "difference" ? this.scales.difference : this.scales.level;
    card.picture.draw(scale, this.note?.id === this.id ? this.note.pitch : null);
  }

  chosen({ id, seq, play }) {
    if (seq === undefined) return;
    this.seq = seq;
    this.show(id, play);
  }

  // ---- a note ----------------------------------------------------------------------------------------------------

  show(id, play) {
    const again = id !== null && id === this.id && !this.cards.original.missing;
    if (again && play) return this.play("original");
    this.loading.abort();
    this.loading = new AbortController();
    clearTimeout(this.rest);
    this.stop();
    this.id = id;
    this.root.classList.toggle("tx-empty", id === null);
    for (const card of Object.values(this.cards)) this.clear(card);
    if (id === null) return;
    const { signal } = this.loading;
    this.listenTo("original", signal);
    if (play) this.play("original");
    this.describe(signal);
    this.rest = setTimeout(() => this.load(signal, play), REST_MS);
  }

  named() {
    return { checkpoint: this.data.checkpoint, note: this.id, v: this.data.version };
  }

  async describe(signal) {
    try {
      const told = await fetchJson(address(`${this.data.url}/note`, this.named()), { signal });
      const { note, facts, neighbours } = told;
      this.note = note;
      this.root.querySelector(".tx-dot").style.background = note.colour;
      this.root.querySelector(".tx-about h3").textContent = note.title;
      this.root.querySelector(".tx-pitch").textContent = note.pitch_name;
      this.root.querySelector(".tx-facts").replaceChildren(
        ...facts.map(([word, value]) => build("span", {}, build("em", { text: word }), value)),
      );
      this.root.querySelector(".tx-near-list").replaceChildren(...neighbours.map((near) => this.nearChip(near)));
      this.draw();
      window.dispatchEvent(new CustomEvent(NEIGHBOURS, { detail: { ids: neighbours.map((near) => near.id) } }));
    } catch (error) {
      if (error.name !== "AbortError") this.root.querySelector(".tx-about h3").textContent = error.message;
    }
  }

  nearChip(near) {
    const chip = build(
      "button",
      { type: "button", title: `${near.title} ${near.pitch_name}, ${near.family}: distance ${near.distance.toFixed(2)}` },
      build("i", { style: `background:${near.colour}` }),
      build("span", { text: near.title }),
      build("b", { text: near.pitch_name }),
      build("em", { text: near.distance.toFixed(2) }),
    );
    const detail = { id: near.id, play: true, from: this };
    chip.addEventListener("click", () => window.dispatchEvent(new CustomEvent(SELECT, { detail })));
    return chip;
  }

  async load(signal, play) {
    await Promise.all([this.loadFrames("original", signal), this.loadFrames("reconstruction", signal)]);
    if (signal.aborted) return;
    this.subtract();
    this.listenTo("reconstruction", signal);
    if (this.cards.original.missing) {
      this.fail(this.cards.inversion, this.cards.original.missing);
      this.fail(this.cards.difference, this.cards.original.missing);
      if (play) this.play("reconstruction");
      return;
    }
    this.listenTo("inversion", signal);
    await this.loadFrames("inversion", signal);
  }

  async loadFrames(kind, signal) {
    const card = this.cards[kind];
    try {
      this.present(card, await fetchPacked(address(`${this.data.url}/frames`, noteParameters(this.data, this.id, kind)), { signal }));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.recordingMissing) card.missing = "The recording of this note is not on this machine.";
      this.fail(card, card.missing ?? error.message);
    }
  }

  present(card, frames) {
    card.element.classList.remove("tx-waiting");
    card.status.replaceChildren();
    card.picture.frames = frames;
    this.drawCard(card);
  }

  subtract() {
    const original = this.cards.original.picture.frames;
    const decoded = this.cards.reconstruction.picture.frames;
    if (!original || !decoded) return;
    const values = Float32Array.from(
      decoded.arrays.frames,
      (value, i) => ((value - original.arrays.frames[i]) / 255) * original.top_db,
    );
    let total = 0;
    for (const value of values) total += Math.abs(value);
    this.present(this.cards.difference, { ...original, arrays: { frames: values } });
    this.cards.difference.about.textContent = `${(total / values.length).toFixed(1)} dB apart on average`;
  }

  // ---- cards -----------------------------------------------------------------------------------------------------

  makeCard({ kind, title, about, meaning }) {
    const card = { kind, about: build("span", { text: about }), canvas: build("canvas", { "aria-label": `${title}: spectrogram` }) };
    card.picture = new Spectrogram(card.canvas, kind === "difference");
    card.told = about;
    card.meaning = meaning;
    card.status = build("div", { class: "tx-status" });
    card.playhead = build("div", { class: "tx-playhead", hidden: "" });
    const plot = build("div", { class: "tx-plot" }, card.canvas, card.playhead, card.status);
    const head = build("div", { class: "tx-card-head" }, build("div", {}, build("b", { text: title }), card.about));
    card.element = build("div", { class: "tx-card", "data-kind": kind }, head, plot);
    if (kind !== "difference") this.makePlayer(card, title, head, plot);
    card.canvas.addEventListener("pointermove", (event) => this.read(card, event));
    card.canvas.addEventListener("pointerleave", () => this.unread(card));
    card.canvas.addEventListener("click", (event) => this.seek(card, event));
    return card;
  }

  makePlayer(card, title, head, plot) {
    const number = CARDS.filter(({ kind }) => kind !== "difference").findIndex(({ kind }) => kind === card.kind) + 1;
    card.audio = build("audio", { preload: "auto", "data-kind": card.kind });
    card.button = build("button", {
      type: "button",
      disabled: "",
      "aria-label": `Play ${title.toLowerCase()}`,
      title: `Play (key ${number})`,
      onclick: () => (card.audio.paused ? this.play(card.kind) : this.stop()),
    });
    head.prepend(card.button);
    plot.append(card.audio);
    card.audio.addEventListener("play", () => this.sounding(card, true));
    for (const type of ["pause", "ended"]) card.audio.addEventListener(type, () => this.sounding(card, false));
    card.audio.addEventListener("canplaythrough", () => (card.button.disabled = false));
  }

  clear(card) {
    card.missing = card.heard = null;
    card.picture.clear();
    card.about.textContent = card.told;
    card.status.replaceChildren(build("span", { text: this.id === null ? card.meaning : "" }));
    card.element.classList.remove("tx-failed");
    card.element.classList.toggle("tx-waiting", this.id !== null);
    card.playhead.hidden = true;
    if (card.audio) {
      card.audio.removeAttribute("src");
      card.button.disabled = true;
    }
  }

  fail(card, sentence) {
    card.element.classList.remove("tx-waiting");
    card.element.classList.add("tx-failed");
    card.status.textContent = sentence;
  }

  listenTo(kind, signal) {
    const { audio } = this.cards[kind];
    audio.src = soundAddress(this.data, this.id, kind);
    audio.addEventListener("error", () => this.loadFailed(kind, signal), { once: true, signal });
  }

  // An audio element does not say why it failed; asking again does.
  async loadFailed(kind, signal) {
    const card = this.cards[kind];
    try {
      await fetchJson(soundAddress(this.data, this.id, kind), { signal });
    } catch (error) {
      if (error.name !== "AbortError" && !card.missing) this.fail(card, error.message);
    }
  }

  // ---- sound -----------------------------------------------------------------------------------------------------

  stop() {
    for (const { audio } of Object.values(this.cards)) audio?.pause();
  }

  async play(kind, from = 0) {
    const { audio } = this.cards[kind];
    if (!audio.hasAttribute("src")) return;
    this.stop();
    audio.currentTime = from;
    try {
      await audio.play();
      performance.mark("timbre:sounding");
    } catch (error) {
      // Another note was chosen meanwhile, or the browser wants a click first; the button stays.
      if (error.name === "NotAllowedError") this.cards[kind].about.textContent = "press play to hear it";
    }
  }

  sounding(card, playing) {
    card.element.classList.toggle("tx-playing", playing);
    card.button.setAttribute("aria-label", card.button.getAttribute("aria-label").replace(/^\w+/, playing ? "Stop" : "Play"));
    window.dispatchEvent(new CustomEvent(PLAYING, { detail: { playing } }));
    cancelAnimationFrame(this.frame);
    card.playhead.hidden = !playing;
    if (playing) this.follow(card);
  }

  follow(card) {
    const seconds = card.picture.frames ? card.picture.seconds() : card.audio.duration || Infinity;
    card.playhead.style.transform = `translateX(${card.picture.placeOf(card.audio.currentTime, seconds)}px)`;
    this.frame = requestAnimationFrame(() => this.follow(card));
  }

  key(event) {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const kind = ["original", "reconstruction", "inversion"][Number(event.key) - 1];
    if (kind && this.id !== null) this.play(kind);
  }

  // ---- pointer on a spectrogram ----------------------------------------------------------------------------------

  read(card, event) {
    const cell = card.picture.under(event);
    if (!cell) return this.unread(card);
    card.heard ??= card.about.textContent;
    card.about.textContent = card.picture.describe(cell);
  }

  unread(card) {
    if (card.heard) card.about.textContent = card.heard;
    card.heard = null;
  }

  seek(card, event) {
    const cell = card.picture.under(event);
    if (cell) this.play(card.kind === "difference" ? "reconstruction" : card.kind, cell.time);
  }
}
