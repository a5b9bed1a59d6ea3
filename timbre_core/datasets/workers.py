"""Notes analysed in parallel: audio files in, frames out, in order.

Processes, not threads. Threads take turns at Python's lock between the many short steps of an analysis, which costs more
than half of the second core (measured: 1.4 times one thread's rate, where two processes reach 1.9 times). Workers are
spawned and read their tasks from a pipe of their own: when the parent is gone, even killed, the pipe ends and so do they.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from timbre_core.datasets.interrupts import interrupts_ignored
from timbre_core.datasets.signals import read_signal
from timbre_core.errors import TimbreError
from timbre_core.features.kinds.image import ImageSettings
from timbre_core.features.recording import fingerprint
from timbre_core.features.settings import StoredFeatures

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

# Notes in a task, and samples that are analysed in one batch (8 notes of 4 s at 16 kHz). Larger batches leave the
# processor's cache and are slower.
_TASK_NOTES = 8
_BATCH_SAMPLES = 2**19

# Tasks that a worker has been given and not finished: one that it works on, one that waits.
_TASKS_AHEAD = 2

_KEPT_BYTES = 28 * 2**20  # glibc adapts to freed blocks of up to 32 MiB


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
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []
        if count > 1:
            context = multiprocessing.get_context("spawn")  # a fork would inherit torch's threads halfway through
            with interrupts_ignored():
                for _ in range(count):
                    ours, theirs = context.Pipe()
                    process = context.Process(target=_work, args=(theirs, library, settings), daemon=True)
                    process.start()
                    theirs.close()
                    self._processes.append(process)
                    self._pipes.append(ours)

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()

    def analyse(self, first: int = 0) -> Iterator[Analysed]:
        """Every note from row `first` on, in order; memory does not grow with their number.

        Raises TimbreError when a worker process dies.
        """
        total = len(self._library.notes)
        tasks = [range(start, min(start + _TASK_NOTES, total)) for start in range(first, total, _TASK_NOTES)]
        if not self._pipes:
            with one_thread():
                for task in tasks:
                    yield from analyse(self._library, task, self._settings)
            return
        waiting: deque[Connection] = deque()
        try:
            for number, task in enumerate(tasks):
                pipe = self._pipes[number % len(self._pipes)]
                pipe.send(task)
                waiting.append(pipe)
                if len(waiting) >= _TASKS_AHEAD * len(self._pipes):
                    yield from _result(waiting.popleft())
            while waiting:
                yield from _result(waiting.popleft())
        except GeneratorExit:
            for pipe in waiting:  # what is under way is not the beginning of the next call's answer
                pipe.recv()
            raise
        except (EOFError, BrokenPipeError, ConnectionError) as error:
            raise TimbreError(
                "A worker process ended unexpectedly (out of memory?): run the same command again with one worker."
            ) from error


def _result(pipe: Connection) -> list[Analysed]:
    result = pipe.recv()
    if isinstance(result, BaseException):
        raise result
    return list(result)


def _work(pipe: Connection, library: Library, settings: StoredFeatures) -> None:
    """A worker process: analyse the rows that come through `pipe` until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it is not inherited (Windows)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionError), one_thread():
        while True:
            rows = pipe.recv()
            try:
                pipe.send(analyse(library, rows, settings))
            except Exception as error:  # handed to the parent, which raises it
                pipe.send(error)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """torch with one thread and kept memory: the fastest way to analyse notes one after the other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    # Freeing one large block teaches the C library to keep freed memory. Otherwise it returns each batch's buffers to the
    # operating system and gets them again page by page, which costs a fifth of the time.
    torch.empty(_KEPT_BYTES, dtype=torch.uint8)
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
        audio = torch.from_numpy(np.stack(list(batch.values())))
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
