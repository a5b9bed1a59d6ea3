// The sound of the Play page kept in this browser tab, so that a reload changes nothing.

export class Kept {
  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  get slot() {
    const { player } = this;
    return `timbre:play:${player.data.checkpoint}:${player.data.version}`;
  }

  save() {
    const { player } = this;
    const locks = Object.fromEntries(Object.entries(player.locks).map(([name, axes]) => [name, [...axes]]));
    const { axes, key, carried, more } = player;
    const kept = { ...player.history.snapshot(), axes, locks, key, carried, more, attack: player.synth.attack };
    try {
      sessionStorage.setItem(this.slot, JSON.stringify(kept));
    } catch {
      // Without storage a reload starts from the link again.
    }
  }

  restore() {
    const { player } = this;
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(this.slot));
    } catch {
      return false;
    }
    const fits = kept?.z?.length === player.space.latent_dim && kept.z.every(Number.isFinite);
    if (!fits || (player.data.start && JSON.stringify(player.data.start) !== JSON.stringify(kept.start))) return false;
    const { start, origin, title, colour, axes, locks, key, recorded = false, carried = true, own = null } = kept;
    const { macros = {}, more = false, release = player.synth.release, attack = player.synth.attack } = kept;
    Object.assign(player, { start, origin, title, colour, axes, key, recorded, carried, own, macros, more });
    Object.assign(player.synth, { release, attack });
    player.view.rack.setEnvelope();
    for (const name of Object.keys(player.locks)) player.locks[name] = new Set(locks[name]);
    player.place(kept.z);
    return true;
  }
}
