// Points in a plane: how far they reach, and which of them a hand means.

// The lowest and the highest of some numbers, [0, 1] where there is none; what is no number is passed over.
export function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

// The index below `count` that costs least, and less than `most`; -1 where there is none.
export function cheapest(count, cost, most = Infinity) {
  let found = -1;
  for (let i = 0; i < count; i++) {
    const here = cost(i);
    if (here < most) {
      found = i;
      most = here;
    }
  }
  return found;
}

// What it costs an arrow key that points to (dx, dy) to go from a place to another: Infinity unless that lies ahead and not
// far to the side.
/** @param {number[]} from @param {number[]} to @param {number} dx @param {number} dy */
export function detour([x, y], [px, py], dx, dy) {
  const along = (px - x) * dx + (py - y) * dy;
  const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
  return along > 0 && aside <= 1.2 * along ? along + 2 * aside : Infinity;
}

// Whether a place lies within a closed path of places (even-odd rule).
/** @param {number[]} place @param {number[][]} path */
export function within([x, y], path) {
  let inside = false;
  for (let a = 0, b = path.length - 1; a < path.length; b = a++) {
    const [[ax, ay], [bx, by]] = [path[a], path[b]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
