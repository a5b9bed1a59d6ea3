// Pitch contours to begin with: points [seconds, MIDI] around a key.

export const SHAPES = {
  Held: (key) => [[0, key]],
  Glide: (key) => [
    [0.4, key],
    [2.8, key + 7],
  ],
  Fall: (key) => [
    [0.3, key],
    [2, key - 12],
  ],
  Melody: (key) =>
    [0, 4, 7, 12].flatMap((step, i) => [
      [i > 0 ? i + 0.06 : i, key + step],
      [i + 0.94, key + step],
    ]),
};
