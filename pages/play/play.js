// The Play page: a point of the latent space as an instrument.

import { Ahead } from "../browser/ahead.js";
import { mounted } from "../browser/mount.js";
import { Notes } from "../browser/notes.js";
import { address, fetchJson, fetchPacked } from "../browser/server.js";
import { SoundBank } from "../browser/sound_bank.js";
import { Synth } from "../browser/synth.js";
import { Files } from "./files.js";
import { PlayHands } from "./hands.js";
import { History } from "./history.js";
import { Kept } from "./kept.js";
import { Moves } from "./moves.js";
import { coordinates, moved } from "./point.js";
import { Recordings } from "./recordings.js";
import { releaseSteps, shapeText } from "./shape.js";
import { resolved } from "./starts.js";
import { PlayView } from "./view.js";

const REST_MS = 160; // after the last change: pictures and words follow
const QUIET_MS = 300; // without a key or a slider: sounds that may be wanted later are decoded
const PREFETCH = [0, 12, -12, 7, -5, 4, -8, 2, -10, 5, -7, 9, -3, 11, -1, 14, 16, 3, 8, 10, 1, 6];
export default mounted(
  (parent) => new Player(parent),
  (view, setStateValue) => {
    view.report = (start) => setStateValue("start", start ?? {});
  },
);

export class Player {
  report = null; // tells Python what was chosen to start from
  start = null;
  origin = null; // where the start lies in the latent space
  title = "";
  unheard = null; // a dropped file in which no pitch is heard, and what was dropped with it: {file, beside}
  own = null; // dropped sounds as an instrument: {carrier, notes, layers}
  tuning = null; // {name, pitches by key, null for none}; as pianos are tuned without one
  macros = {}; // steps by name
  base = {}; // those of the preset that was loaded
  page = "macros"; // of the sliders: macros, latents, presets
  recorded = false; // whether what it started from has recordings
  carried = true; // notes sound from their instrument's recordings until a slider is moved
  colour = null;

  constructor(parent) {
    this.root = parent.querySelector(".tx-play");
    this.root.timbrePlayer = this;
    this.data = {};
    this.key = 60;
    this.hands = new PlayHands(this);
    this.files = new Files(this);
    this.kept = new Kept(this);
    this.history = new History(this);
    this.moves = new Moves(this);
    this.recordings = new Recordings(this);
    this.listeners = new AbortController();
    this.loading = new AbortController();
    this.bank = new SoundBank();
    this.bank.changed = () => this.markReady();
    // What was refused is not asked for again and again; the key itself says why when it is pressed.
    this.ahead = new Ahead(this.bank, () => this.likely());
    this.synth = new Synth(() => this.view?.sounding(this.synth));
    this.view = new PlayView(this.root, this);
    this.listen();
  }

  listen() {
    const on = (type, handler, options = {}) =>
      window.addEventListener(type, handler, { signal: this.listeners.signal, ...options });
    this.hands.listen(on);
    this.meter = setInterval(() => this.view.rack.drawMeter(this.synth), 60);
    this.sizes = new ResizeObserver(() => this.view.draw());
    this.sizes.observe(this.root);
  }

  destroy() {
    this.listeners.abort();
    this.loading.abort();
    this.bank.keepOnly(new Set());
    this.sizes.disconnect();
    this.view.destroy();
    this.hands.destroy();
    clearInterval(this.meter);
    for (const timer of [this.rest, this.poll]) clearTimeout(timer);
    this.ahead.stop();
    this.synth.close();
  }

  // ---- a checkpoint ------------------------------------------------------------------------------------------------

  update(data) {
    const moved = data.checkpoint !== this.data.checkpoint || data.version !== this.data.version;
    const restarted = JSON.stringify(data.start) !== JSON.stringify(this.data.start);
    this.data = data;
    this.view.retheme();
    if (moved) this.open();
    else if (restarted && this.space && JSON.stringify(data.start) !== JSON.stringify(this.start)) this.begin(data.start);
  }

  parameters(extra = {}) {
    return { checkpoint: this.data.checkpoint, v: this.data.version, ...extra };
  }

  url(part, extra) {
    return address(`${this.data.url}/play/${part}`, this.parameters(extra));
  }

  async open() {
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.hands.allOff();
    this.space = null;
    this.failed = false;
    this.bank.keepOnly(new Set());
    this.view.wait();
    try {
      const space = await fetchJson(this.url("space"), { signal });
      this.space = space;
      this.history.clear();
      this.recordings.of.clear();
      this.locks = { dimensions: new Set(), principal: new Set() };
      this.axes = "dimensions";
      this.traits = null;
      this.view.open(space);
      if (!this.kept.restore()) await this.begin(this.data.start ?? null, false);
      this.view.showAxes();
      // The server loads its model now, not at the first key.
      fetchJson(address(`${this.data.url}/ready`, this.parameters()), { signal }).then(
        () => this.prefetch(),
        (error) => error.name !== "AbortError" && this.giveUp(error.message),
      );
      this.explain(signal);
      this.view.fillNotes(new Notes(await fetchPacked(address(`${this.data.url}/map`, this.parameters()), { signal })));
      this.root.dataset.ready = this.data.checkpoint;
    } catch (error) {
      if (error.name !== "AbortError") this.view.tell(error.message, true);
    }
  }

