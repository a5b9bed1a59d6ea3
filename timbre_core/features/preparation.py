"""From audio to what is analysed. Imports no torch: a recording is heard before any model is."""

from __future__ import annotations

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.contract import FeatureSettings

_TINY = 1e-30


def prepare_audio(audio: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """A note's audio (n_samples,) without the silence at its ends that `trim_db` tells of, at its `seconds` of length."""
    return fit_length(_trimmed(audio, settings), settings)


def fit_length(audio: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """Audio (n_samples,) cut or zero-padded at its end to `settings.seconds`; unchanged where that is none."""
    if settings.seconds is None:
        return audio
    n_samples = max(1, round(settings.seconds * settings.sample_rate))
    if len(audio) >= n_samples:
        return audio[:n_samples]
    return np.pad(audio, (0, n_samples - len(audio)))


def _trimmed(audio: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    size, hop = settings.window_length, settings.hop_length
    if settings.trim_db is None or len(audio) < size:
        return audio
    energy = np.cumsum(np.concatenate([[0.0], np.square(audio, dtype=np.float64)]))
    starts = np.append(np.arange(0, len(audio) - size, hop), len(audio) - size)
    power = energy[starts + size] - energy[starts]
    loud = np.flatnonzero(power > max(_TINY, power.max() * 10 ** (-settings.trim_db / 10)))
    return audio[starts[loud[0]] : starts[loud[-1]] + size] if len(loud) else audio


def one_channel(audio: np.ndarray) -> np.ndarray:
    """Audio (n_samples,) as float32. Raises TimbreError for several channels, for what is no real number, and for whole numbers
    beyond +-1, as other libraries read 16-bit files: they would sound thousands of times too loud."""
    given = np.asarray(audio)
    if given.dtype.kind not in "fiub":
        raise TimbreError(f"audio must be real numbers in [-1, 1], got {given.dtype}.")
    if given.ndim != 1:
        raise TimbreError(f"audio has shape {given.shape}: one channel (n_samples,) was expected, mix it down first.")
    if given.dtype.kind in "iu" and given.size and max(-int(given.min()), int(given.max())) > 1:
        raise TimbreError(f"audio of whole numbers ({given.dtype}): divide it by {np.iinfo(given.dtype).max + 1}.")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is told as that
        return np.ascontiguousarray(given, dtype=np.float32)  # torch takes none that is reversed


def checked_audio(audio: np.ndarray) -> np.ndarray:
    """The same, of what is not empty and finite; raises TimbreError otherwise, too."""
    audio = one_channel(audio)
    if not len(audio) or not np.isfinite(audio).all():
        raise TimbreError(
            f"audio must be finite samples of one channel (n_samples,), got an array of shape {audio.shape}."
        )
    return audio
