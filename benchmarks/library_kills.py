"""SIGKILL at random moments of add, update, tag and train: nothing that was confirmed may be lost, and the work goes on.

    python benchmarks/library_kills.py SOUNDS [--kills 200] [--write]

Draws some recordings of SOUNDS, and kills the process that adds them, one that stars and tags, one that updates a library
whose files are renamed meanwhile, or one that works through the queue, where a training waits, after a random time. After each
kill the database is checked: every note, star and tag that was seen before or was confirmed by the killed process must still be
there, the training still be in the queue, and none of its epochs lost. At the end the library is brought up to date, and the
training goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_RESULT = _ROOT / "docs" / "results" / "library_kills.md"
_ADD = """
import sys
from timbre_core.catalogue.adding import bring_up_to_date
from timbre_core.catalogue.libraries import find_library
import timbre_core.catalogue.adding as adding
from timbre_core.catalogue.reading import Reader, open_reader
adding._CONFIRMED = adding._TASK = 2
adding._EVERY = 0.0
library = find_library("sounds")
opened = open_reader(Reader(library.root, library.checkpoint))  # what takes seconds is done before a kill may come
adding.open_reader = lambda reader: opened
print("ready", flush=True)
while True:
    bring_up_to_date(library, lambda *told: None, workers=0)
    print("whole", flush=True)
    sys.stdin.readline()
"""
_TAG = """
import sys
from timbre_core.catalogue.keeping import collect, star, tag
print("ready", flush=True)
number = 0
while True:
    name = f"{sys.argv[1]}-{number}"
    star([name]); tag([name], "tagged"); collect([name], "collected")
    print(name, flush=True)
    number += 1
