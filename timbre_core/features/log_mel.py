"""Log-mel frames of audio, and the exact algebra back to mel power.

Agrees with `librosa.feature.melspectrogram(power=2, pad_mode="constant")` (Slaney's mel scale and area normalisation,
centred frames, zero padding, periodic Hann window) followed by `librosa.power_to_db(ref=np.max, amin=1e-10, top_db)`,
scaled from [-top_db, 0] dB to [-1, 1]. The one difference: a silent note is -1 everywhere (librosa calls it 0 dB).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.settings import LogMelSettings

AMIN = 1e-10
"""Mel power below this counts as this; a note whose loudest mel bin is not above it is silent."""

SILENCE_DB = 10 * math.log10(AMIN)
"""`ref_db` of a silent note."""

# Frames x n_fft of one pass: window, spectrum and power of about one note together stay in a core's cache, which is
# worth a factor of two; a batch is walked in such passes.
_PASS_ELEMENTS = 2**18

# The filterbank is triangles along a diagonal: split into this many groups of bands, each multiplied by the frequency
# range it needs, it takes about a quarter of the multiplications.
_BAND_GROUPS = 4

# Largest rounding noise (one standard deviation, in normalised units, at the floor) that float32 analysis may have; a
# note above it is analysed again in float64. The worst of a note's 20,000 values lies within 2.5 deviations on real
# notes, so that frames agree with a float64 analysis to 1e-4. At the default settings one note in eight is above.
_FLOAT32_NOISE = 3.3e-5


def hz_to_mel(hz: np.ndarray | float) -> np.ndarray:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above."""
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) * 27 / np.log(6.4))


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((np.maximum(mel, 15) - 15) * np.log(6.4) / 27))


@lru_cache(maxsize=8)
def _filterbank(settings: LogMelSettings) -> np.ndarray:
    top = settings.fmax if settings.fmax is not None else settings.sample_rate / 2
    edges = mel_to_hz(np.linspace(hz_to_mel(settings.fmin), hz_to_mel(top), settings.n_mels + 2))
    bins = np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate)
    weights = np.empty((settings.n_mels, len(bins)), dtype=np.float32)
    for band, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        triangle = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
        weights[band] = np.maximum(0, triangle) * (2 / (high - low))
    return weights


def mel_filterbank(settings: LogMelSettings) -> torch.Tensor:
    """Mel filterbank (n_mels, 1 + n_fft // 2), float32, >= 0; equals `librosa.filters.mel`.

    Where bands are narrower than an FFT bin, some are empty (all zero), as in librosa.
    """
    return torch.from_numpy(_filterbank(settings).copy())


@lru_cache(maxsize=16)
def _constants(
    settings: LogMelSettings, device: torch.device, dtype: torch.dtype
) -> tuple[torch.Tensor, list[tuple[slice, torch.Tensor]]]:
    """The Hann window and the filterbank's groups of bands, each with the FFT bins it reads."""
    window = torch.hann_window(settings.n_fft, periodic=True, dtype=torch.float64).to(device, dtype)
    groups = []
    for group in np.array_split(_filterbank(settings), _BAND_GROUPS if device.type == "cpu" else 1):
        used = np.flatnonzero(group.any(axis=0))
        span = slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)
        groups.append((span, torch.from_numpy(group[:, span].T.copy()).to(device, dtype)))
    return window, groups


