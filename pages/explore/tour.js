// Four steps through the page on the first visit. Once ended it does not come again in this browser.

import { build } from "../browser/dom.js";

const DONE = "timbre.tour";
const STEPS = [
  [
    ".tx-points",
    "Every dot is a sound",
    "Point at one to hear it, click to choose it. What lies near sounds alike. Arrow keys walk from dot to dot.",
  ],
  [
    ".tx-find",
    "Find",
    "Search names, or filter by words such as bright, short or noisy. The list has every sound, sorted as you like.",
  ],
  [
    ".tx-note",
    "What the model hears",
    "Beside the recording: what is left of it without the model, and what the model makes of it. Keys 1 to 3 play them.",
  ],
  [
    ".tx-tools .tx-lasso",
    "Keep",
    "Draw around dots to choose many: star, tag, collect, or export. Your own sounds come from the page Library.",
  ],
];

// Begun by itself it lies where a chosen note's neighbours will be, in nobody's way, and goes when a note is chosen; the button
// beside the search brings it back over the map.
export class Tour {
  constructor(root) {
    this.root = root;
    this.step = 0;
    this.card = build("div", { class: "tx-tour", role: "region", "aria-label": "A tour of this page" });
    this.card.addEventListener("keydown", (event) => event.key === "Escape" && this.end());
    this.opener = build("button", {
      type: "button",
      class: "tx-tour-open",
      text: "Tour",
      title: "Four steps through this page",
      onclick: () => this.begin(root.querySelector(".tx-field")),
    });
    root.querySelector(".tx-filter").after(this.opener);
    this.begin(document.querySelector(".tx-note.tx-empty .tx-near"));
  }

  destroy() {
    this.light(null);
    this.card.remove();
    this.opener.remove();
  }

  begin(place) {
    if (!place) return;
    place.append(this.card);
    this.show(this.step);
  }

  end() {
    localStorage.setItem(DONE, "done");
    this.destroy();
  }

  light(element) {
    this.lit?.classList.remove("tx-toured");
    this.lit = element;
    element?.classList.add("tx-toured");
  }

  show(step) {
    if (step >= STEPS.length) return this.end();
    const [where, title, text] = STEPS[step];
    this.step = step;
    if (step) this.light(this.root.querySelector(where) ?? document.querySelector(where));
    const button = (label, onclick) => build("button", { type: "button", text: label, onclick });
    const on = button(step < STEPS.length - 1 ? "Next" : "Done", () => this.show(step + 1));
    this.card.replaceChildren(
      build("b", { text: title }),
      build("p", { text }),
      build(
        "div",
        {},
        build("span", { text: `${step + 1} of ${STEPS.length}` }),
        step ? button("Back", () => this.show(step - 1)) : null,
        button("Skip", () => this.end()),
        on,
      ),
    );
    if (step) on.focus();
  }
}
