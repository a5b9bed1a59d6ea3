// What hands do on the map: point, click, drag, pinch, scroll, walk with the arrow keys, draw around notes.

import { CROWD } from "./crowd.js";

const CLICK_RADIUS = 14;
// Notes this near to the pointer may be pointed at next.
const NEAR = 45;
const MOST_FORESEEN = 5;

export class MapHands {
  /** @param {import("./map.js").MapView} view @param {Function} on */
  constructor(view, on) {
    this.view = view;
    this.points = view.points;
    this.canvas = view.canvas;
    this.pointers = new Map();
    this.drawing = false; // whether the lasso is the tool
    this.path = null;
    on(this.canvas, "pointerdown", (event) => this.down(event));
    on(this.canvas, "pointermove", (event) => this.move(event));
    on(this.canvas, "pointerup", (event) => this.up(event));
    on(this.canvas, "pointercancel", (event) => this.cancel(event));
    on(this.canvas, "pointerleave", () => view.hover(-1));
    on(this.canvas, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.canvas, "keydown", (event) => this.key(event));
  }

  draws(drawing) {
    this.drawing = drawing;
    this.canvas.classList.toggle("tx-drawing", drawing);
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (!this.points.map || event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    this.travelled = this.pointers.size > 1 ? Infinity : 0;
    const draws = this.pointers.size === 1 && (this.drawing || event.shiftKey);
    this.path = draws ? [this.at(event)] : null;
  }

  move(event) {
    if (!this.points.map) return;
    const [x, y] = this.at(event);
    // Let go elsewhere, as where the page has just taken the canvas over.
    if (event.pointerType === "mouse" && !event.buttons && this.pointers.has(event.pointerId)) this.cancel(event);
    const last = this.pointers.get(event.pointerId);
    if (!last) {
      if (event.pointerType === "mouse") this.point(x, y);
      return;
    }
    const [dx, dy] = [x - last[0], y - last[1]];
    this.travelled += Math.hypot(dx, dy);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    this.pointers.set(event.pointerId, [x, y]);
    if (this.path) {
      this.path.push([x, y]);
      this.view.mark();
    } else if (others.length) {
      const [ox, oy] = others[0];
      const ratio = Math.hypot(x - ox, y - oy) / Math.max(1, Math.hypot(last[0] - ox, last[1] - oy));
      this.look(this.points.zoomed((x + ox) / 2, (y + oy) / 2, ratio));
    } else if (this.travelled > 4) {
      const { view } = this.points;
      this.look({ k: view.k, x: view.x + dx, y: view.y + dy });
      this.canvas.classList.add("tx-dragging");
    }
  }

  point(x, y) {
    const under = this.points.nearest(x, y, CLICK_RADIUS);
    this.view.hover(under);
    if (this.points.count > CROWD || (under >= 0 && !this.view.sound.decodes)) return;
    this.view.sound.foresee(() => this.points.around(x, y, NEAR, MOST_FORESEEN).map((i) => this.points.map.ids[i]));
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId) || !this.points.map) return;
    this.canvas.classList.remove("tx-dragging");
    const { path } = this;
    this.path = null;
    if (path && this.travelled > 4) {
      const inside = this.points.inside(path);
      this.view.gather(this.view.instruments.part?.all(inside) ?? inside);
      this.view.mark();
    } else if (this.travelled <= 4) {
      const reach = event.pointerType === "mouse" ? CLICK_RADIUS : 2 * CLICK_RADIUS;
      this.view.select(this.points.nearest(...this.at(event), reach));
    }
  }

  cancel(event) {
    this.pointers.delete(event.pointerId);
    this.canvas.classList.remove("tx-dragging");
    this.path = null;
    this.view.mark();
  }

  wheel(event) {
    if (!this.points.map) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.look(this.points.zoomed(...this.at(event), Math.exp(-event.deltaY * lines * 0.0016)));
  }

  look(view) {
    this.view.motion.stop();
    this.points.view = view;
    this.view.hover(-1);
    this.view.root.classList.add("tx-used");
    this.view.draw();
  }

  // Arrow keys walk from note to note; Enter and space play it again.
  key(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const { view } = this;
    if (!this.points.map || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in arrows) this.walk(...arrows[event.key]);
    else if (event.key === "Enter" || event.key === " ") view.select(view.selected);
    else if (event.key === "+" || event.key === "=") view.motion.zoomBy(1.6);
    else if (event.key === "-") view.motion.zoomBy(1 / 1.6);
    else if (event.key === "0") view.motion.showAll();
    else if (event.key === "Escape") view.gather([]);
    else return;
    event.preventDefault();
  }

  random() {
    if (!this.points.map) return;
    const visible = Array.from({ length: this.points.count }, (_, i) => i).filter((i) => !this.points.isMuted(i));
    this.view.select(visible[Math.floor(Math.random() * visible.length)] ?? -1);
  }

  walk(dx, dy) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const { selected } = this.view;
    this.view.select(selected < 0 ? this.points.nearest(w / 2, h / 2, Infinity) : this.points.ahead(selected, dx, dy));
  }
}
