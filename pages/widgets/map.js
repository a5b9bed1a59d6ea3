// The map: every note a dot. Keeps its zoom when colours change; a click plays at once, Python hears of it afterwards.

const CLICK_RADIUS = 14;
const MOVE_MS = 550;
const views = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new MapView(parentElement)));
  view.report = (selected) => setStateValue("selected", selected);
  view.update(data);
  return () => {
    view.destroy();
    views.delete(parentElement);
  };
}

class MapView {
  constructor(parent) {
    this.data = {};
    this.selected = this.hovered = -1;
    this.seq = 0;
    this.neighbours = [];
    this.pulse = 0;
    this.pointers = new Map();
    this.listeners = new AbortController();
    this.root = parent.querySelector(".tx-map");
    this.canvas = this.root.querySelector(".tx-points");
    this.marks = this.root.querySelector(".tx-marks");
    this.tip = this.root.querySelector(".tx-tip");
    this.message = this.root.querySelector(".tx-message");
    this.live = this.root.querySelector(".tx-live");
    this.points = new Points(this.canvas);
    this.legend = new Legend(this.root.querySelector(".tx-legend"), this.points, () => this.draw());
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root.timbreMap = this;
    this.listen();
  }

  listen() {
    const on = (target, type, handler, options = {}) =>
      target.addEventListener(type, handler, { ...options, signal: this.listeners.signal });
    const button = (name, handler) => on(this.root.querySelector(name), "click", handler);
    on(this.canvas, "pointerdown", (event) => this.pointerDown(event));
    on(this.canvas, "pointermove", (event) => this.pointerMove(event));
    on(this.canvas, "pointerup", (event) => this.pointerUp(event));
    on(this.canvas, "pointercancel", (event) => this.pointers.delete(event.pointerId));
    on(this.canvas, "pointerleave", () => this.hover(-1));
    on(this.canvas, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.canvas, "keydown", (event) => this.key(event));
    button(".tx-in", () => this.zoomBy(1.6));
    button(".tx-out", () => this.zoomBy(1 / 1.6));
    button(".tx-fit", () => this.showAll());
    button(".tx-random", () => this.selectRandom());
    on(window, SELECT, (event) => event.detail.from !== this && this.selectId(event.detail.id, event.detail.play));
    on(window, NEIGHBOURS, (event) => this.showNeighbours(event.detail.ids));
    on(window, PLAYING, (event) => this.ripple(event.detail.playing));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.canvas);
  }

  destroy() {
    this.listeners.abort();
    this.sizes.disconnect();
    clearTimeout(this.resting);
    for (const frame of [this.frame, this.waiting, this.rippling]) cancelAnimationFrame(frame);
  }

  // ---- data ------------------------------------------------------------------------------------------------------

  update(data) {
    const before = this.data;
    this.data = data;
    if (data.checkpoint !== before.checkpoint || data.version !== before.version) return this.load();
    if (!this.points.map) return;
    if (data.projection !== before.projection) this.moveTo(data.projection);
    this.refresh();
  }

  refresh() {
    this.adopt(this.data.selected);
    const dark = isDark(this.root);
    this.points.paint(this.data.colour, dark);
    this.legend.show(JSON.stringify([this.parameters(), this.data.colour, dark]));
    this.draw();
  }

  parameters() {
    return { checkpoint: this.data.checkpoint, v: this.data.version };
  }

  async load() {
    const { data } = this;
    const current = () => this.data.checkpoint === data.checkpoint && this.data.version === data.version;
    this.points.map = null;
    this.message.textContent = "Loading the map…";
    try {
      const map = await fetchPacked(address(`${data.url}/map`, this.parameters()));
      if (!current()) return;
      this.message.textContent = "";
      this.selected = this.hovered = -1;
      this.neighbours = [];
      this.points.fill(map, this.data.projection);
      this.refresh();
      requestAnimationFrame(() => this.arrived());
    } catch (error) {
      if (current()) this.message.textContent = error.message;
    }
  }

  arrived() {
    performance.mark("timbre:map-drawn");
    this.root.dataset.drawn = this.points.count;
    // The page is there: now the server may load the model for the first click.
    fetch(address(`${this.data.url}/ready`, this.parameters())).catch(() => {});
  }

  // Python's word on what is selected counts unless something was clicked here since it was spoken.
  adopt(selected) {
    if (!selected || selected.seq < this.seq) return;
    this.seq = selected.seq;
    this.selected = this.points.row.get(selected.note) ?? -1;
  }

  moveTo(projection) {
    const { positions, shape } = this.points;
    const to = this.points.layout(projection);
    const view = { ...this.points.view };
    this.animate(this.points.count > CROWD ? 0 : MOVE_MS, (t) => {
      this.points.between({ positions, shape }, to, t);
      this.points.view = mix(view, { k: 1, x: 0, y: 0 }, t);
    });
  }

  // For scripts and tests: where on the page a note is.
  positionOf(id) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = this.points.place(this.points.row.get(id));
    return { x: box.left + x, y: box.top + y };
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------

  draw() {
    this.stale = true;
    this.mark();
  }

  // Draws what lies over the points, and the points too if something about them changed.
  mark() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      if (!this.points.map || !this.points.ink) return;
      if (this.stale) this.points.draw();
      this.stale = false;
      this.drawMarks();
    });
  }

  drawMarks() {
    const { context, width, height } = fitCanvas(this.marks);
    context.clearRect(0, 0, width, height);
    const radius = this.points.radius();
    const accent = themeColour(this.root, "primary-color");
    const ring = (i, size, colour, thickness, alpha = 1) => {
      context.globalAlpha = alpha;
      context.beginPath();
      context.arc(...this.points.place(i), size, 0, 2 * Math.PI);
      context.lineWidth = thickness;
      context.strokeStyle = colour;
      context.stroke();
      context.globalAlpha = 1;
    };
    if (this.selected >= 0) {
      for (const i of this.neighbours) {
        context.globalAlpha = 0.45;
        context.beginPath();
        context.moveTo(...this.points.place(this.selected));
        context.lineTo(...this.points.place(i));
        context.lineWidth = 1;
        context.strokeStyle = accent;
        context.stroke();
        ring(i, radius + 2.5, accent, 1.6, 0.9);
      }
      const grown = Math.max(radius + 1.5, 5.5);
      context.beginPath();
      context.arc(...this.points.place(this.selected), grown, 0, 2 * Math.PI);
      context.fillStyle = this.points.colourOf(this.selected);
      context.fill();
      ring(this.selected, grown + 2, accent, 2.2);
      if (this.pulse > 0) ring(this.selected, grown + 4 + 26 * this.pulse, accent, 2, 1 - this.pulse);
    }
    if (this.hovered >= 0 && this.hovered !== this.selected) {
      ring(this.hovered, radius + 2, themeColour(this.root, "text-color"), 1.6);
    }
  }

  // Rings that spread from the selected note while it sounds.
  ripple(playing) {
    cancelAnimationFrame(this.rippling);
    this.pulse = 0;
    const start = performance.now();
    const step = (now) => {
      this.pulse = ((now - start) % 1100) / 1100;
      this.mark();
      this.rippling = requestAnimationFrame(step);
    };
    if (playing && !this.still && this.selected >= 0) this.rippling = requestAnimationFrame(step);
    else this.mark();
  }

  animate(duration, step) {
    cancelAnimationFrame(this.frame);
    const start = performance.now();
    const tick = (now) => {
      const t = this.still || duration <= 0 ? 1 : Math.min(1, (now - start) / duration);
      step(1 - (1 - t) ** 3);
      this.draw();
      if (t < 1) this.frame = requestAnimationFrame(tick);
    };
    tick(start);
  }

  glideTo(view) {
    const from = { ...this.points.view };
    this.animate(260, (t) => (this.points.view = mix(from, view, t)));
  }

  showAll() {
    if (this.points.map) this.glideTo({ k: 1, x: 0, y: 0 });
  }

  zoomBy(ratio) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (this.points.map) this.glideTo(this.points.zoomed(w / 2, h / 2, ratio));
  }

  // ---- what the hand does ----------------------------------------------------------------------------------------

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pointerDown(event) {
    if (!this.points.map || event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    this.travelled = this.pointers.size > 1 ? Infinity : 0;
  }

  pointerMove(event) {
    if (!this.points.map) return;
    const [x, y] = this.at(event);
    const last = this.pointers.get(event.pointerId);
    if (!last) return event.pointerType === "mouse" ? this.hover(this.points.nearest(x, y, CLICK_RADIUS)) : undefined;
    const [dx, dy] = [x - last[0], y - last[1]];
    this.travelled += Math.hypot(dx, dy);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    this.pointers.set(event.pointerId, [x, y]);
    if (others.length) {
      const [ox, oy] = others[0];
      const ratio = Math.hypot(x - ox, y - oy) / Math.max(1, Math.hypot(last[0] - ox, last[1] - oy));
      this.look(this.points.zoomed((x + ox) / 2, (y + oy) / 2, ratio));
    } else if (this.travelled > 4) {
      const { view } = this.points;
      this.look({ k: view.k, x: view.x + dx, y: view.y + dy });
      this.canvas.classList.add("tx-dragging");
    }
  }

  pointerUp(event) {
    if (!this.pointers.delete(event.pointerId) || !this.points.map) return;
    this.canvas.classList.remove("tx-dragging");
    if (this.travelled > 4) return;
    this.select(this.points.nearest(...this.at(event), event.pointerType === "mouse" ? CLICK_RADIUS : 2 * CLICK_RADIUS));
  }

  wheel(event) {
    if (!this.points.map) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.look(this.points.zoomed(...this.at(event), Math.exp(-event.deltaY * lines * 0.0016)));
  }

  look(view) {
    cancelAnimationFrame(this.frame);
    this.points.view = view;
    this.hover(-1);
    this.root.classList.add("tx-used");
    this.draw();
  }

  // Arrow keys walk from note to note; Enter and space play it again.
  key(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!this.points.map) return;
    if (event.key in arrows) this.walk(...arrows[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.select(this.selected);
    else if (event.key === "+" || event.key === "=") this.zoomBy(1.6);
    else if (event.key === "-") this.zoomBy(1 / 1.6);
    else if (event.key === "0") this.showAll();
    else return;
    event.preventDefault();
  }

  walk(dx, dy) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (this.selected < 0) this.select(this.points.nearest(w / 2, h / 2, Infinity));
    else this.select(this.points.ahead(this.selected, dx, dy));
  }

  // ---- selection -------------------------------------------------------------------------------------------------

  select(i, play = true) {
    if (i < 0) return;
    this.hover(-1);
    this.root.classList.add("tx-used");
    if (i !== this.selected) this.neighbours = [];
    this.selected = i;
    this.reveal(i);
    this.mark();
    this.seq += 1;
    const id = this.points.map.ids[i];
    this.live.textContent = ["instrument", "family", "pitch"].map((name) => this.points.label(name, i)).join(", ");
    window.dispatchEvent(new CustomEvent(SELECT, { detail: { id, seq: this.seq, play, from: this } }));
    this.report({ note: id, seq: this.seq });
  }

  selectId(id, play) {
    const i = this.points.row?.get(id);
    if (i !== undefined) this.select(i, play);
  }

  selectRandom() {
    if (!this.points.map) return;
    const visible = Array.from({ length: this.points.count }, (_, i) => i).filter((i) => !this.points.isMuted(i));
    this.select(visible[Math.floor(Math.random() * visible.length)] ?? -1);
  }

  showNeighbours(ids) {
    this.neighbours = ids.map((id) => this.points.row?.get(id)).filter((i) => i !== undefined);
    this.mark();
  }

  // Brings a note that lies outside the visible part into it.
  reveal(i) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const { view } = this.points;
    const [x, y] = this.points.place(i);
    if (x > 8 && y > 8 && x < w - 8 && y < h - 8) return;
    this.glideTo({ k: view.k, x: view.x + w / 2 - x, y: view.y + h / 2 - y });
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.classList.toggle("tx-over", i >= 0);
    this.tip.hidden = i < 0;
    clearTimeout(this.resting);
    if (i >= 0) {
      // Who rests on a note may click it: its sound is on the way already.
      const sound = soundAddress(this.data, this.points.map.ids[i], "original");
      this.resting = setTimeout(() => fetch(sound).catch(() => {}), 80);
      this.showTip(i);
    }
    this.mark();
  }

  showTip(i) {
    const { points } = this;
    const { columns, arrays, ids } = points.map;
    const extra = ["family", "pitch", "instrument"].includes(this.data.colour) ? [] : [this.data.colour];
    const lines = [...new Set(["pitch", "velocity", ...extra])]
      .map((column) => [columns[column]?.title, points.label(column, i)])
      .filter(([, value]) => value)
      .map(([title, value]) => build("div", {}, build("span", { text: title }), build("b", { text: value })));
    const colour = columns.family?.colours[arrays.label_family[i]] ?? UNKNOWN_COLOUR;
    const head = build("div", { class: "tx-tip-head" }, build("i", { style: `background:${colour}` }));
    head.append(points.label("instrument", i) || ids[i]);
    this.tip.replaceChildren(head, ...lines);
    const [x, y] = points.place(i);
    const { clientWidth: w, clientHeight: h } = this.canvas;
    this.tip.style.left = `${Math.min(x + 14, w - this.tip.offsetWidth - 6)}px`;
    this.tip.style.top = `${y + 14 + this.tip.offsetHeight > h ? y - this.tip.offsetHeight - 12 : y + 14}px`;
  }
}

function mix(from, to, t) {
  return { k: from.k + (to.k - from.k) * t, x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}
