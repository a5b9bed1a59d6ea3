// A field that finds notes by words.

import { build } from "./dom.js";

// A field that finds notes while one types (ARIA's combobox pattern). keeps: whether what was typed stays after a choice.
export class NoteSearch {
  constructor(field, list, chosen, keeps = false) {
    this.field = field;
    this.list = list;
    this.chosen = chosen;
    this.keeps = keeps;
    this.active = -1;
    this.lead = field.placeholder;
    field.addEventListener("input", () => this.refresh());
    field.addEventListener("focus", () => this.refresh());
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => this.key(event));
    // Chosen on pointerdown, before the field loses its focus and closes the list.
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.row));
    });
  }

  // The field says what it finds, in the words of the map, with a note of it as an example.
  fill(notes) {
    this.notes = notes;
    const { note, example } = notes.words;
    this.field.placeholder = `${this.lead.replace("note", note)}${example ? `: ${example}` : ""} …`;
  }

  // What follows the text, such as a filter, is told as if it was deleted by hand.
  clear() {
    this.field.value = "";
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  refresh() {
    const text = this.field.value.trim();
    if (!this.notes || !text) return this.close();
    const rows = this.notes.find(text);
    this.active = rows.length ? 0 : -1;
    const { sounds, words } = this.notes;
    const heard = this.notes.heard(text).join("” and “");
    const example = [words.example || "another word", sounds[0]].filter(Boolean).join(", or ");
    const told = rows.length
      ? heard && `“${heard}”: in a name, or what sounds so`
      : `Nothing here has “${text.slice(0, 40)}” in its name: try ${example}`;
    this.list.replaceChildren(...(told ? [build("p", { text: told })] : []), ...rows.map((row) => this.option(row)));
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.paint();
  }

  option(row) {
    return build(
      "div",
      { role: "option", id: `tx-found-${row}`, "data-row": row },
      build("i", { style: `background:${this.notes.colour(row)}` }),
      build("span", { text: this.notes.name(row) }),
      build("em", { text: [this.notes.detail(row), this.notes.velocity(row)].filter(Boolean).join(" · ") }),
      build("b", { text: this.notes.pitch(row) }),
    );
  }

  paint() {
    const options = [...this.list.querySelectorAll("[role=option]")];
    for (const [i, option] of options.entries()) option.setAttribute("aria-selected", String(i === this.active));
    options[this.active]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[this.active]?.id ?? "");
  }

  key(event) {
    const options = this.list.querySelectorAll("[role=option]");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      this.active = (this.active + step + options.length) % options.length;
      this.paint();
    } else if (event.key === "Enter" && options[this.active]) this.choose(Number(options[this.active].dataset.row));
    else if (event.key === "Escape" && !this.list.hidden) this.close();
    else if (event.key === "Escape" && this.field.value) this.clear();
    else return;
    event.preventDefault();
  }

  choose(row) {
    if (!this.keeps) {
      this.field.value = "";
      this.field.blur();
    }
    this.close();
    this.chosen(this.notes.ids[row]);
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
  }
}
