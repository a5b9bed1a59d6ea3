"""Latents of a library's notes, told once all of them have their places, where places are told by timbre codes.

Until then a note has latents amid those of the map's notes that are most alike. Nobody waits for this: what is played or decoded
meanwhile is encoded when it is asked for.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from timbre_core.catalogue.arrays import write_places
from timbre_core.catalogue.crew import MODULES, Crew, prepare
from timbre_core.catalogue.database import reading, writing
from timbre_core.catalogue.labels import known
from timbre_core.catalogue.libraries import OwnLibrary, check_source
from timbre_core.catalogue.progress import Report
from timbre_core.catalogue.reading import Asked, Reader, by_latents
from timbre_core.errors import TimbreError
from timbre_core.features.audio import load_audio

_PHASE = "encoding latents"
_TASK = 32  # files: a batch for the encoder
_PARALLEL = 48  # files from which on a second process is worth its start
_EVERY = 2.0  # seconds between two confirmations


class Encoded(NamedTuple):
    """A file's mean latent (latent_dim,), None where it cannot be read, and how bright its frames are, in Hz."""

    path: str
    mu: np.ndarray | None = None
    brightness: float = math.nan


def count_unencoded(library: int) -> int:
    """How many notes of a library have latents that are others'."""
    with reading() as database:
        found = database.execute(
            "SELECT count(*) FROM notes WHERE library = ? AND encoded = 0 AND gone = 0", (library,)
        ).fetchone()
    return int(found[0])


def encode_rest(
    library: OwnLibrary, report: Report, others_wait: Callable[[], bool], workers: int | None = None
) -> tuple[int, int]:
    """Encode the notes that are not yet; returns how many were, and how many are left: those whose files cannot be read, and all
    that come after other work began to wait.

    workers: processes, None for one per core, 0 for this one. Raises Cancelled, and TimbreError where the folder is not there or
    the checkpoint has changed; what is confirmed stays.
    """
    check_source(library)
    with reading() as database:
        rows = database.execute(
            "SELECT id, path, pitch, place FROM notes WHERE library = ? AND encoded = 0 AND gone = 0 ORDER BY place",
            (library.id,),
        ).fetchall()
    of = {row["path"]: (int(row["id"]), int(row["place"])) for row in rows}
    asked = [Asked(row["path"], math.nan if row["pitch"] is None else float(row["pitch"])) for row in rows]
    count = (os.cpu_count() or 1) if workers is None else workers
    reader = Reader(library.root, library.checkpoint)
    waiting: list[Encoded] = []
    done, confirmed = 0, time.monotonic()
    report(_PHASE, 0, len(asked))
    for task in _encoded(reader, asked, min(count, 1 + len(asked) // _PARALLEL)):
        waiting += task
        done += len(task)
        if time.monotonic() - confirmed >= _EVERY:
            _confirm(library, waiting, of)
            waiting, confirmed = [], time.monotonic()
            if others_wait():
                break
        report(_PHASE, done, len(asked))
    _confirm(library, waiting, of)
    with writing("libraries") as database:
        database.execute("UPDATE libraries SET revision = revision + 1 WHERE id = ?", (library.id,))
    left = count_unencoded(library.id)
    return len(asked) - left, left


def _confirm(library: OwnLibrary, found: Sequence[Encoded], of: dict[str, tuple[int, int]]) -> None:
    """Write down what was encoded. of: the id and the array row of each path."""
    good = {each.path: each.mu for each in found if each.mu is not None}
    if not good:
        return
    write_places(library.folder, "mu", [of[path][1] for path in good], np.stack(list(good.values())))
    told = [(known(each.brightness), of[each.path][0]) for each in found if each.path in good]
    with writing() as database:
        database.executemany("UPDATE notes SET encoded = 1, brightness = coalesce(?, brightness) WHERE id = ?", told)


def _encoded(reader: Reader, asked: Sequence[Asked], count: int) -> Iterator[list[Encoded]]:
    if not count:
        some = open_encoding(reader)
        yield from (some(asked[first : first + _TASK]) for first in range(0, len(asked), _TASK))
    elif asked:
        if count > 1:
            prepare(MODULES)
        with Crew(open_encoding, reader, not_encoded, count) as crew:
            crew.step_back()
            yield from crew.results(asked, _TASK)


def open_encoding(reader: Reader) -> Callable[[Sequence[Asked]], list[Encoded]]:
    """Open the checkpoint's encoder; returns what encodes some files at once."""
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.datasets.workers import one_thread

    way, root = by_latents(reader), Path(reader.root)
    rate = open_checkpoint(Path(reader.checkpoint)).recipe.features.sample_rate

    @one_thread()  # each process has its core
    def some(task: Sequence[Asked]) -> list[Encoded]:
        pictures = {}
        for asked in task:
            try:
                pictures[asked] = way.picture(load_audio(root / asked.path, rate, remarks=[]), asked.pitch)
            except TimbreError:
                continue  # the next update says why
        pitches = [asked.pitch for asked in pictures]
        latents: Iterable[np.ndarray] = way.vectors(list(pictures.values()), pitches) if pictures else ()
        found = {
            asked: Encoded(asked.path, mu, way.brightness(picture))
            for (asked, picture), mu in zip(pictures.items(), latents, strict=True)
        }
        return [found.get(asked, not_encoded(asked)) for asked in task]

    return some


def not_encoded(asked: Asked) -> Encoded:
    """What is told of a file whose reading ended the process that did it."""
    return Encoded(asked.path)
