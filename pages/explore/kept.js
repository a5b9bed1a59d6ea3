// What is kept of sounds: stars, tags and collections, the same for all components of the page and for all browsers.

import { address, errorOf, fetchJson } from "../browser/server.js";

export const KEPT = "timbre:kept";
const LOOK_MS = 15_000;

class Kept {
  stars = new Set();
  tags = new Map(); // tag -> Set of ids
  collections = new Map(); // name -> {notes: Set of ids, elsewhere: how many sounds are not on this map}
  revision = -1;
  data = null;

  // The map that is shown: its notes' ids are spoken of.
  async open(data) {
    this.data = data;
    clearInterval(this.looking);
    this.looking = setInterval(() => document.visibilityState === "visible" && this.look(), LOOK_MS);
    await this.look(true);
  }

  close() {
    clearInterval(this.looking);
    this.data = null;
  }

  async look(anew = false) {
    const { data } = this;
    try {
      const told = await fetchJson(this.place("kept"));
      if (data === this.data && (anew || told.revision !== this.revision)) this.take(told);
    } catch {
      // The server is away: what was known is still shown.
    }
  }

  place(route, more = {}) {
    return address(`${this.data.url}/${route}`, { checkpoint: this.data.checkpoint, ...more });
  }

  // change("star", ids), change("collect", ids, "kicks"), change("rename", [], "kicks", "drums"): throws what went wrong.
  async change(what, notes, name = "", renamed = "") {
    const response = await fetch(this.place("kept"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ do: what, notes, name, new: renamed }),
    });
    if (!response.ok) throw await errorOf(response);
    this.take(await response.json());
  }

  toggleStar(ids) {
    return this.change(ids.every((id) => this.stars.has(id)) ? "unstar" : "star", ids);
  }

  take({ revision, stars, tags, collections }) {
    this.revision = revision;
    this.stars = new Set(stars);
    this.tags = new Map(Object.entries(tags).map(([tag, notes]) => [tag, new Set(notes)]));
    this.collections = new Map(collections.map(({ name, notes, elsewhere }) => [name, { notes: new Set(notes), elsewhere }]));
    window.dispatchEvent(new CustomEvent(KEPT));
  }

  // Sets of notes that can be looked for: their key, what they are called, and their notes.
  sets() {
    return [
      ...(this.stars.size ? [{ key: "star", title: "★ starred", notes: this.stars }] : []),
      ...[...this.collections].map(([name, { notes }]) => ({ key: `collection:${name}`, title: name, notes })),
      ...[...this.tags].map(([tag, notes]) => ({ key: `tag:${tag}`, title: `#${tag}`, notes })),
    ];
  }
}

export const kept = new Kept();

// What a note is dragged to other programs as (Chromium): its own file.
export function dragOut(event, id, name) {
  const url = new URL(kept.place("kept/file", { note: id }), location.href).href;
  event.dataTransfer.setData("DownloadURL", `application/octet-stream:${name}:${url}`);
  event.dataTransfer.setData("text/uri-list", url);
  event.dataTransfer.effectAllowed = "copy";
}