def mel_power(audio: torch.Tensor, settings: LogMelSettings) -> tuple[torch.Tensor, torch.Tensor]:
    """Mel power spectrograms of audio (batch, n_samples), in its own precision (float32 or float64).

    Returns the mel power (batch, n_frames, n_mels) and the largest power sum of any one frame's spectrum (batch,).
    Frames are centred; the audio is zero-padded.
    """
    n_fft, n_frames = settings.n_fft, settings.n_frames(audio.shape[-1])
    window, groups = _constants(settings, audio.device, audio.dtype)
    padded = torch.nn.functional.pad(audio, (n_fft // 2, n_fft // 2))
    views = padded.unfold(-1, n_fft, settings.hop_length)
    mel = audio.new_empty((audio.shape[0], n_frames, settings.n_mels))
    loudest = audio.new_zeros(audio.shape[0])
    step = max(1, _PASS_ELEMENTS // n_fft) if audio.device.type == "cpu" else n_frames
    for note in range(audio.shape[0]):
        for first in range(0, n_frames, step):
            spectrum = torch.fft.rfft(views[note, first : first + step] * window)
            power = spectrum.real.square().add_(spectrum.imag.square())
            loudest[note] = torch.maximum(loudest[note], power.sum(-1).amax())
            torch.cat([power[:, span] @ bands for span, bands in groups], dim=-1, out=mel[note, first : first + step])
    return mel, loudest


def _float32_noise(mel: torch.Tensor, loudest: torch.Tensor, settings: LogMelSettings) -> torch.Tensor:
    """Standard deviation (batch,), in normalised units, that rounding in float32 gives a value at the note's floor.

    The noise of an FFT is white at `eps^2 log2(n_fft)` of the frame's mean power per bin; beside a band at the floor it
    counts by the square root of their ratio (the cross term), averaged over the bins of the band.
    """
    weights = _filterbank(settings)
    area = weights.sum(axis=1)
    narrowest = float(np.max((weights**2).sum(axis=1) / np.maximum(area, np.finfo(np.float32).tiny)))
    noise = loudest / weights.shape[1] * (2.0**-48 * math.log2(settings.n_fft)) * narrowest
    floor = (mel.amax(dim=(1, 2)) * 10 ** (-settings.top_db / 10)).clamp_(min=AMIN)
    return 20 / math.log(10) * 2 / settings.top_db * torch.sqrt(noise / floor)


def _scale(mel: torch.Tensor, settings: LogMelSettings) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames (batch, n_frames, n_mels) in [-1, 1] and ref_db (batch,) from mel power, which is overwritten."""
    peak = mel.amax(dim=(1, 2)).clamp_(min=AMIN)
    ref_db = 10 * torch.log10(peak)
    relative = mel.clamp_(min=AMIN).log10_().mul_(10).sub_(ref_db[:, None, None])
    frames = relative.mul_(2 / settings.top_db).add_(1).clamp_(-1, 1)
    return frames.masked_fill_((peak <= AMIN)[:, None, None], -1.0).float(), ref_db.float()


@torch.no_grad()
def log_mel(audio: torch.Tensor, settings: LogMelSettings) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-mel frames of a batch of notes of equal length, each relative to its own loudest mel bin.

    Args:
        audio: (batch, n_samples) float, at `settings.sample_rate`, full scale +-1. Any device.

    Returns:
        frames (batch, n_mels, n_frames), float32 in [-1, 1]: +1 is the note's loudest mel bin, -1 is `top_db` below it
        or softer; and ref_db (batch,), the power of that loudest bin in dB. A silent note is -1 everywhere, with
        `ref_db` = -100 dB (SILENCE_DB).
    """
    audio = audio.float()
    mel, loudest = mel_power(audio, settings)
    noisy = _float32_noise(mel, loudest, settings) > _FLOAT32_NOISE
    frames, ref_db = _scale(mel, settings)
    if audio.device.type != "mps" and bool(noisy.any()):  # Apple's GPUs have no float64
        precise, _ = mel_power(audio[noisy].double(), settings)
        frames[noisy], ref_db[noisy] = _scale(precise, settings)
    return frames.transpose(1, 2), ref_db


def fit_length(audio: np.ndarray, settings: LogMelSettings) -> np.ndarray:
    """Audio (n_samples,) cut or zero-padded at its end to `settings.seconds`; unchanged where that is none."""
    if settings.seconds is None:
        return audio
    n_samples = max(1, round(settings.seconds * settings.sample_rate))
    if len(audio) >= n_samples:
        return audio[:n_samples]
    return np.pad(audio, (0, n_samples - len(audio)))


def note_frames(audio: np.ndarray, settings: LogMelSettings) -> tuple[np.ndarray, float]:
    """Frames (n_mels, n_frames) float32 in [-1, 1] and ref_db of one note's audio (n_samples,).

    The audio is cut or zero-padded to `settings.seconds` first. Raises TimbreError for audio that is not mono or not
    finite.
    """
    audio = np.asarray(audio, dtype=np.float32)
    if audio.ndim != 1:
        raise TimbreError(f"audio has shape {audio.shape}: one channel (n_samples,) was expected, mix it down first.")
    frames, ref_db = log_mel(torch.from_numpy(fit_length(audio, settings))[None], settings)
    if not math.isfinite(ref_db.item()):
        raise TimbreError("audio holds NaN or infinite samples: render or record it again.")
    return frames[0].numpy(), ref_db.item()


def frames_to_power(frames: torch.Tensor, ref_db: torch.Tensor | float, settings: LogMelSettings) -> torch.Tensor:
    """Mel power of frames (..., n_mels, n_frames): the inverse of the scaling that `log_mel` does.

    `ref_db` is a number or (...,). Exact above the floor; at -1 it gives the floor's own power, the most it can be.
    """
    reference = torch.as_tensor(ref_db, dtype=frames.dtype, device=frames.device)[..., None, None]
    decibels = (frames - 1) * (settings.top_db / 2) + reference
    return torch.pow(10.0, decibels / 10)
