// The notes of a map: how they are called, and finding them by words.

import { UNKNOWN_COLOUR } from "./colours.js";
import { called, detailOf } from "./names.js";
import { noteName } from "./pitch.js";
import { sounding, termsOf } from "./sound_terms.js";

const MOST_FOUND = 40;

// The map's notes as /api/map answers them, with words to search in.
export class Notes {
  titles = null; // how many notes have each title
  searched = null; // the text of each note in which words are found

  constructor(map) {
    this.ids = map.ids;
    this.arrays = map.arrays;
    this.columns = map.columns;
    this.words = map.words;
    this.dot = map.dot;
    this.sounds = map.sounds ?? []; // words for how its notes sound
    this.apart = (row) => detailOf(map, row); // what tells a note from others of its name
    this.projection = map.projections[0];
    this.rows = new Map(map.ids.map((id, row) => [id, row]));
  }

  text(column, row) {
    const { names } = this.columns[column] ?? {};
    return names ? names[this.arrays[`label_${column}`][row]] : "";
  }

  colour(row) {
    return this.columns[this.dot]?.colours?.[this.arrays[`label_${this.dot}`][row]] ?? UNKNOWN_COLOUR;
  }

  pitch(row) {
    const midi = this.arrays.label_pitch?.[row];
    return Number.isFinite(midi) ? noteName(midi) : "";
  }

  name(row) {
    return called(this.apart(row) || this.ids[row], this.text("instrument", row), this.text("family", row), this.pitch(row));
  }

  title(row) {
    return `${this.name(row)} ${this.pitch(row)}`.trim();
  }

  // The title, with what tells the note from others that have the same.
  whole(row) {
    this.titles ??= this.ids.reduce((seen, _, i) => seen.set(this.title(i), (seen.get(this.title(i)) ?? 0) + 1), new Map());
    const more = this.titles.get(this.title(row)) > 1 ? [this.velocity(row).replace("elocity", ""), this.apart(row)] : [];
    return [this.title(row), ...more].filter(Boolean).join(" · ");
  }

  // What is said beside a note's name, where pitch and velocity stand by themselves.
  detail(row) {
    return [this.pitch(row) ? this.text("family", row) : "", this.apart(row)].filter(Boolean).join(" · ");
  }

  velocity(row) {
    const value = this.arrays.label_velocity?.[row];
    return Number.isFinite(value) ? `velocity ${value}` : "";
  }

  // Words of sound in a text.
  heard(text) {
    return termsOf(text, this.sounds).filter((term) => this.sounds.includes(term));
  }

  // Rows of notes that have each term of a text somewhere in their names, or sound as it says: first those that are called just
  // so, then those with all of it in their names, then others from all over the map.
  find(text) {
    this.searched ??= this.ids.map((id, row) =>
      [this.text("instrument", row), this.text("family", row), this.pitch(row), this.apart(row), id]
        .join(" ")
        .toLowerCase()
        .replaceAll("♯", "#"),
    );
    const wanted = termsOf(text.replaceAll("♯", "#"), this.sounds);
    const sounds = wanted.map((term) => sounding(term, this));
    const [called, found, heard] = [[], [], []];
    for (let row = 0; row < this.ids.length && called.length < MOST_FOUND; row++) {
      const has = (term) => this.searched[row].includes(term);
      if (!wanted.every((term, i) => has(term) || sounds[i]?.(row))) continue;
      const names = [this.text("family", row), this.text("instrument", row), this.pitch(row).replaceAll("♯", "#")].map((name) =>
        name.toLowerCase(),
      );
      if (wanted.every((term) => names.includes(term))) called.push(row);
      else if (!wanted.every(has)) heard.push(row);
      else if (found.length < MOST_FOUND) found.push(row);
    }
    const named = [...called, ...found].slice(0, MOST_FOUND);
    return [...named, ...spread(heard, MOST_FOUND - named.length)];
  }
}

// At most so many of a list, from all over it.
function spread(list, most) {
  return list.length <= most ? list : Array.from({ length: most }, (_, k) => list[Math.floor((k * list.length) / most)]);
}
