"""Timbre transfer: any sound moved in a timbre space, its pitch and loudness over time kept.

A sound is encoded window by window, as notes are, and each window moved toward the window of the target that begins as long
after the onset; the last that is held stands for all that follow. A model that is conditioned on pitch decodes each frame at the
pitch wanted there, and the inverter is told it. What a model without that condition decodes can only be played faster or slower.
Where a target has faded and the sound has not, its last spectrum is kept. At the end the loudness over time is made that of the
source, its level within 3 dB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from timbre_core.decoding import moved_spectra
from timbre_core.errors import TimbreError
from timbre_core.features.audio import check_timbre_length
from timbre_core.features.frames import bin_frequencies, note_frames
from timbre_core.features.loudness import LOUDNESS_RATE, loudness, near_level, with_loudness
from timbre_core.features.note_names import note_name
from timbre_core.features.pitch_track import PitchContour, track_pitch
from timbre_core.generation.targets import UNKNOWN_KEY, target_trajectory
from timbre_core.generation.targets import target_mean as target_mean
from timbre_core.space import TimbreSpace, Trajectory

MOST_AMOUNT = 2.0
"""How far a timbre can be moved: 1 is to the target, 2 as far beyond it."""

_MOST_FADED = 20.0  # dB that the decoded sound may be softer than the sound itself, both relative to their loudest
_RESTING = 0.03  # semitones: what deviates less is left as it is decoded


@dataclass(frozen=True)
class Sound:
    """A sound in a timbre space, ready to be moved.

    Attributes:
        audio: (n_samples,) at the space's sample rate.
        frames: (n_bins, n_frames); a sound shorter than the model's notes is continued with silence.
        ref_db: the frames' reference level.
        pitch: heard over time, a value a frame; corrected where it was wrong.
        loudness: (n,) dB over time.
        trajectory: its windows' latents.
    """

    audio: np.ndarray
    frames: np.ndarray
    ref_db: float
    pitch: PitchContour
    loudness: np.ndarray
    trajectory: Trajectory


@dataclass(frozen=True)
class Transferred:
    """What became of a sound.

    Attributes:
        audio: (n_samples,), as long as the source.
        frames: (n_bins, n_frames) as decoded, before pitch and loudness were restored.
        pitch: what it was asked to sound at, over time.
        z: latents of its windows.
        remarks: sentences on what the result does not keep, for people.
        sample_rate: Hz.
    """

    audio: np.ndarray
    frames: np.ndarray
    pitch: PitchContour
    z: np.ndarray
    remarks: tuple[str, ...]
    sample_rate: int


def open_sound(space: TimbreSpace, audio: np.ndarray, pitch: PitchContour | None = None) -> Sound:
    """Audio (n_samples,) at the space's rate, analysed and encoded. Raises TimbreError for less than 50 ms.

    pitch: what is heard over time, where that is known already: finding it takes most of the time.
    """
    rate, features = space.sample_rate, space.recipe.features
    check_timbre_length(audio, rate)
    pitch = track_pitch(audio, rate, features.hop_length) if pitch is None else pitch
    # The map's notes were encoded with the silence that fills them up to `seconds`: so is this, to be comparable.
    padded = np.pad(audio, (0, max(0, round((features.seconds or 0) * rate) - len(audio))))
    cut: dict[str, Any] = {name: None for name in ("seconds", "trim_db") if name in type(features).model_fields}
    told = pitch.median if pitch.voiced.any() else UNKNOWN_KEY
    frames, ref_db = note_frames(padded, features.model_copy(update=cut), told)
    trajectory = space.encode(frames, told if space.recipe.uses_pitch else None)
    return Sound(audio, frames, ref_db, pitch, loudness(audio, rate), trajectory)


def transfer(
    space: TimbreSpace,
    sound: Sound,
    toward: str | None = None,
    amount: float = 1.0,
    pitch: PitchContour | None = None,
    seed: int = 0,
) -> Transferred:
    """A sound with its timbre moved toward a family or a note, at its own pitch or another.

    Args:
        toward: a family or a note id of the map; None leaves the timbre where it is.
        amount: 0 (at its own pitch the sound itself, untouched) over 1 (at the target) to MOST_AMOUNT (beyond it).
        pitch: the contour to sound at, a value a frame; None is the sound's own.
        seed: of the inverter's random phases.

    Raises TimbreError for an unknown target and an amount that is out of range.
    """
    if not 0 <= amount <= MOST_AMOUNT:
        raise TimbreError(
            f"amount {amount:g}: choose from 0 (as it is) over 1 (at the target) to {MOST_AMOUNT:g} (beyond it)."
        )
    wanted = sound.pitch if pitch is None else pitch
    if (toward is None or amount == 0) and _same_pitch(sound.pitch, wanted):
        # Nothing is to change: no model and no inverter comes between.
        remarks = tuple(_remarks(space, wanted))
        frames = sound.frames[:, : len(wanted.midi)]
        return Transferred(sound.audio.copy(), frames, wanted, sound.trajectory.mu, remarks, space.sample_rate)
    z = sound.trajectory.mu
    if toward is not None:
        register = wanted if space.recipe.uses_pitch else sound.pitch
        target = target_trajectory(space, toward, register.median)
        z = z + np.float32(amount) * (target[np.minimum(np.arange(len(z)), len(target) - 1)] - z)
    frames = space.decode(z, sound.trajectory.starts, sound.trajectory.n_frames, _decoded_pitch(space, sound, wanted))
    frames = kept_sounding(space, sound, frames[:, : len(wanted.midi)], wanted if _follows(space) else sound.pitch)
    audio = _sounding(space, sound, frames, wanted, seed)
    audio = near_level(with_loudness(audio, sound.loudness, space.sample_rate), sound.audio)
    audio = _limited(audio, space.sample_rate)
    return Transferred(audio, frames, wanted, z, tuple(_remarks(space, wanted)), space.sample_rate)


def transfer_audio(
    space: TimbreSpace,
    audio: np.ndarray,
    toward: str | None = None,
    amount: float = 1.0,
    pitch: float | None = None,
    seed: int = 0,
) -> Transferred:
    """Audio (n_samples,) at the space's rate through `open_sound` and `transfer`; `pitch` is one MIDI pitch to sound at."""
    sound = open_sound(space, audio)
    return transfer(space, sound, toward, amount, None if pitch is None else sound.pitch.moved_to(pitch), seed)


