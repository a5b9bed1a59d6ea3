// The Transfer page: a sound, and what becomes of it on the way to another timbre or pitch.

import { typing } from "../browser/dom.js";
import { mounted } from "../browser/mount.js";
import { Notes } from "../browser/notes.js";
import { noteName } from "../browser/pitch.js";
import { address, fetchPacked, fetchWav } from "../browser/server.js";
import { asParameter, corrected, correctedBy, correctedNotes, WHOLE } from "./corrections.js";
import { Pair } from "./pair.js";
import { TransferView } from "./view.js";

const PICTURE_MS = 160; // after the last change: the picture and the place on the map follow the sound
// Python's rerun, and the page's drawing after it, would take a tenth of a second from the sound.
const REPORT_MS = 350;
const SETTINGS = { toward: null, amount: 0.8, shift: 0, steady: false };
export default mounted(
  (parent) => new TransferPage(parent),
  (view, setStateValue) => {
    view.report = (name, value) => setStateValue(name, value);
  },
);

export class TransferPage {
  report = null; // tells Python what is chosen

  constructor(parent) {
    this.root = parent.querySelector(".tx-transfer");
    this.root.timbreTransfer = this;
    this.data = {};
    this.settings = { ...SETTINGS };
    this.corrections = [];
    this.loading = new AbortController();
    this.listeners = new AbortController();
    this.deck = new Pair({
      changed: () => this.sounding(),
      reference: "source",
      refused: () => this.view.tell("Click a play button to hear it: the browser waits for a click before it lets a page sound."),
    });
    this.view = new TransferView(this.root, this);
    window.addEventListener("keydown", (event) => this.key(event), { signal: this.listeners.signal });
    this.sizes = new ResizeObserver(() => this.view.draw());
    this.sizes.observe(this.root);
  }

  destroy() {
    this.listeners.abort();
    this.loading.abort();
    this.sizes.disconnect();
    this.deck.close();
    clearTimeout(this.resting);
    clearTimeout(this.telling);
    this.picturing?.abort();
    cancelAnimationFrame(this.frame);
  }

  update(data) {
    const moved = data.checkpoint !== this.data.checkpoint || data.version !== this.data.version;
    const other = moved || JSON.stringify(data.source) !== JSON.stringify(this.data.source);
    const first = !this.data.checkpoint;
    this.data = data;
    if (first || moved) this.settings = { ...SETTINGS, ...data.settings };
    if (other) this.open(moved);
    else this.view.draw();
  }

  parameters(extra = {}) {
    return { checkpoint: this.data.checkpoint, v: this.data.version, ...this.data.source, ...extra };
  }

  url(part, extra) {
    return address(`${this.data.url}/transfer/${part}`, this.parameters(extra));
  }

  // What becomes of the sound now, as parameters of an address.
  change() {
    const { toward, amount, shift, steady } = this.settings;
    const mend = asParameter(this.corrections);
    return {
      ...(toward === null ? {} : { toward, amount }),
      ...(shift ? { shift } : {}),
      ...(steady ? { steady: 1 } : {}),
      ...(mend ? { mend } : {}),
    };
  }

  resultUrl(part = "sound", extra = {}) {
    return this.url(part, { ...this.change(), ...extra });
  }

  // ---- a sound -----------------------------------------------------------------------------------------------------

  async open(moved) {
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    clearTimeout(this.resting);
    this.deck.clear();
    this.told = null;
    this.corrections = [];
    delete this.root.dataset.ready;
    this.view.wait();
    this.view.sourceBox.hidden = !this.data.source.note;
    try {
      if (moved) {
        const map = fetchPacked(address(`${this.data.url}/map`, { checkpoint: this.data.checkpoint, v: this.data.version }), {
          signal,
        });
        this.view.fillNotes(new Notes(await map));
      }
      this.paint();
      this.told = await fetchPacked(this.url("source"), { signal });
      this.heard = { contour: this.told.arrays.contour, notes: this.told.notes };
      this.view.show("source", this.told);
      this.view.tell(this.told.remarks.join(" "));
      this.deck.add("source", this.told.arrays.audio, this.told.rate);
      this.view.ready("source");
      this.paint();
      await this.refresh();
      if (!signal.aborted) this.root.dataset.ready = this.data.source.note ?? "own";
    } catch (error) {
      this.failed(error, "source");
    }
  }

  failed(error, kind) {
    if (error.name === "AbortError") return;
    // The server keeps sounds for a while only; the page still has this one and hands it in again.
    if (error.status === 410) return this.report("gone", this.data.source.sound);
    this.view.fail(kind, error.message);
    this.view.tell(error.message, true);
  }

  // ---- what becomes of it ------------------------------------------------------------------------------------------

