// Notes in rows, versions of them in columns: each cell has a play button and a spectrogram.

import { levelScale } from "../browser/colours.js";
import { Deck } from "../browser/deck.js";
import { build } from "../browser/dom.js";
import { matchSwitch } from "../browser/matching.js";
import { mounted } from "../browser/mount.js";
import { address, fetchPacked, fetchWav } from "../browser/server.js";
import { Spectrogram } from "../browser/spectrogram.js";
import { drawTogether } from "../browser/together.js";

// Pictures wait for their turn in the browser, so that leaving a dozen drops what was not asked for yet.
const AT_ONCE = 2;
const NARROWEST = 160; // pixels of a column; where there is less, a note's versions stand in several lines
const SMALLEST = 165; // pixels of a version that stands so
const NAMES = 128; // pixels of the column of names
export default mounted((parent) => new ListeningTable(parent));

// How many of a note's versions stand side by side below its name; 0 where all have room beside it. width: of all, in pixels.
export function acrossOf(count, width) {
  if (!count || !width || width - NAMES >= count * NARROWEST) return 0;
  const most = Math.max(1, Math.min(count, Math.floor(width / SMALLEST)));
  return Math.ceil(count / Math.ceil(count / most)); // lines are about as long as each other
}

// How many places the last line of `count` versions would leave empty: a note's name stands there, in the first line.
export function leftOver(count, across) {
  return across ? (across - (count % across)) % across : 0;
}

class ListeningTable {
  constructor(parent) {
    this.root = parent.querySelector(".tx-listen");
    this.root.timbreListen = this;
    this.row = null; // of the note whose versions are in the deck
    this.cells = [];
    this.waiting = [];
    this.running = 0;
    this.listeners = new AbortController();
    this.loading = new AbortController();
    this.root.addEventListener("keydown", (event) => this.key(event), { signal: this.listeners.signal });
    this.deck = new Deck({
      changed: () => this.sounding(),
      refused: () => (this.cellOf(this.deck.wanted?.kind).button.title = "Press to hear it"),
    });
    this.root.querySelector(".tx-over").append(matchSwitch(this.listeners.signal));
    this.sizes = new ResizeObserver(() => {
      this.lay();
      this.draw();
    });
    this.sizes.observe(this.root);
    this.inView = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: "300px" });
  }

  destroy() {
    this.listeners.abort();
    this.loading.abort();
    this.sizes.disconnect();
    this.inView.disconnect();
    this.deck.close();
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
    this.wanted = null;
    this.deck.clear();
    this.row = null;
    this.waiting = [];
    const { notes, variants } = this.data;
    // Roles are said, for what is laid out otherwise than a table is none to some browsers.
    const corner = build("th", { scope: "col", role: "columnheader" }, build("span", { class: "tx-hidden", text: "Note" }));
    const heads = variants.map(({ title, about }) =>
      build("th", { scope: "col", role: "columnheader" }, build("b", { text: title }), build("span", { text: about })),
    );
    this.root.querySelector("thead").replaceChildren(build("tr", { role: "row" }, corner, ...heads));
    this.cells = notes.map((note, row) => variants.map((variant, column) => this.makeCell(note, variant, row, column)));
    this.root.querySelector("tbody").replaceChildren(...notes.map((note, row) => this.makeRow(note, row)));
    if (this.cells[0]?.[0]) this.cells[0][0].button.tabIndex = 0;
    this.lay();
  }

  // As many versions side by side as there is room for.
  lay() {
    const count = this.data?.variants.length ?? 0;
    const across = acrossOf(count, this.root.clientWidth);
    const empty = leftOver(count, across);
    this.root.classList.toggle("tx-narrow", across > 0);
    this.root.classList.toggle("tx-filled", empty > 0);
    this.root.style.setProperty("--tx-across", String(across));
    this.root.style.setProperty("--tx-empty", String(empty));
  }

  makeRow(note, row) {
    const name = build(
      "th",
      { scope: "row", role: "rowheader" },
      build("div", { class: "tx-name" }, build("i", { style: `background:${note.colour}` }), build("b", { text: note.title })),
      build("span", { text: `${note.pitch_name} · ${note.family}` }),
    );
    const element = build("tr", { role: "row" }, name, ...this.cells[row].map(({ element }) => element));
    element.dataset.row = row;
    this.inView.observe(element);
    return element;
  }

  makeCell(note, variant, row, column) {
    const cell = { note, variant, row, column, canvas: build("canvas", { "aria-hidden": "true" }) };
    cell.picture = new Spectrogram(cell.canvas, false);
    cell.status = build("div", { class: "tx-status" });
    cell.playhead = build("div", { class: "tx-playhead", hidden: "" });
    // A cell says what it is where its column's head is not above it.
    const head = build("span", { class: "tx-variant", "aria-hidden": "true", title: variant.about, text: variant.title });
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
    const box = build("div", { class: "tx-cell" }, cell.button, head, plot);
    cell.element = build("td", { class: "tx-waiting", role: "cell", "data-variant": variant.key, "data-note": note.id }, box);
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
      this.drawRow(this.cells[cell.row]);
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
    for (const row of this.cells) this.drawRow(row);
  }

  drawRow(row) {
    const pictures = new Map(row.map((cell) => [cell.picture, cell]));
    drawTogether([...pictures.keys()], (picture) => picture.draw(this.scale, this.pitchOf(pictures.get(picture))));
  }

  // Of notes that are moved, all but the recording sound at another pitch.
  pitchOf({ note, variant }) {
    return variant.key === "original" ? note.pitch : (note.to_pitch ?? note.pitch);
  }

  // ---- sound -----------------------------------------------------------------------------------------------------

  stop() {
    this.wanted = null;
    this.deck.stop();
  }

  // The cell that sounds, or null.
  get playing() {
    return this.deck.playing ? this.cellOf(this.deck.kind) : null;
  }

  cellOf(key) {
    return this.cells[this.row].find(({ variant }) => variant.key === key);
  }

  async play(cell, from = 0) {
    this.stop();
    this.focus(cell);
    this.wanted = cell.ready ? null : cell;
    if (!cell.ready) return this.hurry(cell);
    if (this.row !== cell.row) this.deck.clear();
    this.row = cell.row;
    this.deck.play(cell.variant.key, from);
    await this.fetchSounds(cell);
  }

  // The note's first version with the one asked for: it is what the others are made as loud as.
  async fetchSounds(cell) {
    const { signal } = this.loading;
    const missing = [this.cells[cell.row][0], cell].filter(({ variant }) => !this.deck.sounds.has(variant.key));
    try {
      const sounds = await Promise.all(missing.map((each) => fetchWav(this.addressOf(each, "audio"), { signal })));
      if (this.row !== cell.row) return; // another note was chosen meanwhile
      for (const [i, { samples, rate }] of sounds.entries()) this.deck.add(missing[i].variant.key, samples, rate);
    } catch (error) {
      if (error.name !== "AbortError") this.fail(cell, error.message);
    }
  }

  sounding() {
    const { playing } = this;
    for (const cell of this.cells.flat()) {
      const here = cell === playing;
      cell.element.classList.toggle("tx-playing", here);
      cell.button.setAttribute("aria-label", `${here ? "Stop" : "Play"} ${cell.named}`);
      cell.playhead.hidden = !here;
    }
    cancelAnimationFrame(this.frame);
    if (playing) this.follow(playing);
  }

  follow(cell) {
    const x = cell.picture.placeOf(this.deck.position, cell.picture.seconds());
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
