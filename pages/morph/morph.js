// The Morph page: notes that are chosen once, and three ways between them: a path, a pad, a drawn pitch.

import { Ahead } from "../browser/ahead.js";
import { build } from "../browser/dom.js";
import { mounted } from "../browser/mount.js";
import { Notes } from "../browser/notes.js";
import { noteName } from "../browser/pitch.js";
import { address, fetchJson, fetchPacked } from "../browser/server.js";
import { SoundBank } from "../browser/sound_bank.js";
import { Synth } from "../browser/synth.js";
import { PitchPanel } from "./contour.js";
import { ChosenNotes } from "./notes.js";
import { PadPanel } from "./pad.js";
import { PathPanel } from "./path.js";

const REPORT_MS = 250; // after the last change the link follows
const VIEWS = [
  { name: "path", title: "Path", about: "From note to note, step by step or as one sound" },
  { name: "pad", title: "Pad", about: "Four timbres in the corners, everything between them under your finger" },
  { name: "pitch", title: "Pitch", about: "Draw the pitch over time" },
];
export default mounted(
  (parent) => new Morph(parent),
  (view, setStateValue) => {
    view.report = (chosen) => setStateValue("chosen", chosen);
  },
);

export class Morph {
  report = null; // tells Python what is chosen

  constructor(parent) {
    this.root = parent.querySelector(".tx-morph");
    this.root.timbreMorph = this;
    this.data = {};
    this.chosen = { notes: [] };
    this.loading = new AbortController();
    this.bank = new SoundBank();
    this.bank.changed = () => this.panel?.ready();
    const likely = () => this.panel?.wanted().find((url) => !this.bank.has(url)) ?? null;
    this.ahead = new Ahead(this.bank, likely, { refused: (error) => this.tell(error.message, true), most: 2 });
    this.synth = new Synth(() => {});
    this.make();
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.root);
  }

  destroy() {
    this.loading.abort();
    this.bank.keepOnly(new Set());
    this.sizes.disconnect();
    clearTimeout(this.telling);
    this.ahead.stop();
    cancelAnimationFrame(this.frame);
    this.stop();
    this.synth.close();
  }

  // ---- building ----------------------------------------------------------------------------------------------------

  make() {
    this.from = new ChosenNotes(this);
    this.told = build("p", { class: "tx-told", role: "status" });
    this.panels = { path: new PathPanel(this), pad: new PadPanel(this), pitch: new PitchPanel(this) };
    this.tabs = VIEWS.map(({ name, title, about }) =>
      build("button", {
        type: "button",
        role: "tab",
        id: `tx-tab-${name}`,
        "data-view": name,
        title: about,
        text: title,
        "aria-controls": `tx-view-${name}`,
        onclick: () => this.change({ view: name }),
      }),
    );
    const tabs = build("div", { class: "tx-tabs", role: "tablist", "aria-label": "Ways between the notes" }, ...this.tabs);
    tabs.addEventListener("keydown", (event) => this.walkTabs(event));
    this.keys = this.makeKeys();
    for (const [name, panel] of Object.entries(this.panels)) {
      Object.assign(panel.element, { id: `tx-view-${name}` }).setAttribute("role", "tabpanel");
      panel.element.setAttribute("aria-labelledby", `tx-tab-${name}`);
    }
    this.root.replaceChildren(
      build(
        "div",
        { class: "tx-morph-top" },
        this.from.element,
        build(
          "section",
          { class: "tx-ways" },
          build("div", { class: "tx-ways-head" }, tabs, this.keys),
          ...Object.values(this.panels).map(({ element }) => element),
        ),
      ),
      this.told,
    );
  }

  makeKeys() {
    const step = (by) => this.change({ key: String(Math.min(108, Math.max(21, this.key + by))) });
    this.keyName = build("output", { "aria-live": "polite" });
    const button = (text, by, title) =>
      build("button", { type: "button", title, "aria-label": title, text, onclick: () => step(by) });
    return build(
      "div",
      { class: "tx-pitch", role: "group", "aria-label": "Pitch of all sounds" },
      build("span", { text: "Pitch" }),
      button("−", -1, "A semitone lower"),
      this.keyName,
      button("+", 1, "A semitone higher"),
    );
  }

  walkTabs(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = VIEWS.findIndex(({ name }) => name === this.chosen.view);
    const next = (now + step + VIEWS.length) % VIEWS.length;
    this.change({ view: VIEWS[next].name });
    this.tabs[next].focus();
  }

  // ---- what is chosen ----------------------------------------------------------------------------------------------

  update(data) {
    const moved = data.checkpoint !== this.data.checkpoint || data.version !== this.data.version;
    const wanted = JSON.stringify(data.chosen);
    const news = wanted !== this.last && wanted !== JSON.stringify(this.chosen);
    this.data = data;
    this.last = wanted;
    if (moved || (news && !this.telling)) this.chosen = { ...data.chosen, notes: [...data.chosen.notes] };
    this.keys.hidden = !data.conditioned;
    if (moved) this.open();
    else this.paint();
  }

  async open() {
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.stop();
    this.notes = null;
    this.from.armed = -1;
    this.bank.keepOnly(new Set());
    delete this.root.dataset.ready;
    this.tell("Loading the notes …");
    try {
      const map = await fetchPacked(address(`${this.data.url}/map`, this.parameters()), { signal });
      this.notes = new Notes(map);
      this.from.fill(this.notes);
      this.tell("");
      this.paint();
      this.root.dataset.ready = this.data.checkpoint;
      // The server loads its model now, not at the first sound.
      await fetchJson(address(`${this.data.url}/ready`, this.parameters()), { signal });
      this.prefetch();
    } catch (error) {
      if (error.name !== "AbortError") this.tell(error.message, true);
    }
  }

  parameters(extra = {}) {
    return { checkpoint: this.data.checkpoint, v: this.data.version, ...extra };
  }

  // MIDI pitch of all sounds: chosen, or else that of the first note.
  get key() {
    if (this.chosen.key) return Number(this.chosen.key);
    const own = this.notes?.arrays.label_pitch?.[this.notes.rows.get(this.chosen.notes[0])];
    return Number.isFinite(own) ? Math.round(own) : 60;
  }

  soundUrl(extra, part = "sound") {
    const key = this.data.conditioned && !extra.contour ? { key: this.key } : {};
    const notes = { notes: this.chosen.notes.join(","), path: this.chosen.path };
    return address(`${this.data.url}/morph/${part}`, this.parameters({ ...notes, ...key, ...extra }));
  }

  change(patch) {
    if (patch.view && patch.view !== this.chosen.view) this.stop();
    Object.assign(this.chosen, patch);
    this.paint();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      this.telling = null;
      this.last = JSON.stringify(this.chosen);
      this.report({ ...this.chosen, notes: [...this.chosen.notes] });
    }, REPORT_MS);
    this.prefetch();
  }

  get map() {
    return this.from.map;
  }

  describe(note) {
    const row = this.notes.rows.get(note);
    return {
      colour: this.notes.colour(row),
      title: this.notes.whole(row),
      family: this.notes.text("family", row),
    };
  }

  // ---- painting ----------------------------------------------------------------------------------------------------

  get panel() {
    return this.notes ? this.panels[this.chosen.view] : null;
  }

  paint() {
    if (!this.notes) return;
    for (const tab of this.tabs) {
      const here = tab.dataset.view === this.chosen.view;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
    }
    for (const [name, panel] of Object.entries(this.panels)) panel.element.hidden = name !== this.chosen.view;
    this.keyName.textContent = noteName(this.key);
    this.from.paint();
    this.panel.paint();
  }

  draw() {
    if (!this.notes) return;
    this.map.draw();
    this.panel.draw();
  }

  tell(sentence, wrong = false) {
    this.told.textContent = sentence;
    this.told.classList.toggle("tx-wrong", wrong);
  }

  // ---- sound -------------------------------------------------------------------------------------------------------

  // Play an address from its beginning; what sounded before fades. `follow(part)` is told how far it is, 0 to 1, then null.
  async play(url, follow = (_part) => {}) {
    const turn = {};
    this.turn = turn;
    try {
      const opening = this.synth.open(this.data.sampleRate);
      const [sound] = await Promise.all([this.bank.get(url), opening]);
      if (turn !== this.turn) return null;
      this.stop(turn);
      this.tell("");
      const voice = this.synth.start(this.key, sound, 110);
      this.playing = { voice, follow, began: performance.now(), lasts: 1000 * sound.buffer.duration };
      cancelAnimationFrame(this.frame);
      this.follow();
      return sound;
    } catch (error) {
      if (error.name !== "AbortError") this.tell(error.message, true);
      return null;
    }
  }

  follow() {
    if (!this.playing) return;
    const { follow, began, lasts } = this.playing;
    const part = (performance.now() - began) / lasts;
    if (part >= 1) return this.stop();
    follow(part);
    this.frame = requestAnimationFrame(() => this.follow());
  }

  stop(turn = null) {
    this.turn = turn;
    const { playing } = this;
    this.playing = null;
    if (!playing) return;
    this.synth.end(playing.voice, 0.06);
    playing.follow(null);
  }

  // What the open panel will probably be asked for is decoded while nothing else is to do.
  prefetch(wait = 300) {
    this.ahead.rest(wait);
  }
}
