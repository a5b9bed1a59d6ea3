// In which order many notes are heard.

// At most `most` of them, evenly picked.
export function thinned(rows, most) {
  const every = Math.ceil(rows.length / most);
  return rows.filter((_, k) => k % every === 0);
}

// From the lowest to the highest; those without a pitch come last.
export function byPitch(rows, pitches) {
  const known = (i) => (Number.isNaN(pitches[i]) ? Infinity : pitches[i]);
  return [...rows].sort((a, b) => known(a) - known(b) || a - b);
}

// From the leftmost, always on to the nearest that was not heard yet. place(row): [x, y].
export function alongMap(rows, place) {
  const left = new Set(rows);
  let here = rows.reduce((a, b) => (place(b)[0] < place(a)[0] ? b : a));
  const path = [];
  while (left.size) {
    path.push(here);
    left.delete(here);
    const [x, y] = place(here);
    let least = Infinity;
    for (const i of left) {
      const [px, py] = place(i);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) [least, here] = [distance, i];
    }
  }
  return path;
}