def _same_pitch(own: PitchContour, wanted: PitchContour) -> bool:
    """Whether a sound stays at its own pitch all the time."""
    return own is wanted or (len(own.midi) == len(wanted.midi) and np.allclose(own.midi, wanted.midi, equal_nan=True))


def _follows(space: TimbreSpace) -> bool:
    """Whether pitch is chosen when a sound is decoded or inverted; otherwise it lies in the frames and is decoded with them."""
    return space.recipe.uses_pitch or space.recipe.features.needs_pitch


def _decoded_pitch(space: TimbreSpace, sound: Sound, wanted: PitchContour) -> np.ndarray | None:
    """What a model that is conditioned on pitch is told for each of the trajectory's frames (n_frames,)."""
    if not space.recipe.uses_pitch:
        return None
    pitch = _known(wanted)
    return np.pad(pitch, (0, max(0, sound.trajectory.n_frames - len(pitch))), mode="edge")[: sound.trajectory.n_frames]


def _known(contour: PitchContour) -> np.ndarray:
    """The contour (n_frames,) without gaps; C4 throughout where no pitch is heard."""
    pitch = contour.filled()
    return np.full_like(pitch, UNKNOWN_KEY) if np.isnan(pitch).any() else pitch


def kept_sounding(space: TimbreSpace, sound: Sound, frames: np.ndarray, pitch: PitchContour) -> np.ndarray:
    """Decoded frames (n_bins, n_frames) of `pitch`; those that have faded away much further than the sound repeat the last
    before them that has not, at their own pitch: made as loud as the sound, they would be nothing but noise."""
    features = space.recipe.features
    if not features.is_spectrum:
        return frames
    level = 10 * np.log10(np.sum(10 ** (frames * (features.top_db / 20)), axis=0))
    at = np.arange(len(level)) * features.hop_length / space.sample_rate * LOUDNESS_RATE
    asked = np.interp(at, np.arange(len(sound.loudness)), sound.loudness)
    there = (level - level.max()) - (asked - asked.max()) > -_MOST_FADED
    last = np.maximum.accumulate(np.where(there, np.arange(len(there)), int(np.argmax(there))))
    faded = np.flatnonzero(last != np.arange(len(last)))
    midi = _known(pitch)
    held = frames.copy()
    held[:, faded] = moved_spectra(frames[:, last[faded]], (midi - midi[last])[faded], bin_frequencies(features))
    return held


def _sounding(space: TimbreSpace, sound: Sound, frames: np.ndarray, wanted: PitchContour, seed: int) -> np.ndarray:
    """Audio (n_samples,) of decoded frames (n_bins, n_frames)."""
    length = len(sound.audio)
    if _follows(space):
        return space.invert(frames, sound.ref_db, _one_if_constant(_known(wanted)), length, seed)
    own = sound.pitch.filled()
    bend = np.nan_to_num(wanted.filled() - own)
    if np.abs(bend).max() < _RESTING:
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


def _limited(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    import torch

    from timbre_core.inversion.level import fade_ends, limit

    limited: np.ndarray = fade_ends(limit(torch.from_numpy(audio)[None].clone(), sample_rate), sample_rate)[0].numpy()
    return limited


def _remarks(space: TimbreSpace, wanted: PitchContour) -> list[str]:
    """What is not kept, told to people."""
    remarks = []
    if not _follows(space):
        remarks.append(
            f"{space.checkpoint.name} is not told the pitch: moving the timbre may move the pitch too, and another pitch "
            "takes the timbre along, as a tape that runs faster does."
        )
    elif not wanted.voiced.any():
        remarks.append(
            f"No pitch is heard in this sound, so the model plays it at {note_name(UNKNOWN_KEY)}: choose another."
        )
    return remarks
