// A part of a page whose script comes when it is first wanted: what nobody opens is never sent.

export class Later {
  part = null;

  // bring(): promises the part. failed(error): it cannot come, as from a server that was renewed meanwhile.
  constructor(bring, failed) {
    this.bring = bring;
    this.failed = failed;
  }

  // Does something with the part: at once where it is there.
  use(work) {
    if (this.part) return work(this.part);
    this.coming ??= this.bring();
    this.coming.then(
      (part) => {
        if (this.gone) return;
        this.part = part;
        work(part);
      },
      (error) => {
        this.coming = null;
        this.failed(error);
      },
    );
  }

  destroy() {
    this.gone = true;
    this.part?.destroy();
  }
}
