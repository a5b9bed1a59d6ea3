// The order of a map's notes by a column: found once, so that words are typed and filters set without sorting again.

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const MOST_COLLATED = 20_000;

// The notes from the first name to the last, as people count: `kick 2` before `kick 10`.
export function orderOfNames(names) {
  const keys = names.length > MOST_COLLATED ? names.map(plainKey) : names;
  const compare =
    names.length > MOST_COLLATED
      ? (a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0)
      : (a, b) => collator.compare(names[a], names[b]);
  return Uint32Array.from(Array.from(names.keys()).sort(compare));
}

// The notes from the lowest number to the highest; what is not known comes last.
export function orderOfNumbers(values) {
  const known = (value) => (Number.isNaN(value) ? Infinity : value);
  return Uint32Array.from(values.keys()).sort((a, b) => known(values[a]) - known(values[b]) || a - b);
}

// The notes of an order that are lit, upwards or downwards; those of which the value is not known come last either way.
export function litOf(order, isLit, down, isKnown) {
  const rows = [];
  const last = [];
  for (let k = 0; k < order.length; k++) {
    const i = order[down ? order.length - 1 - k : k];
    if (isLit(i)) (isKnown(i) ? rows : last).push(i);
  }
  for (const i of last) rows.push(i);
  return rows;
}

// Text whose plain order is nearly that of the collator, which is a hundred times slower.
function plainKey(name) {
  return name.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(8, "0"));
}
