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
const GUTTER = { left: 30, bottom: 15, top: 3 };
const DIFFERENCE_DB = 40;
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
    const moved = data.checkpoint !== this.data.checkpoint || data.version !== this.data.version;
    this.data = data;
    this.dark = isDark(this.root);
    this.scales = {
      level: ramp(STOPS.magma),
      difference: ramp(this.dark ? ["#5cb8ff", "#22507a", "#131b28", "#8a4a1c", "#ffa24d"] : ["#0b62b8", "#8fc0ec", "#ffffff", "#f3b488", "#b84a00"]),
    };
    const { note, seq } = data.selected ?? { note: null, seq: 0 };
    if (moved || (seq >= this.seq && note !== this.id)) {
      this.seq = Math.max(this.seq, seq);
      this.show(note, false);
    }
    this.drawScales();
    this.draw();
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

  parameters(extra = {}) {
    return { checkpoint: this.data.checkpoint, note: this.id, v: this.data.version, ...extra };
  }

  async describe(signal) {
    try {
      const told = await fetchJson(address(`${this.data.url}/note`, this.parameters()), { signal });
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
      card.frames = await fetchPacked(address(`${this.data.url}/frames`, this.parameters({ kind })), { signal });
      this.drawCard(card);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.recordingMissing) card.missing = "The recording of this note is not on this machine.";
      this.fail(card, card.missing ?? error.message);
    }
  }

  subtract() {
    const original = this.cards.original.frames;
    const decoded = this.cards.reconstruction.frames;
    if (!original || !decoded) return;
    const values = Float32Array.from(
      decoded.arrays.frames,
      (value, i) => ((value - original.arrays.frames[i]) / 255) * original.top_db,
    );
    let total = 0;
    for (const value of values) total += Math.abs(value);
    this.cards.difference.frames = { ...original, arrays: { frames: values } };
    this.cards.difference.about.textContent = `${(total / values.length).toFixed(1)} dB apart on average`;
    this.drawCard(this.cards.difference);
  }

  // ---- cards -----------------------------------------------------------------------------------------------------

  makeCard({ kind, title, about, meaning }) {
    const card = { kind, about: build("span", { text: about }), canvas: build("canvas", { "aria-label": `${title}: spectrogram` }) };
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
    card.frames = card.missing = null;
    card.about.textContent = card.told;
    card.status.replaceChildren(build("span", { text: this.id === null ? card.meaning : "" }));
    card.element.classList.remove("tx-failed");
    card.element.classList.toggle("tx-waiting", this.id !== null);
    card.playhead.hidden = true;
    if (card.audio) {
      card.audio.removeAttribute("src");
      card.button.disabled = true;
    }
    const { context, width, height } = fitCanvas(card.canvas);
    context.clearRect(0, 0, width, height);
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
    const frames = card.frames ?? this.cards.original.frames;
    const length = frames ? frames.n_frames * frames.seconds_per_frame : card.audio.duration || 4;
    const width = card.canvas.clientWidth - GUTTER.left;
    const x = GUTTER.left + width * Math.min(1, card.audio.currentTime / length);
    card.playhead.style.transform = `translateX(${x}px)`;
    this.frame = requestAnimationFrame(() => this.follow(card));
  }

  key(event) {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const kind = ["original", "reconstruction", "inversion"][Number(event.key) - 1];
    if (kind && this.id !== null) this.play(kind);
  }

  // ---- spectrograms ----------------------------------------------------------------------------------------------

  draw() {
    for (const card of Object.values(this.cards)) if (card.frames) this.drawCard(card);
  }

  drawCard(card) {
    card.element.classList.remove("tx-waiting");
    card.status.replaceChildren();
    const { context, width, height } = fitCanvas(card.canvas);
    const { n_bins: bins, n_frames: frames } = card.frames;
    const plot = { x: GUTTER.left, y: GUTTER.top, w: width - GUTTER.left, h: height - GUTTER.top - GUTTER.bottom };
    context.clearRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture(card, bins, frames), plot.x, plot.y, plot.w, plot.h);
    this.drawAxes(context, card.frames, plot);
  }

  picture(card, bins, frames) {
    const values = card.frames.arrays.frames;
    const differs = card.kind === "difference";
    const scale = differs ? this.scales.difference : this.scales.level;
    const image = new ImageData(frames, bins);
    for (let bin = 0; bin < bins; bin++) {
      for (let frame = 0; frame < frames; frame++) {
        const value = values[bin * frames + frame];
        const shade = differs ? Math.round(127.5 + (127.5 * value) / DIFFERENCE_DB) : value;
        const [r, g, b] = scale[Math.min(255, Math.max(0, shade))];
        image.data.set([r, g, b, 255], 4 * ((bins - 1 - bin) * frames + frame));
      }
    }
    const canvas = build("canvas", { width: frames, height: bins });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  drawAxes(context, frames, plot) {
    const text = themeColour(this.root, "text-color");
    context.font = `10px ${themeColour(this.root, "font") || "sans-serif"}`;
    context.fillStyle = context.strokeStyle = text;
    context.textAlign = "right";
    context.textBaseline = "middle";
    let last = -Infinity;
    for (let midi = 132; midi >= 12; midi -= 12) {
      const y = plot.y + plot.h * (1 - bandOf(midiToHz(midi), frames.bands) / frames.n_bins);
      if (y < plot.y + 4 || y > plot.y + plot.h - 3 || y - last < 13) continue;
      last = y;
      context.globalAlpha = 0.75;
      context.fillText(noteName(midi), plot.x - 6, y);
      context.globalAlpha = 0.4;
      context.fillRect(plot.x - 4, y, 4, 1);
    }
    context.globalAlpha = 0.75;
    const seconds = frames.n_frames * frames.seconds_per_frame;
    const step = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30].find((s) => (s / seconds) * plot.w >= 34) ?? 60;
    context.textBaseline = "top";
    for (let time = 0; time <= seconds; time += step) {
      const x = plot.x + (time / seconds) * plot.w;
      context.textAlign = time === 0 ? "left" : x > plot.x + plot.w - 12 ? "right" : "center";
      context.fillText(time === 0 ? "0 s" : `${Math.round(time * 100) / 100}`, x, plot.y + plot.h + 4);
    }
    context.globalAlpha = 1;
    this.markPitch(context, frames, plot);
  }

  // A notch at the note's own pitch.
  markPitch(context, frames, plot) {
    if (!this.note || this.note.id !== this.id || this.note.pitch === null) return;
    const y = plot.y + plot.h * (1 - bandOf(midiToHz(this.note.pitch), frames.bands) / frames.n_bins);
    context.fillStyle = themeColour(this.root, "primary-color");
    context.beginPath();
    context.moveTo(plot.x, y);
    context.lineTo(plot.x - 6, y - 4);
    context.lineTo(plot.x - 6, y + 4);
    context.fill();
  }

  where(card, event) {
    const box = card.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - GUTTER.left) / (box.width - GUTTER.left);
    const y = (event.clientY - box.top - GUTTER.top) / (box.height - GUTTER.top - GUTTER.bottom);
    return x >= 0 && x < 1 && y >= 0 && y < 1 ? [x, y] : null;
  }

  read(card, event) {
    const place = card.frames && this.where(card, event);
    if (!place) return this.unread(card);
    const { n_bins: bins, n_frames: frames, bands, top_db: topDb, seconds_per_frame: spf, arrays } = card.frames;
    const [bin, frame] = [Math.floor((1 - place[1]) * bins), Math.floor(place[0] * frames)];
    const value = arrays.frames[Math.min(bin, bins - 1) * frames + frame];
    const level = card.kind === "difference" ? value : (value / 255 - 1) * topDb;
    const hz = bands[Math.min(bin, bins - 1)];
    card.heard ??= card.about.textContent;
    const sign = card.kind === "difference" && level > 0 ? "+" : "";
    card.about.textContent = `${(frame * spf).toFixed(2)} s · ${noteName(hzToMidi(hz))} ${Math.round(hz)} Hz · ${sign}${level.toFixed(0)} dB`;
  }

  unread(card) {
    if (card.heard) card.about.textContent = card.heard;
    card.heard = null;
  }

  seek(card, event) {
    const place = card.frames && this.where(card, event);
    const kind = card.kind === "difference" ? "reconstruction" : card.kind;
    if (place) this.play(kind, place[0] * card.frames.n_frames * card.frames.seconds_per_frame);
  }

  drawScales() {
    for (const [name, colours] of Object.entries(this.scales)) {
      const stops = colours.filter((_, i) => i % 15 === 0).map(([r, g, b]) => `rgb(${r},${g},${b})`);
      this.root.querySelector(`.tx-key-${name}`).style.background = `linear-gradient(90deg,${stops})`;
    }
  }
}

// Where a frequency lies on the axis of bands, in bands (the middle of band 0 is 0.5).
function bandOf(hz, bands) {
  if (hz <= bands[0]) return (0.5 * hz) / bands[0];
  const above = bands.findIndex((centre) => centre >= hz);
  if (above < 0) return bands.length;
  return above - 0.5 + (hz - bands[above - 1]) / (bands[above] - bands[above - 1]);
}
