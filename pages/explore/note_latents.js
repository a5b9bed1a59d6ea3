// A note's place in the latent space as bars: one for each dimension, the one that says most first, over the library's spread.

import { build, fitCanvas, themeColour } from "../browser/dom.js";

const LATENT_PLOT = { left: 30, right: 4, top: 6, weights: 15 };

export class LatentBars {
  values = null;
  colour = null;

  constructor(element) {
    this.caption = build("p", { class: "tx-latent-told", "aria-live": "polite" });
    this.canvas = build("canvas", {
      tabindex: 0,
      role: "img",
      "aria-label": "Latent dimensions. Arrow keys walk from one to the next.",
    });
    element.replaceChildren(this.caption, this.canvas);
    this.active = -1;
    this.canvas.addEventListener("pointermove", (event) => this.choose(this.under(event)));
    this.canvas.addEventListener("pointerleave", () => this.choose(-1));
    this.canvas.addEventListener("blur", () => this.choose(-1));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // space: what /api/latents answers.
  setSpace(space) {
    this.space = space;
    this.tell();
    this.draw();
  }

  // values: the mean latent, a number for each dimension of the model; null: no note. colour: of the bars; null: the theme's.
  setNote(values, colour) {
    Object.assign(this, { values, colour });
    this.tell();
    this.draw();
  }

  get count() {
    return this.space?.numbers.length ?? 0;
  }

  choose(active) {
    if (active === this.active) return;
    this.active = active;
    this.tell();
    this.draw();
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !this.count) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose((this.active + step + (this.active < 0 && step < 0 ? 1 : 0) + this.count) % this.count);
  }

  under(event) {
    const { x, w } = this.plot();
    const i = Math.floor(((event.offsetX - x) / w) * this.count);
    return i >= 0 && i < this.count ? i : -1;
  }

  plot() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { left, right, top, weights } = LATENT_PLOT;
    return { x: left, y: top, w: width - left - right, h: height - top - weights };
  }

  tell() {
    if (!this.space) return;
    const { numbers, weight, unit, spread, dimensions } = this.space;
    const i = this.active;
    if (i < 0) {
      const shown =
        numbers.length < dimensions
          ? `The ${numbers.length} that say most of ${dimensions} dimensions`
          : `${dimensions} dimensions`;
      const order = unit === "nats" ? "by how much each says (KL)" : "by variance";
      this.caption.textContent = `${shown}, ${order}; behind each bar the library: half and nine tenths of its notes`;
      return;
    }
    const [low, , , , high] = spread[i];
    const told = unit === "nats" ? `${weight[i].toFixed(2)} nats` : `${(100 * weight[i]).toFixed(1)} % of the variance`;
    const value = this.values ? `${signed(this.values[numbers[i]])} · ` : "";
    this.caption.textContent = `Dimension ${numbers[i] + 1}: ${value}library ${signed(low)} to ${signed(high)} · ${told}`;
  }

  draw() {
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    if (!this.space || !width) return;
    const { numbers, weight, spread } = this.space;
    const { x, y, w, h } = this.plot();
    const values = this.values ? numbers.map((number) => this.values[number]) : [];
    const reach = 1.05 * Math.max(1e-6, ...spread.flat().map(Math.abs), ...values.map(Math.abs));
    const place = (value) => y + (h / 2) * (1 - value / reach);
    const ink = themeColour(this.canvas, "text-color");
    const accent = themeColour(this.canvas, "primary-color");
    const column = w / numbers.length;
    const bar = (i, share, from, to, colour, alpha) => {
      context.globalAlpha = alpha;
      context.fillStyle = colour;
      context.fillRect(
        x + (i + 0.5 - share / 2) * column,
        Math.min(from, to),
        Math.max(1, share * column),
        Math.max(1, Math.abs(to - from)),
      );
    };
    this.drawScale(context, { x, y, w, h }, reach, place, ink);
    const most = Math.max(...weight, 1e-9);
    for (const i of numbers.keys()) {
      const [low, quarter, middle, three, high] = spread[i].map(place);
      if (i === this.active) bar(i, 1, y, height, ink, 0.1);
      bar(i, 0.86, low, high, ink, 0.14);
      bar(i, 0.86, quarter, three, ink, 0.2);
      bar(i, 0.86, middle - 0.5, middle + 0.5, ink, 0.55);
      if (values.length) bar(i, 0.42, place(0), place(values[i]), this.colour ?? accent, 1);
      bar(i, 0.86, height, height - 2 - ((LATENT_PLOT.weights - 6) * weight[i]) / most, accent, 0.75);
    }
    context.globalAlpha = 1;
  }

  drawScale(context, { x, w, h, y }, reach, place, ink) {
    context.font = `10px ${themeColour(this.canvas, "font") || "sans-serif"}`;
    context.fillStyle = ink;
    context.textAlign = "right";
    context.textBaseline = "middle";
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((each) => reach / each < 3) ?? 100;
    for (const value of [-step, 0, step]) {
      context.globalAlpha = 0.75;
      context.fillText(value ? signed(value, step < 0.1 ? 2 : step < 1 ? 1 : 0) : "0", x - 5, place(value));
      context.globalAlpha = value ? 0.12 : 0.4;
      context.fillRect(x, place(value), w, 1);
    }
    context.globalAlpha = 0.75;
    context.fillText(this.space.unit === "nats" ? "KL" : "var.", x - 5, y + h + LATENT_PLOT.weights - 6);
  }
}

function signed(value, digits = 2) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}
