// What lies below a note: tabs, the nearest notes, and a sound of one's own to look for.

import { build } from "../browser/dom.js";

// Tabs as ARIA's pattern has them: arrow keys walk, one panel is seen. All are as high, so that nothing moves.
export class Tabs {
  // panels: {title: element}; shown(): another one is seen.
  constructor(list, panels, shown) {
    this.shown = shown;
    this.tabs = Object.entries(panels).map(([title, panel], i) => {
      const tab = build("button", {
        type: "button",
        role: "tab",
        id: `tx-tab-${i}`,
        text: title,
        "aria-controls": `tx-panel-${i}`,
        onclick: () => this.show(i),
      });
      tab.addEventListener("keydown", (event) => this.key(event, i));
      for (const [name, value] of Object.entries({
        role: "tabpanel",
        id: `tx-panel-${i}`,
        "aria-labelledby": `tx-tab-${i}`,
      }))
        panel.setAttribute(name, value);
      return { tab, panel };
    });
    list.replaceChildren(...this.tabs.map(({ tab }) => tab));
    this.show(0);
  }

  show(chosen) {
    this.tabs.forEach(({ tab, panel }, i) => {
      tab.setAttribute("aria-selected", String(i === chosen));
      tab.tabIndex = i === chosen ? 0 : -1;
      panel.hidden = i !== chosen;
    });
    this.shown();
  }

  key(event, i) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (i + step + this.tabs.length) % this.tabs.length;
    this.show(next);
    this.tabs[next].tab.focus();
  }
}

// The notes nearest to one, as buttons that play them.
export class NearList {
  constructor(element, chosen) {
    this.element = element;
    this.chosen = chosen;
  }

  show(neighbours) {
    this.element.replaceChildren(...neighbours.map((near) => this.chip(near)));
  }

  chip(near) {
    const told = [`${near.title} ${near.pitch_name}`.trim(), near.family, near.detail].filter(Boolean).join(", ");
    return build(
      "button",
      {
        type: "button",
        "data-note": near.id,
        title:
          near.share === undefined
            ? `${told}: distance ${near.distance.toFixed(2)} in the latent space`
            : `${told}: ${(100 * near.share).toFixed(1)} % of the library's pairs of notes are more alike`,
        onclick: () => this.chosen(near.id),
      },
      build("i", { style: `background:${near.colour}` }),
      build("span", { text: near.title }),
      build("b", { text: near.pitch_name }),
      build("small", { text: near.detail }),
      build("em", { text: near.share === undefined ? near.distance.toFixed(2) : `${(100 * near.share).toFixed(1)} %` }),
    );
  }
}
