// What a player starts from: the mean of a family, a note, or a draw from the prior.

import { fetchJson } from "../browser/server.js";

// What a visitor without a link hears first.
export function firstStart({ families, conditioned }) {
  const family = families.find(({ value }) => value === "brass") ?? families[0];
  // Where notes of all pitches are blended, the mean has none: there a note is more of a sound.
  return conditioned ? { family: family?.value } : { note: family?.typical };
}

// Where a start lies in the player's space: {z, title, colour, recorded}.
export async function resolved(player, start) {
  const { space } = player;
  const { signal } = player.loading;
  if (start?.family !== undefined) {
    const family = space.families.find(({ value }) => value === start.family);
    if (family) return { z: family.z, title: `${family.name} · ${space.words.family} mean`, colour: family.colour };
  }
  if (start?.note !== undefined) {
    const { z, note, recorded, recordings } = await fetchJson(player.url("start", { note: start.note }), { signal });
    player.recordings.of.set(start.note, recordings);
    return {
      z,
      title: [`${note.title} ${note.pitch_name}`.trim(), note.pitch_name ? "" : note.detail].filter(Boolean).join(" · "),
      colour: note.colour,
      recorded,
    };
  }
  if (start?.seed !== undefined) {
    const { z } = await fetchJson(player.url("start", { seed: start.seed }), { signal });
    return { z, title: `invented sound ${start.seed}`, colour: null };
  }
  return { z: space.centre, title: "middle of the map", colour: null };
}
