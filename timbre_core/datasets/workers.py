"""Notes analysed in parallel: audio files in, frames out, in order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from timbre_core.datasets.processes import Processes
from timbre_core.datasets.signals import read_signal
from timbre_core.errors import TimbreError
from timbre_core.features.kinds.image import ImageSettings
from timbre_core.features.recording import fingerprint
from timbre_core.features.settings import StoredFeatures
from timbre_core.freed_memory import WORK, keep_freed_memory

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

# Notes in a task, and samples that are analysed in one batch: 8 notes of 4 s at 44.1 kHz. What one stage of the analysis has
# in the processor's caches serves all of them: a seventh less time than with 2.
_TASK_NOTES = 8
_BATCH_SAMPLES = 2**21


class Analysed(NamedTuple):
    """A note's frames (n_frames, n_bins) float16 and ref_db; or no frames, and the reason why it is skipped.

    remark: what is to be told of a note that is not skipped. mark: a sound's `features.recording.fingerprint`.
    """

    frames: np.ndarray | None
    ref_db: float
    reason: str
    remark: str = ""
    mark: np.ndarray | None = None


class Workers(contextlib.AbstractContextManager["Workers"]):
    """Analyses a library's notes: in this process (`count` 1), or in `count` worker processes until it is closed."""

    def __init__(self, library: Library, settings: StoredFeatures, count: int) -> None:
        self._library, self._settings = library, settings
        self._processes: Processes[Sequence[int], list[Analysed]] | None = None
        if count > 1:
            self._processes = Processes(count, partial(_analysis, library, settings))

    def __exit__(self, *exception: object) -> None:
        if self._processes is not None:
            self._processes.__exit__(*exception)

    def analyse(self, first: int = 0) -> Iterator[Analysed]:
        """Every note from row `first` on, in order; memory does not grow with their number.

        Raises TimbreError when a worker process dies.
        """
        total = len(self._library.notes)
        tasks = [range(start, min(start + _TASK_NOTES, total)) for start in range(first, total, _TASK_NOTES)]
        if self._processes is not None:
            # Left early, what is under way has to be taken back there and then.
            with contextlib.closing(self._processes.done(tasks)) as results:
                for notes in results:
                    yield from notes
            return
        with _analysis(self._library, self._settings) as work:
            for task in tasks:
                yield from work(task)


@contextlib.contextmanager
def _analysis(library: Library, settings: StoredFeatures) -> Iterator[Callable[[Sequence[int]], list[Analysed]]]:
    def work(rows: Sequence[int]) -> list[Analysed]:
        with one_thread():  # around each task: what is done with its notes has its own threads
            return analyse(library, rows, settings)

    yield work


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """torch with one thread and kept memory: the fastest way to analyse notes one after the other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_freed_memory(WORK)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def analyse(library: Library, rows: Sequence[int], settings: StoredFeatures) -> list[Analysed]:
    """Read and analyse the notes in `rows`, in batches of notes of one length."""
    pitches = library.notes["pitch"].to_numpy(np.float64)
    results: dict[int, Analysed] = {}
    batch: dict[int, np.ndarray] = {}
    remarks: dict[int, list[str]] = {}
    for row in rows:
        try:
            signal = read_signal(library, row, settings, remarks.setdefault(row, []))
        except TimbreError as error:
            results[row] = Analysed(None, float("nan"), str(error))
            continue
        first = next(iter(batch.values()), signal)
        if signal.shape != first.shape or (len(batch) + 1) * signal.size > _BATCH_SAMPLES:
            results |= _analyse_batch(batch, pitches, settings)
            batch = {}
        batch[row] = signal
    results |= _analyse_batch(batch, pitches, settings)
    return [results[row]._replace(remark="; ".join(remarks[row])) for row in rows]


def _mark(signal: np.ndarray, settings: StoredFeatures) -> np.ndarray | None:
    """The fingerprint of a sound; of a picture none."""
    return None if isinstance(settings, ImageSettings) else fingerprint(signal, settings.sample_rate)


def _analyse_batch(batch: dict[int, np.ndarray], pitches: np.ndarray, settings: StoredFeatures) -> dict[int, Analysed]:
    import torch

    from timbre_core.features.frames import analyse as analyse_audio

    if not batch:
        return {}
    try:
        signals = list(batch.values())
        audio = torch.from_numpy(np.stack(signals) if len(signals) > 1 else signals[0][None])
        frames, references = analyse_audio(audio, settings, pitches[list(batch)].tolist())
    except TimbreError as error:
        if len(batch) == 1:
            return dict.fromkeys(batch, Analysed(None, float("nan"), str(error)))
        alone = [_analyse_batch({row: note}, pitches, settings) for row, note in batch.items()]
        return {row: analysed for each in alone for row, analysed in each.items()}
    return {
        row: Analysed(note.T.to(torch.float16).contiguous().numpy(), reference, "", mark=_mark(batch[row], settings))
        if np.isfinite(reference)
        else Analysed(None, float("nan"), "holds NaN or infinite samples: export it again.")
        for row, note, reference in zip(batch, frames, references, strict=True)
    }
