"""Audio at places between its samples."""

from __future__ import annotations

import numpy as np


def between(audio: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Audio at fractional places, by the cubic through the four samples around each (Catmull and Rom, 1974)."""
    whole = places.astype(np.int64)
    x = (places - whole).astype(np.float32)
    before, here, after, beyond = (audio[np.maximum(whole + step, 0)] for step in (-1, 0, 1, 2))
    slope = (after - before) / 2
    curve = before - 2.5 * here + 2 * after - beyond / 2
    bow = (beyond - before) / 2 + 1.5 * (here - after)
    return np.asarray(((bow * x + curve) * x + slope) * x + here, dtype=np.float32)
