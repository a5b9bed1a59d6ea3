// How a map comes to rest in another place: zoomed, moved, or in another projection.

import { CROWD } from "./crowd.js";

const MOVE_MS = 550;
const GLIDE_MS = 260;

export class Motion {
  frame = null;

  /** @param {import("./map.js").MapView} map */
  constructor(map) {
    this.map = map;
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }

  // step(t): draws part t of the way, 0 to 1.
  animate(duration, step) {
    this.stop();
    const start = performance.now();
    const tick = (now) => {
      const t = this.map.marks.still || duration <= 0 ? 1 : Math.min(1, (now - start) / duration);
      step(1 - (1 - t) ** 3);
      this.map.draw();
      if (t < 1) this.frame = requestAnimationFrame(tick);
    };
    tick(start);
  }

  glideTo(view) {
    const { points } = this.map;
    const from = { ...points.view };
    this.animate(GLIDE_MS, (t) => {
      points.view = mix(from, view, t);
    });
  }

  // To another projection, seen whole or as in a view; crowds are there at once.
  turnTo(projection, seen = { k: 1, x: 0, y: 0 }) {
    const { points } = this.map;
    const { positions, shape } = points;
    const to = points.layout(projection);
    const view = { ...points.view };
    this.animate(points.count > CROWD ? 0 : MOVE_MS, (t) => {
      points.between({ positions, shape }, to, t);
      points.view = mix(view, seen, t);
    });
  }

  showAll() {
    const { space } = this.map;
    if (space.part?.shown) space.part.showAll();
    else if (this.map.points.map) this.glideTo({ k: 1, x: 0, y: 0 });
  }

  zoomBy(ratio) {
    const { points, canvas, space } = this.map;
    if (space.part?.shown) space.part.zoomBy(ratio);
    else if (points.map) this.glideTo(points.zoomed(canvas.clientWidth / 2, canvas.clientHeight / 2, ratio));
  }

  // Brings a note that lies outside the visible part into it.
  reveal(i) {
    const { points, canvas } = this.map;
    const { clientWidth: w, clientHeight: h } = canvas;
    const { view } = points;
    const [x, y] = points.place(i);
    if (x > 8 && y > 8 && x < w - 8 && y < h - 8) return;
    this.glideTo({ k: view.k, x: view.x + w / 2 - x, y: view.y + h / 2 - y });
  }
}

function mix(from, to, t) {
  return { k: from.k + (to.k - from.k) * t, x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}
