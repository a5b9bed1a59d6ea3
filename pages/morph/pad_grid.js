// The pad's grid of points between four corners: (0, 0), (1, 0), (0, 1) and (1, 1).

export const GRID = 7; // points along each side

// How much of each corner there is at a place of the unit square; they add up to 1.
export function shares(x, y) {
  return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
}

/**
 * Points of the grid as [column, row], those nearest to a place of the unit square first. Before a hand was there (fresh) the
 * corners and the middle come before what lies between them.
 * @param {number[]} at @param {boolean} fresh
 */
export function nearestFirst([x, y], fresh) {
  const all = Array.from({ length: GRID * GRID }, (_, i) => [i % GRID, Math.floor(i / GRID)]);
  const bonus = ([column, row]) => (column % (GRID - 1) === 0 && row % (GRID - 1) === 0 ? -2 : 0) + ((column + row) % 2);
  const cost = (point) => Math.hypot(point[0] - x * (GRID - 1), point[1] - y * (GRID - 1)) + (fresh ? bonus(point) : 0);
  return all.sort((a, b) => cost(a) - cost(b));
}
