"""Building a feature store: every note of a library analysed once, in parallel, resumable at any moment.

Frames are appended to disk as they are ready, in the library's order (see journal): memory does not grow with the
library, and a run that was killed is continued. At the end the parts get their final names, `store.json` last.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.datasets.cache import cache_dir
from timbre_core.datasets.feature_store import FRAMES, NOTES, STORE, VERSION, FeatureStore
from timbre_core.datasets.journal import JOURNAL, MARKS, PARTIAL, Journal
from timbre_core.datasets.skipped import NAMED
from timbre_core.datasets.store_doubles import settle_doubles, tell_doubles
from timbre_core.datasets.workers import Workers
from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.settings import StoredFeatures
from timbre_core.files import atomic_write, write_json
from timbre_core.wording import counted

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

LOCK = "store.lock"

# Fewer notes than this are analysed in this process before workers have started (2 to 3 s, mostly importing torch).
_WORTH_WORKERS = 3000


def store_fingerprint(library: Library, settings: StoredFeatures, keep_doubles: bool = False) -> str:
    """SHA-256 of the library's fingerprint, the feature settings, the store's version, and whether doubles are kept."""
    text = f"{VERSION}\n{library.fingerprint()}\n{settings.model_dump_json()}" + "\nwith doubles" * keep_doubles
    return hashlib.sha256(text.encode()).hexdigest()


def default_directory(fingerprint: str) -> Path:
    """Where a store is kept that was given no folder: below the user's cache folder (see `cache_dir`)."""
    return cache_dir() / "stores" / fingerprint[:32]


def build_store(
    library: Library,
    settings: StoredFeatures,
    directory: Path | str | None = None,
    workers: int | None = None,
    progress: bool = True,
    watch: Callable[[float, float], None] | None = None,
    keep_doubles: bool = False,
) -> FeatureStore:
    """The feature store of `library`, computed where it does not exist yet.

    Args:
        directory: the store's folder; none takes one named by the fingerprint in the user's cache ($TIMBRE_CACHE). A
            store there with the same fingerprint is reused, an interrupted one continued, any other one replaced.
        workers: processes (default: one per core that this process may use, or none beside this one for few notes).
            A script that calls this with more than one keeps its own work below `if __name__ == "__main__":`.
        progress: show a progress bar on stderr.
        watch: called with (notes done, of how many) after each; what it raises stops the work, which can be continued.
        keep_doubles: keep notes that are the same recording as one before them, whatever its level; by default they are
            told and left out. Instruments that share recordings are never in different splits.

    Notes that cannot be read are named on stderr, left out, and listed in `FeatureStore.skipped`. Of several processes
    that build the same store one does so while the others wait. Raises TimbreError when the disk is full or not
    writable (what was done is kept: run it again), and when no note can be read.
    """
    if workers is not None and workers < 1:
        raise TimbreError(f"workers is {workers}: at least one is needed.")
    if not len(library.notes):
        raise TimbreError("The library holds no notes: check the folder it was opened from.")
    fingerprint = store_fingerprint(library, settings, keep_doubles)
    directory = Path(directory).expanduser() if directory is not None else default_directory(fingerprint)
    store = _existing(directory, fingerprint)
    if store is not None:
        if progress:
            _tell_skipped(store.skipped, len(library.notes), directory)
        return store
    with os_errors(directory, writing=True):
        directory.mkdir(parents=True, exist_ok=True)
    with _only_builder(directory):
        store = _existing(directory, fingerprint)
        if store is None:
            _build(library, settings, directory, fingerprint, workers, progress, watch, keep_doubles)
            store = FeatureStore.open(directory)
    return store


def _existing(directory: Path, fingerprint: str) -> FeatureStore | None:
    """The finished store of this fingerprint in `directory`; None if there is another one, a damaged one or none."""
    try:
        store = FeatureStore.open(directory)
    except TimbreError:
        return None
    return store if store.fingerprint == fingerprint else None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _only_builder(directory: Path) -> Iterator[None]:
    """Hold the folder's lock, which the operating system lets go of even when this process is killed."""
    import filelock

    lock = filelock.FileLock(directory / LOCK)
    with os_errors(directory / LOCK):
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            print(f"{directory}: another process is preparing this store: waiting for it.", file=sys.stderr)
            lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()


