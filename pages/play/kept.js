// The sound of the Play page kept in this browser tab, so that a reload changes nothing.

const MOST = 40; // steps of undo

export class Kept {
  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  get slot() {
    const { player } = this;
    return `timbre:play:${player.data.checkpoint}:${player.data.version}`;
  }

  // What can be undone and redone, the newest of it: written where that changes, and not with every move of a slider.
  saveHistory() {
    const { done, undone } = this.player.history;
    this.write(`${this.slot}:history`, { done: done.slice(-MOST), undone: undone.slice(-MOST) });
  }

  restoreHistory() {
    const { player } = this;
    const fits = (then) => then?.z?.length === player.space.latent_dim && then.macros && then.base && then.release > 0;
    try {
      const { done, undone } = JSON.parse(sessionStorage.getItem(`${this.slot}:history`));
      if (![...done, ...undone].every(fits)) return;
      Object.assign(player.history, { done, undone });
      player.view.setHistory();
    } catch {
      // Nothing was kept: there is nothing to undo.
    }
  }

  write(slot, told) {
    try {
      sessionStorage.setItem(slot, JSON.stringify(told));
    } catch {
      // Without storage a reload starts from the link again.
    }
  }

  save() {
    const { player } = this;
    const locks = Object.fromEntries(Object.entries(player.locks).map(([name, axes]) => [name, [...axes]]));
    const { axes, key, carried, page, tuning } = player;
    this.write(this.slot, { ...player.history.snapshot(), axes, locks, key, carried, page, tuning });
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
    const { z, start, origin, title, colour, axes, locks, key, recorded = false, carried = true, own = null } = kept;
    const {
      macros = {},
      base = {},
      page = "macros",
      tuning = null,
      release = player.synth.release,
      attack = player.synth.attack,
    } = kept;
    Object.assign(player, { z, start, origin, title, colour, axes, key, recorded, carried, own, macros, base, page, tuning });
    Object.assign(player.synth, { release, attack });
    player.view.rack.setEnvelope();
    for (const name of Object.keys(player.locks)) player.locks[name] = new Set(locks[name]);
    player.view.setTuning();
    player.place(z);
    this.restoreHistory();
    return true;
  }
}
