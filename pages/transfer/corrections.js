// Corrections of a pitch that was heard wrong: {start, end (seconds), semitones}.

export const WHOLE = 3600; // seconds: longer than any sound

// What a contour with `rate` values a second becomes by them.
export function corrected(contour, rate, corrections) {
  const moved = Float32Array.from(contour);
  for (const { start, end, semitones } of corrections) {
    for (let i = Math.max(0, Math.ceil(start * rate - 1e-6)); i < moved.length && i / rate < end; i++) moved[i] += semitones;
  }
  return moved;
}

// What notes as [start, end (seconds), MIDI] become by corrections.
export function correctedNotes(notes, corrections) {
  return notes.map(([start, end, midi]) => {
    const middle = (start + end) / 2;
    const by = corrections.filter((each) => each.start <= middle && middle < each.end);
    return [start, end, by.reduce((sum, { semitones }) => sum + semitones, midi)];
  });
}

// By how many semitones the whole sound is corrected.
export function correctedBy(corrections) {
  return corrections.reduce((sum, { end, semitones }) => sum + (end === WHOLE ? semitones : 0), 0);
}

// Corrections as a parameter of an address.
export function asParameter(corrections) {
  return corrections.map(({ start, end, semitones }) => `${start.toFixed(3)}~${end.toFixed(3)}~${semitones}`).join(",");
}
