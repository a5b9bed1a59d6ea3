"""Log-mel frames of audio, and the exact algebra back to mel power.

Agrees with `librosa.feature.melspectrogram(power=2, pad_mode="constant")` (Slaney's mel scale and area normalisation,
centred frames, zero padding, periodic Hann window) followed by `librosa.power_to_db(ref=np.max, amin=1e-10, top_db)`,
scaled from [-top_db, 0] dB to [-1, 1]. The one difference: a silent note is -1 everywhere (librosa calls it 0 dB).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from timbre_core.features.decibels import AMIN, power_to_frames
from timbre_core.features.mel_scale import hz_to_mel as hz_to_mel
from timbre_core.features.mel_scale import mel_to_hz as mel_to_hz
from timbre_core.features.settings import LogMelSettings
from timbre_core.features.spectrum import analysis_window, bin_powers, pre_emphasised

# Frames x n_fft of one pass: window, spectrum and power of about one note together stay in a core's cache, which is
# worth a factor of two; a batch is walked in such passes.
_PASS_ELEMENTS = 2**18

# The filterbank is triangles along a diagonal: split into groups of bands, each multiplied by the frequency range it
# needs, it takes a fraction of the multiplications. 16 float32 values fill the widest vector registers.
_BAND_GROUP = 16

# Largest rounding noise (one standard deviation, in normalised units) that a value analysed in float32 may have; frames
# above it are analysed again in float64. The worst values of real notes lie within 5 deviations, so that all agree with
# an analysis in float64 to 1e-4. At the default settings this concerns three frames in a hundred.
_FLOAT32_NOISE = 2e-5


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


class _Analysis(NamedTuple):
    window: torch.Tensor  # (n_fft,)
    groups: list[tuple[slice, torch.Tensor]]  # of bands: the FFT bins they read, and weights (bins, bands)
    narrowness: torch.Tensor  # (n_mels,): how little a band averages over bins, mean weight weighted by itself

    def power(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mel power (n, n_mels) of frames of audio (n, n_fft), and the mean power per FFT bin (n,)."""
        power = bin_powers(torch.fft.rfft(frames * self.window))
        return torch.cat([power[:, span] @ bands for span, bands in self.groups], dim=-1), power.mean(dim=-1)


@lru_cache(maxsize=16)
def _analysis(settings: LogMelSettings, device: torch.device, dtype: torch.dtype) -> _Analysis:
    bank = _filterbank(settings)
    width = max(_BAND_GROUP, settings.n_mels // 8) if device.type == "cpu" else settings.n_mels
    groups = []
    for group in (bank[first : first + width] for first in range(0, settings.n_mels, width)):
        used = np.flatnonzero(group.any(axis=0))
        span = slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)
        groups.append((span, torch.from_numpy(group[:, span].T.copy()).to(device, dtype)))
    window = analysis_window(settings, dtype).to(device)
    area = np.maximum(bank.sum(axis=1), np.finfo(np.float32).tiny)
    return _Analysis(window, groups, torch.from_numpy(np.square(bank).sum(axis=1) / area).to(device, dtype))


def mel_power(audio: torch.Tensor, settings: LogMelSettings) -> torch.Tensor:
    """Mel power (batch, n_frames, n_mels) float32 of audio (batch, n_samples); frames are centred, zero-padded.

    Good to 1e-4 of the normalised scale that `log_mel` makes of it: see _FLOAT32_NOISE.
    """
    analysis = _analysis(settings, audio.device, torch.float32)
    n_fft, n_frames = settings.n_fft, settings.n_frames(audio.shape[-1])
    padded = torch.nn.functional.pad(pre_emphasised(audio.float(), settings), (n_fft // 2, n_fft // 2))
    views = padded.unfold(-1, n_fft, settings.hop_length)
    mel = padded.new_empty((audio.shape[0], n_frames, settings.n_mels))
    loudness = padded.new_empty((audio.shape[0], n_frames))
    step = max(1, _PASS_ELEMENTS // n_fft) if audio.device.type == "cpu" else n_frames
    for note in range(audio.shape[0]):
        for first in range(0, n_frames, step):
            part = slice(first, first + step)
            mel[note, part], loudness[note, part] = analysis.power(views[note, part])
    if audio.device.type != "mps":  # Apple's GPUs have no float64
        wide = _analysis(settings, audio.device, torch.float64)
        noisy = _noisy(mel, loudness, analysis.narrowness, settings)
        for first in range(0, len(noisy), step):
            notes, frames = noisy[first : first + step].unbind(-1)
            mel[notes, frames] = wide.power(views[notes, frames].double())[0].float()
    return mel


def _noisy(
    mel: torch.Tensor, loudness: torch.Tensor, narrowness: torch.Tensor, settings: LogMelSettings
) -> torch.Tensor:
    """The frames, (n, 2) of note and number, in which rounding in float32 is above _FLOAT32_NOISE (a standard deviation, in
    normalised units) where it is largest.

    The noise of an FFT is white, at eps^2 log2(n_fft) of the frame's mean power per bin. To a band it adds by the square
    root of their ratio (the cross term), averaged over the bins of the band; below the note's floor it is not seen.
    """
    floor = mel.amax(dim=(1, 2)).mul_(10 ** (-settings.top_db / 10)).clamp_(min=AMIN)
    allowed = (_FLOAT32_NOISE * math.log(10) / 20 * settings.top_db / 2) ** 2
    noise = loudness * (2.0**-48 * math.log2(settings.n_fft) / allowed)
    likely = (noise * narrowness.amax() > floor[:, None]).nonzero()  # few, as no band is below the floor
    notes, frames = likely.unbind(-1)
    weakest = (narrowness / torch.maximum(mel[notes, frames], floor[notes, None])).amax(dim=-1)
    return likely[noise[notes, frames] * weakest > 1]


@torch.no_grad()
def log_mel(audio: torch.Tensor, settings: LogMelSettings) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-mel frames of a batch of notes of equal length, each relative to its own loudest mel bin.

    Args:
        audio: (batch, n_samples) float, at `settings.sample_rate`, full scale +-1. Any device.

    Returns:
        frames (batch, n_mels, n_frames), float32 in [-1, 1], and ref_db (batch,), the power of +1 in dB. A silent note is
        -1 everywhere, with `ref_db` = -100 dB (SILENCE_DB).
    """
    frames, references = power_to_frames(mel_power(audio, settings), settings)
    return frames, torch.tensor(references, device=frames.device)


def mel_frames(audio: torch.Tensor, settings: LogMelSettings) -> tuple[torch.Tensor, list[float]]:
    """Frames (batch, n_mels, n_frames) of audio (batch, n_samples), and each note's reference: see `power_to_frames`."""
    return power_to_frames(mel_power(audio, settings), settings)
