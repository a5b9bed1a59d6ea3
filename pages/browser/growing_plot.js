// A Plotly figure that is redrawn in place, so that the zoom stays.

import { mounted } from "./mount.js";
import { plotly } from "./plotly_loader.js";

const CONFIG = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
export default mounted((parent) => new GrowingPlot(parent));

class GrowingPlot {
  constructor(parent) {
    this.root = parent.querySelector(".tx-plotly");
    this.place = this.root.querySelector("div");
    this.status = this.root.querySelector("p");
  }

  destroy() {
    this.gone = true;
    window.Plotly?.purge(this.place);
  }

  async update(data) {
    this.data = data;
    this.root.style.height = `${data.height}px`;
    this.place.setAttribute("aria-label", data.alt);
    try {
      const library = await plotly(data.script);
      if (this.gone || this.data !== data) return;
      const figure = JSON.parse(data.figure);
      this.status.textContent = "";
      await library.react(this.place, figure.data, this.themed(figure.layout), CONFIG);
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  themed(layout) {
    const style = getComputedStyle(this.root);
    const colour = (name) => style.getPropertyValue(`--st-${name}`).trim();
    const text = colour("text-color");
    const axis = {
      gridcolor: colour("border-color"),
      zerolinecolor: colour("border-color"),
      automargin: true,
      color: text,
    };
    layout.template = {
      layout: {
        font: { family: style.fontFamily, color: text, size: 12 },
        xaxis: { ...axis, showgrid: false, zeroline: false },
        yaxis: { ...axis, zeroline: false },
        hoverlabel: { bgcolor: colour("background-color"), bordercolor: colour("border-color"), font: { color: text } },
        modebar: { color: text, bgcolor: "rgba(0,0,0,0)" },
      },
    };
    return layout;
  }
}
