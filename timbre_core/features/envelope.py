"""Notes as cepstra of their spectral envelope, frame by frame, and the exact algebra back to amplitudes of harmonics.

The source-filter features of Subramani, Rao & D'Hooge, "VaPar Synth - A variational parametric model for audio synthesis"
(ICASSP 2020): the pitch is left to the synthesis, so that a frame holds the timbre alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.harmonics import Harmonics, analyse_harmonics, check_f0
from timbre_core.features.kinds.envelope import EnvelopeSettings
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.true_envelope import cepstral_order, envelope_at, true_envelope

_TINY = 1e-10  # amplitude; the softest that a ratio is taken of
_SILENT = 1e-5  # peak of a note without harmonics to measure
_PASS_FRAMES = 384  # in one pass: enough that the calls do not count, few enough that grids stay in the cache
_FLOOR = -1 + 1e-3  # a scaled envelope not above this is "top_db below the loudest or softer": nothing is heard there
_PITCHED_SHARE = 0.15  # of a pitched note's energy that lies in harmonics, by the median over frames, at least


def envelope_frames(audio: Tensor, settings: EnvelopeSettings, pitch: float | None) -> tuple[Tensor, float]:
    """Frames (n_coefficients, n_frames) float32 in [-1, 1] of one note, and its reference level.

    Args:
        audio: (n_samples,) float at `settings.sample_rate`: the sustained part, see `prepare_audio`.
        pitch: MIDI, where the label says that the note is; the fundamental is refined in each frame.

    The reference is the amplitude of the loudest harmonic in dB full scale. Raises TimbreError for a note without a pitch,
    one that is too low or too high for the settings, shorter than a window or silent, and for one in which no harmonics
    of its pitch are heard.
    """
    f0 = float(midi_to_hz(math.nan if pitch is None else pitch))
    check_f0(f0, settings)
    if len(audio) < settings.win_length:
        raise TimbreError(
            f"its {len(audio)} samples are fewer than a window of {settings.win_length}: choose a longer one."
        )
    if not float(max(each.abs() for each in audio.aminmax())) > _SILENT:
        raise TimbreError("it is silent: choose another.")
    harmonics = analyse_harmonics(audio[None], torch.tensor([f0]), settings, phases=False)
    if not float(harmonics.share.median()) >= _PITCHED_SHARE:
        raise TimbreError(
            f"no harmonics of its pitch (MIDI {pitch:g}, {f0:.0f} Hz) are heard: correct its pitch, or choose another note."
        )
    return cepstra_of(Harmonics(*(each[0] for each in harmonics)), f0, settings)


def cepstra_of(harmonics: Harmonics, f0: float, settings: EnvelopeSettings) -> tuple[Tensor, float]:
    """Frames and reference level of harmonics (n_frames, n_harmonics) of one note whose label says `f0` Hz."""
    loudest = float(harmonics.magnitude.max().clamp(min=_TINY))
    scaled = 1 + torch.log10(harmonics.magnitude.clamp(min=_TINY) / loudest) * (40 / settings.top_db)
    number = torch.arange(1, settings.n_harmonics + 1)
    there = harmonics.f0[:, None] * number < settings.sample_rate * (0.5 - 4 / settings.n_fft)
    values = torch.where(there, scaled.clamp(min=-1.0), torch.nan)
    order = torch.full((len(values),), cepstral_order(f0, settings.sample_rate))
    parts = [
        true_envelope(
            values[part],
            harmonics.f0[part],
            order[part],
            settings.sample_rate,
            settings.tolerance_db * 2 / settings.top_db,
            settings.n_coefficients,
            settings.settling,
        )
        for part in (slice(first, first + _PASS_FRAMES) for first in range(0, len(values), _PASS_FRAMES))
    ]
    cepstra = torch.cat(parts)
    cepstra[:, 1:] *= math.sqrt(2)
    return cepstra.clamp_(-1, 1).T.contiguous(), 20 * math.log10(loudest)


def frames_to_amplitudes(frames: Tensor, ref_db: float, f0: Tensor, settings: EnvelopeSettings) -> Tensor:
    """Amplitudes (n_frames, n_harmonics) that frames (n_coefficients, n_frames) give to the harmonics of f0 (n_frames,) Hz.

    0 for harmonics above half the sample rate and for what is `top_db` below the reference or softer.
    """
    cepstra = frames.T.clone()
    cepstra[:, 1:] /= math.sqrt(2)
    count = int((settings.sample_rate / 2 / f0.min()).clamp(1, settings.n_harmonics))
    position = f0[:, None] / settings.sample_rate * torch.arange(1, count + 1)
    scaled = envelope_at(cepstra, position)
    heard = (scaled > _FLOOR) & (position < 0.5)
    decibels = (scaled.clamp(max=1.0) - 1) * (settings.top_db / 2) + ref_db
    return torch.where(heard, torch.pow(10.0, decibels / 20), 0.0)


def log_envelopes(frames: Tensor, count: int) -> Tensor:
    """Log envelopes (count, n_frames) in [-1, 1] of frames, at frequencies evenly spaced from 0 to half the sample rate."""
    cepstra = frames.T.clone()
    cepstra[:, 1:] /= math.sqrt(2)
    position = torch.linspace(0, 0.5, count).expand(len(cepstra), -1)
    return envelope_at(cepstra, position).clamp(-1, 1).T


def envelopes(
    audio: Tensor, settings: EnvelopeSettings, pitches: Sequence[float | None]
) -> tuple[list[Tensor], list[float]]:
    """`envelope_frames` of notes (batch, n_samples); NaN is the reference of audio that is not finite."""
    frames, references = [], []
    for note, pitch in zip(audio, pitches, strict=True):
        finite = all(math.isfinite(end) for end in note.aminmax())
        found, reference = envelope_frames(note, settings, pitch) if finite else (note[None], math.nan)
        frames.append(found)
        references.append(reference)
    return frames, references


def drawn_envelopes(frames: np.ndarray, rows: int) -> np.ndarray:
    """The log envelopes (rows, n_frames) of cepstra (n_coefficients, n_frames)."""
    drawn: np.ndarray = log_envelopes(torch.from_numpy(np.ascontiguousarray(frames)), rows).numpy()
    return drawn
