// Two sounds of the page Play, A and B, and the way between them.

export const A = 0;
export const B = 1;

const blend = (from, to, share) => from + share * (to - from);

// The sound at a share of the way from one snapshot to another: their points, macros and releases.
export function between(from, to, share) {
  if (share <= 0) return from;
  if (share >= 1) return to;
  const names = new Set([...Object.keys(from.macros), ...Object.keys(to.macros)]);
  const macros = {};
  for (const name of names) macros[name] = blend(from.macros[name] ?? 0, to.macros[name] ?? 0, share);
  const nearer = share < 0.5 ? from : to;
  return {
    ...nearer,
    z: from.z.map((value, i) => blend(value, to.z[i], share)),
    macros,
    release: Math.exp(blend(Math.log(from.release), Math.log(to.release), share)),
    attack: blend(from.attack, to.attack, share),
  };
}

export class Morphing {
  ends = [null, null];
  share = A;

  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  // What was changed since belongs to the end that is heard.
  keepEnd() {
    if (this.share === A || this.share === B) this.ends[this.share] = this.player.history.snapshot();
  }

  get possible() {
    return this.ends[A] !== null && this.ends[B] !== null;
  }

  // A preset was loaded, into the end that is heard; on the way between both it is A.
  loaded() {
    if (this.share !== B) this.share = A;
    this.keepEnd();
  }

  moveTo(share) {
    this.keepEnd();
    // The other end begins as a copy of this one.
    for (const end of [A, B]) this.ends[end] ??= this.player.history.snapshot();
    this.share = share;
    this.player.history.apply(between(this.ends[A], this.ends[B], share));
  }
}
