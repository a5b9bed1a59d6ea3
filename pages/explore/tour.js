// Four steps through the page on the first visit, and whenever they are asked for.

import { dismissed } from "../browser/dismissed.js";
import { build } from "../browser/dom.js";

const DONE = "timbre.tour";
const PLAIN_WORDS = ["bright", "short", "noisy"]; // of those that a map may have, the ones that need no explanation
const LABELS = ["family", "instrument", "pitch"];

// What the steps say of a map as /api/map answers it: [what is lit, title, text]. heard: whether it is one of sounds.
export function stepsOf({ words, columns, sounds = [] }, heard) {
  const { note } = words;
  const told = [...new Set([...PLAIN_WORDS, ...sounds])].filter((word) => sounds.includes(word)).slice(0, 3);
  const differ = ({ values, high, low }) => (values ? values.length > 1 : high > low);
  const labels = LABELS.filter((name) => columns[name] && differ(columns[name])).map((name) => columns[name].title.toLowerCase());
  const ways = told.length
    ? ` and how they sound, in words such as ${listed(told)}`
    : labels.length
      ? `, or filter by ${listed(labels)}`
      : "";
  return [
    [
      ".tx-points",
      `Every dot is a ${heard ? "sound" : note}`,
      heard
        ? "Point at one to hear it, click to choose it. What lies near sounds alike. Arrow keys walk from dot to dot."
        : "Click one to choose it. What lies near looks alike. Arrow keys walk from dot to dot.",
    ],
    [".tx-find", "Find", `Search names${ways}. The list has every ${heard ? "sound" : note}, sorted as you like.`],
    heard
      ? [
          ".tx-note",
          "What the model hears",
          "Beside the recording: what is left of it without the model, and what the model makes of it. Keys 1 to 3 play them.",
        ]
      : [".tx-note", "What the model sees", `Beside the ${note}: what the model makes of it, and where it is wrong.`],
    [
      ".tx-tools .tx-lasso",
      "Keep",
      "Draw around dots to choose many: star, tag, collect, or save them." +
        (heard ? " Your own sounds come from the page Library." : ""),
    ],
  ];
}

function listed(words) {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${words.at(-1)}` : words.join("");
}

// Begun by itself it lies where a chosen note's neighbours will be, in nobody's way, and goes when a note is chosen; its button
// among the tools brings it back over the map.
export class Tour {
  /** @param {import("./map.js").MapView} view */
  constructor(view) {
    this.view = view;
    this.step = 0;
    this.card = build("div", { class: "tx-tour", role: "region", "aria-label": "A tour of this page" });
    this.gone = new AbortController();
    dismissed(
      () => (this.card.matches(".tx-field > *, :focus-within") ? this.card : null), // beside the map it is in nobody's way
      () => this.end(),
      null,
      this.gone.signal,
    );
  }

  destroy() {
    this.gone.abort();
    this.leave();
  }

  // On the first visit, beside the map.
  greet() {
    if (!this.card.isConnected) this.begin(document.querySelector(".tx-note.tx-empty .tx-near"));
  }

  begin(place) {
    if (!place) return;
    place.append(this.card);
    this.show(this.step);
    if (place.matches(".tx-field")) this.card.querySelector("button:last-child").focus();
  }

  // Once ended it does not come by itself again in this browser.
  end() {
    localStorage.setItem(DONE, "done");
    this.leave();
  }

  leave() {
    this.step = 0;
    this.light(null);
    this.card.remove();
  }

  light(element) {
    this.lit?.classList.remove("tx-toured");
    this.lit = element;
    element?.classList.add("tx-toured");
  }

  show(step) {
    const { view } = this;
    const steps = stepsOf(view.points.map, view.data.sounds);
    if (step >= steps.length) return this.end();
    const [where, title, text] = steps[step];
    this.step = step;
    if (step) this.light(view.root.querySelector(where) ?? document.querySelector(where));
    const button = (label, onclick) => build("button", { type: "button", text: label, onclick });
    const on = button(step < steps.length - 1 ? "Next" : "Done", () => this.show(step + 1));
    this.card.replaceChildren(
      build("b", { text: title }),
      build("p", { text }),
      build(
        "div",
        {},
        build("span", { text: `${step + 1} of ${steps.length}` }),
        step ? button("Back", () => this.show(step - 1)) : null,
        button("Skip", () => this.end()),
        on,
      ),
    );
    if (step) on.focus();
  }
}
