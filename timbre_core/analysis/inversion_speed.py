"""How fast inverters are, measured side by side."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from timbre_core.analysis.coding import Note
from timbre_core.analysis.inversion_measures import threads
from timbre_core.features.settings import FeatureSettings

BATCH = 32
THREADS = (1, 2)
_SINGLE_NOTES = 8  # inverted one by one with each number of threads
_ROUNDS = 3
_LONG_ENOUGH = 3.0  # seconds: what has run so long needs no further round
_LONGEST = 20.0  # seconds of rounds in all: on a busy machine everybody has one turn, and further ones only until then


class OpenedInverter(Protocol):
    """An inverter for fixed features, such as `timbre_core.inverters.Inverter`."""

    def __call__(
        self,
        frames: np.ndarray,
        ref_db: float | np.ndarray,
        pitch: float | np.ndarray | None = None,
        n_samples: int | None = None,
        seed: int = 0,
    ) -> np.ndarray: ...


@dataclass(frozen=True)
class Candidate:
    """An inverter to be measured.

    told_pitch: whether it is given the notes' labels. trained_on: the instruments that it was trained on; empty for one
    that was not trained. batch: how many notes it is timed on at once.
    """

    invert: OpenedInverter
    told_pitch: bool = True
    trained_on: frozenset[str] = frozenset()
    batch: int = BATCH


def turns(names: list[str], place: int) -> list[str]:
    """The names in an order that begins with another one each time."""
    first = place % len(names)
    return names[first:] + names[:first]


def real_time_factors(
    candidates: Mapping[str, Candidate],
    notes: Sequence[Note],
    features: FeatureSettings,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, dict[str, Any]]:
    """Seconds of sound per second of work, of notes one by one and of a batch, with one and with two threads.

    notes: at least one; those as long as the first are used, again and again where they are fewer than a batch.

    Returns for each inverter one_note and batch, which hold a factor by number of threads ("1", "2"), and batch_notes.
    """
    shape = notes[0].frames.shape
    alike = [note for note in notes if note.frames.shape == shape]
    sound = max(1, shape[1] - 1) * features.hop_length / features.sample_rate

    def work(name: str, size: int, first: int) -> None:
        chosen = [alike[(first + place) % len(alike)] for place in range(size)]
        pitch = np.array([note.pitch for note in chosen])
        frames = np.stack([note.frames for note in chosen])
        levels = np.array([note.ref_db for note in chosen], dtype=np.float32)
        told = pitch if candidates[name].told_pitch else None
        if size == 1:
            single = None if told is None or np.isnan(told[0]) else float(told[0])
            candidates[name].invert(frames[0], float(levels[0]), single, None, seed)
        else:
            candidates[name].invert(frames, levels, told, None, seed)

    factors: dict[str, dict[str, Any]] = {
        name: {"one_note": {}, "batch": {}, "batch_notes": candidate.batch} for name, candidate in candidates.items()
    }
    rounds = len(THREADS) * (_SINGLE_NOTES + _ROUNDS)
    with tqdm(total=rounds, desc="speed", unit="round", disable=not progress, file=sys.stderr) as bar:
        for count in THREADS:
            with threads(count):
                for name, seconds in _timed(candidates, lambda name, turn: work(name, 1, turn), _SINGLE_NOTES, bar):
                    factors[name]["one_note"][str(count)] = sound / seconds
                for name, seconds in _timed(
                    candidates, lambda name, turn: work(name, candidates[name].batch, 0), _ROUNDS, bar
                ):
                    factors[name]["batch"][str(count)] = sound * candidates[name].batch / seconds
    return factors


def _timed(
    candidates: Mapping[str, Candidate], work: Callable[[str, int], None], rounds: int, bar: tqdm
) -> Iterator[tuple[str, float]]:
    """Each inverter's median seconds over rounds in which they take turns; slow ones sit out once they ran
    long enough."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds):
        for name in turns(list(candidates), turn):
            spent = sum(map(sum, times.values()))
            if not times[name] or (sum(times[name]) < _LONG_ENOUGH and spent < _LONGEST):
                start = time.perf_counter()
                work(name, turn)
                times[name].append(time.perf_counter() - start)
        bar.update()
    for name, values in times.items():
        yield name, float(np.median(values))
