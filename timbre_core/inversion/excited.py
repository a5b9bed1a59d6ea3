"""Log-mel frames to audio by a source and a filter: harmonics that follow a pitch, and noise, given the frames' levels.

The filter of each frame is the smoothest over frequency that gives every mel band its level (see `mel.mel_to_power`). Phases
are the source's, so that nothing is iterated, and partials are exactly where the pitch is. Between partials that the bands
tell apart the frames say how much noise there is; above, the source's share of it stays.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Unpack

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.performance import USUAL_NOISE, Performance, with_level
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.settings import FeatureSettings, LogMelSettings, as_log_mel
from timbre_core.features.spectrum import analysis_window
from timbre_core.inversion.classical import frames_to_own_power, note_by_note
from timbre_core.inversion.contract import How, Numbers, Values
from timbre_core.inversion.level import frame_energy, limit, with_energy
from timbre_core.inversion.loud_bands import toward_level
from timbre_core.inversion.mel import filter_factor, mel_filter
from timbre_core.inversion.pulses import mixed_noise, noise, pulses
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inversion.stft import open_stft, power_of

_LEAST_NOISE, _MOST_NOISE = 0.003, 0.97
_TINY = 1e-20
_LOW_NOISE = 0.15  # amplitude of noise beside that of harmonics, at most, at low frequencies
_LATEST, _LATEST_FROM = 0.005, 8000.0  # seconds by which harmonics from so many Hz on are later than the first
_LATEST_SHARE = 0.125  # of a window, at most: what is moved further leaves its frame
_BELOW, _BELOW_DB = 0.75, 30.0  # of a pitch; and by how much what lies below is made softer
_LOBE = 2.5  # bins beside a partial that are its own


def invert_excited(
    frames: Values, ref_db: Numbers, features: FeatureSettings, inversion: InversionSettings, **how: Unpack[How]
) -> np.ndarray:
    """As the contract `Invert` has it. Without a pitch the source is noise."""
    settings = as_log_mel(features)
    seed = how.get("seed", 0)

    def make(values: Tensor, pitches: Tensor | None, length: int) -> Tensor:
        pitch = None if pitches is None else pitches[0].double().cpu().numpy()
        if how.get("in_tune", False) and pitch is not None:
            values = above_pitch(values, pitch, settings)
        return _made(values, pitch, None, settings, inversion, length, seed)

    return note_by_note(make, frames, ref_db, settings, how.get("n_samples"), how.get("pitch"))


@torch.no_grad()
def perform(
    frames: np.ndarray,
    ref_db: float,
    performance: Performance,
    features: FeatureSettings,
    inversion: InversionSettings,
    n_samples: int,
    seed: int = 0,
    in_tune: bool = False,
    same_note: bool = False,
) -> np.ndarray:
    """Frames (n_bins, n_frames) played as a recording was: audio (n_samples,) float32.

    Pitch, noise and level over time are the performance's; of the frames the spectra count. `in_tune`: what lies below the
    pitch is made softer. `same_note`: the frames are those of the very note that the performance is of, so that its level tells
    where they err (see `toward_level`). Raises TimbreError for frames of another shape than the features have, or that are not
    finite.
    """
    settings = as_log_mel(features)
    if n_samples == 0:
        return np.zeros(0, dtype=np.float32)
    if frames.ndim != 2 or len(frames) != settings.n_bins or not frames.size or not np.isfinite(frames).all():
        raise TimbreError(f"frames of shape {frames.shape} cannot be played: finite ({settings.n_bins}, n_frames) can.")
    values = torch.from_numpy(np.ascontiguousarray(frames, dtype=np.float32))[None]
    values = torch.where(torch.from_numpy(settings.frequencies())[None, :, None] > performance.top_hz, -1.0, values)
    if same_note and performance.level is not None:
        values = toward_level(values, performance.level - ref_db, settings)
    if in_tune:
        values = above_pitch(values, performance.pitch, settings)
    audio = _made(values, performance.pitch, performance.noise, settings, inversion, n_samples, seed)[0].numpy()
    audio = audio[:n_samples] * np.float32(10 ** (ref_db / 20))
    audio = np.pad(audio, (0, n_samples - len(audio)))
    if performance.level is not None:
        audio = with_level(audio, performance.level, settings.sample_rate, float(np.median(performance.pitch)))
    limited: np.ndarray = limit(torch.from_numpy(audio)[None], settings.sample_rate)[0].numpy()
    return limited


def _made(
    values: Tensor,
    pitch: np.ndarray | None,
    share: np.ndarray | None,
    features: LogMelSettings,
    inversion: InversionSettings,
    length: int,
    seed: int,
) -> Tensor:
    """Audio (1, length) of one note's frames (1, n_mels, n_frames) at their own level; pitch and share as for `source`."""
    sound = torch.from_numpy(source(pitch, share, length, features.sample_rate, features.hop_length, seed))
    return filtered(values, sound, features, inversion)


