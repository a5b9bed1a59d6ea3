"""Many files by one command: found in folders, worked on side by side, and one that cannot be used stops nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from timbre_core.datasets.interrupts import Endable, interrupts_deferred
from timbre_core.errors import TimbreError
from timbre_core.files import as_on_disk

SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".opus", ".w64", ".au", ".caf")
PIECES = (".mid", ".midi", ".rmi", ".kar")
PRESETS = (".json",)
_MOST_JOBS = 4


def add_jobs_argument(parser: argparse.ArgumentParser) -> None:
    """The option --jobs."""
    parser.add_argument(
        "--jobs", type=int, metavar="N", help=f"files worked on at once (default: the cores, at most {_MOST_JOBS})"
    )


def files_in(inputs: Sequence[str], endings: Sequence[str]) -> list[Path]:
    """The files named, and of folders those directly inside with one of `endings`, in order.

    Raises TimbreError for a folder without any.
    """
    found: list[Path] = []
    for given in map(as_on_disk, inputs):
        if not given.is_dir():
            found.append(given)
            continue
        inside = sorted(path for path in given.iterdir() if path.suffix.lower() in endings and path.is_file())
        if not inside:
            raise TimbreError(f"{given}: nothing in this folder ends in {', '.join(endings)}: name another one.")
        found += inside
    return found


def run_batch(tasks: Mapping[str, Callable[[], Iterable[str]]], what: str, jobs: int | None = None) -> None:
    """Do each of the tasks, by the names that errors are told with; a task returns lines to print.

    A task that fails is told on stderr and counted; the others go on. A single task's error is raised as it is.
    Raises TimbreError at the end where some failed, and, at once, for a number of jobs that makes no sense.
    """
    if jobs is not None and not 1 <= jobs <= 64:
        raise TimbreError(f"--jobs {jobs}: choose from 1 to 64.")
    if len(tasks) == 1:
        _tell(next(iter(tasks.values()))(), set(), print)
        return
    from tqdm import tqdm

    failed, told, endable = 0, set[str](), Endable()
    with (
        ThreadPoolExecutor(jobs or min(_MOST_JOBS, os.cpu_count() or 1)) as pool,
        tqdm(total=len(tasks), desc=what, unit="file", file=sys.stderr, disable=None) as bar,  # not into logs
    ):
        try:
            with interrupts_deferred():
                names = {pool.submit(endable, task): name for name, task in tasks.items()}
            for done in as_completed(names):
                bar.update()
                try:
                    lines = done.result()
                except TimbreError as error:
                    failed += 1
                    said = str(error) if str(error).startswith(names[done]) else f"{names[done]}: {error}"
                    tqdm.write(f"error: {said}", file=sys.stderr)
                except Exception as error:  # a fault of the project's, or of a library's, at one file
                    failed += 1
                    told_of = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                    tqdm.write(f"error: {names[done]}: a fault of this program ({told_of})", file=sys.stderr)
                else:
                    _tell(lines, told, tqdm.write)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            endable.end()
            raise
    if failed:
        raise TimbreError(f"{failed} of {len(tasks)} {what} could not be used, the others are written: see above.")
    print(f"all {len(tasks)} {what} are written", file=sys.stderr)


def _tell(lines: Iterable[str], told: set[str], write: Callable[[str], None]) -> None:
    """Write the lines that were not told before: what holds for many files is said once."""
    for line in lines:
        if line not in told:
            write(line)
        told.add(line)
