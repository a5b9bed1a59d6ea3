"""Timbre transfer: any sound moved in a timbre space, its pitch and loudness over time kept.

A sound is encoded window by window, as notes are. Moving its trajectory as a whole, so that its mean goes toward another mean,
changes the timbre and keeps how it unfolds. The model decodes each moment at the key nearest to the pitch there; what the key
and the pitch differ by (vibrato, glides, mistuning) is restored by playing the decoded sound that much faster or slower,
while its frames are laid out that much slower or faster: so pitch is exact whatever model and inverter do. At the end the
loudness over time is that of the source.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.loudness import loudness, with_loudness
from timbre_core.features.note_names import note_name
from timbre_core.features.pitch_track import PitchContour, track_pitch
from timbre_core.features.windows import overlap_add
from timbre_core.space import TimbreSpace, Trajectory

MOST_AMOUNT = 2.0
"""How far a timbre can be moved: 1 is to the target, 2 as far beyond it."""

_UNKNOWN_KEY = 60.0  # what a model is told of a sound without pitch
_LEAVE_KEY = 0.75  # semitones off the key that a contour must be before another key is decoded
_FARTHEST = 1.5  # semitones that a decoded key is bent by
_KEY_FADE = 5  # frames over which one key's frames become the next one's
_NEAR = 6.0  # semitones: notes of a family this far off the sound's pitch count 0.6 times those at it
_RESTING = 0.03  # semitones: what deviates less is left as it is decoded
_SHORTEST = 0.05  # seconds


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


def open_sound(space: TimbreSpace, audio: np.ndarray) -> Sound:
    """Audio (n_samples,) at the space's rate, analysed and encoded. Raises TimbreError for less than 50 ms."""
    rate, features = space.sample_rate, space.recipe.features
    if len(audio) < _SHORTEST * rate:
        raise TimbreError(
            f"{len(audio) / rate:.3f} s are too short to hear a timbre in: give at least {_SHORTEST:g} s."
        )
    pitch = track_pitch(audio, rate, features.hop_length)
    # The map's notes were encoded with the silence that fills them up to `seconds`: so is this, to be comparable.
    padded = np.pad(audio, (0, max(0, round((features.seconds or 0) * rate) - len(audio))))
    whole = features.model_copy(update={"seconds": None, "trim_db": None})
    frames, ref_db = note_frames(padded, whole)
    told = pitch.median if pitch.voiced.any() else _UNKNOWN_KEY
    trajectory = space.encode(frames, told if space.recipe.uses_pitch else None)
    return Sound(audio, frames, ref_db, pitch, loudness(audio, rate), trajectory)


