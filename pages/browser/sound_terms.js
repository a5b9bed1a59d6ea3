// Words of sound in what is searched for.

// What is searched for, term by term: words, and words of sound that have a space in them, such as "soft start".
export function termsOf(text, sounds = []) {
  const term = new RegExp(`(?<!\\S)(${[...sounds, "\\S+"].join("|")})(?!\\S)`, "g");
  return text.toLowerCase().replace(/\s+/g, " ").match(term) ?? [];
}

// Which notes of a map (as /api/map answers it) sound as a term says: a function of a note's index, or null where the term is no
// word of sound that the map knows.
export function sounding(term, { sounds, arrays }) {
  const place = sounds?.indexOf(term) ?? -1;
  return place < 0 ? null : (i) => (arrays.sounds[i] >> place) & 1;
}
