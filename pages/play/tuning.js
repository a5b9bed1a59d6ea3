// Scala tunings on the page Play.

import { fetchJson } from "../browser/server.js";

const SCALE = /\.scl$/i;

// Tunes the keys by a scale file, and by a keyboard mapping where there is one; without files as pianos are tuned.
/** @param {import("./play.js").Player} player @param {File[]} files */
export async function takeTuning(player, files) {
  const scale = files.find(({ name }) => SCALE.test(name));
  const mapping = files.find(({ name }) => !SCALE.test(name));
  if (mapping && !scale && !player.tuning)
    throw new Error(`${mapping.name} says how a scale lies on the keys: choose the scale (.scl) with it.`);
  let tuning = null;
  if (files.length) {
    const scl = scale ? await scale.text() : player.tuning.scl;
    const kbm = mapping ? await mapping.text() : "";
    const told = await fetchJson(player.url("tuning"), { method: "POST", body: JSON.stringify({ scl, kbm }) });
    tuning = { ...told, scl };
  }
  player.hands.allOff();
  player.tuning = tuning;
  player.view.setTuning();
  player.place(player.z);
  player.view.tell(tuning ? `Tuned: ${tuning.name || scale?.name}` : "Tuned as pianos are.");
}
