// The map: every note a dot. Draws on a 2-D canvas; keeps its zoom when colours change.

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
    this.map = null;
    this.selected = -1;
    this.seq = 0;
    this.hovered = -1;
    this.muted = new Set();
    this.emphasis = -1;
    this.neighbours = [];
    this.pulse = 0;
    this.pointers = new Map();
    this.listeners = new AbortController();
    this.root = parent.querySelector(".tx-map");
    this.canvas = this.root.querySelector(".tx-points");
    this.marks = this.root.querySelector(".tx-marks");
    this.tip = this.root.querySelector(".tx-tip");
    this.legend = this.root.querySelector(".tx-legend");
    this.message = this.root.querySelector(".tx-message");
    this.live = this.root.querySelector(".tx-live");
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root.timbreMap = this;
    this.listen();
  }

  listen() {
    const on = (target, type, handler, options = {}) =>
      target.addEventListener(type, handler, { ...options, signal: this.listeners.signal });
    on(this.canvas, "pointerdown", (event) => this.pointerDown(event));
    on(this.canvas, "pointermove", (event) => this.pointerMove(event));
    on(this.canvas, "pointerup", (event) => this.pointerUp(event));
    on(this.canvas, "pointercancel", (event) => this.pointers.delete(event.pointerId));
    on(this.canvas, "pointerleave", () => this.hover(-1));
    on(this.canvas, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.canvas, "keydown", (event) => this.key(event));
    on(this.root.querySelector(".tx-in"), "click", () => this.zoomBy(1.6));
    on(this.root.querySelector(".tx-out"), "click", () => this.zoomBy(1 / 1.6));
    on(this.root.querySelector(".tx-fit"), "click", () => this.glideTo({ k: 1, x: 0, y: 0 }));
    on(this.root.querySelector(".tx-random"), "click", () => this.selectRandom());
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

  update(data) {
    const before = this.data;
    this.data = data;
    this.dark = isDark(this.root);
    if (data.checkpoint !== before.checkpoint || data.version !== before.version) return this.load();
    if (!this.map) return;
    if (data.projection !== before.projection) this.moveTo(data.projection);
    if (data.colour !== before.colour) this.muted.clear();
    this.refresh();
  }

  refresh() {
    this.adopt(this.data.selected);
    this.paint();
    this.drawLegend();
    this.draw();
  }

  parameters() {
    return { checkpoint: this.data.checkpoint, v: this.data.version };
  }

  async load() {
    const { data } = this;
    const current = () => this.data.checkpoint === data.checkpoint && this.data.version === data.version;
    this.map = null;
    this.message.textContent = "Loading the map…";
    try {
      const map = await fetchPacked(address(`${data.url}/map`, this.parameters()));
      if (!current()) return;
      this.map = map;
      this.message.textContent = "";
      this.count = map.ids.length;
      this.row = new Map(map.ids.map((id, i) => [id, i]));
      this.order = shuffled(this.count);
      this.view = { k: 1, x: 0, y: 0 };
      this.selected = this.hovered = -1;
      this.neighbours = [];
      this.muted.clear();
      this.positions = this.target(this.data.projection);
      this.refresh();
      performance.mark("timbre:map-loaded");
      requestAnimationFrame(() => {
        performance.mark("timbre:map-drawn");
        this.root.dataset.drawn = this.count;
        // The page is there: now the server may load the model for the first click.
        fetch(address(`${data.url}/ready`, this.parameters())).catch(() => {});
      });
    } catch (error) {
      if (current()) this.message.textContent = error.message;
    }
  }

  // Python's word on what is selected counts unless something was clicked here since it was spoken.
  adopt(selected) {
    if (!selected || selected.seq < this.seq) return;
    this.seq = selected.seq;
    this.selected = this.row.get(selected.note) ?? -1;
  }

  // ---- positions -------------------------------------------------------------------------------------------------

  // Positions of a projection around the middle of its extent; one scale for both axes.
  target(projection) {
    const x = this.map.arrays[`${projection}_1`];
    const y = this.map.arrays[`${projection}_2`];
    const [x0, x1] = extent(x);
    const [y0, y1] = extent(y);
    this.shape = { width: x1 - x0 || 1, height: y1 - y0 || 1 };
    const positions = new Float32Array(2 * this.count);
    for (let i = 0; i < this.count; i++) {
      positions[2 * i] = x[i] - (x0 + x1) / 2;
      positions[2 * i + 1] = (y0 + y1) / 2 - y[i];
    }
    return positions;
  }

  moveTo(projection) {
    const from = this.positions;
    const fromShape = this.shape;
    const to = this.target(projection);
    const toShape = this.shape;
    const viewFrom = { ...this.view };
    this.animate(this.count > 20000 ? 0 : MOVE_MS, (t) => {
      this.shape = {
        width: fromShape.width + (toShape.width - fromShape.width) * t,
        height: fromShape.height + (toShape.height - fromShape.height) * t,
      };
      this.positions = t < 1 ? to.map((value, i) => from[i] + (value - from[i]) * t) : to;
      this.view = mix(viewFrom, { k: 1, x: 0, y: 0 }, t);
    });
  }

  // CSS pixels per unit of a position when the whole map is shown.
  fitted() {
    const margin = 34;
    const { clientWidth: w, clientHeight: h } = this.canvas;
    return Math.max(1e-9, Math.min((w - 2 * margin) / this.shape.width, (h - 2 * margin) / this.shape.height));
  }

  scale() {
    return this.fitted() * this.view.k;
  }

  // Where a note is drawn, in CSS pixels from the canvas' corner.
  place(i) {
    const s = this.scale();
    return [
      this.canvas.clientWidth / 2 + this.view.x + this.positions[2 * i] * s,
      this.canvas.clientHeight / 2 + this.view.y + this.positions[2 * i + 1] * s,
    ];
  }

  // For scripts and tests: where on the page a note is.
  positionOf(id) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = this.place(this.row.get(id));
    return { x: box.left + x, y: box.top + y };
  }

  nearest(x, y, radius) {
    let best = -1;
    let least = radius * radius;
    const s = this.scale();
    const cx = x - this.canvas.clientWidth / 2 - this.view.x;
    const cy = y - this.canvas.clientHeight / 2 - this.view.y;
    for (let i = 0; i < this.count; i++) {
      const dx = this.positions[2 * i] * s - cx;
      const dy = this.positions[2 * i + 1] * s - cy;
      const distance = dx * dx + dy * dy;
      if (distance < least && !this.isMuted(i)) {
        least = distance;
        best = i;
      }
    }
    return best;
  }

  // ---- colours ---------------------------------------------------------------------------------------------------

  column() {
    return this.map.columns[this.data.colour];
  }

  codes() {
    return this.map.arrays[`label_${this.data.colour}`];
  }

  isMuted(i) {
    return this.muted.size > 0 && this.column().kind === "category" && this.muted.has(this.codes()[i]);
  }

  // Gives every note an index into `palette`.
  paint() {
    const column = this.column();
    const codes = this.codes();
    this.ink = new Uint16Array(this.count);
    if (column.kind === "category") {
      this.palette = column.colours;
      this.ink.set(codes);
    } else {
      this.palette = [...pointScale(this.dark).map(([r, g, b]) => `rgb(${r},${g},${b})`), "#8a94a6"];
      const span = column.high - column.low || 1;
      for (let i = 0; i < this.count; i++) {
        const value = codes[i];
        this.ink[i] = Number.isNaN(value) ? 256 : Math.round((255 * (value - column.low)) / span);
      }
    }
    this.sprites = new Map();
  }

  radius() {
    const room = (this.fitted() ** 2 * this.shape.width * this.shape.height) / (this.count || 1);
    const crowd = Math.min(5.4, Math.max(1.1, 0.29 * Math.sqrt(room)));
    return crowd * Math.min(2.4, this.view.k ** 0.45);
  }

  // A dot is drawn once per colour and copied: thousands of copies take a few milliseconds.
  sprite(ink, radius, faint) {
    const key = `${ink}/${radius.toFixed(1)}/${faint}`;
    let sprite = this.sprites.get(key);
    if (sprite) return sprite;
    if (this.sprites.size > 2000) this.sprites.clear();
    const ratio = window.devicePixelRatio || 1;
    const half = Math.ceil(radius + 1.5);
    sprite = document.createElement("canvas");
    sprite.width = sprite.height = 2 * half * ratio;
    sprite.half = half;
    const context = sprite.getContext("2d");
    context.scale(ratio, ratio);
    context.beginPath();
    context.arc(half, half, radius, 0, 2 * Math.PI);
    context.globalAlpha = faint ? 0.16 : 0.9;
    context.fillStyle = faint ? (this.dark ? "#6b788f" : "#8a94a6") : this.palette[ink];
    context.fill();
    if (!faint && radius > 2) {
      context.globalAlpha = this.dark ? 0.85 : 0.55;
      context.lineWidth = 0.8;
      context.strokeStyle = this.dark ? "#0a0f18" : "#172233";
      context.stroke();
    }
    this.sprites.set(key, sprite);
    return sprite;
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
      if (!this.map || !this.ink) return;
      if (this.stale) this.drawPoints();
      this.stale = false;
      this.drawMarks();
    });
  }

  drawPoints() {
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
    const radius = this.radius();
    const codes = this.codes();
    const faint = (i) => this.isMuted(i) || (this.emphasis >= 0 && codes[i] !== this.emphasis);
    if (this.count > 20000 && radius < 2) return this.drawPixels(context, faint);
    const s = this.scale();
    const cx = width / 2 + this.view.x;
    const cy = height / 2 + this.view.y;
    for (const pass of [true, false]) {
      for (const i of this.order) {
        if (faint(i) !== pass) continue;
        const x = cx + this.positions[2 * i] * s;
        const y = cy + this.positions[2 * i + 1] * s;
        if (!(x > -20 && y > -20 && x < width + 20 && y < height + 20)) continue;
        const sprite = this.sprite(this.ink[i], radius, pass);
        context.drawImage(sprite, x - sprite.half, y - sprite.half, 2 * sprite.half, 2 * sprite.half);
      }
    }
  }

  // Crowds are set pixel by pixel, ten times as fast as copying dots that small.
  drawPixels(context, faint) {
    const { width, height } = this.canvas;
    const ratio = width / this.canvas.clientWidth;
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const rgba = this.palette.map(parseColour).map(([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r);
    const grey = (48 << 24) | (0xa6 << 16) | (0x94 << 8) | 0x8a;
    const size = Math.max(1, Math.round(2 * this.radius() * ratio));
    const s = this.scale() * ratio;
    const cx = width / 2 + this.view.x * ratio - size / 2;
    const cy = height / 2 + this.view.y * ratio - size / 2;
    for (const pass of [true, false]) {
      for (const i of this.order) {
        if (faint(i) !== pass) continue;
        const x = Math.round(cx + this.positions[2 * i] * s);
        const y = Math.round(cy + this.positions[2 * i + 1] * s);
        if (!(x >= 0 && y >= 0 && x + size < width && y + size < height)) continue;
        const colour = pass ? grey : rgba[this.ink[i]];
        for (let row = y; row < y + size; row++) pixels.fill(colour, row * width + x, row * width + x + size);
      }
    }
    context.putImageData(image, 0, 0);
  }

  drawMarks() {
    const { context, width, height } = fitCanvas(this.marks);
    context.clearRect(0, 0, width, height);
    const radius = this.radius();
    const text = themeColour(this.root, "text-color");
    const accent = themeColour(this.root, "primary-color");
    const ring = (i, extra, colour, thickness, alpha = 1) => {
      const [x, y] = this.place(i);
      context.globalAlpha = alpha;
      context.beginPath();
      context.arc(x, y, radius + extra, 0, 2 * Math.PI);
      context.lineWidth = thickness;
      context.strokeStyle = colour;
      context.stroke();
      context.globalAlpha = 1;
    };
    if (this.selected >= 0) {
      const [x, y] = this.place(this.selected);
      for (const i of this.neighbours) {
        const [nx, ny] = this.place(i);
        context.globalAlpha = 0.45;
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(nx, ny);
        context.lineWidth = 1;
        context.strokeStyle = accent;
        context.stroke();
        ring(i, 2.5, accent, 1.6, 0.9);
      }
      const grown = Math.max(radius + 1.5, 5.5);
      context.beginPath();
      context.arc(x, y, grown, 0, 2 * Math.PI);
      context.fillStyle = this.palette[this.ink[this.selected]];
      context.fill();
      ring(this.selected, grown - radius + 2, accent, 2.2);
      if (this.pulse > 0) ring(this.selected, grown - radius + 4 + 26 * this.pulse, accent, 2, 1 - this.pulse);
    }
    if (this.hovered >= 0 && this.hovered !== this.selected) ring(this.hovered, 2, text, 1.6);
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
    const from = { ...this.view };
    this.animate(260, (t) => (this.view = mix(from, view, t)));
  }

  // ---- what the hand does ----------------------------------------------------------------------------------------

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pointerDown(event) {
    if (!this.map || event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    this.travelled = this.pointers.size > 1 ? Infinity : 0;
  }

  pointerMove(event) {
    if (!this.map) return;
    const [x, y] = this.at(event);
    const last = this.pointers.get(event.pointerId);
    if (!last) return event.pointerType === "mouse" ? this.hover(this.nearest(x, y, CLICK_RADIUS)) : undefined;
    const [dx, dy] = [x - last[0], y - last[1]];
    this.travelled += Math.hypot(dx, dy);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    this.pointers.set(event.pointerId, [x, y]);
    if (others.length) {
      const [ox, oy] = others[0];
      const ratio = Math.hypot(x - ox, y - oy) / Math.max(1, Math.hypot(last[0] - ox, last[1] - oy));
      this.zoomAt((x + ox) / 2, (y + oy) / 2, ratio);
    } else if (this.travelled > 4) {
      cancelAnimationFrame(this.frame);
      this.view = { k: this.view.k, x: this.view.x + dx, y: this.view.y + dy };
      this.hover(-1);
      this.canvas.classList.add("tx-dragging");
      this.draw();
    }
  }

  pointerUp(event) {
    if (!this.pointers.delete(event.pointerId) || !this.map) return;
    this.canvas.classList.remove("tx-dragging");
    if (this.travelled > 4) return;
    const [x, y] = this.at(event);
    const found = this.nearest(x, y, event.pointerType === "mouse" ? CLICK_RADIUS : 2 * CLICK_RADIUS);
    if (found >= 0) this.select(found);
  }

  wheel(event) {
    if (!this.map) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoomAt(...this.at(event), Math.exp(-event.deltaY * lines * 0.0016));
  }

  zoomAt(x, y, ratio) {
    cancelAnimationFrame(this.frame);
    this.hover(-1);
    this.root.classList.add("tx-used");
    const k = Math.min(60, Math.max(0.6, this.view.k * ratio));
    const grown = k / this.view.k;
    const px = x - this.canvas.clientWidth / 2;
    const py = y - this.canvas.clientHeight / 2;
    this.view = { k, x: px - (px - this.view.x) * grown, y: py - (py - this.view.y) * grown };
    this.draw();
  }

  zoomBy(ratio) {
    if (!this.map) return;
    const k = Math.min(60, Math.max(0.6, this.view.k * ratio));
    this.glideTo({ k, x: (this.view.x * k) / this.view.k, y: (this.view.y * k) / this.view.k });
  }

  // Arrow keys walk from note to note; Enter and space play it again.
  key(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!this.map) return;
    if (event.key in arrows) this.walk(...arrows[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.select(this.selected);
    else if (event.key === "+" || event.key === "=") this.zoomBy(1.6);
    else if (event.key === "-") this.zoomBy(1 / 1.6);
    else if (event.key === "0") this.glideTo({ k: 1, x: 0, y: 0 });
    else return;
    event.preventDefault();
  }

  walk(dx, dy) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (this.selected < 0) return this.select(this.nearest(w / 2, h / 2, Infinity));
    const [x, y] = this.place(this.selected);
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < this.count; i++) {
      if (i === this.selected || this.isMuted(i)) continue;
      const [px, py] = this.place(i);
      const along = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      if (along > 0 && aside <= 1.2 * along && along + 2 * aside < least) {
        least = along + 2 * aside;
        best = i;
      }
    }
    if (best >= 0) this.select(best);
  }

  // ---- selection -------------------------------------------------------------------------------------------------

  select(i, play = true) {
    if (i < 0) return;
    this.hover(-1);
    this.root.classList.add("tx-used");
    this.selected = i;
    this.neighbours = [];
    this.reveal(i);
    this.mark();
    this.seq += 1;
    const id = this.map.ids[i];
    this.live.textContent = this.describe(i);
    window.dispatchEvent(new CustomEvent(SELECT, { detail: { id, seq: this.seq, play, from: this } }));
    this.report({ note: id, seq: this.seq });
  }

  selectId(id, play) {
    const i = this.row?.get(id);
    if (i !== undefined) this.select(i, play);
  }

  selectRandom() {
    if (!this.map) return;
    const visible = Array.from({ length: this.count }, (_, i) => i).filter((i) => !this.isMuted(i));
    this.select(visible[Math.floor(Math.random() * visible.length)] ?? -1);
  }

  showNeighbours(ids) {
    this.neighbours = ids.map((id) => this.row?.get(id)).filter((i) => i !== undefined);
    this.mark();
  }

  // Brings a note that lies outside the visible part into it.
  reveal(i) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const [x, y] = this.place(i);
    if (x > 8 && y > 8 && x < w - 8 && y < h - 8) return;
    this.glideTo({ k: this.view.k, x: this.view.x + w / 2 - x, y: this.view.y + h / 2 - y });
  }

  label(column, i) {
    const described = this.map.columns[column];
    if (!described) return "";
    const value = this.map.arrays[`label_${column}`][i];
    if (described.kind === "category") return described.names[value];
    if (Number.isNaN(value)) return "";
    if (column === "pitch") return `${noteName(value)} (MIDI ${Math.round(value * 10) / 10})`;
    return `${Math.round(value * 1000) / 1000}`;
  }

  describe(i) {
    return [this.label("instrument", i), this.label("family", i), this.label("pitch", i)].filter(Boolean).join(", ");
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.classList.toggle("tx-over", i >= 0);
    this.tip.hidden = i < 0;
    clearTimeout(this.resting);
    if (i >= 0) {
      // Who rests on a note may click it: its sound is on the way already.
      this.resting = setTimeout(() => fetch(soundAddress(this.data, this.map.ids[i], "original")).catch(() => {}), 80);
      const [x, y] = this.place(i);
      const extra = ["family", "pitch", "instrument"].includes(this.data.colour) ? [] : [this.data.colour];
      const lines = ["pitch", "velocity", ...extra]
        .map((column) => [this.map.columns[column]?.title, this.label(column, i)])
        .filter(([, value]) => value)
        .map(([title, value]) => build("div", {}, build("span", { text: title }), build("b", { text: value })));
      const colour = this.map.columns.family?.colours[this.map.arrays.label_family[i]];
      const head = build("div", { class: "tx-tip-head" }, build("i", { style: `background:${colour}` }));
      head.append(this.label("instrument", i) || this.map.ids[i]);
      this.tip.replaceChildren(head, ...lines);
      const { clientWidth: w, clientHeight: h } = this.canvas;
      this.tip.style.left = `${Math.min(x + 14, w - this.tip.offsetWidth - 6)}px`;
      this.tip.style.top = `${y + 14 + this.tip.offsetHeight > h ? y - this.tip.offsetHeight - 12 : y + 14}px`;
    }
    this.mark();
  }

  // ---- legend ----------------------------------------------------------------------------------------------------

  drawLegend() {
    const column = this.column();
    const shown = JSON.stringify([this.parameters(), this.data.colour, this.dark]);
    if (this.legendOf === shown) return;
    this.legendOf = shown;
    this.emphasis = -1;
    this.legend.classList.toggle("tx-scale", column.kind === "number");
    this.legend.replaceChildren(...(column.kind === "category" ? this.entries(column) : this.bar(column)));
  }

  entries(column) {
    return column.names.map((name, code) => {
      const entry = build(
        "button",
        { type: "button", "aria-pressed": "true", title: `${column.counts[code]} notes: click to hide or show` },
        build("i", { style: `background:${column.colours[code]}` }),
        name || "unknown",
      );
      entry.addEventListener("click", () => {
        if (!this.muted.delete(code)) this.muted.add(code);
        entry.setAttribute("aria-pressed", String(!this.muted.has(code)));
        this.draw();
      });
      entry.addEventListener("pointerenter", () => ((this.emphasis = code), this.draw()));
      entry.addEventListener("pointerleave", () => ((this.emphasis = -1), this.draw()));
      return entry;
    });
  }

  bar(column) {
    const stops = pointScale(this.dark).filter((_, i) => i % 15 === 0).map(([r, g, b]) => `rgb(${r},${g},${b})`);
    const gradient = build("div", { class: "tx-bar", style: `background:linear-gradient(90deg,${stops})` });
    const isPitch = this.data.colour === "pitch";
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
      build("div", { class: "tx-ramp" }, gradient, build("div", { class: "tx-ticks" }, ...marks)),
    ];
  }
}

function mix(from, to, t) {
  return { k: from.k + (to.k - from.k) * t, x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

// The same random order every time: no family is always drawn on top.
function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function octaves(low, high) {
  const ticks = [];
  for (let midi = Math.ceil(low / 12) * 12; midi <= high; midi += 12) ticks.push(midi);
  return ticks.length ? ticks : [low, high];
}

function evenly(low, high) {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => low + (high - low) * part);
}
