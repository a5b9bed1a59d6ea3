// Notes in rows, versions of them in columns: each cell has a play button and a spectrogram.

import { levelScale } from "../browser/colours.js";
import { build } from "../browser/dom.js";
import { mounted } from "../browser/mount.js";
import { address, fetchJson, fetchPacked } from "../browser/server.js";
import { Spectrogram } from "../browser/spectrogram.js";

// Pictures wait for their turn in the browser, so that leaving a dozen drops what was not asked for yet.
const AT_ONCE = 2;
export default mounted((parent) => new ListeningTable(parent));

class ListeningTable {
  constructor(parent) {
    this.root = parent.querySelector(".tx-listen");
    this.audio = this.root.querySelector("audio");
    this.cells = [];
    this.waiting = [];
    this.running = 0;
    this.listeners = new AbortController();
    this.loading = new AbortController();
    const on = (target, type, handler) => target.addEventListener(type, handler, { signal: this.listeners.signal });
    on(this.audio, "play", () => this.sounding(true));
    on(this.audio, "ended", () => this.sounding(false));
    // An event of the sound before comes when the next one plays already.
    on(this.audio, "pause", () => this.audio.paused && this.sounding(false));
    on(this.audio, "error", () => this.soundFailed());
    on(this.root, "keydown", (event) => this.key(event));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.root);
    this.inView = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: "300px" });
  }

  destroy() {
    this.listeners.abort();
    this.loading.abort();
    this.sizes.disconnect();
    this.inView.disconnect();
    this.audio.pause();
    cancelAnimationFrame(this.frame);
  }

  update(data) {
    const same = JSON.stringify(data) === JSON.stringify(this.data);
    this.data = data;
    this.scale = levelScale();
    if (!same) this.fill();
    this.draw();
  }

  fill() {
    this.loading.abort();
    this.loading = new AbortController();
    this.inView.disconnect();
    this.stop();
    this.waiting = [];
    this.wanted = null;
    const { notes, variants } = this.data;
    const corner = build("th", { scope: "col" }, build("span", { class: "tx-hidden", text: "Note" }));
    const heads = variants.map(({ title, about }) =>
      build("th", { scope: "col" }, build("b", { text: title }), build("span", { text: about })),
    );
    this.root.querySelector("thead").replaceChildren(build("tr", {}, corner, ...heads));
    this.cells = notes.map((note, row) => variants.map((variant, column) => this.makeCell(note, variant, row, column)));
    this.root.querySelector("tbody").replaceChildren(...notes.map((note, row) => this.makeRow(note, row)));
    if (this.cells[0]?.[0]) this.cells[0][0].button.tabIndex = 0;
  }

  makeRow(note, row) {
    const name = build(
      "th",
      { scope: "row" },
      build("div", { class: "tx-name" }, build("i", { style: `background:${note.colour}` }), build("b", { text: note.title })),
      build("span", { text: `${note.pitch_name} · ${note.family}` }),
    );
    const element = build("tr", {}, name, ...this.cells[row].map(({ element }) => element));
    element.dataset.row = row;
    this.inView.observe(element);
    return element;
  }

  makeCell(note, variant, row, column) {
    const cell = { note, variant, row, column, canvas: build("canvas", { "aria-hidden": "true" }) };
    cell.picture = new Spectrogram(cell.canvas, false);
    cell.status = build("div", { class: "tx-status" });
    cell.playhead = build("div", { class: "tx-playhead", hidden: "" });
    cell.named = `${note.title} ${note.pitch_name}, ${variant.title}`;
    // Not `disabled`: the keyboard has to get past a button whose sound is not there yet.
    cell.button = build("button", {
      type: "button",
      "aria-disabled": "true",
      tabindex: "-1",
      "aria-label": `Play ${cell.named}`,
    });
    cell.button.addEventListener("click", () => (cell === this.playing ? this.stop() : this.play(cell)));
    cell.canvas.addEventListener("click", (event) => {
      const place = cell.picture.under(event);
      if (place) this.play(cell, place.time);
    });
    const plot = build("div", { class: "tx-plot" }, cell.canvas, cell.playhead, cell.status);
    const box = build("div", { class: "tx-cell" }, cell.button, plot);
    cell.element = build("td", { class: "tx-waiting", "data-variant": variant.key, "data-note": note.id }, box);
    return cell;
  }

  // ---- pictures --------------------------------------------------------------------------------------------------

  seen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      this.inView.unobserve(target);
      this.waiting.push(...this.cells[Number(target.dataset.row)]);
    }
    this.next();
  }

  // The slow versions come after the quick ones, so that there is something to hear at once.
  next() {
    while (this.running < AT_ONCE && this.waiting.length) {
      const quick = this.waiting.findIndex((cell) => !cell.variant.slow || cell === this.wanted);
      const [cell] = this.waiting.splice(Math.max(0, quick), 1);
      this.running += 1;
      this.load(cell, this.loading.signal).finally(() => {
        this.running -= 1;
        this.next();
      });
    }
  }

  // Who presses a button before its sound is there gets it next, and hears it then.
  hurry(cell) {
    const place = this.waiting.indexOf(cell);
    if (place < 0) return;
    this.waiting.splice(place, 1);
    this.waiting.unshift(cell);
  }

  addressOf(cell, what) {
    const { url, checkpoint, version, source } = this.data;
    const parameters = { checkpoint, note: cell.note.id, variant: cell.variant.key, source, v: version };
    return address(`${url}/listen/${what}`, parameters);
  }

  async load(cell, signal) {
    try {
      cell.picture.frames = await fetchPacked(this.addressOf(cell, "frames"), { signal });
      cell.element.classList.remove("tx-waiting");
      cell.ready = true;
      cell.button.removeAttribute("aria-disabled");
      cell.picture.draw(this.scale, this.pitchOf(cell));
      if (this.wanted === cell && document.activeElement === cell.button) this.play(cell);
    } catch (error) {
      if (error.name !== "AbortError") this.fail(cell, error.message);
    }
  }

  fail(cell, sentence) {
    cell.element.classList.remove("tx-waiting");
    cell.element.classList.add("tx-failed");
    cell.status.textContent = sentence;
  }

  draw() {
    for (const cell of this.cells.flat()) cell.picture.draw(this.scale, this.pitchOf(cell));
  }

  // Of notes that are moved, all but the recording sound at another pitch.
  pitchOf({ note, variant }) {
    return variant.key === "original" ? note.pitch : (note.to_pitch ?? note.pitch);
  }

  // ---- sound -----------------------------------------------------------------------------------------------------

  stop() {
    this.wanted = null;
    this.audio.pause();
  }

  // One audio element for all: what sounds stops before anything else begins.
  async play(cell, from = 0) {
    this.stop();
    this.sounding(false);
    this.focus(cell);
    this.wanted = cell.ready ? null : cell;
    if (!cell.ready) return this.hurry(cell);
    this.playing = cell;
    this.audio.src = this.addressOf(cell, "audio");
    if (from) this.audio.currentTime = from;
    try {
      await this.audio.play();
    } catch (error) {
      // AbortError: another one was chosen meanwhile. What else goes wrong is told by the audio element's own event.
      if (error.name === "NotAllowedError") cell.button.title = "Press to hear it";
    }
  }

  async soundFailed() {
    const cell = this.playing;
    if (!cell || !this.audio.hasAttribute("src")) return;
    try {
      await fetchJson(this.addressOf(cell, "audio"));
    } catch (error) {
      this.fail(cell, error.message);
    }
  }

  sounding(playing) {
    const cell = this.playing;
    if (!cell) return;
    cell.element.classList.toggle("tx-playing", playing);
    cell.button.setAttribute("aria-label", `${playing ? "Stop" : "Play"} ${cell.named}`);
    cell.playhead.hidden = !playing;
    cancelAnimationFrame(this.frame);
    if (playing) this.follow(cell);
    else this.playing = null;
  }

  follow(cell) {
    const x = cell.picture.placeOf(this.audio.currentTime, cell.picture.seconds());
    cell.playhead.style.transform = `translateX(${x}px)`;
    this.frame = requestAnimationFrame(() => this.follow(cell));
  }

  // ---- keyboard --------------------------------------------------------------------------------------------------

  // One stop for the tabulator, arrow keys within; digits play the versions of the row one is in.
  key(event) {
    const cell = this.cells.flat().find(({ button }) => button === event.target);
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const digit = Number(event.key);
    if (event.key in steps) {
      const [down, right] = steps[event.key];
      const near = this.cells[cell.row + down]?.[cell.column + right];
      if (near) this.focus(near);
    } else if (digit >= 1 && this.cells[cell.row][digit - 1]) {
      this.play(this.cells[cell.row][digit - 1]);
    } else if (event.key === "Escape") {
      this.stop();
    } else {
      return;
    }
    event.preventDefault();
  }

  focus(cell) {
    for (const { button } of this.cells.flat()) button.tabIndex = -1;
    cell.button.tabIndex = 0;
    cell.button.focus({ preventScroll: true });
    cell.element.scrollIntoView({ block: "nearest" });
  }
}