def target_mean(space: TimbreSpace, toward: str, pitch: float = math.nan) -> np.ndarray:
    """The latent (latent_dim,) of a map's note id or family.

    A family's is the mean of its notes, those near `pitch` (MIDI, NaN: all alike) counting more: low and high notes of an
    instrument differ in timbre. Raises TimbreError for what is neither.
    """
    latents = space.checkpoint.latents
    if latents is None or latents.empty:
        raise TimbreError(f"{space.checkpoint.name} has no map: make it with `python -m timbre_core project`.")
    rows = np.flatnonzero((latents["note_id"] == toward).to_numpy())
    if not len(rows) and "family" in latents:
        rows = np.flatnonzero((latents["family"] == toward).to_numpy())
    if not len(rows):
        families = ", ".join(sorted(set(latents.get("family", pd.Series(dtype=str)).astype(str))))
        raise TimbreError(
            f"no family or note {toward[:80]!r} on this map: choose from {families}, or give a note's id."
        )
    means = np.stack(latents["mu"].iloc[rows].tolist()).astype(np.float64)
    weights = np.ones(len(rows))
    if "pitch" in latents and not math.isnan(pitch):
        distance = np.abs(latents["pitch"].iloc[rows].to_numpy(np.float64) - pitch)
        known = ~np.isnan(distance)
        if known.any():
            # Relative to the nearest note, so that a family far away has its nearest notes.
            weights = np.where(known, np.exp(-0.5 * ((distance**2 - np.nanmin(distance) ** 2) / _NEAR**2)), 0)
    return np.average(means, axis=0, weights=weights).astype(np.float32)


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
        amount: 0 (the model's reconstruction) over 1 (at the target) to MOST_AMOUNT (beyond it).
        pitch: the contour to sound at, a value a frame; None is the sound's own.
        seed: of the inverter's random phases.

    Raises TimbreError for an unknown target and an amount that is out of range.
    """
    if not 0 <= amount <= MOST_AMOUNT:
        raise TimbreError(
            f"amount {amount:g}: choose from 0 (as it is) over 1 (at the target) to {MOST_AMOUNT:g} (beyond it)."
        )
    wanted = sound.pitch if pitch is None else pitch
    z = sound.trajectory.mu
    if toward is not None:
        register = wanted if space.recipe.uses_pitch else sound.pitch
        z = z + np.float32(amount) * (target_mean(space, toward, register.median) - sound.trajectory.mean)
    told, base = _plan(space, sound, wanted)
    frames = _decode(space, z, sound.trajectory, told)
    audio = _resounded(space, sound, frames, told, _bend(wanted, base, space.recipe.uses_pitch), seed)
    audio = _limited(with_loudness(audio, sound.loudness, space.sample_rate), space.sample_rate)
    return Transferred(audio, frames, wanted, z, tuple(_remarks(space, sound, wanted)), space.sample_rate)


def _plan(space: TimbreSpace, sound: Sound, wanted: PitchContour) -> tuple[np.ndarray, np.ndarray]:
    """What the model, or else the inverter, is told of the pitch, and what the decoded sound then has.

    Each (n,) MIDI, NaN unknown.
    """
    if space.recipe.uses_pitch:
        keys = decoded_keys(wanted)
        return keys, keys
    own = sound.pitch.filled()
    return own, own


def decoded_keys(contour: PitchContour) -> np.ndarray:
    """The whole MIDI key (n_frames,) that each frame is decoded at: it changes when the pitch has clearly left it."""
    pitch = contour.filled()
    keys = np.full(len(pitch), _UNKNOWN_KEY, dtype=np.float32)
    if np.isnan(pitch).any():
        return keys
    notes = contour.notes()
    key = float(np.round(np.median(pitch[notes[0]] if notes else pitch)))
    for i, value in enumerate(pitch):
        if abs(value - key) > _LEAVE_KEY:
            key = float(np.round(np.median(pitch[i : i + _KEY_FADE])))
        keys[i] = key
    return np.clip(keys, 0, 127)


def _decode(space: TimbreSpace, z: np.ndarray, trajectory: Trajectory, keys: np.ndarray) -> np.ndarray:
    """Frames (n_bins, n_frames) of latents (n_windows, latent_dim), each frame at its key."""
    starts, n_frames, size = trajectory.starts, trajectory.n_frames, space.recipe.window.frames
    if not space.recipe.uses_pitch:
        return space.decode(z, starts, n_frames)
    last = int(starts[-1]) + size
    keys = np.pad(keys[:last], (0, max(0, last - len(keys))), mode="edge")
    rows, told = [], []
    for row, start in enumerate(starts):
        here = np.unique(keys[start : start + size])
        rows += [row] * len(here)
        told += here.tolist()
    decoded = space.decode_windows(z[rows], np.array(told, dtype=np.float32))
    shares = {key: _faded(keys == key) for key in set(told)}
    windows = np.zeros((len(z), *decoded.shape[1:]), dtype=np.float32)
    weights = np.zeros((len(z), size), dtype=np.float32)
    for row, key, part in zip(rows, told, decoded, strict=True):
        share = shares[key][starts[row] : starts[row] + size]
        windows[row] += part * share
        weights[row] += share
    return overlap_add(windows / weights[:, None], starts, n_frames)


def _faded(here: np.ndarray) -> np.ndarray:
    """Where a key is decoded (n,), 0 to 1, with ramps of _KEY_FADE frames."""
    ramp = np.hanning(_KEY_FADE + 2)[1:-1].astype(np.float32)
    return np.convolve(np.pad(here.astype(np.float32), _KEY_FADE // 2, mode="edge"), ramp / ramp.sum(), mode="valid")


def _bend(wanted: PitchContour, base: np.ndarray, conditioned: bool) -> np.ndarray:
    """Semitones (n_frames,) that the decoded sound is to be raised by, smoothed; 0 where a pitch is not known."""
    bend = np.nan_to_num(wanted.filled() - base[: len(wanted.midi)])
    if conditioned:
        bend = np.clip(bend, -_FARTHEST, _FARTHEST)
    padded = np.pad(bend, 2, mode="edge")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    smooth = np.convolve(np.pad(medians, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    return np.where(np.abs(smooth).max() < _RESTING, 0.0, smooth)


def _resounded(
    space: TimbreSpace, sound: Sound, frames: np.ndarray, told: np.ndarray, bend: np.ndarray, seed: int
) -> np.ndarray:
    """Audio (n_samples,) of frames, bent by semitones (n_frames,) without changing when anything happens."""
    hop, length = space.recipe.features.hop_length, len(sound.audio)
    count = len(bend)
    frames = frames[:, :count]
    if not bend.any():
        return space.invert(frames, sound.ref_db, _told(told), length, seed)
    # The decoded sound is read at these places (in frames) while the result goes on by one frame at a time.
    places = np.concatenate([[0.0], np.cumsum(2.0 ** ((bend[:-1] + bend[1:]) / 24))])
    stretched = int(np.ceil(places[-1])) + 1
    when = np.interp(np.arange(stretched), places, np.arange(count))
    low = np.minimum(when.astype(int), count - 1)
    part = (when - low).astype(np.float32)
    laid_out = frames[:, low] * (1 - part) + frames[:, np.minimum(low + 1, count - 1)] * part
    audio = space.invert(laid_out, sound.ref_db, _told(told[low]), (stretched - 1) * hop, seed)
    return _read_at(audio, np.interp(np.arange(length) / hop, np.arange(count), places) * hop)


def _told(keys: np.ndarray) -> float | None:
    """The pitch that an inverter is told: the one key, or nothing where there are several."""
    low, high = np.nanmin(keys, initial=np.inf), np.nanmax(keys, initial=-np.inf)
    return float(np.nanmedian(keys)) if low <= high and high - low < 1 else None


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


def _remarks(space: TimbreSpace, sound: Sound, wanted: PitchContour) -> list[str]:
    """What is not kept, told to people."""
    remarks = []
    if not space.recipe.uses_pitch:
        remarks.append(
            f"{space.checkpoint.name} is not told the pitch: moving the timbre may move the pitch too, and another pitch "
            "takes the timbre along, as a tape that runs faster does."
        )
    elif not wanted.voiced.any():
        remarks.append(
            f"No pitch is heard in this sound, so the model plays it at {note_name(_UNKNOWN_KEY)}: choose another."
        )
    return remarks
