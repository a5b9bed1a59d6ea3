"""SIGKILL at random moments of adding, updating and tagging: nothing that was confirmed may be lost, and the work goes on.

    python benchmarks/library_kills.py SOUNDS [--kills 200]

Draws some recordings of SOUNDS, and kills the process that adds them, one that stars and tags, or one that updates a library
whose files are renamed meanwhile, after a random time. After each kill the database is checked, and every note, star and tag that
was seen before or was confirmed by the killed process must still be there. At the end the library is brought up to date.
"""

from __future__ import annotations

import argparse
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

_ROOT = Path(__file__).parents[1]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--count", type=int, default=150, help="sounds (default 150)")
    parser.add_argument("--every", type=int, default=4, help="each so many-th kill is of an add or update (default 4)")
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
        notes, kept = state(database_file())
        gone_on = 0
        for kill in range(args.kills):
            adds = kill % args.every == 0
            process = run(_ADD) if adds else run(_TAG, str(kill))
            assert process.stdout is not None
            process.stdout.readline()
            if adds and kill % 2 == 0 and notes:  # files move while they are looked for
                for path in drawn.sample(sorted(folder.iterdir()), 5):
                    path.rename(path.with_name(f"moved{kill}_{path.name}"))
            time.sleep(drawn.uniform(0, 1.2 if adds else 0.15))
            process.send_signal(signal.SIGKILL)
            told = process.stdout.read().split()
            process.wait()
            now_notes, now_kept = state(database_file())
            assert notes <= now_notes, f"kill {kill}: {len(notes - now_notes)} notes lost"
            confirmed = set() if adds else set(told)
            assert kept | confirmed <= now_kept, f"kill {kill}: {len((kept | confirmed) - now_kept)} stars or tags lost"
            gone_on += len(now_notes) > len(notes)
            notes, kept = now_notes, now_kept
        outcome = bring_up_to_date(library, lambda *told: None, workers=0)
        whole = notes_of(library)
        assert len(whole) == args.count, f"{len(whole)} of {args.count} notes at the end"
        assert whole["place"].nunique() == args.count
    print(
        f"{args.kills} kills: nothing confirmed was lost; notes grew after {gone_on} of them; {len(kept)} sounds starred, tagged "
        f"and collected; the rest was read at the end: {outcome.new} new, {outcome.moved} moved, {outcome.notes} in all"
    )


if __name__ == "__main__":
    main()
