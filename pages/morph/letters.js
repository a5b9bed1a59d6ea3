// How the notes of a path are called, A to H, and written.

import { parseColour } from "../browser/common.js";

export const LETTERS = "ABCDEFGH";

// What a letter is read in on a colour.
export function inkOn(colour) {
  const [r, g, b] = parseColour(colour);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 105 ? "#10141c" : "#ffffff";
}
