// What sliders and their buttons do to the sound.

import { normal } from "./point.js";
import { releaseSeconds, thrown } from "./shape.js";

export class Moves {
  /** @param {import("./play.js").Player} player */
  constructor(player) {
    this.player = player;
  }

  shapeBy(name, steps, at) {
    if (name === "release") this.player.synth.release = releaseSeconds(steps);
    else this.player.macros = { ...this.player.macros, [name]: steps };
    this.player.place(this.player.z);
    if (name !== "release") this.player.hands.audition(at);
  }

  slide(axis, coordinate, at) {
    this.player.move([[axis, coordinate - this.player.coordinates()[axis]]]);
    this.player.hands.audition(at);
  }

  // A random place among the map's notes (amount 1), or a step from here; locked axes stay. Of the macros, their steps.
  randomise(amount) {
    this.player.history.remember();
    if (this.player.page !== "latents") this.player.macros = thrown(this.player.space.macros, this.player.macros, amount);
    const now = this.player.coordinates();
    const free = now.map((_, axis) => axis).filter((axis) => !this.player.locks[this.player.axes].has(axis));
    if (this.player.page === "macros") this.player.place(this.player.z);
    else this.player.move(free.map((axis) => [axis, amount === 1 ? normal() - now[axis] : amount * normal()]));
    this.player.hands.audition(performance.now());
  }

  reset() {
    this.player.history.remember();
    this.player.macros = { ...this.player.base };
    this.player.place([...this.player.origin]);
    this.player.hands.audition(performance.now());
  }

  toggleLock(axis) {
    const locks = this.player.locks[this.player.axes];
    if (!locks.delete(axis)) locks.add(axis);
    this.player.kept.save();
    return locks.has(axis);
  }

  // A page of the sliders, or the macros where it is shown already.
  turnTo(page) {
    this.player.page = this.player.page === page ? "macros" : page;
    this.player.view.showAxes();
    this.player.kept.save();
  }

  switchAxes(name) {
    this.player.axes = name;
    this.player.view.showAxes();
    this.player.kept.save();
  }
}
