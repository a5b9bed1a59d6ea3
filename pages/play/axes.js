// Sliders along a latent space's axes, and what each of them changes.

import { build } from "../browser/dom.js";
import { ICONS, icon } from "../browser/icons.js";

const REACH = 3; // standard deviations to each side
const TELLING = 0.15; // correlations below this say nothing
export const TRAIT_WORDS = {
  brightness: ["darker", "brighter", "Brightness (spectral centroid)"],
  attack: ["faster attack", "slower attack", "Attack time"],
  noisiness: ["purer", "noisier", "Noisiness (energy between the partials)"],
  inharmonicity: ["more harmonic", "more inharmonic", "Inharmonicity (partials off the harmonics)"],
};
export const TRAIT_SHORT = { brightness: "bright", attack: "attack", noisiness: "noise", inharmonicity: "inharm." };

// Text on what raising an axis changes, the strongest first: "brighter, slower attack".
function effects(row, names) {
  if (!row) return "";
  return names
    .map((name, i) => [name, row[i] ?? 0])
    .filter(([, r]) => Math.abs(r) >= TELLING)
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
    .slice(0, 2)
    .map(([name, r]) => TRAIT_WORDS[name][r > 0 ? 1 : 0])
    .join(", ");
}

export class AxisPanel {
  // moved(axis, coordinate, timeStamp) while a slider moves; began() before the first, rested() after the last.
  constructor(list, { moved, began, rested, locked }) {
    this.list = list;
    this.moved = moved;
    this.began = began;
    this.rested = rested;
    this.locked = locked;
    this.rows = [];
  }

  show(axes, name, locks) {
    this.axes = axes;
    this.rows = axes.spread.map((_, axis) =>
      this.makeRow(axis, name === "principal" ? `Direction ${axis + 1}` : `Dimension ${axes.numbers[axis] + 1}`, locks),
    );
    const largest = Math.max(...axes.weight, 1e-9);
    this.rows.forEach((row, axis) => {
      const told = axes.unit === "nats" ? `${axes.weight[axis].toFixed(2)} nats` : `${(100 * axes.weight[axis]).toFixed(1)} %`;
      row.weight.style.width = `${(100 * axes.weight[axis]) / largest}%`;
      row.weight.parentElement.title =
        axes.unit === "nats" ? `says ${told} about a note (KL)` : `${told} of the variance of the map's notes`;
    });
    this.list.replaceChildren(...this.rows.map((row) => row.element));
  }

  makeRow(axis, title, locks) {
    const row = { weight: build("i", {}) };
    row.effect = build("em", { text: "" });
    row.value = build("output", { text: "0.0" });
    row.slider = build("input", { type: "range", min: -REACH, max: REACH, step: 0.02, "aria-label": title });
    row.lock = build("button", { type: "button", class: "tx-lock" });
    row.bars = build("div", { class: "tx-bars" });
    this.paintLock(row, locks.has(axis), title);
    row.lock.addEventListener("click", () => this.paintLock(row, this.locked(axis), title));
    row.slider.addEventListener("input", (event) => {
      if (!row.moving) this.began();
      row.moving = true;
      this.moved(axis, Number(row.slider.value), event.timeStamp);
    });
    row.slider.addEventListener("change", () => {
      row.moving = false;
      this.rested();
    });
    row.slider.addEventListener("dblclick", () => {
      this.began();
      this.moved(axis, 0, performance.now());
      this.rested();
    });
    row.element = build(
      "div",
      { class: "tx-axis", "data-axis": axis },
      row.lock,
      build(
        "div",
        { class: "tx-axis-name" },
        build("b", { text: title }),
        row.effect,
        build("span", { class: "tx-weight" }, row.weight),
      ),
      row.slider,
      row.value,
      row.bars,
    );
    return row;
  }

  paintLock(row, locked, title) {
    row.lock.setAttribute("aria-pressed", String(locked));
    row.lock.setAttribute("aria-label", `Lock ${title}`);
    row.lock.title = locked ? "Locked: randomise leaves it alone" : "Lock: keep it when randomising";
    row.lock.replaceChildren(icon(locked ? ICONS.lock : ICONS.open));
    row.slider.disabled = locked;
  }

  // Coordinates in standard deviations from the map's middle.
  set(coordinates) {
    this.rows.forEach((row, axis) => {
      const value = coordinates[axis];
      if (!row.moving) row.slider.value = value;
      row.slider.style.setProperty("--at", `${50 + (50 * Math.max(-REACH, Math.min(REACH, value))) / REACH}%`);
      row.value.textContent = `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
      row.slider.setAttribute(
        "aria-valuetext",
        `${value.toFixed(2)} standard deviations${row.effect.textContent ? `; raising makes it ${row.effect.textContent}` : ""}`,
      );
    });
  }

  // What each axis changes: correlations (axes x traits), or null while they are not known.
  explain(correlations, names) {
    this.rows.forEach((row, axis) => {
      const told = correlations?.[axis];
      row.effect.textContent = effects(told, names) || (told ? "no clear trait" : "");
      row.effect.classList.toggle("tx-vague", Boolean(told) && !effects(told, names));
      row.bars.replaceChildren(
        ...names.map((name, i) => {
          const r = told?.[i] ?? 0;
          const fill = build("i", {
            class: r < 0 ? "tx-minus" : "tx-plus",
            style: `width:${50 * Math.min(1, Math.abs(r) / 0.7)}%`,
          });
          const known = told && told[i] !== null;
          const words = known ? `correlation ${r >= 0 ? "+" : "−"}${Math.abs(r).toFixed(2)}` : "not known";
          return build("span", { title: `${TRAIT_WORDS[name][2]}: ${words}` }, fill);
        }),
      );
    });
  }
}
