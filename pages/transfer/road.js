// The way from the source to its target as a line, by the measure that its percentage has: the flattened map has another one.

import { build } from "../browser/dom.js";

// Where things lie along the line, in percent of its width: {source, asked, result, target}, and how far the result has gone, in
// percent of the way. way: the share that it has gone, below 0 where it went away; asked: the share that was asked for.
export function along(way, asked) {
  const low = Math.min(0, way);
  const high = Math.max(1, way, asked);
  const place = (share) => (100 * (share - low)) / (high - low);
  return { source: place(0), asked: place(asked), result: place(way), target: place(1), gone: Math.round(100 * way) };
}

export class Road {
  constructor() {
    this.marks = {
      asked: build("i", { class: "tx-asked" }),
      target: build("i", { class: "tx-target" }),
      source: build("b", { text: "A" }),
      result: build("b", { class: "tx-result", text: "B" }),
    };
    this.line = build("div", { role: "img" }, ...Object.values(this.marks));
    this.told = build("p", {});
    this.element = build("div", { class: "tx-road", hidden: "" }, this.line, this.told);
  }

  // way: null where there is no way to be on.
  show(way, asked) {
    this.element.hidden = way === null;
    if (way === null) return;
    const { gone, ...places } = along(way, asked);
    for (const [name, mark] of Object.entries(this.marks)) mark.style.left = `${places[name]}%`;
    const wanted = `${Math.round(100 * asked)} %`;
    this.marks.asked.title = `asked for: ${wanted}`;
    // The recording stays in it, so that it stops short of the ring: said, for a dot beside its aim looks like a fault.
    this.told.textContent =
      `By all of the model's latents B has gone ${gone} % of the way to the ring (asked for: ${wanted}): ` +
      "the recording stays in it. The map is flattened: its distances are others.";
    this.line.setAttribute("aria-label", `The way from A to the dashed ring: B stands at ${gone} %, ${wanted} was asked for`);
  }
}
