// MIDI keyboards.

// MIDI keyboards, where the browser has Web MIDI: notes, pedal (controller 64), all notes off, pitch bend of two semitones.
export class MidiInput {
  constructor({ press, release, pedal, bend, told }) {
    this.press = press;
    this.release = release;
    this.pedal = pedal;
    this.bend = bend;
    this.told = told;
  }

  static get possible() {
    return Boolean(navigator.requestMIDIAccess);
  }

  async connect() {
    try {
      this.access = await navigator.requestMIDIAccess();
    } catch {
      this.told("The browser was not allowed to use MIDI: allow it beside the address bar.", 0);
      return;
    }
    this.access.onstatechange = () => this.listen();
    this.listen();
  }

  listen() {
    const inputs = [...this.access.inputs.values()].filter((input) => input.state !== "disconnected");
    for (const input of inputs) input.onmidimessage = (message) => this.receive(message);
    const names = inputs.map((input) => input.name || "MIDI").join(", ");
    this.told(names || "No MIDI keyboard is plugged in: plug one in, it is found by itself.", inputs.length);
  }

  disconnect() {
    if (!this.access) return;
    this.access.onstatechange = null;
    for (const input of this.access.inputs.values()) input.onmidimessage = null;
  }

  receive({ data, timeStamp }) {
    const [status, first, second] = data;
    const kind = status & 0xf0;
    if (kind === 0x90 && second > 0) this.press(first, second, timeStamp);
    else if (kind === 0x80 || kind === 0x90) this.release(first);
    else if (kind === 0xb0 && first === 64) this.pedal(second >= 64);
    else if (kind === 0xb0 && (first === 120 || first === 123)) for (let key = 0; key < 128; key++) this.release(key);
    else if (kind === 0xe0) this.bend((((second << 7) | first) / 8192 - 1) * 200);
  }
}
