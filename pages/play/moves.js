// What sliders and their buttons do to the sound.

import { fetchJson } from "../browser/server.js";
import { between, coordinates, moved, normal } from "./point.js";
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

  // A random place between two of the map's notes (amount 1), or a step from here; locked axes stay. Of the macros, their steps.
  async randomise(amount) {
    const { player } = this;
    const place = player.page === "macros" ? player.z : await this.chance(amount);
    player.history.remember();
    if (player.page !== "latents") player.macros = thrown(player.space.macros, player.macros, amount);
    player.place(place);
    player.hands.audition(performance.now());
  }

  // A place thrown: between notes, where sounds are within what the model knows, or near here.
  async chance(amount) {
    const { player } = this;
    const axes = player.space.axes[player.axes];
    const now = player.coordinates();
    const locked = [...player.locks[player.axes]];
    const ids = amount === 1 ? player.view.notes?.ids : null;
    if (!ids?.length) {
      const free = now.map((_, axis) => axis).filter((axis) => !locked.includes(axis));
      return moved(
        player.z,
        free.map((axis) => [axis, amount === 1 ? normal() - now[axis] : amount * normal()]),
        axes,
      );
    }
    const some = () => ids[Math.floor(Math.random() * ids.length)];
    const notes = [some(), some()].map((note) => fetchJson(player.url("start", { note })));
    const [one, other] = await Promise.all(notes);
    const place = between(one.z, other.z, Math.random());
    const there = coordinates(place, player.space.centre, axes);
    return moved(
      place,
      locked.map((axis) => [axis, now[axis] - there[axis]]),
      axes,
    );
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
