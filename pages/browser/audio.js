// The page's one AudioContext: opened by whoever sounds first, closed when nobody is left who may sound.

// Seconds from one sound to another: too short to be heard as a fade, long enough not to click.
export const FADE = 0.012;

const users = new Set();
let context = null;
let asked = null;

// Whether the browser lets a page sound: only after a click or a key.
export function allowed() {
  return navigator.userActivation?.hasBeenActive !== false;
}

// The context, to be called during a gesture or after one. rate: the sounds' own in Hz, so that the browser converts them to
// the device's once and loops stay exact; a context of another rate is replaced. Without one any rate does.
export function openAudio(user, rate = null) {
  users.add(user);
  if (context && (rate === null || asked === rate)) return context;
  context?.close();
  asked = rate;
  const settings = { latencyHint: /** @type {const} */ ("interactive") };
  try {
    context = new AudioContext(rate === null ? settings : { ...settings, sampleRate: rate });
  } catch {
    context = new AudioContext(settings); // a rate that this browser has not
  }
  return context;
}

const outlets = new WeakMap();
const VOLUME = "timbre.volume";

// Where all sounds of a context go: one volume for all pages, kept in this browser.
export function speakers(context) {
  let outlet = outlets.get(context);
  if (!outlet) {
    outlet = new GainNode(context, { gain: level() ** 2 });
    outlet.connect(context.destination);
    outlets.set(context, outlet);
  }
  return outlet;
}

// The volume, 0 to 1.
export function level() {
  const kept = Number(localStorage.getItem(VOLUME) ?? 1);
  return kept >= 0 && kept <= 1 ? kept : 1;
}

export function setLevel(value) {
  localStorage.setItem(VOLUME, String(value));
  if (context) speakers(context).gain.setTargetAtTime(value ** 2, context.currentTime, 0.02);
}

export function leaveAudio(user) {
  if (!users.delete(user) || users.size) return;
  context?.close();
  context = null;
}
