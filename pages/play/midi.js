// MIDI keyboards, where the browser has Web MIDI.

import { MidiMessages } from "./midi_messages.js";

export class MidiInput {
  messages = new MidiMessages();

  // act: what is done about each kind of message that `MidiMessages` reads. told(text, count): which keyboards there are.
  constructor(act, told) {
    this.act = act;
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
    const meant = this.messages.read(data);
    if (meant) this.act[meant.kind]({ ...meant, at: timeStamp });
  }
}