  // Where the result's pitch is counted from: the middle of what is heard, else C4.
  get base() {
    return this.told ? (this.told.pitch?.midi ?? 60) + correctedBy(this.corrections) : null;
  }

  paint() {
    this.view.setSettings(this.settings, this.base);
    this.view.setCorrections(this.view.pictures.source.chosen, this.view.pictures.source.notes, this.corrections.length);
  }

  // While a slider moves: heard at once, told to nobody.
  slide(settings) {
    Object.assign(this.settings, settings);
    this.paint();
    this.refresh(true);
  }

  // A slider has come to rest: the link in the address bar follows, once the sound was heard.
  rest() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.report("settings", { ...this.settings }), REPORT_MS);
  }

  set(settings) {
    this.slide(settings);
    this.rest();
  }

  chooseSource(note) {
    clearTimeout(this.telling);
    this.report("settings", { ...this.settings, note });
  }

  // The last change wins: while one answer is awaited, no more than one other is wanted.
  async refresh(play = false) {
    if (!this.told) return;
    this.wanted = { play: play || Boolean(this.wanted?.play) };
    if (this.asking) return this.asking;
    this.asking = this.catchUp().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  async catchUp() {
    const { signal } = this.loading;
    this.view.busy(true);
    try {
      while (this.wanted && !signal.aborted) {
        const { play } = this.wanted;
        this.wanted = null;
        const url = this.resultUrl();
        // A picture of what was before would only take the sound's time.
        clearTimeout(this.resting);
        this.picturing?.abort();
        const { samples, rate } = await fetchWav(url, { signal });
        this.deck.replace("result", samples, rate);
        this.view.ready("result");
        this.view.setSave(this.resultUrl("sound", { save: 1 }));
        this.root.dataset.heard = url;
        performance.mark("timbre:result");
        if (play) this.deck.play("result", this.deck.playing ? null : 0);
        this.resting = setTimeout(() => this.picture(url, signal), PICTURE_MS);
      }
    } catch (error) {
      this.failed(error, "result");
    } finally {
      this.view.busy(false);
    }
  }

  async picture(url, signal) {
    this.picturing = new AbortController();
    const either = AbortSignal.any([signal, this.picturing.signal]);
    try {
      const told = await fetchPacked(url.replace("/transfer/sound?", "/transfer/picture?"), { signal: either });
      if (url !== this.resultUrl()) return;
      this.view.show("result", told);
      this.view.tell([...this.told.remarks, ...told.remarks].join(" "));
      this.root.dataset.shown = url;
    } catch (error) {
      this.failed(error, "result");
    }
  }

  // ---- correcting the pitch ------------------------------------------------------------------------------------------

  pick(note) {
    this.view.pictures.source.chosen = note;
    this.view.draw();
    this.paint();
  }

  mend(semitones) {
    const { chosen, notes } = this.view.pictures.source;
    const [start, end] = notes[chosen] ?? [0, WHOLE];
    this.corrections.push({ start, end, semitones });
    this.remend();
  }

  unmend() {
    this.corrections.pop();
    this.remend();
  }

  remend() {
    const picture = this.view.pictures.source;
    picture.contour = corrected(this.heard.contour, picture.rate, this.corrections);
    picture.notes = correctedNotes(this.heard.notes, this.corrections);
    if (this.told.pitch) this.view.setPitch("source", { midi: this.base, name: noteName(this.base) });
    this.view.draw();
    this.paint();
    this.refresh(true);
  }

  // ---- sound -------------------------------------------------------------------------------------------------------

  play(kind, from) {
    this.view.tell("");
    this.deck.play(kind, from);
  }

  // A play button: stops what it plays, goes on in place where the other one sounds.
  press(kind) {
    if (this.deck.playing && this.deck.kind === kind) this.deck.stop();
    else this.play(kind, this.deck.playing ? null : 0);
  }

  swap() {
    const other = this.deck.playing && this.deck.kind === "result" ? "source" : "result";
    this.play(other, this.deck.playing ? null : 0);
  }

  toggleLoop() {
    this.deck.setLoop(!this.deck.loop);
    this.sounding();
  }

  sounding() {
    const { deck } = this;
    this.view.sounding(deck.playing ? deck.kind : null, deck.loop);
    cancelAnimationFrame(this.frame);
    const follow = () => {
      if (!deck.playing) return;
      this.view.follow(deck.position);
      this.frame = requestAnimationFrame(follow);
    };
    follow();
  }

  key(event) {
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target instanceof Element && event.target.closest("button, a, [role=option], summary, [role=radio]");
    const act = {
      1: () => this.press("source"),
      2: () => this.press("result"),
      l: () => this.toggleLoop(),
      " ": onButton ? null : () => (this.deck.playing ? this.deck.stop() : this.press(this.deck.kind ?? "result")),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