def above_pitch(values: Tensor, pitch: np.ndarray, features: LogMelSettings) -> Tensor:
    """Frames (1, n_mels, n_frames) with what lies below the pitch made softer: noise there is heard as a pitch of its own.

    pitch: MIDI, one number or one a frame; NaN changes nothing.
    """
    f0 = np.asarray(midi_to_hz(np.atleast_1d(pitch)))
    lowest = np.minimum(_BELOW * f0, f0 - _LOBE * features.sample_rate / features.n_fft)
    far = features.frequencies()[:, None] < lowest[None, : values.shape[2]]
    lowered = torch.from_numpy(far * np.float32(2 * _BELOW_DB / features.top_db)).to(values)
    if far.shape[1] > 1:
        lowered = lowered[:, torch.arange(values.shape[2]).clamp_max(far.shape[1] - 1)]
    return (values - lowered).clamp_min(-1)


def filtered(values: Tensor, sound: Tensor, features: LogMelSettings, inversion: InversionSettings) -> Tensor:
    """A source (n_samples,) given the levels of frames (1, n_mels, n_frames): audio (1, n_samples)."""
    mel = frames_to_own_power(values, features)
    stft = open_stft(features, len(sound), values.device)
    if stft.n_frames != mel.shape[2]:
        mel = mel[:, :, torch.arange(stft.n_frames).clamp_max(mel.shape[2] - 1)]
    spectra = stft.forward(sound[None].to(values))
    given = power_of(spectra).clamp_(min=_TINY)
    gains = mel_filter(mel, features, inversion.mel_iterations, given)
    factors, spread = filter_factor(gains, features), _spread(features).to(spectra.device)
    total, energy = stft.empty(1, spectra.device), given.new_empty(given.shape[:2])
    for part in stft.parts:
        factor = factors[:, part]
        stft.add(spectra[:, part].mul_(spread).mul_(factor), part, total)
        energy[:, part] = frame_energy(given[:, part].mul_(factor).mul_(factor), stft.n_fft)
    return with_energy(stft.audio(total), energy, stft)


def source(
    pitch: np.ndarray | None, share: np.ndarray | None, n_samples: int, sample_rate: int, hop: int, seed: int = 0
) -> np.ndarray:
    """Audio (n_samples,) float32 with a flat spectrum: harmonics of `pitch` and noise.

    Args:
        pitch: MIDI, one number or one every `hop` samples; none, or NaN: noise alone.
        share: of the noise in the power of both above 2 kHz, likewise.
    """
    if pitch is None or not np.isfinite(pitch).any():
        return noise(n_samples, seed).copy()
    f0 = _at_samples(np.asarray(midi_to_hz(_filled(pitch))), n_samples, hop)
    part = np.asarray(USUAL_NOISE if share is None else share).clip(_LEAST_NOISE, _MOST_NOISE)
    loudness = _at_samples(np.sqrt(part / (1 - part)), n_samples, hop)
    level, low = np.sqrt(sample_rate / f0), np.minimum(loudness, _LOW_NOISE)
    # Below some 2 kHz harmonics go on longer, and bands tell them apart: there the noise is at most so loud.
    sound, _ = pulses(f0, n_samples, sample_rate)
    air = mixed_noise(n_samples, seed, sample_rate, low, loudness - low)
    sound += np.asarray(level, dtype=np.float32) * air
    return sound


@lru_cache(maxsize=8)
def _spread(features: LogMelSettings) -> Tensor:
    """Factors (1 + n_fft // 2,) complex, by which higher harmonics come some milliseconds later: pulses that are not as peaked.

    What is moved within its window overlaps less with the window that it is added with: it is made as much louder.
    """
    window, rate = analysis_window(features, torch.float64), features.sample_rate
    latest = min(_LATEST, _LATEST_SHARE * features.window_length / rate)
    hz = torch.linspace(0, rate / 2, 1 + features.n_fft // 2, dtype=torch.float64)
    below = hz.clamp_max(_LATEST_FROM)
    turns = latest * (below.square() / (2 * _LATEST_FROM) + (hz - below))
    overlap = torch.fft.irfft(power_of(torch.fft.rfft(window, 2 * len(window))))
    later = (latest * rate * below / _LATEST_FROM).round().long()
    return torch.polar(overlap[0] / overlap[later], -2 * math.pi * turns.remainder(1.0)).to(torch.complex64)


def _filled(pitch: np.ndarray) -> np.ndarray:
    """Pitches without gaps."""
    pitch = np.atleast_1d(pitch)
    places, known = np.arange(len(pitch)), np.isfinite(pitch)
    return np.interp(places, places[known], pitch[known])


def _at_samples(values: np.ndarray, n_samples: int, hop: int) -> float | np.ndarray:
    """Values every `hop` samples at every sample (n_samples,), or the one number that they are."""
    if values.size == 1:
        return float(values.reshape(()))
    return np.interp(np.arange(n_samples), np.arange(len(values)) * hop, values)
