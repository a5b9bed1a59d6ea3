// Macros: how a sound is shaped, in steps of a trait that is measured.

import { normal } from "./point.js";

const RELEASE = {
  name: "release",
  low: -4,
  high: 4,
  step: 2,
  unit: "",
  times: true,
  says: "how long a key sounds on that is let go",
};
const NORMAL_RELEASE = 0.25; // seconds
const LAST = "sustain"; // the release stands behind it

// All macros in their order on the page: those that the server shapes sounds by, and the release, which the synth has.
export function allMacros(served) {
  const at = served.findIndex(({ name }) => name === LAST) + 1;
  return [...served.slice(0, at), RELEASE, ...served.slice(at)];
}

// The address's part for steps by name; "" where nothing is shaped.
export function shapeText(steps) {
  return Object.entries(steps)
    .filter(([name, value]) => value && name !== RELEASE.name)
    .map(([name, value]) => `${name}=${Number(value.toFixed(3))}`)
    .sort()
    .join(",");
}

export const releaseSeconds = (steps) => NORMAL_RELEASE * RELEASE.step ** steps;
export const releaseSteps = (seconds) => Math.log2(Math.max(seconds, 1e-3) / NORMAL_RELEASE);

// What steps come to, as people read it.
export function told({ name, step, unit, times }, steps) {
  if (name === RELEASE.name) {
    const seconds = releaseSeconds(steps);
    return seconds < 0.1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(2)} s`;
  }
  if (times) return `×${(step ** steps).toFixed(2)}`;
  const amount = step * steps;
  const digits = Math.abs(amount) < 9.95 ? 1 : 0;
  return `${amount > 0 ? "+" : amount < 0 ? "−" : ""}${Math.abs(amount).toFixed(digits)} ${unit === "semitones" ? "st" : unit}`;
}

// Steps thrown: around nothing (amount 1), or a little from where they are. What only goes up stays small.
export function thrown(served, steps, amount, random = Math.random) {
  const made = {};
  for (const { name, low, high } of served) {
    const spread = (high - low) / (low < 0 ? 6 : 12);
    const middle = amount === 1 ? 0 : (steps[name] ?? 0);
    const value = Math.min(high, Math.max(low, middle + amount * spread * normal(random)));
    made[name] = Number(value.toFixed(1));
  }
  return made;
}
