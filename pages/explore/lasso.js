// Many notes at once, drawn around or filtered: heard one after the other, seen as a table, kept and saved.

import { dismissed } from "../browser/dismissed.js";
import { build } from "../browser/dom.js";
import { address } from "../browser/server.js";
import { alongMap, byPitch, thinned } from "./hearing_order.js";

const STEP_MS = 500;
const MOST_HEARD = 200;
const MOST_LISTED = 300;
const MOST_MORPHED = 8;
const MOST_MARKED = 2000;

export class Gathered {
  /** @param {import("./map.js").MapView} view */
  constructor(view) {
    this.view = view;
    this.bar = view.root.querySelector(".tx-gathered");
    this.table = view.root.querySelector(".tx-table");
    this.notes = [];
    this.sounding = -1;
    this.order = "map";
    this.unlike = []; // ids of notes to keep away from, when others are looked for
    dismissed(
      () => (this.table.hidden ? null : this.table),
      () => this.list(false),
      null,
      view.listeners.signal,
    );
  }

  destroy() {
    this.stop();
    this.filled?.abort();
  }

  marked() {
    return this.notes.length <= MOST_MARKED ? this.notes : [];
  }

  // rows: indices of notes, in an order of their own if `ranked` says what that is; none empties the choice.
  show(rows, ranked = "") {
    this.stop();
    this.filled?.abort();
    this.filled = new AbortController();
    this.notes = rows;
    this.bar.hidden = !rows.length;
    this.table.hidden = true;
    this.view.root.classList.toggle("tx-many", rows.length > 0);
    if (!rows.length) return;
    const count = `${rows.length.toLocaleString("en")} ${this.view.points.map.words.note}${rows.length === 1 ? "" : "s"}`;
    const button = (text, title, onclick) => build("button", { type: "button", text, title, onclick });
    this.player = button("▶ Play", "One after the other", () => (this.timer ? this.stop() : this.play()));
    const order = build(
      "select",
      { "aria-label": "In which order" },
      ...(ranked ? [build("option", { value: "", text: ranked })] : []),
      build("option", { value: "map", text: "along the map" }),
      ...(this.view.points.map.columns.pitch ? [build("option", { value: "pitch", text: "by pitch" })] : []),
    );
    order.value = ranked ? "" : this.order;
    if (order.selectedIndex < 0) order.selectedIndex = 0;
    this.order = order.value;
    order.addEventListener("change", () => (this.order = order.value));
    this.lister = button("Show table", "Their labels, in rows", () => this.list(this.table.hidden));
    this.status = build("span", { class: "tx-status", role: "status" });
    this.bar.replaceChildren(
      build("b", { text: count }),
      this.player,
      order,
      this.lister,
      button("Morph", `A path through them: ${MOST_MORPHED} of them at most`, () => this.morph()),
      button("✕", "Let them go (Escape)", () => this.view.gather([])),
      this.status,
    );
    const last = this.status.previousSibling;
    last.setAttribute("aria-label", "Let them go");
    this.more(last, this.filled.signal).catch((error) => this.say(error.message));
  }

  // What can be done with them beside hearing them: it comes when notes are first chosen.
  async more(before, signal) {
    const [{ likeButtons }, { keepButtons }] = await Promise.all([import("./alike.js"), import("./keep_bar.js")]);
    if (signal.aborted) return;
    const ids = () => this.ids();
    const say = (text) => this.say(text);
    before.before(...likeButtons(this, say), ...keepButtons(this.view.data, ids, say, signal));
  }

  say(text) {
    this.status.textContent = text;
  }

  ids() {
    return this.notes.map((i) => this.view.points.map.ids[i]);
  }

  // The map has other notes now: the same ones under their new indices.
  renew(rows) {
    if (this.notes.length) this.show(rows);
  }

  // Go to the Morph page with some of them, in the order in which they would be heard.
  morph() {
    const path = this.ordered();
    const count = Math.min(MOST_MORPHED, path.length);
    const ids = Array.from(
      { length: count },
      (_, k) => this.view.points.map.ids[path[Math.round((k * (path.length - 1)) / Math.max(1, count - 1))]],
    );
    const of = this.notes.length > count ? { of: this.notes.length } : {};
    location.assign(
      address("morph", { checkpoint: this.view.data.checkpoint.replace("@+own", ""), notes: ids.join(","), ...of }),
    );
  }

  // ---- heard -----------------------------------------------------------------------------------------------------

  ordered() {
    const { points } = this.view;
    const picked = thinned(this.notes, MOST_HEARD);
    if (!this.order) return picked;
    return this.order === "pitch" ? byPitch(picked, points.map.arrays.label_pitch) : alongMap(picked, (i) => points.place(i));
  }

  async play() {
    const { sound, points } = this.view;
    const path = this.ordered();
    this.stop();
    this.player.textContent = "■ Stop";
    this.heard = [];
    const next = async (k) => {
      if (k >= path.length) return this.stop();
      const timer = this.timer;
      const id = points.map.ids[path[k]];
      const buffer = await sound.sound(id);
      for (const ahead of path.slice(k + 1, k + 4)) sound.sound(points.map.ids[ahead]);
      if (timer !== this.timer) return;
      if (!buffer) {
        this.say(sound.silent ?? "");
        return this.stop();
      }
      sound.play(id, buffer);
      this.heard.push(id);
      this.sounding = path[k];
      this.view.mark();
      this.timer = setTimeout(() => next(k + 1), STEP_MS);
    };
    this.timer = setTimeout(() => next(0), 0);
  }

  stop() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.sounding = -1;
    this.player.textContent = "▶ Play";
    this.view.sound.stop();
    this.view.mark();
  }

  // ---- seen ------------------------------------------------------------------------------------------------------

  list(open) {
    this.table.hidden = !open;
    this.lister.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const { points } = this.view;
    const { columns, ids } = points.map;
    const shown = [...new Set(["instrument", "family", "pitch", "velocity", "brightness", points.colour])].filter(
      (name) => name in columns,
    );
    const rows = this.notes.slice(0, MOST_LISTED).map((i) => {
      const first = build("button", {
        type: "button",
        text: [points.name(i), points.detail(i)].filter(Boolean).join(" · "),
        title: ids[i],
      });
      first.addEventListener("click", () => this.view.select(i));
      const cells = shown.filter((name) => name !== "instrument").map((name) => build("td", { text: points.label(name, i) }));
      return build("tr", { "data-note": ids[i] }, build("th", { scope: "row" }, first), ...cells);
    });
    const titles = [
      titled(points.map.words.note),
      ...shown.filter((name) => name !== "instrument").map((name) => columns[name].title),
    ];
    const head = build("thead", {}, build("tr", {}, ...titles.map((text) => build("th", { scope: "col", text }))));
    const more = this.notes.length - rows.length;
    this.table.replaceChildren(
      build("table", {}, head, build("tbody", {}, ...rows)),
      ...(more > 0 ? [build("p", { text: `and ${more.toLocaleString("en")} more: a saved table has them all` })] : []),
    );
  }
}

function titled(word) {
  return word[0].toUpperCase() + word.slice(1);
}
