// The sliders of the macros.

import { build } from "../browser/dom.js";
import { told } from "./shape.js";

export class MacroPanel {
  rows = new Map();

  // moved(name, steps, timeStamp) while a slider moves; began() before the first, rested() after the last.
  constructor(list, { moved, began, rested }) {
    this.list = list;
    this.moved = moved;
    this.began = began;
    this.rested = rested;
  }

  show(macros) {
    this.rows = new Map(macros.map((macro) => [macro.name, this.makeRow(macro)]));
    this.list.replaceChildren(...[...this.rows.values()].map(({ element }) => element));
  }

  makeRow(macro) {
    const { name, low, high, says } = macro;
    const title = name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
    const slider = build("input", { type: "range", min: low, max: high, step: 0.1, value: 0, "aria-label": title });
    const row = { macro, slider, value: build("output", {}) };
    slider.addEventListener("input", (event) => {
      if (!row.moving) this.began();
      row.moving = true;
      // The middle holds on to the slider for a moment: most sounds are to stay as they are in most respects.
      this.moved(name, Math.abs(slider.valueAsNumber) < 0.15 ? 0 : slider.valueAsNumber, event.timeStamp);
    });
    slider.addEventListener("change", () => {
      row.moving = false;
      this.rested();
    });
    slider.addEventListener("dblclick", () => {
      this.began();
      this.moved(name, 0, performance.now());
      this.rested();
    });
    row.element = build(
      "label",
      { class: "tx-macro", "data-macro": name, title: `${title}: ${says}. Double-click: as it is` },
      build("b", { text: title }),
      slider,
      row.value,
    );
    return row;
  }

  set(steps) {
    for (const [name, { macro, slider, value, moving }] of this.rows) {
      const now = steps[name] ?? 0;
      if (!moving) slider.value = String(now);
      const share = (100 * (now - macro.low)) / (macro.high - macro.low);
      const rest = (100 * -macro.low) / (macro.high - macro.low);
      slider.style.setProperty("--at", `${Math.max(0, Math.min(100, share))}%`);
      slider.style.setProperty("--rest", `${rest}%`);
      value.textContent = told(macro, now);
      slider.setAttribute("aria-valuetext", value.textContent);
    }
  }
}