"""
_TRAIN = """
from timbre_core.catalogue import jobs
jobs.work(lambda job: print(job.phase, job.done, flush=True))
"""
_SMALL = ("features.seconds=1.0", "window.frames=32", "training.batch_size=8", "training.pictures=0")


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    )


def state(path: Path) -> tuple[set[str], set[str]]:
    """Contents of all notes, and starred sounds that are tagged and collected too; checks the database."""
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        notes = {content for (content,) in database.execute("SELECT content FROM notes")}
        kept = {
            sound
            for (sound,) in database.execute(
                "SELECT stars.sound FROM stars JOIN tags USING (sound) JOIN members USING (sound)"
            )
        }
    return notes, kept


def epochs_saved(work: Path) -> int:
    """How many epochs the state of an unfinished training holds; it must be whole."""
    from safetensors import safe_open

    if not (work / "state.safetensors").exists():
        return 0
    with safe_open(work / "state.safetensors", "np") as state:
        return int(json.loads(state.metadata()["progress"])["epoch"])


class Training:
    """A training in the queue, of a few notes of eight instruments."""

    def __init__(self, files: list[Path], folder: Path) -> None:
        from timbre_core.catalogue import jobs
        from timbre_core.catalogue.training import training_arguments

        for number, path in enumerate(files):
            target = folder / "notes" / f"piano {number % 8}" / f"note{number}_C4{path.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        (folder / "out").mkdir()
        out = folder / "out" / "mine"
        told = training_arguments("nsynth-cvae", [str(folder / "notes")], out, 100_000, changes=list(_SMALL))
        self.work, self.job, self.epochs, self.kills = (
            out.with_name("mine.training"),
            jobs.ask("train", None, told),
            0,
            0,
        )

    def wait(self, process: subprocess.Popen[str]) -> None:
        """Until an epoch is done that was not done before."""
        assert process.stdout is not None
        for line in process.stdout:
            phase, done = line.split()
            if phase == "training" and int(done) > self.epochs:
                return
        raise AssertionError(f"the training ended: {self._state().message}")

    def check(self) -> None:
        """After a kill."""
        saved = epochs_saved(self.work)
        assert saved >= self.epochs, f"{self.epochs - saved} epochs lost"
        assert self._state().is_open, "the training is no longer in the queue"
        self.epochs, self.kills = saved, self.kills + 1

    def _state(self) -> Any:
        from timbre_core.catalogue import jobs

        return jobs.job_of_id(self.job.id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--count", type=int, default=150, help="sounds (default 150)")
    parser.add_argument("--every", type=int, default=4, help="each so many-th kill is of an add or update (default 4)")
    parser.add_argument("--train-every", type=int, default=10, help="and each so many-th of a training (default 10)")
    parser.add_argument("--write", action="store_true", help=f"write {_RESULT.name}")
    args = parser.parse_args()
    drawn = random.Random(0)
    with tempfile.TemporaryDirectory() as made:
        os.environ["TIMBRE_DATA"] = f"{made}/data"
        os.environ["TIMBRE_CACHE"] = f"{made}/cache"
        folder = Path(made) / "sounds" / "a"
        folder.mkdir(parents=True)
        files = sorted(path for path in args.sounds.rglob("*") if path.suffix in (".flac", ".wav"))
        for number, path in enumerate(drawn.sample(files, args.count)):
            shutil.copy(path, folder / f"note_{number:04d}_C4{path.suffix}")

        from timbre_core.catalogue.adding import bring_up_to_date
        from timbre_core.catalogue.database import database_file
        from timbre_core.catalogue.libraries import create_library, notes_of
        from timbre_core.checkpoint import open_checkpoint

        library = create_library("sounds", folder.parent, open_checkpoint("nsynth-cvae").path, {"octave": "off"})
        training = Training(files[:: max(1, len(files) // 40)][:40], Path(made))
        notes, kept = state(database_file())
        gone_on = 0
        for kill in range(args.kills):
            trains = kill % args.train_every == 1
            adds = not trains and kill % args.every == 0
            process = run(_TRAIN) if trains else run(_ADD) if adds else run(_TAG, str(kill))
            assert process.stdout is not None
            if trains:
                training.wait(process)
            else:
                process.stdout.readline()
            if adds and kill % 2 == 0 and notes:  # files move while they are looked for
                for path in drawn.sample(sorted(folder.iterdir()), 5):
                    path.rename(path.with_name(f"moved{kill}_{path.name}"))
            time.sleep(drawn.uniform(0, 2.5 if adds or trains else 0.15))
            process.send_signal(signal.SIGKILL)
            told = process.stdout.read().split()
            process.wait()
            now_notes, now_kept = state(database_file())
            assert notes <= now_notes, f"kill {kill}: {len(notes - now_notes)} notes lost"
            confirmed = set() if adds or trains else set(told)
            if trains:
                training.check()
            assert kept | confirmed <= now_kept, f"kill {kill}: {len((kept | confirmed) - now_kept)} stars or tags lost"
            gone_on += len(now_notes) > len(notes)
            notes, kept = now_notes, now_kept
        outcome = bring_up_to_date(library, lambda *told: None, workers=0)
        whole = notes_of(library)
        assert len(whole) == args.count, f"{len(whole)} of {args.count} notes at the end"
        assert whole["place"].nunique() == args.count
        if training.kills:
            process = run(_TRAIN)
            training.wait(process)
            process.kill()
            process.wait()
    adding = sum(kill % args.every == 0 and kill % args.train_every != 1 for kill in range(args.kills))
    told = (
        f"{args.kills} kills ({adding} amid add or update, {training.kills} amid a training, the others amid stars, tags and "
        f"collections): nothing confirmed was lost. Notes grew after {gone_on} of them; {len(kept)} sounds are starred, tagged "
        f"and collected; the rest was read at the end: {outcome.new} new, {outcome.moved} moved, {outcome.notes} in all; the "
        f"training went on after each of its kills, from epoch {training.epochs} after the last."
    )
    print(told)
    if args.write:
        title = "# Killed amid the work on a library"
        _RESULT.write_text(f"{title}\n\n{(__doc__ or '').partition(chr(10))[2].strip()}\n\n{told}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
