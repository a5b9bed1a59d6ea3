"""From mel power back to a power spectrum, which has several times as many bins as there are bands."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings

_TINY = 1e-30
_SOFTEST = 1e-3  # of the least power that frames tell from silence: what bands softer than that are taken for
_RELAXATION = 1.3  # of the updates: 1 is the plain algorithm; from 1.6 on the first updates overshoot

# Rows multiplied at once: a mel filterbank is triangles along a diagonal, of which a block needs a small part. 16 rows
# are as fast as a sparse product and three times as fast as the whole.
_ROWS = 16


class _Blocks(NamedTuple):
    """A banded matrix as blocks of rows: the rows, the columns they read, and the weights (rows, columns)."""

    parts: list[tuple[slice, slice, Tensor]]

    def product(self, values: Tensor, out: Tensor) -> Tensor:
        """The matrix times `values` (columns, n), written to `out` (rows, n)."""
        for rows, columns, weights in self.parts:
            torch.mm(weights, values[columns], out=out[rows])
        return out


class MelBands(NamedTuple):
    """A mel filterbank made for repeated use in both directions."""

    to_mel: _Blocks  # power (n_bins, n) -> mel power (n_mels, n)
    to_bins: _Blocks  # values of bands (n_mels, n) -> their mean over the bands of each bin (n_bins, n)
    covered: Tensor  # (n_bins,): 1 where any band reads the bin, otherwise 0
    reach: Tensor  # (n_bins,): from the middle of the bands that read the bin to their ends, in bins


@lru_cache(maxsize=16)
def mel_bands(settings: LogMelSettings, device: torch.device) -> MelBands:
    """The filterbank of `settings` as blocks of rows on a device; on a GPU as one."""
    bank = mel_filterbank(settings)
    coverage = bank.sum(dim=0)
    covered = (coverage > 0).float()
    mean = (bank / torch.where(coverage > 0, coverage, torch.ones(()))).T
    rows = _ROWS if device.type == "cpu" else max(bank.shape)
    bins = -(-bank.shape[1] * rows // bank.shape[0])
    reach = mean @ ((bank > 0).sum(dim=1) + 1.0).div(2)
    return MelBands(_blocks(bank, rows, device), _blocks(mean, bins, device), covered.to(device), reach.to(device))


def _blocks(matrix: Tensor, height: int, device: torch.device) -> _Blocks:
    parts = []
    for first in range(0, len(matrix), height):
        rows = matrix[first : first + height]
        used = rows.any(dim=0).nonzero().flatten()
        columns = slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 1)
        parts.append((slice(first, first + len(rows)), columns, rows[:, columns].contiguous().to(device)))
    return _Blocks(parts)


def mel_to_power(
    mel: Tensor,
    settings: LogMelSettings,
    iterations: int = 8,
    start: Tensor | None = None,
    groups: Tensor | None = None,
) -> Tensor:
    """A power spectrogram (batch, n_frames, 1 + n_fft // 2), >= 0, whose mel power is `mel` (batch, n_mels, n_frames).

    Many spectra have the same mel. This is the one nearest to `start`, (batch, n_bins) or (batch, n_frames, n_bins), in
    relative entropy, each frame on its own: simultaneous multiplicative algebraic reconstruction (Byrne, "Iterative image
    reconstruction algorithms based on cross-entropy minimization", IEEE Trans. Image Processing 2, 1993), over-relaxed.
    Its logarithm is that of `start` plus gains of the bands, interpolated over the bins: as a filter would shape a source.
    Bands 80 dB below their neighbours converge within a few updates, where the additive corrections of least squares or of
    Lee & Seung's updates need tens or hundreds. Frames of zeros and bins outside all bands are zero; `start` none is flat.

    `groups`, of `start`'s shape, number the bins (int64, from 0) that get one gain together: a partial's, which is to stay
    where it is. A filter as fine as the bands would move the top of a low partial's lobe.
    """
    bands = mel_bands(settings, mel.device)
    batch, n_mels, n_frames = mel.shape
    softest = mel.amax(dim=(1, 2), keepdim=True) * (10 ** (-settings.top_db / 10) * _SOFTEST)
    sounding = (mel > 0).any(dim=1)
    used = sounding.any(dim=0).nonzero().flatten().tolist()
    power = mel.new_zeros((batch, n_frames, len(bands.covered)))
    if not used:
        return power
    part = slice(used[0], used[-1] + 1)
    goal = torch.maximum(mel[:, :, part], softest).clamp_(min=_TINY).log_().transpose(0, 1).reshape(n_mels, -1)
    first = bands.covered[:, None]
    if start is not None:
        first = first * _columns(start, part, goal.shape[1] // batch)
    tied = None if groups is None else _Tied(first, _columns(groups, part, goal.shape[1] // batch))
    found = _project(goal, first, bands, iterations, tied).T.unflatten(0, (batch, -1))
    torch.mul(found, sounding[:, part, None], out=power[:, part])
    return power


def _columns(start: Tensor, part: slice, n_frames: int) -> Tensor:
    """Starts of notes (batch, n_bins), or of their frames (batch, n_frames, n_bins), as (n_bins, 1 or batch * n_frames)."""
    if start.ndim == 3:
        return start[:, part].flatten(0, 1).T.contiguous()
    return start.T if len(start) == 1 else start.T.repeat_interleave(n_frames, dim=1)


class _Tied:
    """Groups (n_bins, n or 1) of bins that get one gain: their mean, weighted with `start` (n_bins, n, or 1 if groups are)."""

    def __init__(self, start: Tensor, groups: Tensor) -> None:
        self._groups, self._count = groups, int(groups.max()) + 1
        self._share = start / self._sum(start).gather(0, groups.expand_as(start)).clamp_(min=_TINY)

    def mean_(self, gain: Tensor) -> Tensor:
        """`gain` (n_bins, n) in nats, averaged in place."""
        groups = self._groups.expand_as(gain)
        return torch.gather(self._sum(gain.mul_(self._share)), 0, groups, out=gain)

    def _sum(self, values: Tensor) -> Tensor:
        total = values.new_zeros((self._count, values.shape[1]))
        if self._groups.shape[1] == 1:
            return total.index_add_(0, self._groups[:, 0], values)
        return total.scatter_add_(0, self._groups, values)


def _project(goal: Tensor, start: Tensor, bands: MelBands, iterations: int, tied: _Tied | None = None) -> Tensor:
    """Power (n_bins, n) near `start` (n_bins, n or 1) with the mel power exp(`goal`) (n_mels, n)."""
    fit = bands.to_mel.product(start, goal.new_empty((len(goal), start.shape[1])))
    gain = (goal - fit.clamp_(min=_TINY).log_()).mul_(_RELAXATION)
    fit, power = torch.empty_like(goal), goal.new_empty((len(start), goal.shape[1]))
    for step in range(iterations):
        if step:
            bands.to_mel.product(power, fit)
            gain.add_(goal, alpha=_RELAXATION).sub_(fit.clamp_(min=_TINY).log_(), alpha=_RELAXATION)
        bands.to_bins.product(gain, power)
        (power if tied is None else tied.mean_(power)).exp_().mul_(start)
    return power
