"""How far a key's sound is off its pitch, as far as one is heard, and the sound brought there."""

from __future__ import annotations

import numpy as np

from timbre_core.features.pitch import estimate_f0

_FARTHEST = 50  # cents: what is measured further off is another key's pitch, or no pitch
_CONFIDENT = 0.8
_TUNED = 1.0  # cents: less is not heard, and what is measured is no surer


def cents_off(audio: np.ndarray, rate: int, pitch: float) -> float:
    """Cents by which audio (n_samples,) sounds above a MIDI pitch; 0 where less than one, or where none is heard near it."""
    measured = estimate_f0(audio, rate)
    cents = 100 * (measured.midi - pitch) if measured.confidence >= _CONFIDENT else np.nan
    return float(cents) if np.isfinite(cents) and _TUNED <= abs(cents) <= _FARTHEST else 0.0


def in_tune(audio: np.ndarray, rate: int, pitch: float) -> np.ndarray:
    """Audio (n_samples,) at its pitch, played a little faster or slower, so that it ends a little sooner or later."""
    cents = cents_off(audio, rate, pitch)
    if not cents:
        return audio
    import soxr

    return np.asarray(soxr.resample(audio, rate * 2 ** (-cents / 1200), rate, quality="HQ"), dtype=np.float32)
