// Finding the notes of a map by a term.

import { noteName } from "../browser/pitch.js";
import { sounding } from "../browser/sound_terms.js";

const texts = new WeakMap(); // of each map

// For a map as /api/map answers it: which of its notes have a term (see sound_terms.js) in their labels, in their id, or as the
// name of their pitch, or sound as it says, as a function of a note's index.
export function finds(word, map) {
  const { columns, arrays } = map;
  // A number that is a label, a digit say, is that label and no part of others.
  const labelled =
    /^\d+$/.test(word) && Object.values(columns).some(({ kind, values }) => kind === "category" && values.includes(word));
  const has = labelled ? (text) => text === word : (text) => text.toLowerCase().includes(word);
  const found = Object.entries(columns)
    .filter(([, { kind }]) => kind === "category")
    .map(([column, { names, values }]) => [names.map((name, code) => has(name) || has(values[code])), arrays[`label_${column}`]]);
  const pitches = /^[a-g][#♯]?-?\d$/.test(word) && arrays.label_pitch;
  const asked = word.replace("#", "♯").toUpperCase();
  const called = pitches ? Array.from({ length: 128 }, (_, midi) => noteName(midi) === asked) : [];
  const named = labelled ? null : inNames(word, map);
  const heard = sounding(word, map);
  return (i) =>
    heard?.(i) || named?.[i] || found.some(([has, codes]) => has[codes[i]]) || (pitches && called[Math.round(pitches[i])]);
}

// 1 for each note that has the word in its id or in its detail.
function inNames(word, map) {
  const { text, starts } = textOf(map);
  const named = new Uint8Array(map.ids.length);
  let row = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, starts[row + 1])) {
    row = rowAt(starts, at, row);
    named[row] = 1;
  }
  return named;
}

// The names of all notes, one after the other, and where each begins: in one text a word is found among a million names in the
// time in which some ten thousand are looked at one by one.
export function textOf(map) {
  const known = texts.get(map);
  if (known) return known;
  const { ids, details } = map;
  const names = [];
  const starts = new Uint32Array(ids.length + 1);
  for (let i = 0; i < ids.length; i++) {
    const detail = details?.[i] ?? "";
    names.push(ids[i], detail);
    starts[i + 1] = starts[i] + ids[i].length + detail.length + 2;
  }
  const whole = `${names.join("\n")}\n`;
  let text = whole.toLowerCase();
  // Hardly any letter becomes longer in lower case; then the places are those of the longer text.
  if (text.length !== whole.length) {
    text = "";
    for (let i = 0; i < ids.length; i++) {
      text += `${names[2 * i]}\n${names[2 * i + 1]}\n`.toLowerCase();
      starts[i + 1] = text.length;
    }
  }
  const made = { text, starts };
  texts.set(map, made);
  return made;
}

// The row in whose part of the text a place lies, from `row` on: the next ones first, as hits often follow each other.
function rowAt(starts, at, row) {
  let low = row;
  let step = 1;
  while (low + step < starts.length - 1 && starts[low + step] <= at) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, starts.length - 1);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= at) low = middle;
    else high = middle;
  }
  return low;
}
