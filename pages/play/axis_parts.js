// The Play page's sliders along the axes of the latent space, and what stands above them.

import { build } from "../browser/dom.js";
import { ICONS } from "../browser/icons.js";
import { TRAIT_SHORT, TRAIT_WORDS } from "./axes.js";
import { PlayParts } from "./parts.js";

export class AxisParts extends PlayParts {
  panel = null; // AxisPanel
  macroPanel = null; // MacroPanel
  /** @type {HTMLElement} */ root;

  makeAxes() {
    const choice = (name, text, title) =>
      build("button", {
        type: "button",
        role: "radio",
        "data-axes": name,
        title,
        text,
        onclick: () => this.player.moves.switchAxes(name),
      });
    this.choices = [
      choice("dimensions", "Dimensions", "The model's own latent dimensions, the ones that say most first"),
      choice("principal", "Principal directions", "The directions in which the map's notes differ most"),
    ];
    this.undo = this.button("", "Undo (Ctrl+Z)", ICONS.undo, () => this.player.history.travel(true), { disabled: "" });
    this.redo = this.button("", "Redo (Ctrl+Y)", ICONS.redo, () => this.player.history.travel(false), { disabled: "" });
    this.axisList = build("div", { class: "tx-axis-list" });
    this.macroList = build("div", { class: "tx-axis-list tx-macro-list" });
    this.presetPage = build("div", { class: "tx-presets" });
    const turner = (page, text, title) =>
      build("button", {
        type: "button",
        class: `tx-toggle tx-turn-${page}`,
        text,
        title,
        onclick: () => this.player.moves.turnTo(page),
      });
    this.turners = {
      presets: turner("presets", "Presets", "Presets: find, compare, morph and keep them"),
      latents: turner("latents", "More", "The sliders of the model's latents"),
    };
    this.measured = build("span", { class: "tx-measured", role: "status" });
    this.traitHeads = build("div", { class: "tx-bars tx-bar-heads" });
    return build(
      "section",
      { class: "tx-axes", "aria-label": "Sliders" },
      build(
        "div",
        { class: "tx-axes-head" },
        build(
          "div",
          { class: "tx-pages" },
          build("b", { class: "tx-page-name", text: "Macros" }),
          build("div", { class: "tx-switch", role: "radiogroup", "aria-label": "Sliders along" }, ...this.choices),
          this.turners.presets,
          this.turners.latents,
        ),
        build(
          "div",
          { class: "tx-tools" },
          this.undo,
          this.redo,
          this.button("", "Nudge: a small random step", ICONS.nudge, () => this.player.moves.randomise(0.25), {
            class: "tx-nudge",
          }),
          this.button(
            "Randomise",
            "Random sliders: macros around the sound as it is, latents between two of the map's notes. Locked ones stay",
            ICONS.dice,
            () => this.player.moves.randomise(1),
            { class: "tx-randomise" },
          ),
          this.button("Reset", "Back to where the sound started", ICONS.reset, () => this.player.moves.reset(), {
            class: "tx-reset",
          }),
        ),
      ),
      this.macroList,
      this.presetPage,
      build("div", { class: "tx-axes-told" }, this.measured, this.traitHeads),
      this.axisList,
    );
  }

  showAxes() {
    const { player } = this;
    this.root.dataset.page = player.page;
    for (const [page, turner] of Object.entries(this.turners)) turner.setAttribute("aria-pressed", String(page === player.page));
    if (player.page === "presets") this.player.view.showPresets();
    this.setMacros();
    for (const choice of this.choices) choice.setAttribute("aria-checked", String(choice.dataset.axes === player.axes));
    this.panel.show(player.space.axes[player.axes], player.axes, player.locks[player.axes]);
    this.showTraits(player.traits);
    this.panel.set(player.coordinates());
  }

  setMacros() {
    this.macroPanel.set(this.player.steps);
  }

  showTraits(told) {
    const names = told?.names ?? [];
    this.traitHeads.replaceChildren(
      ...names.map((name) => build("span", { text: TRAIT_SHORT[name], title: TRAIT_WORDS[name][2] })),
    );
    this.panel.explain(told?.correlations?.[this.player.axes] ?? null, names);
    if (told?.failed) this.measured.textContent = told.failed;
    else if (told?.correlations)
      this.measured.textContent =
        `What a slider changes: correlation over ${told.notes} recordings` + (told.pitch_held ? ", pitch held constant" : "");
    else
      this.measured.textContent = told?.of
        ? `Measuring what each slider changes … ${told.done} of ${told.of} notes`
        : "Measuring what each slider changes …";
    if (this.player.z) this.panel.set(this.player.coordinates());
  }
}
