// How loud a sound is: ITU-R BS.1770-4, for sounds of any length; the counterpart of the library's loudness_units.py.

export const SILENT = -120; // what silence measures, LUFS

const BLOCK = 0.4; // seconds
const STEP = 0.1;
const ABSOLUTE = -70; // LUFS
const RELATIVE = 10; // LU
const MOST = 30; // dB that a sound is made louder or softer by, at most

// Integrated loudness of mono samples at `rate` Hz in LUFS: K-weighted, and gated. What is shorter than a block of 400 ms is
// one block as long as itself.
export function lufs(samples, rate) {
  if (!samples.length) return SILENT;
  const heard = filtered(filtered(samples, headOf(rate)), lowCutOf(rate));
  const energy = new Float64Array(heard.length + 1);
  for (let i = 0; i < heard.length; i++) energy[i + 1] = energy[i] + heard[i] * heard[i];
  const size = Math.min(heard.length, Math.round(BLOCK * rate));
  const step = Math.max(1, Math.round(STEP * rate));
  let power = [];
  for (let at = 0; at + size <= heard.length; at += step) power.push((energy[at + size] - energy[at]) / size);
  const loud = power.filter((value) => level(value) > ABSOLUTE);
  if (loud.length) power = loud.filter((value) => level(value) > level(mean(loud)) - RELATIVE);
  return Math.max(SILENT, level(mean(power)));
}

// Gains that make sounds as loud as one of them. sounds: key -> {lufs, peak}. Silent ones stay as they are; where one would go
// beyond full scale, all become softer together.
export function equalGains(sounds, reference) {
  const wanted = sounds.get(reference)?.lufs ?? SILENT;
  const gains = new Map();
  let highest = 1;
  for (const [key, { lufs: own, peak }] of sounds) {
    const off = Math.min(own, wanted) <= ABSOLUTE ? 0 : Math.max(-MOST, Math.min(MOST, wanted - own));
    gains.set(key, 10 ** (off / 20));
    highest = Math.max(highest, peak * gains.get(key));
  }
  for (const [key, gain] of gains) gains.set(key, gain / highest);
  return gains;
}

export function peakOf(samples) {
  return samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function level(power) {
  return -0.691 + 10 * Math.log10(Math.max(power, 1e-20));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @param {Float32Array | Float64Array} samples @param {number[]} coefficients */
function filtered(samples, [b0, b1, b2, a1, a2]) {
  const result = new Float64Array(samples.length);
  let [s1, s2] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    const y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    result[i] = y;
  }
  return result;
}

// The standard's filters at any sample rate (De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES
// 2018) as b0, b1, b2, a1, a2: a high shelf for the head, and a high pass.
function headOf(rate) {
  const [gain, hz, q] = [3.99984385397, 1681.9744509555319, 0.7071752369554193];
  const k = Math.tan(Math.PI * Math.min(hz / rate, 0.49));
  const high = 10 ** (gain / 20);
  const band = high ** 0.499666774155;
  const a0 = 1 + k / q + k * k;
  return [
    high + (band * k) / q + k * k,
    2 * (k * k - high),
    high - (band * k) / q + k * k,
    2 * (k * k - 1),
    1 - k / q + k * k,
  ].map((value) => value / a0);
}

function lowCutOf(rate) {
  const [hz, q] = [38.13547087613982, 0.5003270373253953];
  const k = Math.tan((Math.PI * hz) / rate);
  const a0 = 1 + k / q + k * k;
  return [1, -2, 1, (2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0];
}
