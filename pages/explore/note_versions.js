// The versions of a note that are heard and seen.

export const VERSIONS = [
  { kind: "original", title: "Original", about: "the recording", meaning: "The note as it was recorded." },
  {
    kind: "inversion",
    title: "Inversion",
    about: "no model",
    meaning: "Its picture as sound: no model sounds better.",
  },
  {
    kind: "reconstruction",
    title: "Reconstruction",
    about: "through the model",
    meaning: "What the model makes of it from a handful of numbers.",
  },
];

export const KINDS = VERSIONS.map(({ kind }) => kind);
