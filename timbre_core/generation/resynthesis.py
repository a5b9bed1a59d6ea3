"""Sound of decoded frames, at a pitch that may go its own way over time."""

from __future__ import annotations

import numpy as np

from timbre_core.features.pitch_track import PitchContour
from timbre_core.generation.opened_sound import Sound
from timbre_core.generation.targets import UNKNOWN_KEY
from timbre_core.space import TimbreSpace

RESTING = 0.03
"""Semitones: what deviates less is left as it is."""


def sounding(space: TimbreSpace, sound: Sound, frames: np.ndarray, wanted: PitchContour, seed: int) -> np.ndarray:
    """Audio (n_samples,) of decoded frames (n_bins, n_frames)."""
    length = len(sound.audio)
    if follows(space):
        return space.invert(frames, sound.ref_db, _one_if_constant(known(wanted)), length, seed)
    own = sound.pitch.filled()
    bend = np.nan_to_num(wanted.filled() - own)
    if np.abs(bend).max() < RESTING:
        return space.invert(frames, sound.ref_db, _one_if_constant(own), length, seed)
    return _bent(space, sound, frames, own, bend, seed)


def _one_if_constant(pitch: np.ndarray) -> float | np.ndarray | None:
    """A contour as an inverter is told it best: as one number where it is one; None where nothing is known."""
    if np.isnan(pitch).any():
        return None
    return float(pitch[0]) if np.ptp(pitch) == 0 else pitch


def _bent(
    space: TimbreSpace, sound: Sound, frames: np.ndarray, own: np.ndarray, bend: np.ndarray, seed: int
) -> np.ndarray:
    """Audio (n_samples,) of frames whose pitch is `own` (n_frames,), bent by semitones (n_frames,).

    It is played faster or slower, its frames laid out that much slower or faster, so that everything happens when it did.
    """
    hop, length, count = space.recipe.features.hop_length, len(sound.audio), len(bend)
    # The decoded sound is read at these places (in frames) while the result goes on by one frame at a time.
    places = np.concatenate([[0.0], np.cumsum(2.0 ** ((bend[:-1] + bend[1:]) / 24))])
    stretched = int(np.ceil(places[-1])) + 1
    when = np.interp(np.arange(stretched), places, np.arange(count))
    low = np.minimum(when.astype(int), count - 1)
    part = (when - low).astype(np.float32)
    laid_out = frames[:, low] * (1 - part) + frames[:, np.minimum(low + 1, count - 1)] * part
    audio = space.invert(laid_out, sound.ref_db, _one_if_constant(own[low]), (stretched - 1) * hop, seed)
    return _read_at(audio, np.interp(np.arange(length) / hop, np.arange(count), places) * hop)


def _read_at(audio: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Audio (n_samples,) between its samples, at `places` (m,): four-point Lagrange interpolation at twice the rate."""
    import soxr

    dense = np.pad(soxr.resample(np.asarray(audio, dtype=np.float32), 1, 2), (1, 4))
    index = np.clip((2 * places).astype(int), 0, len(dense) - 4)
    x = (2 * places - index).astype(np.float32)
    before, here, after, beyond = (dense[index + step] for step in range(4))
    return (
        here * (1 - x**2) * (1 - x / 2)
        + after * x * (1 + x) * (1 - x / 2)
        - before * x * (1 - x) * (2 - x) / 6
        - beyond * x * (1 - x**2) / 6
    ).astype(np.float32)


def follows(space: TimbreSpace) -> bool:
    """Whether pitch is chosen when a sound is decoded or inverted; otherwise it lies in the frames and is decoded with them."""
    return space.recipe.uses_pitch or space.recipe.features.needs_pitch


def known(contour: PitchContour) -> np.ndarray:
    """The contour (n_frames,) without gaps; C4 throughout where no pitch is heard."""
    pitch = contour.filled()
    return np.full_like(pitch, UNKNOWN_KEY) if np.isnan(pitch).any() else pitch
