// Finding the notes of a map by a word.

import { noteName } from "../browser/pitch.js";

// For a map as /api/map answers it: which of its notes have a word in their labels, in their id, or as the name of their
// pitch, as a function of a note's index.
export function finds(word, { columns, arrays, ids, details }) {
  // A number that is a label, a digit say, is that label and no part of others.
  const labelled =
    /^\d+$/.test(word) && Object.values(columns).some(({ kind, values }) => kind === "category" && values.includes(word));
  const has = labelled ? (text) => text === word : (text) => text.toLowerCase().includes(word);
  const found = Object.entries(columns)
    .filter(([, { kind }]) => kind === "category")
    .map(([column, { names, values }]) => [names.map((name, code) => has(name) || has(values[code])), arrays[`label_${column}`]]);
  const pitches = /^[a-g][#♯]?-?\d$/.test(word) && arrays.label_pitch;
  const asked = word.replace("#", "♯").toUpperCase();
  return (i) =>
    found.some(([named, codes]) => named[codes[i]]) ||
    (pitches && noteName(pitches[i]) === asked) ||
    (!labelled && (has(ids[i]) || has(details?.[i] ?? "")));
}
