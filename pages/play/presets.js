// The browser of presets: found by name, tags and words of sound, starred, kept; two of them compared and morphed.

import { build, named } from "../browser/dom.js";
import { fetchJson } from "../browser/server.js";
import { A, B, Morphing } from "./morphing.js";
import { matching, tagsOf, toldOf, variation } from "./preset_search.js";

const MOST = 300; // rows at once

export class PresetPanel {
  presets = [];
  chosen = null; // id of the preset that was loaded last

  /** @param {import("./view.js").PlayView} view @param {HTMLElement} element */
  constructor(view, element) {
    this.view = view;
    this.element = element;
    this.morphing = new Morphing(view.player);
    this.make();
  }

  toggle(text, title, act) {
    const told = { title, "aria-label": named(text, title) };
    const button = build("button", { type: "button", class: "tx-chip", text, "aria-pressed": "false", ...told });
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      act();
    });
    return button;
  }

  make() {
    this.field = build("input", {
      type: "search",
      placeholder: "bright, soft attack, breathy, plucked, hollow …",
      "aria-label": "Find presets by name, tag or sound",
    });
    this.field.addEventListener("input", () => this.draw());
    this.starred = this.toggle("★", "Only starred presets", () => this.draw());
    this.own = this.toggle("Mine", "Only presets of your own", () => this.draw());
    this.words = build("div", { class: "tx-families tx-words", role: "group", "aria-label": "Words of sound" });
    this.list = build("div", { class: "tx-preset-list", role: "list" });
    this.tags = build("input", { type: "text", placeholder: "tags, between commas", "aria-label": "Tags", maxlength: 200 });
    this.told = build("span", { class: "tx-measured", role: "status" });
    this.slider = build("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0, "aria-label": "From A to B" });
    this.slider.addEventListener("input", () => this.morph(this.slider.valueAsNumber));
    this.slider.addEventListener("change", () => {
      this.moving = false;
    });
    const end = (name, place) => this.view.button(name, `Hear ${name}`, "", () => this.morph(place), { class: "tx-toggle" });
    this.ends = [end("A", A), end("B", B)];
    this.element.replaceChildren(
      build("div", { class: "tx-preset-find" }, this.field, this.starred, this.own),
      this.words,
      this.list,
      build("div", { class: "tx-preset-ends" }, this.ends[A], this.slider, this.ends[B]),
      build(
        "div",
        { class: "tx-preset-keep" },
        this.tags,
        this.view.button("Keep", "Keep this sound as a preset, under its name", "", () => this.keep(), {
          class: "tx-toggle tx-keep",
        }),
        this.told,
      ),
    );
    this.markEnds();
  }

  async open() {
    if (this.checkpoint === this.view.player.data.checkpoint) return;
    this.checkpoint = this.view.player.data.checkpoint;
    this.morphing = new Morphing(this.view.player);
    this.fill(await fetchJson(this.view.player.url("presets")));
  }

  fill({ presets, words }) {
    this.presets = presets;
    if (!this.words.children.length)
      this.words.replaceChildren(
        ...words.map((word) =>
          build("button", { type: "button", class: "tx-chip", text: word, onclick: () => this.addWord(word) }),
        ),
      );
    this.draw();
  }

  addWord(word) {
    const typed = this.field.value.trim();
    this.field.value = typed.includes(word) ? typed.replace(word, "").trim() : `${typed} ${word}`.trim();
    this.draw();
  }

  draw() {
    const pressed = (button) => button.getAttribute("aria-pressed") === "true";
    const found = matching(this.presets, this.field.value, { starred: pressed(this.starred), own: pressed(this.own) });
    for (const chip of this.words.children)
      chip.setAttribute("aria-pressed", String(this.field.value.includes(chip.textContent ?? "")));
    this.list.replaceChildren(...found.slice(0, MOST).map((preset) => this.makeRow(preset)));
    if (!found.length) {
      const none = this.presets.length ? "No preset sounds like that." : "This checkpoint has no presets yet: keep one.";
      this.list.replaceChildren(build("p", { class: "tx-measured", text: none }));
    } else if (found.length > MOST)
      this.list.append(build("p", { class: "tx-measured", text: `and ${found.length - MOST} more: type more words.` }));
    this.told.textContent = `${found.length} of ${this.presets.length}`;
  }

  makeRow(preset) {
    const star = build("button", {
      type: "button",
      class: "tx-star",
      text: preset.starred ? "★" : "☆",
      "aria-label": `Star ${preset.name}`,
      "aria-pressed": String(preset.starred),
      onclick: () => this.change({ do: preset.starred ? "unstar" : "star", id: preset.id }),
    });
    const name = build(
      "button",
      { type: "button", class: "tx-preset-name", title: "Load", onclick: () => this.load(preset) },
      build("b", { text: preset.name }),
      build("em", { text: toldOf(preset).join(" · ") }),
    );
    const remove = preset.id.startsWith("own:")
      ? build("button", {
          type: "button",
          class: "tx-star",
          text: "×",
          "aria-label": `Delete ${preset.name}`,
          onclick: () => this.change({ do: "delete", id: preset.id }),
        })
      : null;
    const row = build("div", { class: "tx-preset", role: "listitem", "data-preset": preset.id }, star, name, remove);
    row.classList.toggle("tx-chosen", preset.id === this.chosen);
    return row;
  }

  load(preset) {
    return this.view.attempt(async () => {
      await this.view.player.files.playPreset(preset);
      this.chosen = preset.id;
      this.morphing.loaded();
      this.markEnds();
      this.draw();
    });
  }

  async change(change) {
    await this.view.attempt(async () => {
      const told = await fetchJson(this.view.player.url("presets"), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(change),
      });
      this.chosen = told.id ?? this.chosen;
      this.fill(told);
    });
  }

  // Under a name that nothing else has unless it was typed; what is heard is the kept preset from then on. Recordings of one's
  // own are kept with it where they sound.
  async keep() {
    const { player } = this.view;
    const preset = player.files.preset();
    if (preset.name === variation(player.title)) {
      preset.name = variation(
        player.title,
        this.presets.map(({ name }) => name),
      );
    }
    this.told.textContent = "keeping …";
    const own = player.own && player.sounding.carrier ? { own: player.sounding.carrier } : {};
    await this.change({ do: "keep", preset, tags: tagsOf(this.tags.value), ...own });
    const kept = this.presets.find(({ id }) => id === this.chosen);
    if (kept?.name !== preset.name) return;
    if (!own.own) await this.load(kept);
    else {
      // They sound already: nothing is loaded.
      Object.assign(player, { title: kept.name, base: kept.macros });
      player.place(player.z);
      this.morphing.loaded();
      this.markEnds();
    }
    this.told.textContent = `kept as “${kept.name}”`;
  }

  morph(share) {
    if (!this.moving) this.view.player.history.remember();
    this.moving = share !== A && share !== B;
    this.morphing.moveTo(share);
    this.markEnds();
  }

  markEnds() {
    const { share } = this.morphing;
    this.slider.value = String(share);
    for (const end of [A, B]) this.ends[end].setAttribute("aria-pressed", String(share === end));
  }
}