def _build(
    library: Library,
    settings: StoredFeatures,
    directory: Path,
    fingerprint: str,
    workers: int | None,
    progress: bool,
    watch: Callable[[float, float], None] | None,
    keep_doubles: bool,
) -> None:
    from tqdm import tqdm

    total = len(library.notes)
    ids = library.notes["note_id"]
    with os_errors(directory):
        if (directory / JOURNAL).exists() and not (directory / PARTIAL).exists() and not (directory / STORE).exists():
            os.replace(directory / FRAMES, directory / PARTIAL)  # killed when only store.json was left to be written
    with os_errors(directory), Journal(directory, fingerprint, settings.n_bins) as journal:
        named = remarks = 0
        done = len(journal)
        if workers is None:
            workers = _cores() if total - done >= _WORTH_WORKERS else 1
        with (
            tqdm(total=total, initial=done, desc="features", unit="note", disable=not progress) as bar,
            Workers(library, settings, workers) as pool,
        ):
            for note, analysed in enumerate(pool.analyse(done), done):
                journal.add(analysed)
                bar.update()
                if watch is not None:
                    watch(note + 1, total)
                if analysed.frames is None:
                    named += 1
                    if named <= NAMED:
                        tqdm.write(f"skipped {ids.iat[note]}: {analysed.reason}", file=sys.stderr)
                elif analysed.remark:
                    remarks += 1
                    if remarks <= NAMED:
                        tqdm.write(f"{library.name_of(note)}: {analysed.remark}", file=sys.stderr)
        if remarks > NAMED:
            print(f"the same is true of {remarks - NAMED} more", file=sys.stderr)
        journal.flush()
        skipped = [(str(ids.iat[note]), reason) for note, reason in sorted(journal.reasons.items())]
        n_frames = np.array(journal.n_frames, dtype=np.int64)
        ref_db = np.array(journal.ref_db, dtype=np.float64)
        marks = journal.marks()
    readable = n_frames > 0
    if not readable.any():
        raise TimbreError(
            f"None of {counted(total, 'note')} could be used; the first one, {skipped[0][0]}: {skipped[0][1]}"
        )
    if named:
        _tell_skipped(skipped, total, directory, max(0, named - NAMED))
    settled = settle_doubles(library, readable, marks, settings, keep_doubles, progress)
    tell_doubles(library, settled, keep_doubles)
    kept = settled.kept
    if not keep_doubles:
        same = settled.double_of.items()
        skipped += [(str(ids.iat[double]), f"the same recording as {ids.iat[first]}") for double, first in same]
    notes = library.notes.assign(split=settled.split).loc[kept].reset_index(drop=True)
    notes["start"] = (np.cumsum(n_frames) - n_frames)[kept]
    notes["n_frames"] = n_frames[kept]
    notes["ref_db"] = ref_db[kept]
    # An older store in this folder ceases to be one before the first of its parts is replaced.
    with os_errors(directory):
        (directory / STORE).unlink(missing_ok=True)
    with atomic_write(directory / NOTES) as temporary:
        notes.to_parquet(temporary, index=False)
    with os_errors(directory):
        os.replace(directory / PARTIAL, directory / FRAMES)
    write_json(
        directory / STORE,
        {
            "version": VERSION,
            "features": settings.model_dump(mode="json"),
            "fingerprint": fingerprint,
            "notes": int(kept.sum()),
            "frames": int(n_frames.sum()),
            "skipped": skipped,
        },
    )
    with os_errors(directory):
        (directory / MARKS).unlink()
        (directory / JOURNAL).unlink()


def _tell_skipped(skipped: Sequence[tuple[str, str]], total: int, directory: Path, unnamed: int = 0) -> None:
    """One line on stderr about a store's skipped notes, of which `unnamed` were not named one by one."""
    if skipped:
        more = f" ({unnamed} more than named above)" if unnamed else ""
        print(f"{len(skipped)} of {total} notes were skipped{more}: {directory / STORE} lists them.", file=sys.stderr)
