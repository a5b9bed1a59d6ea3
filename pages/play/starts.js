// What a player starts from: a note, the mean of a family, or a draw from the prior.

import { fetchJson } from "../browser/server.js";

// Where a start lies in the player's space: {start, z, title, colour, recorded}; null is a visitor without a link, who hears a
// note as it was recorded, where there is one.
export async function resolved(player, start) {
  const { space } = player;
  const { signal } = player.loading;
  if (start === null) {
    const { beginning } = await fetchJson(player.url("start"), { signal });
    return resolved(player, beginning === null ? {} : { note: beginning });
  }
  if (start.family !== undefined) {
    const family = space.families.find(({ value }) => value === start.family);
    if (family) return { start, z: family.z, title: `${family.name} · ${space.words.family} mean`, colour: family.colour };
  }
  if (start.note !== undefined) {
    const { z, note, recorded, recordings } = await fetchJson(player.url("start", { note: start.note }), { signal });
    player.recordings.of.set(start.note, recordings);
    return {
      start,
      z,
      title: [`${note.title} ${note.pitch_name}`.trim(), note.pitch_name ? "" : note.detail].filter(Boolean).join(" · "),
      colour: note.colour,
      recorded,
    };
  }
  if (start.seed !== undefined) {
    const { z } = await fetchJson(player.url("start", { seed: start.seed }), { signal });
    return { start, z, title: `invented sound ${start.seed}`, colour: null };
  }
  return { start, z: space.centre, title: "middle of the map", colour: null };
}
