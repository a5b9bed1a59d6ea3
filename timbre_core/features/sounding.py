"""Which of a note's windows hold sound: what a note is, in the latent space, is a mean over these alone."""

from __future__ import annotations

import numpy as np

from timbre_core.features.settings import FeatureSettings

SOUNDING_DB = 50.0
"""What is softer than this below a note's loudest frame counts as silence."""


def windows_with_sound(frames: np.ndarray, starts: np.ndarray, size: int, settings: FeatureSettings) -> np.ndarray:
    """Windows of `size` frames that begin at `starts` (n_windows,) and hold sound, as True (n_windows,).

    frames: the note's (n_bins, n_frames), in [-1, 1]. A window counts whose middle lies between the first and the last frame
    that sounds, so that silence around a note, or padding, changes nothing; of a note shorter than half a window, the one with
    most of it. Windows of pictures all count.
    """
    if not settings.has_sound:
        return np.ones(len(starts), dtype=bool)
    level = settings.spectrogram(frames).max(axis=0)
    heard = np.flatnonzero((level - level.max()) * settings.top_db / 2 >= -SOUNDING_DB)
    first, end = int(heard[0]), int(heard[-1]) + 1
    middle = starts + (size - 1) / 2
    counts: np.ndarray = (middle >= first) & (middle <= end - 0.5)
    if not counts.any():
        counts[np.argmax(np.minimum(starts + size, end) - np.maximum(starts, first))] = True
    return counts
