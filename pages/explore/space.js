// The map in three dimensions, drawn by Plotly: the same colours, and a click means the same.

import { UNKNOWN_COLOUR } from "../browser/colours.js";
import { themeColour } from "../browser/dom.js";
import { plotly } from "../browser/plotly_loader.js";
import { address, fetchPacked } from "../browser/server.js";

// With more points than this a browser without a graphics card stutters when they are turned.
const MOST_IN_SPACE = 40_000;
const EYE = { x: 1.25, y: 1.25, z: 1.25 }; // where Plotly looks from

export class Space {
  /** @param {import("./map.js").MapView} view @param {Function} on */
  constructor(view, on) {
    this.view = view;
    this.root = view.root.querySelector(".tx-space");
    this.shown = false;
    this.under = -1;
    on(this.root, "pointerdown", (event) => (this.pressed = [event.clientX, event.clientY]), { capture: true });
    on(this.root, "pointerup", (event) => this.released(event), { capture: true });
    on(this.root, "pointermove", (event) => (this.pointer = event));
    on(this.root, "pointerleave", () => view.hover(-1));
  }

  destroy() {
    this.gone = true;
    if (this.drawn) window.Plotly.purge(this.root);
  }

  fill() {
    this.places = this.camera = null;
  }

  showAll() {
    this.lookFrom({ eye: EYE });
  }

  // Nearer to what is looked at, or farther away.
  zoomBy(ratio) {
    const { eye = EYE, ...camera } = this.camera ?? {};
    this.lookFrom({ ...camera, eye: { x: eye.x / ratio, y: eye.y / ratio, z: eye.z / ratio } });
  }

  lookFrom(camera) {
    if (this.drawn) this.library.relayout(this.root, { "scene.camera": camera });
  }

  async show(shown) {
    this.shown = shown;
    this.root.hidden = !shown;
    this.view.root.classList.toggle("tx-in-space", shown);
    if (!shown) return;
    const { data } = this.view;
    try {
      const found = this.places ?? fetchPacked(address(`${data.url}/space`, this.view.parameters()));
      const [library, places] = await Promise.all([plotly(data.plotly), found]);
      if (this.gone || data.checkpoint !== this.view.data.checkpoint || data.version !== this.view.data.version) return;
      this.places = places;
      this.library = library;
      this.draw();
    } catch (error) {
      this.view.notice(error.message);
    }
  }

  async draw() {
    if (!this.shown || !this.places || !this.view.points.ink) return;
    const { points, selected } = this.view;
    const every = Math.ceil(points.count / MOST_IN_SPACE);
    const rows = Array.from({ length: points.count }, (_, i) => i).filter((i) => i % every === 0);
    const faint = (i) => points.isMuted(i) || (points.emphasis >= 0 && points.codes()[i] !== points.emphasis);
    const size = Math.min(4, Math.max(1.4, 4 - 1.1 * Math.log10(rows.length / 200)));
    const traces = [
      this.trace(rows.filter(faint), { size: size * 0.8, color: UNKNOWN_COLOUR, opacity: 0.14 }),
      this.trace(
        rows.filter((i) => !faint(i)),
        { size, opacity: points.opacity() },
        true,
      ),
      this.trace(selected >= 0 ? [selected] : [], {
        size: size + 9,
        color: themeColour(this.view.root, "primary-color"),
        symbol: "circle-open",
        line: { width: 3 },
      }),
    ];
    await this.library.react(this.root, traces, this.layout(), { displayModeBar: false, responsive: true });
    if (this.gone) return;
    if (!this.drawn) {
      this.root.on("plotly_hover", ({ points: [point] }) => this.over(point.customdata ?? -1));
      this.root.on("plotly_unhover", () => this.over(-1));
      this.root.on("plotly_relayout", (told) => (this.camera = told["scene.camera"] ?? this.camera));
    }
    this.drawn = true;
    this.root.dataset.drawn = rows.length;
  }

  trace(rows, marker, coloured = false) {
    const { x, y, z } = this.places.arrays;
    if (coloured) marker.color = rows.map((i) => this.view.points.colourOf(i));
    const pick = (values) => rows.map((i) => values[i]);
    return {
      type: "scatter3d",
      mode: "markers",
      hoverinfo: "none",
      x: pick(x),
      y: pick(y),
      z: pick(z),
      customdata: rows,
      marker,
    };
  }

  layout() {
    const axis = {
      title: { text: "" },
      showticklabels: false,
      showspikes: false,
      gridcolor: themeColour(this.view.root, "border-color"),
      zeroline: false,
      showbackground: false,
    };
    const scene = {
      xaxis: axis,
      yaxis: axis,
      zaxis: axis,
      aspectmode: "data",
      dragmode: "orbit",
      camera: this.camera ?? { eye: EYE },
    };
    const clear = "rgba(0,0,0,0)";
    return {
      scene,
      uirevision: this.view.data.checkpoint,
      showlegend: false,
      margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: clear,
      plot_bgcolor: clear,
    };
  }

  over(i) {
    this.under = i;
    this.view.hover(i);
  }

  // A press that turned the space is no click.
  released(event) {
    const [x, y] = this.pressed ?? [NaN, NaN];
    if (this.under >= 0 && Math.hypot(event.clientX - x, event.clientY - y) <= 4) this.view.select(this.under);
  }
}
