// The Play page's panel that performs a piece: one that comes with the project, or a MIDI file of one's own.

import { build } from "../browser/dom.js";
import { errorOf, fetchJson } from "../browser/server.js";
import { isSound, withoutLeftBehind } from "../browser/sounds.js";
import { fileName } from "./files.js";

const PIECE = /\.(mid|midi|rmi|kar)$/i;
const TUNING = /\.(scl|kbm)$/i;
const ARCHIVE = /\.zip$/i;
// Files that nothing else on the page has taken.
const takes = (event) => !event.defaultPrevented && event.dataTransfer?.types.includes("Files");

export class PiecePanel {
  own = null; // a MIDI file that was dropped or chosen
  heard = null; // {asked, url}: what was performed last

  /** @param {import("./view.js").PlayView} view */
  constructor(view) {
    this.view = view;
    this.element = this.make();
    this.dropping = new AbortController();
    const { signal } = this.dropping;
    document.addEventListener("dragover", (event) => takes(event) && event.preventDefault(), { signal });
    document.addEventListener("drop", (event) => takes(event) && this.drop(event), { signal });
  }

  make() {
    this.piece = build("select", { "aria-label": "Piece" });
    this.file = build("input", {
      type: "file",
      accept: ".mid,.midi,audio/midi",
      class: "tx-file",
      "aria-label": "MIDI file",
      tabindex: -1,
    });
    this.file.addEventListener("change", () => {
      const [file] = this.file.files;
      this.file.value = "";
      if (file) this.take(file);
    });
    this.band = build(
      "select",
      { "aria-label": "Played by" },
      build("option", { value: "", text: "this sound" }),
      build("option", { value: "1", text: "each part's family" }),
    );
    this.audio = build("audio", { controls: "", hidden: "", class: "tx-piece-audio" });
    this.told = build("p", { class: "tx-count", role: "status", text: "Or drop a .mid file on this page." });
    this.buttons = [
      this.view.button("Play", "Perform the piece and play it", "", () => this.play(), { class: "tx-piece-play" }),
      this.view.button("WAV", "Save the piece as a WAV file", "", () => this.save(false), { class: "tx-piece-wav" }),
      this.view.button("Stems", "Save a WAV file for each part", "", () => this.save(true), { class: "tx-piece-stems" }),
    ];
    const menu = build(
      "details",
      { class: "tx-piece", name: "tx-play-menus" },
      build("summary", { text: "Piece", title: "Play a piece of music with this sound" }),
      build(
        "div",
        {},
        build("b", { text: "Play a piece" }),
        build("label", {}, build("span", { text: "Piece" }), this.piece),
        build("label", {}, build("span", { text: "Played by" }), this.band),
        this.view.button("MIDI file …", "Choose a MIDI file", "", () => this.file.click(), { class: "tx-chip" }),
        this.file,
        this.told,
        this.audio,
        build("div", { class: "tx-piece-buttons" }, ...this.buttons),
      ),
    );
    menu.addEventListener("toggle", () => menu.open && !this.piece.options.length && this.view.attempt(() => this.list()));
    return menu;
  }

  async list() {
    const { player } = this.view;
    const pieces = await fetchJson(player.url("pieces"));
    this.piece.prepend(...pieces.map(({ name, title }) => build("option", { value: name, text: title })));
    if (!this.own) this.piece.value = pieces[0].name;
  }

  // A piece is taken here, sounds become an instrument; of anything else it is said that it is neither.
  drop(event) {
    event.preventDefault();
    const files = withoutLeftBehind(event.dataTransfer.files);
    const piece = files.find(({ name }) => PIECE.test(name));
    if (piece) {
      this.element.open = true;
      this.take(piece);
      return;
    }
    const { player } = this.view;
    const tunings = files.filter(({ name }) => TUNING.test(name));
    if (tunings.length) {
      this.view.attempt(() => player.files.takeTuning(tunings));
      return;
    }
    const sounds = files.filter((file) => isSound(file) || ARCHIVE.test(file.name));
    const strange = files.filter((file) => !sounds.includes(file)).map(({ name }) => name);
    if (!sounds.length)
      this.view.tell(
        `${strange[0] ?? "That"} is neither a sound (WAV, FLAC, OGG, MP3, AIFF, or a ZIP of them) nor a MIDI file (.mid).`,
        true,
      );
    else if (!player.zText) this.view.tell("The model is still being loaded: drop the sound again in a moment.", true);
    else this.view.attempt(() => player.files.takeSounds(sounds, strange));
  }

  take(file) {
    this.own = file;
    this.piece.querySelector("option[value='']")?.remove();
    this.piece.append(build("option", { value: "", text: file.name }));
    this.piece.value = "";
    this.told.textContent = file.name;
  }

  // What is asked for: the MIDI file, and where it is performed.
  async request(extra) {
    const { player } = this.view;
    const { attack, release } = player.synth;
    const { shape } = player.sounding;
    const sound = this.band.value ? { band: 1, ...(shape ? { shape } : {}) } : player.sounding;
    const url = player.url("perform", { ...sound, ...player.tuned, attack, release, ...extra });
    if (!this.piece.value) return { url, body: this.own };
    const answer = await fetch(player.url("piece", { name: this.piece.value }));
    if (!answer.ok) throw await errorOf(answer);
    return { url, body: await answer.blob() };
  }

  async perform(extra = {}) {
    const asked = await this.request(extra);
    const answer = await fetch(asked.url, { method: "POST", body: asked.body });
    if (!answer.ok) throw await errorOf(answer);
    const remarks = (answer.headers.get("X-Remarks") ?? "").split("|").filter(Boolean);
    this.told.textContent = remarks.join(" ") || "Performed.";
    return URL.createObjectURL(await answer.blob());
  }

  // While work goes on it is said, and nothing else can be begun; what goes wrong is told here.
  async busy(work) {
    for (const button of this.buttons) button.disabled = true;
    this.told.classList.remove("tx-wrong");
    this.told.textContent = "Performing …";
    try {
      await work();
    } catch (error) {
      this.told.textContent = error.message;
      this.told.classList.add("tx-wrong");
    }
    for (const button of this.buttons) button.disabled = false;
  }

  play() {
    return this.busy(async () => {
      const url = await this.perform();
      if (this.heard) URL.revokeObjectURL(this.heard);
      this.heard = url;
      this.audio.src = url;
      this.audio.hidden = false;
      await this.audio.play();
    });
  }

  save(stems) {
    return this.busy(async () => {
      const url = await this.perform(stems ? { stems: 1 } : {});
      const name = this.piece.value || this.own.name.replace(/\.\w+$/, "");
      build("a", { href: url, download: fileName(name, stems ? "-stems.zip" : ".wav") }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    });
  }

  destroy() {
    this.dropping.abort();
    this.audio.pause();
    if (this.heard) URL.revokeObjectURL(this.heard);
  }
}
