"""A whole note as a small picture: log-mel bands at points in time that are dense at the onset and sparse after it.

What an instrument does in a note's first tenths of a second is quick, what follows is slow: 61 points say of four seconds
what 345 frames do. A point is the mean of its frames' levels in dB. Levels are relative to the note's loudness, so a grid
does not depend on how loud a recording is.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.log_mel import hz_to_mel, mel_filterbank, mel_to_hz
from timbre_core.features.pitch_shift import needless, thinned
from timbre_core.features.settings import LogMelSettings

RANGE_DB = 80.0
"""What is further below a note's loudest band counts as that."""

_SINGLE, _BY_FOUR, _BLOCK = 16, 48, 8  # frames that are a point each; up to here four are one, from there on eight
_LOOKED_AT = (slice(_SINGLE), slice(_SINGLE, _BY_FOUR, 2), slice(_BY_FOUR + 1, None, 3))  # frames
_FEWEST = _SINGLE + (_BY_FOUR - _SINGLE) // 4 + 1  # points of the shortest grid
_TINY = 1e-11  # power
_PEAK = (
    30_000 / 32_768
)  # that sounds are measured at, so that what is nothing is as far below them whatever their level
_GATE = 0.1  # of the mean power: softer points do not count for loudness, as in BS.1770
_TOGETHER = 16  # bands whose filters are one product: see `features.log_mel`
_SIZES = 8  # windows of moved grids are multiples of this long, which FFTs like


