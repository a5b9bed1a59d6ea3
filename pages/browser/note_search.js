// Where a sound may start from: any note of the map, found by words or by its dot.

import { build, called, detailOf, noteName } from "./common.js";

const MOST_FOUND = 40;

// The map's notes as /api/map answers them, with words to search in.
export class Notes {
  constructor(map) {
    this.ids = map.ids;
    this.arrays = map.arrays;
    this.columns = map.columns;
    this.words = map.words;
    this.dot = map.dot;
    this.details = map.ids.map((_, row) => detailOf(map, row));
    this.projection = map.projections[0];
    this.rows = new Map(map.ids.map((id, row) => [id, row]));
  }

  text(column, row) {
    const { names } = this.columns[column] ?? {};
    return names ? names[this.arrays[`label_${column}`][row]] : "";
  }

  colour(row) {
    return this.columns[this.dot]?.colours?.[this.arrays[`label_${this.dot}`][row]] ?? "#8a94a6";
  }

  pitch(row) {
    const midi = this.arrays.label_pitch?.[row];
    return Number.isFinite(midi) ? noteName(midi) : "";
  }

  name(row) {
    return called(this.ids[row], this.text("instrument", row), this.text("family", row), this.pitch(row));
  }

  title(row) {
    return `${this.name(row)} ${this.pitch(row)}`.trim();
  }

  // The title, with what tells the note from others that have the same.
  whole(row) {
    this.titles ??= this.ids.reduce((seen, _, i) => seen.set(this.title(i), (seen.get(this.title(i)) ?? 0) + 1), new Map());
    const more = this.titles.get(this.title(row)) > 1 ? [this.velocity(row).replace("elocity", ""), this.details[row]] : [];
    return [this.title(row), ...more].filter(Boolean).join(" · ");
  }

  // What is said beside a note's name, where pitch and velocity stand by themselves.
  detail(row) {
    return [this.pitch(row) ? this.text("family", row) : "", this.details[row]].filter(Boolean).join(" · ");
  }

  velocity(row) {
    const value = this.arrays.label_velocity?.[row];
    return Number.isFinite(value) ? `velocity ${value}` : "";
  }

  // Rows of notes that have all the words somewhere in their names, before them those that are called just so.
  find(text) {
    this.searched ??= this.ids.map((id, row) =>
      [this.text("instrument", row), this.text("family", row), this.pitch(row), this.details[row], id]
        .join(" ")
        .toLowerCase()
        .replaceAll("♯", "#"),
    );
    const wanted = text.toLowerCase().replaceAll("♯", "#").split(/\s+/).filter(Boolean);
    const [called, found] = [[], []];
    for (let row = 0; row < this.ids.length && called.length < MOST_FOUND; row++) {
      if (!wanted.every((word) => this.searched[row].includes(word))) continue;
      const names = [this.text("family", row), this.text("instrument", row), this.pitch(row).replaceAll("♯", "#")].map((name) =>
        name.toLowerCase(),
      );
      if (wanted.every((word) => names.includes(word))) called.push(row);
      else if (found.length < MOST_FOUND) found.push(row);
    }
    return [...called, ...found].slice(0, MOST_FOUND);
  }
}

// A field that finds notes while one types (ARIA's combobox pattern). keeps: whether what was typed stays after a choice.
export class NoteSearch {
  constructor(field, list, chosen, keeps = false) {
    Object.assign(this, { field, list, chosen, keeps, active: -1, lead: field.placeholder });
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

  refresh() {
    const text = this.field.value.trim();
    if (!this.notes || !text) return this.close();
    const rows = this.notes.find(text);
    this.active = rows.length ? 0 : -1;
    this.list.replaceChildren(
      ...rows.map((row) => this.option(row)),
      ...(rows.length
        ? []
        : [
            build("p", {
              text: `Nothing here has “${text.slice(0, 40)}” in its name: try ${this.notes.words.example || "another word"}.`,
            }),
          ]),
    );
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
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.active)));
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
    else if (event.key === "Escape") this.close();
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
