"""How notes are played, as far as that can be guessed: a performance for a sound that no recording lends its own to.

A bank of training notes' performances, each in a few numbers (`features.performance_numbers`), beside where their notes lie. A
sound gets that of a note near it: of one of the instruments nearest to it, drawn by the seed, the note that is nearest in
pitch and velocity. Nothing is averaged, since half a vibrato of half the players is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.performance_numbers import SIZE
from timbre_core.layout import PERFORMANCES

_INSTRUMENTS = 4  # nearest instruments that are drawn from
_OCTAVE, _VELOCITIES = 12.0, 40.0  # semitones, steps of velocity that count as much as `_FAR`
_FAR = 0.25  # of the median distance between latents
_USUAL_VELOCITY = 100.0


@dataclass(frozen=True)
class PerformancePrior:
    """Training notes' places and performances, a row each.

    Attributes
    ----------
    z : ndarray (n_notes, latent_dim)
    pitch, velocity : ndarray (n_notes,)
        MIDI.
    instrument : ndarray (n_notes,)
        Whole numbers, the same of notes of one instrument.
    numbers : ndarray (n_notes, SIZE)
        See `features.performance_numbers`.
    """

    z: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    instrument: np.ndarray
    numbers: np.ndarray

    def draw(self, z: np.ndarray, pitch: float, velocity: float | None = None, seed: int = 0) -> np.ndarray:
        """The numbers (SIZE,) of a performance for a sound at `z` (latent_dim,) of MIDI `pitch` and `velocity`.

        The same seed chooses alike at all pitches of a sound, so that its keys are played by one hand; 0 chooses the instrument
        that is nearest, 1 the next one, and so on around.
        """
        return self.numbers[self.row(z, pitch, velocity, seed)]

    def row(self, z: np.ndarray, pitch: float, velocity: float | None = None, seed: int = 0) -> int:
        """The row of the note whose performance `draw` gives."""
        apart = np.square(self.z - np.asarray(z, dtype=np.float32)).sum(axis=1)
        near = np.full(int(self.instrument.max()) + 1, np.inf)
        np.minimum.at(near, self.instrument, apart)
        nearest = np.argsort(near)[:_INSTRUMENTS]
        nearest = nearest[np.isfinite(near[nearest])]
        chosen = nearest[seed % len(nearest)]
        rows = np.flatnonzero(self.instrument == chosen)
        told = _USUAL_VELOCITY if velocity is None else velocity
        off = np.square((self.pitch[rows] - pitch) / _OCTAVE) + np.square((self.velocity[rows] - told) / _VELOCITIES)
        return int(rows[np.argmin(apart[rows] / np.median(apart) + _FAR**2 * off)])


def read_prior(folder: Path) -> PerformancePrior | None:
    """The prior of a checkpoint folder, None where it has none. Raises TimbreError for a damaged file, or one of another kind."""
    file = folder / PERFORMANCES
    return _read(file, file.stat().st_mtime_ns) if file.is_file() else None


@lru_cache(maxsize=4)
def _read(file: Path, changed: int) -> PerformancePrior:
    from timbre_core.models.weights import read_tensors

    tensors = {name: tensor.numpy() for name, tensor in read_tensors(file)[0].items()}
    wanted = list(PerformancePrior.__dataclass_fields__)
    lengths = {len(values) for values in tensors.values() if values.ndim}
    if sorted(tensors) != sorted(wanted) or len(lengths) != 1 or tensors["numbers"].shape[1:] != (SIZE,):
        raise TimbreError(
            f"{file}: holds no performances of this version: fit them again with benchmarks/performances.py --fit."
        )
    return PerformancePrior(
        **{name: values.astype(np.int64 if name == "instrument" else np.float32) for name, values in tensors.items()}
    )


def write_prior(folder: Path, prior: PerformancePrior) -> Path:
    """Write a prior into a checkpoint folder, in half precision, atomically; returns the file."""
    import torch

    from timbre_core.models.weights import write_tensors

    kinds = {"instrument": torch.int16}
    file = folder / PERFORMANCES
    values = {
        name: torch.from_numpy(getattr(prior, name)).to(kinds.get(name, torch.float16)).contiguous()
        for name in PerformancePrior.__dataclass_fields__
    }
    write_tensors(file, values, None)
    return file
