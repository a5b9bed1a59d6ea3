// What the colours of a map mean: entries to switch off and on, or a scale.

class Legend {
  constructor(element, points, changed) {
    this.element = element;
    this.points = points;
    this.changed = changed;
  }

  show(key) {
    if (this.shown === key) return;
    this.shown = key;
    this.points.emphasis = -1;
    const column = this.points.column();
    const entries = column.kind === "category" ? this.entries(column) : this.scale(column);
    this.element.classList.toggle("tx-scale", column.kind !== "category");
    this.element.replaceChildren(...entries);
  }

  entries(column) {
    return column.names.map((name, code) => {
      const entry = build(
        "button",
        { type: "button", "aria-pressed": String(!this.points.muted.has(code)), title: `${column.counts[code]} notes: click to hide or show` },
        build("i", { style: `background:${column.colours[code]}` }),
        name || "unknown",
      );
      entry.addEventListener("click", () => {
        const { muted } = this.points;
        if (!muted.delete(code)) muted.add(code);
        entry.setAttribute("aria-pressed", String(!muted.has(code)));
        this.changed();
      });
      entry.addEventListener("pointerenter", () => this.emphasise(code));
      entry.addEventListener("pointerleave", () => this.emphasise(-1));
      return entry;
    });
  }

  emphasise(code) {
    this.points.emphasis = code;
    this.changed();
  }

  scale(column) {
    const isPitch = this.points.colour === "pitch";
    const ticks = isPitch ? octaves(column.low, column.high) : evenly(column.low, column.high);
    const span = column.high - column.low || 1;
    const marks = ticks.map((value) =>
      build("span", {
        style: `left:${(100 * (value - column.low)) / span}%`,
        text: isPitch ? noteName(value) : `${Math.round(value * 1000) / 1000}`,
      }),
    );
    return [
      build("em", { text: isPitch ? "Pitch (MIDI note)" : column.title }),
      build(
        "div",
        { class: "tx-ramp" },
        build("div", { class: "tx-bar", style: `background:${gradient(pointScale(this.points.dark))}` }),
        build("div", { class: "tx-ticks" }, ...marks),
      ),
    ];
  }
}

function octaves(low, high) {
  const ticks = [];
  for (let midi = Math.ceil(low / 12) * 12; midi <= high; midi += 12) ticks.push(midi);
  return ticks.length ? ticks : [low, high];
}

function evenly(low, high) {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => low + (high - low) * part);
}
