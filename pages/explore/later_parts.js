// What of the map's page comes later: when it is opened, or once the map is drawn.

import { level, setLevel } from "../browser/audio.js";
import { DRAWN } from "../browser/events.js";
import { address, fetchJson } from "../browser/server.js";
import { kept } from "./kept.js";
import { Later } from "./later.js";

/** @param {import("./map.js").MapView} view @param {Function} on */
export function laterParts(view, on) {
  const later = (bring) => new Later(bring, (error) => view.notice(error.message));
  return {
    space: later(async () => new (await import("./space.js")).Space(view, on)),
    list: later(async () => new (await import("./sound_list.js")).SoundList(view, on)),
    regions: later(async () => new (await import("./regions.js")).Regions(view, on)),
    instruments: later(
      async () => new (await import("./instruments.js")).Instruments(view, view.root.querySelector(".tx-instruments")),
    ),
    tour: later(async () => new (await import("./tour.js")).Tour(view)),
  };
}

// The tools that the map needs.
export function equip({ root, points, data }) {
  root.classList.toggle("tx-silent", !data.sounds);
  root.querySelector(".tx-instruments").hidden = !points.map.columns.instrument || !data.sounds;
}

// The map is drawn, and the page is there.
/** @param {import("./map.js").MapView} view */
export async function arrive(view) {
  const { regions, tour, data } = view;
  kept.open(data);
  window.dispatchEvent(new CustomEvent(DRAWN));
  regions.use((part) => part.moved());
  if (localStorage.getItem("timbre.tour") === null) tour.use((part) => part.greet());
  try {
    // Now the server may load the model for the first click.
    await fetchJson(address(`${data.url}/ready`, view.parameters()));
  } catch (error) {
    if (data.checkpoint === view.data.checkpoint) view.notice(error.message);
  }
}

export function slideVolume(slider, on) {
  slider.value = level();
  on(slider, "input", () => setLevel(Number(slider.value)));
}

// The filters make room at once, before the list's script is there; opened again meanwhile, they stay.
export function toggleList({ filters, list }) {
  filters.open(false);
  list.use((part) => part.open(part.panel.hidden && filters.panel.hidden));
}
