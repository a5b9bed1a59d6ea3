// What is chosen about a MIDI keyboard, below the keys.

import { build } from "../browser/dom.js";
import { CURVE_NAMES } from "./midi_messages.js";

/** @param {import("./play.js").Player} player */
export function midiChoices(player) {
  const { messages } = player.hands.midi;
  const choice = (label, options, act) => {
    const input = build("select", { "aria-label": label }, ...options.map(([value, text]) => build("option", { value, text })));
    input.addEventListener("change", () => act(input.value));
    return build("label", {}, build("span", { text: label }), input);
  };
  const channels = [["all", "all"], ["mpe", "MPE"], ...Array.from({ length: 16 }, (_, i) => [String(i + 1), String(i + 1)])];
  const curves = [["played", "as played"], ...CURVE_NAMES.filter((name) => name !== "played").map((name) => [name, name])];
  return [
    choice("Channel", channels, (value) => {
      messages.channel = Number(value) || value;
    }),
    choice("Velocity curve", curves, (value) => {
      messages.curve = value;
    }),
    build("span", { class: "tx-latency" }),
  ];
}

export function latencyTold(synth) {
  return `Latency of this browser's sound: ${Math.round(1000 * synth.latency)} ms`;
}
