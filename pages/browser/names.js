// How a note of a map is called.

// A note's name without its pitch: one that has none is told by its family, too.
export function called(id, instrument, family, pitched) {
  if (!instrument || instrument === "unknown") return id;
  return pitched || !family || family === "unknown" || family === instrument ? instrument : `${family} · ${instrument}`;
}

// What tells a note of a map (as /api/map answers it) from others of its name and velocity.
export function detailOf({ details, ids, arrays }, i) {
  return details ? details[i] : Number.isFinite(arrays.label_pitch?.[i]) ? "" : ids[i];
}
