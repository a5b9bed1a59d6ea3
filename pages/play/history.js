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
    const { z, start, origin, title, colour, recorded, own } = this.player;
    return { z: [...z], start, origin, title, colour, recorded, own };
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
    Object.assign(this.player, then);
    this.player.place(then.z);
    this.player.view.setHistory();
    this.player.hands.audition(performance.now());
  }
}
