// What the Play page saves and loads: a sound, a preset, a multi-sampled instrument; and sounds of one's own.

import { build } from "../browser/dom.js";
import { noteName } from "../browser/pitch.js";
import { errorOf, fetchJson } from "../browser/server.js";

// What a file is called that the page saves, in letters of any script.
export function fileName(text, ending) {
  const plain = text.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_-]+/gu, "-");
  return `${plain.replace(/^-+|-+$/g, "").slice(0, 60) || "instrument"}${ending}`;
}

export class Files {
  ownSounds = null; // OwnSounds

  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  async download(url, name) {
    const response = await fetch(url);
    if (!response.ok) throw await errorOf(response);
    const link = build("a", { href: URL.createObjectURL(await response.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  fileName(ending) {
    return fileName(this.player.view.name(), ending);
  }

  saveSound() {
    return this.download(
      this.player.url("sound", { ...this.player.sounding, key: this.player.key, whole: 1 }),
      this.fileName(`-${noteName(this.player.key).replace("♯", "s")}.wav`),
    );
  }

  // The sound as presets have it.
  preset() {
    const { player } = this;
    const { attack, release } = player.synth;
    const { carrier } = player.sounding;
    const macros = Object.fromEntries(Object.entries(player.macros).filter(([, steps]) => steps));
    const note = carrier && !player.own ? carrier : ""; // sounds of one's own are no notes of the map
    return { name: player.view.name().slice(0, 120), z: player.z, key: player.key, attack, release, macros, note };
  }

  savePreset() {
    const { z, macros, note, ...told } = this.preset();
    const { shape } = this.player.sounding;
    const address = { z: this.player.zText, ...told, ...(shape ? { shape } : {}), ...(note ? { carrier: note } : {}) };
    return this.download(this.player.url("preset", address), this.fileName(".json"));
  }

  // how: keys, format and sampling, by the names that the route gives them.
  saveInstrument(how) {
    const { attack, release } = this.player.synth;
    const told = { ...this.player.sounding, ...this.player.tuned, name: this.player.view.name().slice(0, 120), ...how };
    return this.download(this.player.url("export", { ...told, attack, release }), this.fileName(`-${how.format}.zip`));
  }

  async loadPreset(file) {
    if (file.size > 256 * 1024)
      throw new Error(`A preset has a few kilobytes, this file has ${Math.round(file.size / 1024)}: choose another file.`);
    const preset = await fetchJson(this.player.url("preset"), {
      method: "POST",
      body: file,
      headers: { "Content-Type": "application/json" },
    });
    await this.playPreset(preset);
  }

  // A preset with sounds of one's own has them again.
  async playPreset({ id, z, name, key, macros, attack, release, note, sounds }) {
    const { player } = this;
    const own = sounds ? await fetchJson(player.url("own", { preset: id })) : null;
    player.history.remember();
    const start = note && player.view.notes?.ids.includes(note) ? { note } : null;
    Object.assign(player, {
      start,
      own,
      unheard: null,
      origin: z,
      title: name || "preset",
      colour: null,
      key,
      macros: { ...macros },
      base: macros,
      recorded: Boolean(start ?? own),
      carried: Boolean(start ?? own),
    });
    Object.assign(player.synth, { attack, release });
    player.view.rack.setEnvelope();
    player.place([...z]);
    player.view.setKey();
    player.report(start);
    player.hands.audition(performance.now());
  }

  // Sounds of one's own: what only they need is loaded with the first of them.
  async own() {
    const { OwnSounds } = await import("./own_sounds.js");
    this.ownSounds ??= new OwnSounds(this.player);
    return this.ownSounds;
  }

  async takeSounds(files, strange = []) {
    await (await this.own()).take(files, strange);
  }

  async correctPitch(pitch) {
    await (await this.own()).correctPitch(pitch);
  }

  async record() {
    await (await this.own()).record();
  }

  async takeTuning(files) {
    const { takeTuning } = await import("./tuning.js");
    await takeTuning(this.player, files);
  }
}
