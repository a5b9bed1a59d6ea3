// One note: its versions to hear, their pictures to see, where it lies in the latent space, and what is like it.

import { Deck } from "../browser/deck.js";
import { build, typing } from "../browser/dom.js";
import { DRAWN, GUEST, HUSH, NEIGHBOURS, PLAYING, SELECT } from "../browser/events.js";
import { matchSwitch } from "../browser/matching.js";
import { mounted } from "../browser/mount.js";
import { address, fetchJson, fetchPacked, fetchWav, noteParameters, sentenceOf, soundAddress } from "../browser/server.js";
import { elsewhere } from "./elsewhere.js";
import { LatentBars } from "./note_latents.js";
import { NearList, Tabs } from "./note_near.js";
import { Pictures } from "./note_pictures.js";
import { Finder } from "./note_similar.js";
import { Tracks } from "./note_tracks.js";
import { KINDS, VERSIONS } from "./note_versions.js";

const REST_MS = 140; // costly sounds are asked for only of a note that a walk rests on, and once the page is there
export default mounted((parent) => new NoteViewer(parent));

class NoteViewer {
  heard = null; // the version that sounded last, and the one before it
  before = null;

  constructor(parent) {
    this.root = parent.querySelector(".tx-note");
    this.root.timbreNote = this;
    this.seq = 0;
    this.id = null; // of the library's note that is shown; null: none, or a guest
    this.told = null; // the note that the map had chosen when it last said so
    this.guest = null; // a sound of one's own: what the server answered, and its file
    this.data = {};
    this.listeners = new AbortController();
    this.loading = new AbortController();
    this.make();
    const on = (type, handler) => addEventListener(type, handler, { signal: this.listeners.signal });
    on(SELECT, (event) => this.chosen(event.detail));
    on(HUSH, (event) => event.detail.from !== this && this.deck.stop());
    on("keydown", (event) => this.key(event));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.root);
  }

  make() {
    const part = (name) => this.root.querySelector(name);
    this.deck = new Deck({
      changed: () => this.sounded(),
      refused: () => this.tracks.note(this.deck.wanted?.kind ?? "original", "press play to hear it"),
    });
    this.tracks = new Tracks(part(".tx-tracks"), VERSIONS, {
      pressed: (kind) => this.press(kind),
      sought: (kind, share) => this.hear(kind, share * this.deck.duration),
    });
    this.pictures = new Pictures(this.root, (kind, share) =>
      this.hear(kind, share * (this.pictures.seconds || this.deck.duration)),
    );
    this.loop = part(".tx-loop");
    this.loop.before(matchSwitch(this.listeners.signal));
    this.loop.addEventListener("click", () => this.toggleLoop());
    this.near = new NearList(part(".tx-near-list"), (id) => this.choose(id));
    this.latents = new LatentBars(part(".tx-latents"));
    this.finder = new Finder(part(".tx-similar"), {
      send: (file, mend) => this.find(file, mend),
      again: () => this.showGuest(true),
    });
    const panels = { Nearest: part(".tx-near"), Latents: part(".tx-latents"), "Find similar": part(".tx-similar") };
    this.tabs = new Tabs(part(".tx-tabs"), panels, () => this.latents.draw());
  }

  destroy() {
    this.listeners.abort();
    this.loading.abort();
    this.sizes.disconnect();
    clearTimeout(this.rest);
    cancelAnimationFrame(this.frame);
    this.deck.close();
  }

  update(data) {
    const opened = ["checkpoint", "version"].some((name) => data[name] !== this.data[name]);
    const moved = opened || data.inverter !== this.data.inverter;
    this.data = data;
    this.root.classList.toggle("tx-silent", !data.sounds);
    this.pictures.retheme();
    if (opened) this.openSpace();
    const { note, seq } = data.selected ?? { note: null, seq: 0 };
    if (moved && this.guest && this.id === null)
      this.find(this.guest.file, this.guest.mend).catch((error) => this.finder.say(error.message, true));
    else if (moved || (seq >= this.seq && note !== this.told)) {
      this.seq = Math.max(this.seq, seq);
      this.show(note, false);
    }
    this.draw();
  }

  draw() {
    this.tracks.draw();
    this.pictures.draw();
    this.latents.draw();
  }

  async openSpace() {
    const { checkpoint, version: v, url } = this.data;
    this.guest = this.guest && this.id === null ? this.guest : null;
    this.finder.back.hidden = !this.guest;
    window.dispatchEvent(new CustomEvent(GUEST, { detail: null }));
    /** @type {HTMLElement | null} */
    const map = document.querySelector(".tx-map");
    if (map && !map.dataset.drawn) await new Promise((go) => addEventListener(DRAWN, go, { once: true }));
    try {
      const space = await fetchJson(address(`${url}/latents`, { checkpoint, v }));
      if (v === this.data.version) this.latents.setSpace(space);
    } catch (error) {
      this.latents.caption.textContent = error.message;
    }
  }

  chosen({ id, seq, play }) {
    if (seq === undefined) return;
    this.seq = seq;
    this.show(id, play);
  }

  choose(id) {
    window.dispatchEvent(new CustomEvent(SELECT, { detail: { id, play: true, from: this } }));
  }

  // ---- a note of the library -----------------------------------------------------------------------------------------

  show(id, play) {
    this.told = id;
    if (id !== null && id === this.id && this.deck.sounds.has("original")) {
      if (play) this.hear("original");
      return;
    }
    this.begin(id);
    if (id === null) return;
    const { signal } = this.loading;
    if (play) this.hear("original");
    this.listenTo("original", signal);
    this.describe(signal);
    const load = () => (this.root.closest(".tx-early") ? wait() : this.load(signal));
    const wait = () => (this.rest = setTimeout(load, REST_MS));
    wait();
  }

  begin(id, empty = id === null) {
    this.loading.abort();
    this.loading = new AbortController();
    clearTimeout(this.rest);
    this.deck.clear();
    this.id = id;
    elsewhere(this.root.querySelector(".tx-elsewhere"), this.data, id);
    this.root.classList.toggle("tx-empty", empty);
    for (const part of [this.tracks, this.pictures]) part.clear(empty);
    if (empty) this.latents.setNote(null);
    if (empty) this.near.show([]);
  }

  async describe(signal) {
    const { checkpoint, version: v, url } = this.data;
    try {
      const { note, facts, neighbours, latent } = await fetchJson(address(`${url}/note`, { checkpoint, note: this.id, v }), {
        signal,
      });
      this.head(note, facts);
      this.latents.setNote(latent, note.colour);
      this.near.show(neighbours);
      window.dispatchEvent(new CustomEvent(NEIGHBOURS, { detail: { ids: neighbours.map((near) => near.id) } }));
    } catch (error) {
      if (error.name !== "AbortError")
        this.head({ title: error.message, colour: "transparent", pitch: null, pitch_name: "" }, []);
    }
  }

  head({ title, colour, pitch, pitch_name: pitchName }, facts) {
    const part = (name) => this.root.querySelector(name);
    part(".tx-dot").style.background = colour;
    part(".tx-about h3").textContent = part(".tx-about h3").title = title;
    part(".tx-pitch").textContent = pitchName;
    part(".tx-facts").replaceChildren(...facts.map(([word, value]) => build("span", {}, build("em", { text: word }), value)));
    this.pictures.setPitch(pitch);
  }

  load(signal) {
    for (const kind of ["reconstruction", "inversion"]) this.listenTo(kind, signal);
    for (const kind of ["original", "reconstruction"]) this.loadFrames(kind, signal);
  }

  async loadFrames(kind, signal) {
    try {
      this.pictures.fill(
        kind,
        await fetchPacked(address(`${this.data.url}/frames`, noteParameters(this.data, this.id, kind)), { signal }),
      );
    } catch (error) {
      if (error.name === "AbortError") return;
      this.pictures.fail(kind, sentenceOf(error));
      if (kind === "original") this.pictures.fail("difference", sentenceOf(error));
    }
  }

  soundUrl(kind) {
    return soundAddress(this.data, this.id, kind);
  }

  async listenTo(kind, signal) {
    if (!this.data.sounds) return;
    try {
      const { samples, rate } = await fetchWav(this.soundUrl(kind), { signal });
      if (!signal.aborted) this.fill(kind, samples, rate);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.tracks.fail(kind, error.message);
      // Without a recording the model's version is what there is to hear: it is not waited with.
      if (kind !== "original" || !error.recordingMissing || this.deck.wanted?.kind !== "original") return;
      this.hear("reconstruction");
      clearTimeout(this.rest);
      this.load(signal);
    }
  }

  fill(kind, samples, rate) {
    this.tracks.fill(kind, samples, rate);
    this.deck.add(kind, samples, rate);
  }

  // ---- a sound of one's own ------------------------------------------------------------------------------------------

  async find(file, mend = 0) {
    const { checkpoint, inverter, url } = this.data;
    const parameters = { checkpoint, name: file.name.slice(0, 200), ...(inverter && { inverter }), ...(mend && { mend }) };
    const told = await fetchPacked(address(`${url}/similar`, parameters), { method: "POST", body: file });
    if (checkpoint !== this.data.checkpoint) throw new DOMException("another checkpoint was opened", "AbortError");
    this.guest = { ...told, file, mend };
    this.showGuest(true);
    return told.sentence;
  }

  showGuest(play) {
    const { note, facts, neighbours, latent, frames, rate, arrays } = this.guest;
    this.begin(null, false);
    this.head(note, facts);
    this.latents.setNote(latent, null);
    this.near.show(neighbours);
    for (const kind of ["original", "reconstruction"])
      this.pictures.fill(kind, { ...frames, arrays: { frames: arrays[`${kind}_frames`] } });
    for (const kind of KINDS) this.fill(kind, arrays[kind], rate);
    this.tabs.show(0);
    const near = neighbours.map(({ id, distance }) => ({ id, weight: 1 / (distance + 1e-3) }));
    window.dispatchEvent(new CustomEvent(GUEST, { detail: { title: note.title, near } }));
    if (play) this.hear("original");
  }

  // ---- sound ---------------------------------------------------------------------------------------------------------

  // from: seconds; null goes on from where another version sounds.
  hear(kind, from = 0) {
    if (!this.data.sounds) return;
    window.dispatchEvent(new CustomEvent(HUSH, { detail: { from: this } }));
    this.deck.play(kind, from);
  }

  // The button or the key of a version: what sounds stops, another one takes over where it is.
  press(kind) {
    if (this.deck.playing && this.deck.kind === kind) this.deck.stop();
    else this.hear(kind, this.deck.playing ? null : 0);
  }

  sounded() {
    const { playing, kind } = this.deck;
    if (playing) performance.mark("timbre:sounding");
    if (playing && this.heard !== kind) [this.before, this.heard] = [this.heard, kind];
    this.tracks.sounding(playing ? kind : null);
    window.dispatchEvent(new CustomEvent(PLAYING, { detail: { playing } }));
    cancelAnimationFrame(this.frame);
    this.follow();
  }

  follow() {
    const { playing, kind, position, duration } = this.deck;
    this.tracks.mark(playing ? kind : null, position / (duration || 1));
    this.pictures.mark(playing ? Math.min(1, position / (this.pictures.seconds || duration || 1)) : null);
    this.root.querySelector(".tx-clock").textContent = duration ? `${position.toFixed(2)} / ${duration.toFixed(2)} s` : "";
    if (playing) this.frame = requestAnimationFrame(() => this.follow());
  }

  toggleLoop() {
    this.deck.setLoop(!this.deck.loop);
    this.loop.setAttribute("aria-pressed", String(this.deck.loop));
  }

  // 1, 2, 3: a version; X: the one heard before; L: again and again.
  key(event) {
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    const kind = key === "x" ? (this.before ?? "reconstruction") : KINDS[Number(key) - 1];
    if (key === "l") this.toggleLoop();
    else if (kind && this.deck.sounds.has(kind)) this.press(kind);
  }
}
