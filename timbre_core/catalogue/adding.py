"""A folder's sounds into a library, or a library brought up to date with its folder: read in batches, each confirmed before
the next, so that whatever ends the work, it goes on from there."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from timbre_core.catalogue.arrays import write_rows
from timbre_core.catalogue.crew import MODULES, PARALLEL, Crew, prepare, prepare_for
from timbre_core.catalogue.database import reading, writing
from timbre_core.catalogue.doubles import group_doubles
from timbre_core.catalogue.labels import check_octaves, known, propose_labels, with_corrections
from timbre_core.catalogue.libraries import OwnLibrary, check_source, counts_of, forget_other_codes, library_of_id
from timbre_core.catalogue.placing import Placer
from timbre_core.catalogue.planning import Plan, labels_of
from timbre_core.catalogue.progress import Report
from timbre_core.catalogue.reading import Asked, Read, Reader, lost, open_reader
from timbre_core.catalogue.shards import from_shards
from timbre_core.checkpoint import open_checkpoint
from timbre_core.wording import counted

_TASKS = (8, 32)  # files in a task, a batch for the encoder: the more the better, but each process is to have some
_CONFIRMED = 64  # files between two confirmations, which wait for the disk: at least so many,
_EVERY = 1.0  # and so many seconds since the last one,
_WAITING = 1024  # unless so many wait
_NAMED = 5  # files that are named of those of which a part is read
_AT_ONCE = (
    1000  # files that are read as quickly as can be, even in the background: somebody looks at the map that fills
)


@dataclass
class Outcome:
    """What became of a library: how many notes are new, changed, moved, gone and doubles of others, and files skipped."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    doubles: int = 0
    skipped: int = 0
    notes: int = 0
    said: list[str] = field(default_factory=list)


