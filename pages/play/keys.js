// Keys to play on: on the screen (mouse, pen, fingers), and on the computer's keyboard.

import { build } from "../browser/dom.js";
import { noteName } from "../browser/pitch.js";

const WHITE = [0, 2, 4, 5, 7, 9, 11];
// Two rows of a computer keyboard as one and a half octaves, by place, whatever the layout prints on them.
const COMPUTER_KEYS = [
  "KeyA",
  "KeyW",
  "KeyS",
  "KeyE",
  "KeyD",
  "KeyF",
  "KeyT",
  "KeyG",
  "KeyY",
  "KeyH",
  "KeyU",
  "KeyJ",
  "KeyK",
  "KeyO",
  "KeyL",
  "KeyP",
  "Semicolon",
];
const COMPUTER_NAMES = ["A", "W", "S", "E", "D", "F", "T", "G", "Y", "H", "U", "J", "K", "O", "L", "P", ";"];
const NARROWEST_WHITE = 29; // CSS pixels

const isWhite = (key) => WHITE.includes(key % 12);

export class Keyboard {
  octaves = 0;
  lowest = -1;
  marked = null; // told when the keys were drawn anew

  // press(key, velocity 1..127, timeStamp), release(key), told when the octave moves.
  constructor(element, { press, release, moved }) {
    this.element = element;
    this.press = press;
    this.release = release;
    this.moved = moved;
    this.base = 60;
    this.range = [0, 127];
    this.velocity = 100;
    this.pointers = new Map();
    this.typed = new Map();
    this.buttons = new Map();
    const on = (type, handler) => element.addEventListener(type, handler);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    for (const type of ["pointerup", "pointercancel"]) on(type, (event) => this.up(event));
    on("contextmenu", (event) => event.preventDefault());
    on("keydown", (event) => this.walk(event));
    on("keyup", (event) => this.walkedOff(event));
    on("focusout", () => this.releaseAll("focus"));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(element);
  }

  destroy() {
    this.sizes.disconnect();
  }

  // As many octaves as fit, around the one that the computer's keys play.
  draw() {
    const octaves = Math.max(2, Math.min(7, Math.floor(this.element.clientWidth / (7 * NARROWEST_WHITE))));
    const lowest = Math.min(Math.max(0, this.base - 12 * Math.floor(octaves / 2)), 12 * (10 - octaves));
    if (this.octaves === octaves && this.lowest === lowest) return this.label();
    Object.assign(this, { octaves, lowest });
    this.buttons.clear();
    const whites = 7 * octaves + 1;
    const made = [];
    for (let key = lowest; key <= lowest + 12 * octaves; key++) made.push(this.makeKey(key, lowest, whites));
    // White ones first, so that black ones lie on top.
    this.element.replaceChildren(...made.filter((b) => b.dataset.white), ...made.filter((b) => !b.dataset.white));
    this.label();
    this.marked?.();
  }

  makeKey(key, lowest, whites) {
    const before = 7 * Math.floor((key - lowest) / 12) + WHITE.filter((step) => step < key % 12).length;
    const white = isWhite(key);
    const button = build(
      "button",
      {
        type: "button",
        class: white ? "tx-white" : "tx-black",
        "data-key": key,
        "aria-label": noteName(key),
        tabindex: key === this.base ? 0 : -1,
      },
      build("span", { class: "tx-typed", "aria-hidden": "true" }),
      build("span", { class: "tx-name", text: white && key % 12 === 0 ? noteName(key) : "" }),
    );
    if (white) button.dataset.white = "1";
    const width = 100 / whites;
    button.style.left = `${white ? before * width : before * width - 0.3 * width}%`;
    button.style.width = `${white ? width : 0.6 * width}%`;
    button.classList.toggle("tx-beyond", key < this.range[0] || key > this.range[1]);
    this.buttons.set(key, button);
    return button;
  }

