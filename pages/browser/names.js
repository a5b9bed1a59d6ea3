// How a note of a map is called.

const NAMELESS = new Set(["", "unknown", "nan", "none"]);

// A note's name without its pitch: one that has none is told by its family, too.
export function called(id, instrument, family, pitched) {
  if (!instrument || instrument === "unknown") return id;
  return pitched || !family || family === "unknown" || family === instrument ? instrument : `${family} · ${instrument}`;
}

// The labels of notes that say something; all of them where none does.
export function telling(labels) {
  const known = labels.filter((label) => !NAMELESS.has(label.toLowerCase()));
  return known.length ? known : labels;
}

// What tells a note of a map (as /api/map answers it) from others of its name and velocity.
export function detailOf({ details, ids, arrays }, i) {
  return details ? details[i] : Number.isFinite(arrays.label_pitch?.[i]) ? "" : ids[i];
}
