// What the notes of a part of the map have in common, in a word or two.

const MOST = 0.45; // share of a region's notes from which a label names it
const BOTH = 0.25; // of each of two
const HEARD = 0.7; // that a word of sound is true of
const MORE = 1.4; // times as often as on the whole map

// Names regions of a map as /api/map answers it. rows: indices of notes; region: of each its region, of `count`.
export function nameRegions(map, rows, region, count) {
  const labels = [map.dot, "instrument", "library"].filter((name, k, all) => {
    const column = map.columns[name];
    return column?.kind === "category" && column.names.length > 1 && all.indexOf(name) === k;
  });
  const sizes = new Uint32Array(count);
  for (const at of region) sizes[at]++;
  const tallies = labels.map((name) => tally(map.arrays[`label_${name}`], map.columns[name].names, rows, region, count));
  const words = heard(map, rows, region, count);
  return Array.from({ length: count }, (_, at) => {
    const found = tallies.map((tallied) => leading(tallied[at], sizes[at]));
    // What says most comes first: an instrument says its family too.
    const instrument = found[labels.indexOf("instrument")]?.find(({ share }) => share >= MOST + 0.15);
    const main = found[0] ?? [];
    const named = instrument ?? main.find(({ share }) => share >= MOST);
    const pair = main.filter(({ share }) => share >= BOTH).slice(0, 2);
    const word = words(at, sizes[at]);
    const name = named ? named.name : pair.length === 2 ? pair.map((each) => each.name).join(", ") : "";
    return name ? [word, name].filter(Boolean).join(" ") : word && `${word} ${map.words.note}s`;
  });
}

function tally(codes, names, rows, region, count) {
  const counts = Array.from({ length: count }, () => new Map());
  for (let k = 0; k < rows.length; k++) {
    const value = names[codes[rows[k]]];
    const counted = counts[region[k]];
    counted.set(value, (counted.get(value) ?? 0) + 1);
  }
  return counts;
}

function leading(counts, size) {
  return [...counts]
    .filter(([name]) => name && !/^(unknown|none|nan)$/i.test(name))
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([name, count]) => ({ name, share: count / size }));
}

// The word of sound that is truest of a region, if it is not true of the map all over.
function heard(map, rows, region, count) {
  const bits = map.arrays.sounds;
  if (!map.sounds || !bits) return () => "";
  const all = new Uint32Array(map.sounds.length);
  for (let i = 0; i < bits.length; i++) for (let bit = 0; bit < all.length; bit++) all[bit] += (bits[i] >> bit) & 1;
  const within = Array.from({ length: count }, () => new Uint32Array(all.length));
  for (let k = 0; k < rows.length; k++) {
    for (let bit = 0; bit < all.length; bit++) within[region[k]][bit] += (bits[rows[k]] >> bit) & 1;
  }
  return (at, size) => {
    let [best, least] = ["", MORE];
    for (let bit = 0; bit < all.length; bit++) {
      const share = within[at][bit] / size;
      const lift = share / (all[bit] / bits.length || 1);
      if (share >= HEARD && lift > least) [best, least] = [map.sounds[bit], lift];
    }
    return best;
  };
}
