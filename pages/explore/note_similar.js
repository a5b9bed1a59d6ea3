// A sound of one's own: chosen or dropped here, looked at by the server, and shown as a note is.

import { build } from "../browser/dom.js";
import { Mending } from "../browser/mending.js";
import { ACCEPT, withoutLeftBehind } from "../browser/sounds.js";

const LARGEST_UPLOAD = 20e6; // bytes, as the server has it: a larger file need not be sent to be refused

export class Finder {
  file = null; // what was found last
  mends = []; // semitones that its pitch was corrected by, one after the other

  // send(file, mend): looks for it, its pitch corrected by semitones, or throws what is wrong with it. again(): shows what was
  // found last.
  constructor(element, { send, again }) {
    this.send = send;
    this.again = again;
    this.input = build("input", {
      type: "file",
      accept: ACCEPT,
      class: "tx-file",
      tabindex: -1,
      "aria-label": "Sound file",
    });
    this.input.addEventListener("change", () => {
      const [file] = this.input.files;
      this.input.value = "";
      if (file) this.take(file);
    });
    this.choose = build("button", {
      type: "button",
      class: "tx-choose",
      text: "Choose a sound",
      onclick: () => this.input.click(),
    });
    this.back = build("button", { type: "button", class: "tx-back", hidden: "", onclick: () => this.again() });
    this.status = build("p", { class: "tx-found-told", role: "status" });
    this.mending = new Mending({ mend: (by) => this.mend([...this.mends, by]), undo: () => this.mend(this.mends.slice(0, -1)) });
    this.mending.told.textContent = "Wrong pitch?";
    this.mending.element.hidden = true;
    this.element = element;
    element.replaceChildren(
      build(
        "div",
        { class: "tx-drop" },
        this.choose,
        this.back,
        build("span", { text: "or drop one here: one note, at most 30 s" }),
        this.input,
      ),
      this.status,
      this.mending.element,
    );
    for (const type of ["dragover", "dragleave", "drop"]) element.addEventListener(type, (event) => this.drag(event));
    this.rest();
  }

  rest() {
    this.say("It is placed among the library's notes, which need not know it: the nearest can be played.");
  }

  say(text, wrong = false) {
    this.status.textContent = text;
    this.status.classList.toggle("tx-wrong", wrong);
  }

  drag(event) {
    event.preventDefault();
    this.element.classList.toggle("tx-over", event.type === "dragover");
    const [file] = event.type === "drop" ? withoutLeftBehind(event.dataTransfer.files) : [];
    if (file) this.take(file);
  }

  mend(mends) {
    return this.take(this.file, mends);
  }

  async take(file, mends = []) {
    const turn = {};
    this.turn = turn;
    this.say(`Listening to ${file.name} …`);
    this.choose.disabled = true;
    try {
      if (file.size > LARGEST_UPLOAD)
        throw new Error(
          `${file.name}: ${Math.round(file.size / 1e6)} MB are too much (at most ${LARGEST_UPLOAD / 1e6} MB): cut out one note.`,
        );
      const told = await this.send(
        file,
        mends.reduce((sum, by) => sum + by, 0),
      );
      if (turn !== this.turn) return;
      this.say(told);
      Object.assign(this, { file, mends });
      this.mending.element.hidden = false;
      this.mending.undo.disabled = !mends.length;
      this.back.textContent = `Show ${shortName(file.name)} again`;
      this.back.hidden = false;
    } catch (error) {
      if (turn === this.turn && error.name !== "AbortError") this.say(error.message, true);
    } finally {
      if (turn === this.turn) this.choose.disabled = false;
    }
  }
}

function shortName(name) {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
}
