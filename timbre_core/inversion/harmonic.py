"""Spectral envelopes back to audio: sampled at the harmonics of a pitch, and sounded by additive synthesis."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.envelope import frames_to_amplitudes
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.settings import EnvelopeSettings
from timbre_core.inversion.additive import additive
from timbre_core.inversion.contract import How, Numbers, Values
from timbre_core.inversion.level import fade_ends, limit
from timbre_core.inversion.settings import InversionSettings


def invert_envelope(
    frames: Values,
    ref_db: Numbers,
    features: EnvelopeSettings,
    n_samples: int | None = None,
    pitch: Numbers | None = None,
) -> np.ndarray:
    """Audio (n_samples,) or (batch, n_samples) float32 of frames (n_coefficients, n_frames) or (batch, ...).

    Args:
        ref_db: amplitude of the loudest harmonic in dB full scale, a number or (batch,).
        n_samples: length of the result, cut or padded with zeros; none: (n_frames - 1) * hop_length + 1.
        pitch: MIDI, a number or one for each note (batch,); or a contour, one for each frame (n_frames,) or (batch,
            n_frames). Where a contour is NaN there is silence.

    Raises TimbreError without a pitch, for one outside 0..127, and for values or shapes that cannot be inverted.
    """
    values = torch.as_tensor(frames).detach().cpu().float()
    if values.ndim not in (2, 3) or values.shape[-2] != features.n_bins or not values.shape[-1]:
        raise TimbreError(
            f"features of shape {tuple(values.shape)} cannot be inverted: ({features.n_bins}, n_frames) or "
            f"(batch, {features.n_bins}, n_frames) is what these feature settings give."
        )
    if n_samples is not None and n_samples < 0:
        raise TimbreError(f"n_samples is {n_samples}: it cannot be negative.")
    batch = values if values.ndim == 3 else values[None]
    levels = torch.as_tensor(ref_db).detach().cpu().float().expand(len(batch))
    if not bool(torch.isfinite(values).all() and torch.isfinite(levels).all()):
        raise TimbreError("features with NaN or infinite values cannot be inverted: compute them again.")
    contours = _contours(pitch, values)
    notes = [_sounding(*note, features, n_samples) for note in zip(batch, levels.tolist(), contours, strict=True)]
    audio = torch.stack(notes).numpy()
    return audio if values.ndim == 3 else audio[0]


def _sounding(
    frames: Tensor, ref_db: float, midi: np.ndarray, features: EnvelopeSettings, length: int | None
) -> Tensor:
    sounds = np.isfinite(midi)
    place = np.arange(len(midi))
    # A pause in a contour is silent, and is entered and left at the pitch beside it.
    f0 = torch.from_numpy(np.asarray(midi_to_hz(np.interp(place, place[sounds], midi[sounds])))).float()
    amplitude = frames_to_amplitudes(frames.clamp(-1, 1), ref_db, f0, features)
    amplitude *= torch.from_numpy(sounds)[:, None]
    audio = additive(amplitude, f0, features.hop_length, features.sample_rate)[None]
    if length is not None:
        audio = audio[:, :length]
    audio = fade_ends(limit(audio, features.sample_rate), features.sample_rate)[0]
    return audio if length is None else torch.nn.functional.pad(audio, (0, length - len(audio)))


def _contours(pitch: Numbers | None, values: Tensor) -> np.ndarray:
    """(batch, n_frames) MIDI of a pitch in any of the forms that `invert_envelope` takes."""
    n_notes, n_frames = (1 if values.ndim == 2 else len(values)), values.shape[-1]
    given = np.asarray(torch.nan if pitch is None else pitch, dtype=np.float64)
    shapes = {(): (1, 1), (n_notes, n_frames): given.shape}
    shapes[(n_frames,) if values.ndim == 2 else (n_notes,)] = (1, n_frames) if values.ndim == 2 else (n_notes, 1)
    if given.shape not in shapes:
        raise TimbreError(
            f"pitch has shape {given.shape}: give one number for a note, or one for each of {n_frames} frames."
        )
    contours = np.broadcast_to(given.reshape(shapes[given.shape]), (n_notes, n_frames))
    if np.isnan(contours).all(axis=1).any():
        raise TimbreError("spectral envelopes hold no pitch: give the MIDI pitch at which they are to sound.")
    if not ((contours >= 0) & (contours <= 127) | np.isnan(contours)).all():
        raise TimbreError("a pitch is outside MIDI's 0-127 (60 is middle C).")
    return contours


def additive_synthesis(
    frames: Values, ref_db: Numbers, features: EnvelopeSettings, inversion: InversionSettings, **how: Unpack[How]
) -> np.ndarray:
    """`invert_envelope` as the contract `Invert` has it: nothing is drawn at random, and there is nothing to set."""
    return invert_envelope(frames, ref_db, features, how.get("n_samples"), how.get("pitch"))
