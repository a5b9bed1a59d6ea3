// What the player was before: undo and redo.

const MOST = 200;

export class History {
  done = [];
  undone = [];

  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  clear() {
    this.done = [];
    this.undone = [];
  }

  snapshot() {
    const { z, start, origin, title, colour, recorded, carried, own, macros, base } = this.player;
    const { release, attack } = this.player.synth;
    return { z: [...z], start, origin, title, colour, recorded, carried, own, macros, base, release, attack };
  }

  // To be called before something changes.
  remember() {
    this.done.push(this.snapshot());
    if (this.done.length > MOST) this.done.shift();
    this.undone = [];
    this.player.view.setHistory();
    this.player.kept.saveHistory();
  }

  // back: undo; otherwise redo.
  travel(back) {
    const [from, to] = back ? [this.done, this.undone] : [this.undone, this.done];
    const then = from.pop();
    if (!then) return;
    to.push(this.snapshot());
    this.apply(then);
    this.player.view.setHistory();
    this.player.kept.saveHistory();
  }

  // Sound as a snapshot says.
  apply({ release, attack, ...sound }) {
    Object.assign(this.player, sound);
    Object.assign(this.player.synth, { release, attack });
    this.player.view.rack.setEnvelope();
    this.player.place(sound.z);
    this.player.hands.audition(performance.now());
  }
}
