// A point of the latent space along axes: {directions (axes x dimensions), spread (of the map's notes along each)}.

// Standard deviations from the map's middle along each axis.
export function coordinates(z, centre, { directions, spread }) {
  const from = z.map((value, i) => value - centre[i]);
  return directions.map((direction, axis) => direction.reduce((sum, d, i) => sum + d * from[i], 0) / spread[axis]);
}

// The point after steps [axis, standard deviations].
export function moved(z, steps, { directions, spread }) {
  const to = [...z];
  for (const [axis, step] of steps) for (let i = 0; i < to.length; i++) to[i] += step * spread[axis] * directions[axis][i];
  return to;
}

// The point at a share of the way from one to another.
export const between = (one, other, share) => one.map((value, i) => value + share * (other[i] - value));

// A normally distributed number (Box and Muller, 1958).
export function normal(random = Math.random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
