"""How alike sounds are, in words: a distance as the share of a library's pairs that are nearer, and when nothing is alike.

Sounds of one's own are compared over what sounds of them: silence behind them does not count, and library notes are taken
over as many of their first windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pages.server.catalog import NoteMap
from pages.server.memo import Memo

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

_PAIRS = 20_000
_SAMPLED = 400  # notes whose nearest note of another instrument says how near notes lie
_UNLIKE = 99.0  # per cent of them that lie nearer to such a note than what is like nothing
_AUDIBLE = 3e-3  # of the peak
_scales = Memo(32)


class Scale:
    """The distances in a library (n_notes, dim): what shares of its pairs they are."""

    def __init__(self, places: np.ndarray, instruments: np.ndarray) -> None:
        rng = np.random.default_rng(0)
        a, b = rng.integers(0, len(places), (2, _PAIRS))
        self.pairs = np.sort(np.linalg.norm(places[a[a != b]] - places[b[a != b]], axis=1))
        nearest = []
        for row in rng.permutation(len(places))[:_SAMPLED]:
            others = instruments != instruments[row]
            if others.any():
                nearest.append(np.linalg.norm(places[others] - places[row], axis=1).min())
        self.far = float(np.percentile(nearest, _UNLIKE)) if nearest else np.inf

    def share(self, distance: float) -> float:
        """Share of the library's pairs of notes that are nearer to each other."""
        return float(np.searchsorted(self.pairs, distance) / len(self.pairs)) if len(self.pairs) else 0.0

    def unlike(self, distance: float) -> bool:
        """Whether a sound whose nearest note is that far off is like nothing in the library."""
        return distance > self.far


def scale_of(notes: NoteMap, windows: int = 0) -> Scale:
    """The scale of a map's places, or of its notes' first `windows` windows."""
    key = (notes.checkpoint.path, notes.version, windows)

    def make() -> Scale:
        instruments = notes.labels["instrument"] if "instrument" in notes.labels else notes.labels["note_id"]
        return Scale(notes.beginnings(windows) if windows else notes.places, instruments.astype(str).to_numpy())

    return _scales.get(key, make)


def held_frames(frames: np.ndarray, size: int) -> np.ndarray:
    """Frames (n_bins, n) of which the later half goes on, to and fro, until there are `size` of them."""
    while frames.shape[1] < size:
        half = frames[:, frames.shape[1] // 2 :]
        frames = np.concatenate([frames, half[:, ::-1], half], axis=1)[:, :size]
    return frames


def compared(space: TimbreSpace, audio: np.ndarray, heard: float | None, told: float) -> tuple[np.ndarray, int]:
    """The latent (latent_dim,) of what sounds in audio (n_samples,), and how many of a note's first windows that is.

    A model hears a sound that is shorter than its window with silence around it: here the sound is held instead.
    """
    window, hop = space.recipe.window, space.recipe.features.hop_length
    loud = np.flatnonzero(np.abs(audio) > _AUDIBLE * np.abs(audio).max())
    frames, _ = space.analyse(audio, heard)
    sounding = max(4, min(frames.shape[1], (int(loud[-1]) + 1) // hop - 2))  # the last ones hear the end
    if sounding < window.frames:
        frames = held_frames(frames[:, :sounding], window.frames)
    trajectory = space.encode(frames, told)
    filled = trajectory.starts + window.frames / 2 <= max(sounding, window.frames / 2)
    count = max(1, int(filled.sum()))
    return trajectory.mu[:count].mean(axis=0), count