  // The model cannot be used: said once, where it is seen, and nothing is asked for again.
  giveUp(sentence) {
    this.failed = true;
    this.ahead.stop();
    clearTimeout(this.rest);
    this.bank.keepOnly(new Set());
    this.view.alarm(sentence);
  }

  // What each slider changes is measured by the server in the background: asked for until it is known.
  async explain(signal) {
    try {
      const told = await fetchJson(this.url("traits"), { signal });
      this.traits = told;
      this.view.showTraits(told);
      if (!told.correlations && !told.failed) this.poll = setTimeout(() => this.explain(signal), 1000);
    } catch (error) {
      if (error.name !== "AbortError") this.view.showTraits({ failed: error.message, names: [] });
    }
  }

  // ---- the point ---------------------------------------------------------------------------------------------------

  async begin(start, undoable = true) {
    const turn = {};
    this.turn = turn;
    try {
      const { z, recorded = false, ...found } = await resolved(this, start);
      if (turn !== this.turn) return; // another start was chosen meanwhile
      if (undoable && this.z) this.history.remember();
      Object.assign(this, { ...found, origin: z, recorded, own: null, unheard: null, macros: {}, base: {} });
      this.place(z);
      if (undoable) this.hands.audition(performance.now());
    } catch (error) {
      if (error.name !== "AbortError") this.view.tell(error.message, true);
    }
  }

  // Choose a starting point; the link in the address bar follows.
  async choose(start) {
    await this.begin(start);
    if (this.start === start) this.report(start);
  }

  place(z) {
    this.z = z;
    this.zText = z.map((value) => Number(value.toFixed(4))).join(",");
    this.view.setPoint();
    this.markReady();
    this.kept.save();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.describe(), REST_MS);
  }

  // Whether the point was moved away from where the sound started.
  get placed() {
    return this.z.some((value, i) => Math.abs(value - this.origin[i]) > 1e-4);
  }

  get changed() {
    return this.placed || shapeText(this.macros) !== shapeText(this.base);
  }

  // Steps of all macros; the release is the synth's.
  get steps() {
    return { ...this.macros, release: releaseSteps(this.synth.release) };
  }

  coordinates() {
    return coordinates(this.z, this.space.centre, this.space.axes[this.axes]);
  }

  move(steps) {
    this.place(moved(this.z, steps, this.space.axes[this.axes]));
  }

  // ---- what there is to see ----------------------------------------------------------------------------------------

  async describe() {
    if (this.failed) return;
    const { z, carrier, shape } = this.sounding;
    const { signal } = this.loading;
    try {
      const [picture, about] = await Promise.all([
        fetchPacked(this.url("frames", { ...this.sounding, key: this.key }), { signal }),
        fetchJson(this.url("about", { z }), { signal }),
      ]);
      if (z !== this.zText || carrier !== this.sounding.carrier || shape !== this.sounding.shape) return;
      this.view.setPicture(picture);
      this.view.setAbout(about);
      this.prefetch();
    } catch (error) {
      if (error.name !== "AbortError") this.view.tell(error.message, true);
    }
  }

  // Whether the sound is that of a note as the map has it, whose instrument can be played from its recordings.
  get carriable() {
    return (Boolean(this.own) || (this.recorded && this.start?.note !== undefined)) && !this.placed;
  }

  // What sounds, as addresses say it: the model at a point, or from a note's recordings.
  get sounding() {
    const shape = shapeText(this.macros);
    const carrier = this.carried && this.carriable ? (this.own?.carrier ?? this.start.note) : null;
    return { z: this.zText, ...(carrier ? { carrier } : {}), ...(shape ? { shape } : {}) };
  }

  setCarried(carried) {
    this.carried = carried;
    this.place(this.z);
    this.hands.audition(performance.now());
  }

  // What is tuned otherwise than pianos, as addresses say it.
  get tuned() {
    return this.tuning ? { tuning: this.tuning.pitches.map((pitch) => pitch ?? "x").join(",") } : {};
  }

  playable(key) {
    return !this.tuning || this.tuning.pitches[key] !== null;
  }

  soundUrl(key, velocity = 100) {
    const { sounding, own } = this;
    const layers = own && sounding.carrier ? (own.layers ?? 1) : 1;
    const layer = Math.min(layers - 1, Math.floor((velocity * layers) / 128));
    const taken = layers > 1 ? { velocity: Math.floor((128 * (layer + 0.5)) / layers) } : {};
    return this.url("sound", { ...sounding, key, ...taken, ...(this.tuning ? { pitch: this.tuning.pitches[key] } : {}) });
  }

  // The next key that will probably be played and is not decoded yet.
  likely() {
    if (!this.space || this.failed) return null;
    const keys = PREFETCH.map((step) => this.key + step).filter((key) => key >= 0 && key <= 127 && this.playable(key));
    return keys.map((key) => this.soundUrl(key)).find((url) => !this.bank.has(url)) ?? null;
  }

  prefetch(wait = QUIET_MS) {
    this.ahead.rest(wait);
  }

  markReady() {
    if (!this.space || !this.zText) return;
    this.view.markReady(new Set([...this.view.keyboard.buttons.keys()].filter((key) => this.bank.has(this.soundUrl(key)))));
  }

  keyMoved() {
    this.view.setKey();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.describe(), REST_MS);
    this.kept.save();
  }
}
