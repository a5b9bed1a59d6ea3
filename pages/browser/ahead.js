// Sounds that will probably be wanted are decoded while nothing else is to do, one after the other.

const SOON_MS = 40;

export class Ahead {
  // next(): the address that is wanted next, null for none. refused(error): one could not be had; no more are asked for.
  // most: so many sounds may be under way already.
  constructor(bank, next, { refused = (_error) => {}, most = 1 } = {}) {
    this.bank = bank;
    this.next = next;
    this.refused = refused;
    this.most = most;
    this.timer = null;
  }

  // Begin after so many milliseconds, in which nobody asks again.
  rest(wait) {
    this.stop();
    this.timer = setTimeout(() => this.fetch(wait), wait);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  async fetch(wait) {
    const url = document.hidden ? null : this.next();
    if (url === null) return;
    if (this.bank.waiting.size < this.most) {
      const { timer } = this;
      try {
        await this.bank.get(url);
      } catch (error) {
        if (error.name !== "AbortError") return this.refused(error);
      }
      if (timer !== this.timer) return; // asked for again meanwhile
    }
    this.rest(Math.min(wait, SOON_MS));
  }
}
