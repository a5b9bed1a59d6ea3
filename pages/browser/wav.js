// WAV files as audio.py and sampler.py write them, and what is played of them.

const PCM = 1;

// A mono WAV file of 16 bits: its samples from -1 to 1, and their rate in Hz.
export function readWav(bytes) {
  const view = new DataView(bytes);
  const chunks = chunksOf(view);
  const format = chunks.get("fmt ");
  const data = chunks.get("data");
  const layout = format && [0, 2, 14].map((at) => view.getUint16(format.start + at, true));
  if (!data || `${layout}` !== `${[PCM, 1, 16]}`) throw new Error("The server's sound is no mono WAV file of 16 bits.");
  const samples = new Float32Array(data.size >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(data.start + 2 * i, true) / 32768;
  return { samples, rate: view.getUint32(format.start + 4, true) };
}

// Where the chunks of a RIFF file begin, and how long they are, by name; a length beyond the file's end is cut there.
function chunksOf(view) {
  const found = new Map();
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const name = String.fromCharCode(...[0, 1, 2, 3].map((k) => view.getUint8(at + k)));
    const size = Math.min(view.getUint32(at + 4, true), view.byteLength - at - 8);
    found.set(name, { start: at + 8, size });
    at += 8 + size + (size % 2);
  }
  return found;
}

// Samples at `rate` Hz as a sound to play.
export function audioBuffer(samples, rate) {
  const buffer = new AudioBuffer({ length: Math.max(1, samples.length), sampleRate: rate, numberOfChannels: 1 });
  buffer.copyToChannel(samples, 0);
  return buffer;
}
