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
    const { z, start, origin, title, colour, recorded, own, macros } = this.player;
    return { z: [...z], start, origin, title, colour, recorded, own, macros, release: this.player.synth.release };
  }

  // To be called before something changes.
  remember() {
    this.done.push(this.snapshot());
    if (this.done.length > MOST) this.done.shift();
    this.undone = [];
    this.player.view.setHistory();
  }

  // back: undo; otherwise redo.
  travel(back) {
    const [from, to] = back ? [this.done, this.undone] : [this.undone, this.done];
    const then = from.pop();
    if (!then) return;
    to.push(this.snapshot());
    const { release, ...sound } = then;
    Object.assign(this.player, sound);
    this.player.synth.release = release;
    this.player.place(then.z);
    this.player.view.setHistory();
    this.player.hands.audition(performance.now());
  }
}