@lru_cache(maxsize=32)
def grid_edges(n_frames: int) -> np.ndarray:
    """First frames of the points of a note of `n_frames` frames, and the end of the last one: (n_points + 1,)."""
    return point_edges(_FEWEST + max(0, n_frames - _BY_FOUR - _BLOCK) // _BLOCK)


@lru_cache(maxsize=32)
def point_edges(n_points: int) -> np.ndarray:
    """The same of a grid of `n_points` points, at least 25."""
    edges = [*range(_SINGLE), *range(_SINGLE, _BY_FOUR, 4)]
    return np.array([*edges, *(_BY_FOUR + _BLOCK * step for step in range(n_points - len(edges) + 1))])


def point_seconds(edges: np.ndarray, settings: LogMelSettings) -> Tensor:
    """Middles of the points in seconds, (n_points,)."""
    return torch.from_numpy((edges[1:] + edges[:-1] - 1) / 2 * settings.hop_length / settings.sample_rate).float()


def band_hz(settings: LogMelSettings) -> np.ndarray:
    """Centres of the mel bands in Hz, (n_mels,)."""
    top = settings.fmax if settings.fmax is not None else settings.sample_rate / 2
    return mel_to_hz(np.linspace(hz_to_mel(settings.fmin), hz_to_mel(top), settings.n_mels + 2))[1:-1]


@lru_cache(maxsize=8)
def peak_filterbank(settings: LogMelSettings) -> Tensor:
    """Mel bands (n_mels, 1 + n_fft // 2) whose largest weight is about 1: a partial is as loud in a wide band as in a narrow."""
    return mel_filterbank(settings) * torch.from_numpy(band_widths(settings)).float()[:, None]


def band_widths(settings: LogMelSettings) -> np.ndarray:
    """Half of the Hz that each mel band reaches over, (n_mels,)."""
    top = settings.fmax if settings.fmax is not None else settings.sample_rate / 2
    edges = mel_to_hz(np.linspace(hz_to_mel(settings.fmin), hz_to_mel(top), settings.n_mels + 2))
    return (edges[2:] - edges[:-2]) / 2


def frame_levels(power: Tensor, settings: LogMelSettings) -> Tensor:
    """Mel levels in dB (n_frames, n_mels) of power spectra (n_frames, n), n at most 1 + n_fft // 2, of Hann windows of n_fft."""
    return _levels(power, settings, settings.n_fft)


def _levels(power: Tensor, settings: LogMelSettings, window: int) -> Tensor:
    parts = []
    for first, weights in _filters(settings):
        bins = power[:, first : first + len(weights)]
        parts.append(bins @ weights[: bins.shape[1]])
    mel = torch.cat(parts, dim=1) / (window / 4) ** 2  # a sine of amplitude 1 has power 1
    return 10 * torch.log10(mel.clamp_min(_TINY))


@lru_cache(maxsize=8)
def _filters(settings: LogMelSettings) -> list[tuple[int, Tensor]]:
    """`peak_filterbank` by groups of bands: the first bin that they look at, and their weights (n_bins, n_bands) from there on.
    A third of the work, as most weights of each band are 0."""
    bank = peak_filterbank(settings)
    groups = []
    for some in bank.split(_TOGETHER):
        bins = some.any(dim=0).nonzero().flatten().tolist() or [0]
        groups.append((bins[0], some[:, bins[0] : bins[-1] + 1].T.contiguous()))
    return groups


@lru_cache(maxsize=64)
def _window(size: int) -> Tensor:
    return torch.hann_window(size)


def mel_grid(audio: Tensor, settings: LogMelSettings, ratio: float = 1.0, n_samples: int = 0) -> Tensor:
    """Levels in dB (n_points, n_mels) of audio (n_samples,), all its frequencies multiplied by `ratio`.

    A window that is `ratio` times as long sees what the window of n_fft samples would see of the sound played faster and
    stretched back to its length: an ideal pitch shift, without the faults of making one. Frames from the 48th on are looked
    at with gaps, which changes the mean of a point little. n_samples: the length of the sound with the silence that follows it,
    where that is longer than `audio`.
    """
    frames, mean = looked_at(1 + max(n_samples, len(audio)) // settings.hop_length)
    gain = _PEAK / audio.abs().amax().clamp_min(1e-9)
    keep = math.gcd(needless(ratio), settings.hop_length)
    if keep > 1:
        audio = torch.from_numpy(thinned(audio.float().numpy(), keep))
    hop = settings.hop_length // keep
    window = max(_SIZES, round(settings.n_fft * ratio / keep / _SIZES) * _SIZES)
    last = int(frames[frames * hop < len(audio) + window // 2][-1])  # in which something sounds
    padded = torch.nn.functional.pad(gain * audio.float(), (window // 2, max(0, last * hop + window - len(audio))))
    cut = padded.unfold(0, window, hop)[: last + 1]
    spectrum = torch.fft.rfft(torch.cat([cut[run] * _window(window) for run in _LOOKED_AT]))
    levels = _levels(spectrum.real.square() + spectrum.imag.square(), settings, window)
    silent = (0, 0, 0, len(frames) - len(levels))
    return mean @ torch.nn.functional.pad(levels, silent, value=10 * math.log10(_TINY)) - 20 * torch.log10(gain)


@lru_cache(maxsize=32)
def looked_at(n_frames: int) -> tuple[Tensor, Tensor]:
    """Frames that a grid looks at (n,), and the weights (n_points, n) that make points of them."""
    edges = grid_edges(n_frames)
    frames = np.concatenate([np.arange(int(edges[-1]))[run] for run in _LOOKED_AT])
    inside = (frames >= edges[:-1, None]) & (frames < edges[1:, None])
    return torch.from_numpy(frames), torch.from_numpy(inside / inside.sum(axis=1, keepdims=True)).float()


def points_of(frames: Tensor, edges: np.ndarray) -> Tensor:
    """Frames (n_frames, n) -> their means at the points, (n_points, n)."""
    bounds = torch.from_numpy(np.minimum(edges, len(frames)))
    sums = torch.nn.functional.pad(frames.double().cumsum(0), (0, 0, 1, 0))
    counts = (bounds[1:] - bounds[:-1]).clamp_min(1)
    return ((sums[bounds[1:]] - sums[bounds[:-1]]) / counts[:, None]).float()


def frames_of(points: Tensor, edges: np.ndarray, n_frames: int) -> Tensor:
    """Points (n_points, n) -> frames (n_frames, n), straight lines between the points' middles."""
    middles = (edges[1:] + edges[:-1] - 1) / 2
    at = np.arange(n_frames)
    left = np.clip(np.searchsorted(middles, at, side="right") - 1, 0, len(middles) - 2)
    share = np.clip((at - middles[left]) / (middles[left + 1] - middles[left]), 0, 1)
    weight = torch.from_numpy(share).to(points.dtype)[:, None]
    return points[left] * (1 - weight) + points[left + 1] * weight


@lru_cache(maxsize=8)
def _k_weights(settings: LogMelSettings) -> Tensor:
    hz = band_hz(settings)
    decibels = 4.0 / (1 + (1500 / hz) ** 4) - 10 * np.log10(1 + (38 / hz) ** 4)
    return torch.from_numpy(10 ** (decibels / 10)).float()


def point_loudness(grid: Tensor, settings: LogMelSettings) -> Tensor:
    """Loudness in dB (batch, n_points) of each point of grids (batch, n_points, n_mels), K-weighted."""
    return 10 * torch.log10(torch.pow(10, grid / 10) @ _k_weights(settings) + 1e-12)


def grid_loudness(grid: Tensor, edges: np.ndarray, settings: LogMelSettings) -> Tensor:
    """Loudness in dB (batch,) of grids (batch, n_points, n_mels): K-weighted as in BS.1770, soft points left out."""
    power = torch.pow(10, grid / 10) @ _k_weights(settings)
    weight = torch.from_numpy(edges[1:] - edges[:-1]).float().expand_as(power)
    gated = weight * (power > _GATE * (power * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True))
    return 10 * torch.log10((power * gated).sum(1) / gated.sum(1).clamp_min(1) + 1e-12)


def level_free(grid: Tensor, edges: np.ndarray, settings: LogMelSettings) -> tuple[Tensor, Tensor]:
    """Grids (batch, n_points, n_mels) relative to their loudness, held above `RANGE_DB` below their loudest band.

    Also returns that floor, (batch,).
    """
    floor = grid.amax(dim=(1, 2)) - RANGE_DB
    held = torch.maximum(grid, floor[:, None, None])
    loudness = grid_loudness(held, edges, settings)
    return held - loudness[:, None, None], floor - loudness