  label() {
    for (const [key, button] of this.buttons) {
      button.firstChild.textContent = COMPUTER_NAMES[key - this.base] ?? "";
      button.tabIndex = key === this.base ? 0 : -1;
      button.classList.toggle("tx-beyond", key < this.range[0] || key > this.range[1]);
    }
  }

  shift(octaves) {
    this.base = Math.min(108, Math.max(12, this.base + 12 * octaves));
    this.draw();
    this.moved(this.base);
  }

  mark(name, keys) {
    for (const [key, button] of this.buttons) button.classList.toggle(name, keys.has(key));
  }

  // Marks the keys that are recordings; says whether there are some.
  markReal(real) {
    let some = false;
    for (const [key, button] of this.buttons) {
      const recorded = real(key);
      some ||= recorded;
      button.classList.toggle("tx-real", recorded);
      button.setAttribute("aria-label", recorded ? `${noteName(key)}, recorded` : noteName(key));
    }
    return some;
  }

  // ---- pointers: each finger plays its own key, and slides to the next ---------------------------------------------

  under(event) {
    const touched = document.elementFromPoint(event.clientX, event.clientY);
    /** @type {HTMLElement | null | undefined} */
    const button = touched?.closest(".tx-keyboard button[data-key]");
    if (!button || !this.element.contains(button)) return null;
    const box = button.getBoundingClientRect();
    const depth = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    return { key: Number(button.dataset.key), velocity: Math.round(40 + 87 * Math.min(1, depth * 1.15)) };
  }

  down(event) {
    if (event.button > 0) return;
    event.preventDefault();
    // Fingers are captured by where they landed; a glissando needs to leave it.
    if (event.target.hasPointerCapture?.(event.pointerId)) event.target.releasePointerCapture(event.pointerId);
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, null);
    this.slide(event);
  }

  move(event) {
    if (this.pointers.has(event.pointerId)) this.slide(event);
  }

  slide(event) {
    const before = this.pointers.get(event.pointerId);
    const now = this.under(event);
    if (now?.key === before) return;
    this.pointers.set(event.pointerId, now?.key ?? null);
    if (before !== null) this.release(before);
    if (now) this.press(now.key, now.velocity, event.timeStamp);
  }

  up(event) {
    const key = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (key !== null && key !== undefined) this.release(key);
  }

  // ---- the computer's keyboard -------------------------------------------------------------------------------------

  // A key of the page; true when it was one of ours.
  type(event) {
    const place = COMPUTER_KEYS.indexOf(event.code);
    const step = { KeyZ: -1, KeyX: 1 }[event.code];
    if (place < 0 && !step) return false;
    if (event.repeat) return true;
    if (step) {
      this.shift(step);
      return true;
    }
    const key = this.base + place;
    if (key > 127) return true;
    this.typed.set(event.code, key);
    this.press(key, this.velocity, event.timeStamp);
    return true;
  }

  // The key that was pressed is let go, wherever the octave has moved meanwhile.
  typeUp(event) {
    const key = this.typed.get(event.code);
    if (key === undefined) return;
    this.typed.delete(event.code);
    this.release(key);
  }

  releaseAll(kind = "all") {
    if (this.walked !== undefined) {
      this.release(this.walked);
      this.walked = undefined;
    }
    if (kind === "focus") return;
    for (const key of [...this.typed.values(), ...this.pointers.values()]) if (key !== null) this.release(key);
    this.typed.clear();
    this.pointers.clear();
  }

  // Arrow keys walk along the keys, Enter and Space play.
  walk(event) {
    const button = event.target.closest("button[data-key]");
    if (!button) return;
    const key = Number(button.dataset.key);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 12, ArrowDown: -12 }[event.key];
    if (step) {
      event.preventDefault();
      const next = this.buttons.get(key + step);
      if (next) {
        button.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) {
        this.walked = key;
        this.press(key, this.velocity, event.timeStamp);
      }
    }
  }

  walkedOff(event) {
    if (event.key === "Enter" || event.key === " ") {
      event.stopPropagation();
      this.releaseAll("focus");
    }
  }
}
