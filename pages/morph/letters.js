// How the notes of a path are called.

export const LETTERS = "ABCDEFGH";
