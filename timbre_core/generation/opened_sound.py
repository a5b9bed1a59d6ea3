"""A sound opened in a timbre space, ready to be moved there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from timbre_core.features.audio import check_timbre_length
from timbre_core.features.frames import note_frames
from timbre_core.features.loudness import loudness
from timbre_core.features.pitch_track import PitchContour, track_pitch
from timbre_core.features.preparation import one_channel
from timbre_core.features.settings import FeatureSettings
from timbre_core.generation.targets import UNKNOWN_KEY
from timbre_core.space import TimbreSpace, Trajectory


@dataclass(frozen=True)
class Sound:
    """A sound in a timbre space, ready to be moved.

    Attributes:
        audio: (n_samples,) at the space's sample rate.
        carrier: (m_samples,), the same at the rate that it came with, `carrier_rate` Hz.
        frames: (n_bins, n_frames); a sound shorter than the model's notes is continued with silence.
        ref_db: the frames' reference level.
        pitch: heard over time, a value a frame; corrected where it was wrong.
        loudness: (n,) dB over time.
        trajectory: its windows' latents.
    """

    audio: np.ndarray
    carrier: np.ndarray
    carrier_rate: int
    frames: np.ndarray
    ref_db: float
    pitch: PitchContour
    loudness: np.ndarray
    trajectory: Trajectory


def open_sound(
    space: TimbreSpace, audio: np.ndarray, pitch: PitchContour | None = None, sample_rate: int | None = None
) -> Sound:
    """Audio (n_samples,) at `sample_rate` (default: the space's), analysed and encoded. Raises TimbreError for less than 50 ms.

    pitch: what is heard over time, where that is known already: finding it takes most of the time.
    """
    rate, features = space.sample_rate, space.recipe.features
    carrier, carrier_rate = one_channel(audio), sample_rate or rate
    check_timbre_length(carrier, carrier_rate)
    audio = resampled(carrier, carrier_rate, rate)
    pitch = track_pitch(audio, rate, features.hop_length) if pitch is None else pitch
    # The map's notes were encoded with the silence that fills them up to `seconds`: so is this, to be comparable.
    padded = np.pad(audio, (0, max(0, round((features.seconds or 0) * rate) - len(audio))))
    told = pitch.told if pitch.voiced.any() else UNKNOWN_KEY
    frames, ref_db = note_frames(padded, uncut(features), told)
    trajectory = space.encode(frames, told if space.recipe.uses_pitch else None)
    return Sound(audio, carrier, carrier_rate, frames, ref_db, pitch, loudness(audio, rate), trajectory)


def uncut(features: FeatureSettings) -> FeatureSettings:
    """Settings that analyse a sound whole."""
    cut: dict[str, Any] = {name: None for name in ("seconds", "trim_db") if name in type(features).model_fields}
    return features.model_copy(update=cut)


def resampled(audio: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Audio (n_samples,) at another rate, as it is at the same."""
    if rate == wanted:
        return audio
    import soxr

    return np.asarray(soxr.resample(audio, rate, wanted, quality="HQ"), dtype=np.float32)
