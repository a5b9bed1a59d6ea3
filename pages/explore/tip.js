// What is said of the note under the pointer, beside it.

import { UNKNOWN_COLOUR } from "../browser/colours.js";
import { build } from "../browser/dom.js";

export class Tip {
  /** @param {import("./map.js").MapView} view @param {HTMLElement} element */
  constructor(view, element) {
    this.view = view;
    this.element = element;
  }

  hide() {
    this.element.hidden = true;
  }

  show(i) {
    const { points, space, canvas, data } = this.view;
    const { columns, arrays, ids } = points.map;
    const instrument = this.view.instruments.part?.told(i);
    const extra = ["family", "pitch", "instrument", "family_or_instrument"].includes(data.colour) ? [] : [data.colour];
    const labels = [...new Set(["pitch", "velocity", ...extra])]
      .map((column) => [columns[column]?.title, points.label(column, i)])
      .concat([["id", points.label("pitch", i) ? "" : points.detail(i) || ids[i]]]);
    const lines = (instrument?.lines ?? labels)
      .filter(([, value]) => value)
      .map(([title, value]) => build("div", {}, build("span", { text: title }), build("b", { text: value })));
    const { dot } = points.map;
    const colour = columns[dot]?.colours[arrays[`label_${dot}`][i]] ?? UNKNOWN_COLOUR;
    const head = build("div", { class: "tx-tip-head" }, build("i", { style: `background:${colour}` }));
    head.append(instrument?.name ?? points.name(i));
    this.element.replaceChildren(head, ...lines);
    this.element.hidden = false;
    const box = canvas.getBoundingClientRect();
    const { pointer, shown } = space.part ?? {};
    const [x, y] = shown && pointer ? [pointer.clientX - box.left, pointer.clientY - box.top] : points.place(i);
    const { clientWidth: w, clientHeight: h } = canvas;
    this.element.style.left = `${Math.min(x + 14, w - this.element.offsetWidth - 6)}px`;
    this.element.style.top = `${y + 14 + this.element.offsetHeight > h ? y - this.element.offsetHeight - 12 : y + 14}px`;
  }
}
