"""How far the work on a library is, told on the command line while it is waited for."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbre_core.cli.shell import tell_skipped
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.catalogue.jobs import Job

_LOOK = 0.5  # seconds between looks at what another process does


def wait_for(number: int, args: argparse.Namespace) -> int:
    """Have a library brought up to date, here or by the process that does so already, and tell how far it is."""
    from timbre_core.catalogue import jobs
    from timbre_core.catalogue.encoding import count_unencoded
    from timbre_core.catalogue.libraries import library_of_id, skipped_of

    told: dict[str, Any] = {"workers": args.workers} if args.workers else {}
    if getattr(args, "encoded", None):
        told["encoded"] = str(Path(args.encoded).expanduser().resolve())
    job = jobs.ask("update", number, told)
    if args.background:
        jobs.start_worker()
        print(f"{library_of_id(number).name}: in the queue; `library list` tells how far it is.")
        return 0
    bar = JobBar()
    try:
        while not jobs.work(bar, until=job.id) and jobs.job_of_id(job.id).is_open:
            bar(jobs.job_of_id(job.id))
            time.sleep(_LOOK)
    except KeyboardInterrupt:
        jobs.cancel(job.id)
        raise
    finally:
        bar.close()
    job = jobs.job_of_id(job.id)
    library = library_of_id(number)
    for sentence in library.said:
        print(sentence, file=sys.stderr)
    tell_skipped(skipped_of(library))
    if job.state == "failed":
        raise TimbreError(job.message)
    if job.state == "done" and count_unencoded(number):
        print(
            "for Play and Morph, latents are encoded when they are asked for, and all of them by the app in the background or by "
            "`library work`.",
            file=sys.stderr,
        )
    on = f"; on the map of {Path(library.checkpoint).name}" if job.state == "done" else ""
    print(f"{library.name}: {job.message}{on}")
    return 0 if job.state == "done" else 1


class JobBar:
    """A progress bar for each phase of each job; of one whose end is not known yet its name alone, while it lasts."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._make = tqdm
        self._bar: tqdm | None = None
        self._of = ("", 0)

    def __call__(self, job: Job) -> None:
        if (job.phase, job.id) != self._of:
            self.close()
            self._of = (job.phase, job.id)
        if self._bar is not None and not self._bar.total and job.total:
            self.close()
        if self._bar is None and job.phase:
            known = {} if job.total else {"bar_format": "{desc} ...", "leave": False}
            self._bar = self._make(
                total=job.total, initial=job.done, desc=job.phase, unit="note", file=sys.stderr, **known
            )
        if self._bar is not None:
            self._bar.n, self._bar.total = job.done, job.total
            self._bar.refresh()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
