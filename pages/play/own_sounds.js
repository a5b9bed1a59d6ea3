// Sounds of one's own on the page Play: dropped, chosen, or recorded.

import { fetchJson } from "../browser/server.js";
import { encodeWav } from "./recording.js";

const LONGEST_S = 20; // of a recording

export class OwnSounds {
  recording = null; // {stop}

  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  send(body, told) {
    return fetchJson(this.player.url("own", told), { method: "POST", body });
  }

  // Files: one recorded note, several of one instrument, or archives of them. One that cannot be used stops nothing, nor do
  // `strange` ones (names) that came with them.
  async take(files, strange = []) {
    const { view } = this.player;
    const remarks = strange.map((name) => `${name}: no sound.`);
    let own = null;
    let unheard = null;
    for (const [place, file] of files.entries()) {
      view.tell(`Listening to ${file.name}${files.length > 1 ? ` (${place + 1} of ${files.length})` : ""} …`);
      try {
        own = await this.send(file, { name: file.name.slice(0, 200), ...(own ? { with: own.carrier } : {}) });
        remarks.push(...(own.remarks ?? []));
      } catch (error) {
        remarks.push(error.message);
        if (error.pitchWanted) unheard ??= file;
      }
    }
    if (own) this.play(own);
    this.player.unheard = unheard && { file: unheard, beside: own };
    view.setOwn();
    if (remarks.length) view.tell(remarks.length > 1 ? `${remarks[0]} ${remarks.length - 1} more left out.` : remarks[0], true);
  }

  // The last of the sounds is at another MIDI pitch than was heard; or one in which none was heard is there at all.
  async correctPitch(pitch) {
    const { own, unheard } = this.player;
    if (unheard) {
      const { file, beside } = unheard;
      return this.play(
        await this.send(file, { name: file.name.slice(0, 200), pitch, ...(beside ? { with: beside.carrier } : {}) }),
      );
    }
    this.play(await this.send("", { name: own.notes.at(-1).name, with: own.carrier, pitch }));
  }

  play(own) {
    const { player } = this;
    player.history.remember();
    const title = own.notes[0].name.replace(/\.\w+$/, "");
    const sound = { own, start: null, origin: own.z, title, colour: null, recorded: true, carried: true, unheard: null };
    Object.assign(player, { ...sound, macros: {}, base: {} });
    player.place(own.z);
    player.report(null);
    player.view.tell("");
    // The recorded key comes first: it needs nothing made, and stands in for the others until they are there.
    player.key = Math.round(own.notes.at(-1).pitch);
    player.view.setKey();
    player.hands.audition(performance.now());
    player.prefetch(0);
  }

  // Begins to record, or ends it and plays what was recorded.
  async record() {
    if (this.recording) return this.recording.stop();
    const stream = await navigator.mediaDevices
      .getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })
      .catch(() => {
        throw new Error("The browser was not allowed to use a microphone: allow it beside the address bar.");
      });
    const context = new AudioContext();
    const parts = [];
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([TAP], { type: "text/javascript" })));
    const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
    tap.port.onmessage = ({ data }) => parts.push(data);
    context.createMediaStreamSource(stream).connect(tap);
    const stop = async () => {
      clearTimeout(timer);
      this.recording = null;
      this.player.view.setRecording(false);
      for (const track of stream.getTracks()) track.stop();
      await context.close();
      const name = `recording ${new Date().toTimeString().slice(0, 8)}.wav`;
      await this.take([new File([encodeWav(parts, context.sampleRate)], name)]);
    };
    const timer = setTimeout(() => this.player.view.attempt(stop), 1000 * LONGEST_S);
    this.recording = { stop };
    this.player.view.setRecording(true);
    this.player.view.tell(`Recording: play or sing one note, then press Stop (at most ${LONGEST_S} s).`);
  }
}

const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
});`;