def bring_up_to_date(
    library: OwnLibrary,
    report: Report,
    workers: int | None = None,
    encoded: Path | None = None,
    in_background: bool = False,
) -> Outcome:
    """Read what is new or changed in a library's folder, find what was moved, and mark what is gone.

    workers: processes that read sounds, None for one per core, 0 for this one. encoded: a folder of `shards.encode_folder`, from
    which what it has is taken. in_background: let other programs come first, once there are some sounds to be
    seen. Raises TimbreError where the folder or the checkpoint cannot be used or the disk is full, and
    Cancelled; what is confirmed stays, and the same call goes on with the rest.
    """
    check_source(library)
    root, checkpoint = Path(library.root), open_checkpoint(Path(library.checkpoint))
    count = (os.cpu_count() or 1) if workers is None else workers
    if count and encoded is None and not sum(counts_of(library)):
        prepare_for(root)  # while names are read
    placer = Placer.of(checkpoint)
    report("reading names", 0, 0)
    proposal = propose_labels(root, library.settings)
    notes = with_corrections(library, proposal.notes)
    library = forget_other_codes(library.id, placer.coded_by)
    plan = Plan.of(library, root, notes, proposal.skipped, placer.coded_by, report)
    outcome = Outcome(moved=plan.moved, gone=plan.gone, said=proposal.said)
    batches = _Batches(library, placer, notes, outcome)
    total = len(plan.kept) + len(plan.todo)
    if plan.todo:  # until the first are read: their reader is opened meanwhile
        report(f"opening {counted(len(plan.todo), 'sound')}", 0, 0)
    done, todo = total - len(plan.todo), plan.todo
    if encoded is not None:
        taken = set()
        for reads in from_shards(encoded, root, todo, placer.coded_by):
            batches.take(reads)
            taken |= {read.path for read in reads}
            report("taking what was encoded", done + len(taken), total)
        done, todo = done + len(taken), [asked for asked in todo if asked.path not in taken]
    reader = Reader(str(root), library.checkpoint, placer.coded_by)
    at_once = _AT_ONCE if in_background else math.inf
    for reads in _read(reader, todo, min(count, 1 + len(todo) // PARALLEL), at_once):
        batches.take(reads)
        done += len(reads)
        report("reading sounds", done, total)
    batches.confirm()
    outcome.said += read_in_part(library)
    _say(library, outcome.said)
    outcome.doubles = group_doubles(library_of_id(library.id), report, count, in_background)
    if library.settings.get("octave", "check") == "check" and plan.todo:
        outcome.said += check_octaves(root, notes)
        _say(library, outcome.said)
    outcome.notes, outcome.skipped = counts_of(library)
    return outcome


def _read(reader: Reader, todo: Sequence[Asked], count: int, at_once: float) -> Iterator[list[Read]]:
    """Read files, in tasks; in this process where `count` is 0, else in as many, which step back once `at_once` are read."""
    size = min(max(len(todo) // (2 * max(count, 1)), _TASKS[0]), _TASKS[1])
    if not count:
        if todo:
            some = open_reader(reader)
            yield from (some(todo[first : first + size]) for first in range(0, len(todo), size))
    elif todo:
        if count > 1:
            prepare(MODULES)
        with Crew(open_reader, reader, lost, count) as crew:
            done = 0
            for reads in crew.results(todo, size):
                yield reads
                done += len(reads)
                if done >= at_once:
                    crew.step_back()


class _Batches:
    """Takes what is read, and confirms it in batches: arrays first, then the database."""

    def __init__(self, library: OwnLibrary, placer: Placer, notes: pd.DataFrame, outcome: Outcome) -> None:
        self._library, self._placer, self._outcome = library, placer, outcome
        self._labels = labels_of(notes)
        self._waiting: list[Read] = []
        self._confirmed = 0.0
        with reading() as database:
            self._next = database.execute(
                "SELECT coalesce(max(place), -1) + 1 FROM notes WHERE library = ?", (library.id,)
            ).fetchone()[0]
            self._before = {
                path for (path,) in database.execute("SELECT path FROM notes WHERE library = ?", (library.id,))
            }

    def take(self, reads: Sequence[Read]) -> None:
        self._waiting += reads
        due = len(self._waiting) >= _CONFIRMED and time.monotonic() - self._confirmed >= _EVERY
        if due or len(self._waiting) >= _WAITING or self._next == 0:
            self.confirm()
            self._confirmed = time.monotonic()

    def confirm(self) -> None:
        """All that waits becomes part of the library; after this it is not lost."""
        good = [read for read in self._waiting if not read.reason]
        bad = [read for read in self._waiting if read.reason]
        self._waiting = []
        if not good and not bad:
            return
        columns = {}
        if good:
            arrays = {"mark": np.stack([read.mark for read in good])}
            if self._placer.coded_by:
                points = arrays["code"] = np.stack([read.code for read in good])
                arrays["mu"] = self._placer.latents(points)
            else:
                points = arrays["mu"] = np.stack([read.mu for read in good])
            arrays["map"] = self._placer.place(points)
            columns = {name: rows.shape[1] for name, rows in arrays.items()}
            columns |= {"maps": self._placer.columns, "coded_by": self._placer.coded_by}
            write_rows(self._library.folder, self._next, arrays)
        with writing("libraries") as database:
            database.executemany(_INSERT, [self._row(read, self._next + row) for row, read in enumerate(good)])
            database.executemany(
                "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?, ?)",
                [(self._library.id, read.path, read.size, read.changed, read.reason) for read in bad],
            )
            database.executemany(
                "DELETE FROM skipped WHERE library = ? AND path = ?", [(self._library.id, read.path) for read in good]
            )
            database.executemany(
                "UPDATE notes SET gone = 1 WHERE library = ? AND path = ?",
                [(self._library.id, read.path) for read in bad],
            )
            if columns:
                database.execute(
                    "UPDATE libraries SET columns = ?, placed_on = ? WHERE id = ?",
                    (json.dumps(columns), self._placer.mark, self._library.id),
                )
            database.execute("UPDATE libraries SET revision = revision + 1 WHERE id = ?", (self._library.id,))
        self._next += len(good)
        changed = sum(read.path in self._before for read in good)
        self._outcome.changed += changed
        self._outcome.new += len(good) - changed

    def _row(self, read: Read, place: int) -> tuple[object, ...]:
        traits = [known(read.traits.get(name)) for name in _TRAITS]
        instrument, family, source, velocity = self._labels[read.path]
        return (
            self._library.id,
            read.path,
            read.content,
            read.size,
            read.changed,
            place,
            instrument,
            family,
            source,
            known(read.pitch),
            int(read.pitch_estimated),
            int(read.encoded),
            velocity,
            read.remark,
            *traits,
        )


_TRAITS = ("seconds", "sounding", "brightness", "attack", "noisiness", "inharmonicity")
_COLUMNS = (
    *("library", "path", "content", "size", "changed", "place", "instrument", "family", "source"),
    *("pitch", "pitch_estimated", "encoded", "velocity", "remark", *_TRAITS),
)
_INSERT = (
    f"INSERT INTO notes ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    "ON CONFLICT (library, path) DO UPDATE SET gone = 0, recording = NULL, "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])
)


def read_in_part(library: OwnLibrary) -> list[str]:
    """Sentences on a library's files of which only a part could be read."""
    with reading() as database:
        found = database.execute(
            "SELECT path, remark FROM notes WHERE library = ? AND gone = 0 AND remark != '' ORDER BY path",
            (library.id,),
        ).fetchall()
    told = [f"{path}: {remark}" for path, remark in found[:_NAMED]]
    return told + [f"{counted(len(found) - _NAMED, 'more file')} of which only a part is read"] * (len(found) > _NAMED)


def _say(library: OwnLibrary, said: Sequence[str]) -> None:
    with writing("libraries") as database:
        database.execute("UPDATE libraries SET said = ? WHERE id = ?", (json.dumps(list(said)), library.id))
