// What of the map's page comes later: when it is opened, or once the map is drawn.

import { level, setLevel } from "../browser/audio.js";
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

export function arrive({ regions, tour, root, points, data }) {
  root.classList.toggle("tx-silent", !data.sounds);
  root.querySelector(".tx-instruments").hidden = !points.map.columns.instrument || !data.sounds;
  regions.use((part) => part.moved());
  if (localStorage.getItem("timbre.tour") === null) tour.use((part) => part.greet());
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
