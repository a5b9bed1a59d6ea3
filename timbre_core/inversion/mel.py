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
_RELAXATION = 1.4  # of the updates: 1 is the plain algorithm; from 1.6 on many updates overshoot
_FALLING, _FROM = 5, 2.2  # the last ones' falls from this to 1: what one overshoots, others take back

# Rows multiplied at once: a mel filterbank is triangles along a diagonal, of which a block needs a small part. 8 rows
# are faster than a sparse product and five times as fast as the whole.
_ROWS = 8
_SILENCE = -200.0  # log2 of a magnitude that is nothing
_GROUPS = 4  # of bins in the half of a band that the first updates tell apart
# So many are of groups, the rest of bins: no gains give groups the very mel, and neighbouring bands' would run apart.
_FIRST = 5


class _Blocks(NamedTuple):
    """A banded matrix as blocks of rows: the rows, the columns they read, and the weights (rows, columns)."""

    parts: list[tuple[slice, slice, Tensor]]

    def product(self, values: Tensor, out: Tensor) -> Tensor:
        """The matrix times `values` (columns, n), written to `out` (rows, n)."""
        for rows, columns, weights in self.parts:
            torch.mm(weights, values[columns], out=out[rows])
        return out

    def of_rows(self, values: Tensor, out: Tensor) -> Tensor:
        """The same of `values` (n, columns), written to `out` (n, rows)."""
        for rows, columns, weights in self.parts:
            torch.mm(values[:, columns], weights.T, out=out[:, rows])
        return out


class _Filterbank(NamedTuple):
    """A mel filterbank in both directions, on bins or on neighbouring bins put together."""

    to_mel: _Blocks  # power (n, m) -> mel power (n_mels, m)
    to_bins: _Blocks  # values of bands (n_mels, m) -> their mean over the bands of each bin (n, m)


class MelBands(NamedTuple):
    """A mel filterbank made for repeated use in both directions."""

    bins: _Filterbank
    groups: _Filterbank  # of as many bins together as a band tells little apart
    sizes: list[tuple[slice, int]]  # bins, and how many of them are a group
    covered: Tensor  # (n_bins,): 1 where any band reads the bin, otherwise 0
    reach: Tensor  # (n_bins,): from the middle of the bands that read the bin to their ends, in bins

    def grouped(self, power: Tensor) -> Tensor:
        """Power (n, n_bins) -> that of the groups (n_groups, n)."""
        parts = []
        for bins, size in self.sizes:
            together = power[:, bins][:, ::size]
            for place in range(1, size):
                together = together + power[:, bins][:, place::size]
            parts.append(together.T)
        return torch.cat(parts)


@lru_cache(maxsize=16)
def mel_bands(settings: LogMelSettings, device: torch.device) -> MelBands:
    """The filterbank of `settings` as blocks of rows on a device; on a GPU as one."""
    bank = mel_filterbank(settings)
    coverage = bank.sum(dim=0)
    covered = (coverage > 0).float()
    mean = (bank / torch.where(coverage > 0, coverage, torch.ones(()))).T
    reach = mean @ ((bank > 0).sum(dim=1) + 1.0).div(2)
    sizes = _group_sizes(reach)
    together = [
        torch.cat([each[bins].unflatten(0, (-1, n)).mean(dim=1) for bins, n in sizes]) for each in (bank.T, mean)
    ]
    return MelBands(
        _both(bank, mean, device),
        _both(together[0].T, together[1], device),
        sizes,
        covered.to(device),
        reach.to(device),
    )


def _group_sizes(reach: Tensor) -> list[tuple[slice, int]]:
    """Ranges of bins, and how many neighbours of each range are a group: a power of two, at most a quarter of a band's reach."""
    most = (reach / _GROUPS).clamp_(min=1).log2().floor_().exp2_().cummax(dim=0).values.int().tolist()
    sizes, first = [], 0
    while first < len(most):
        size = most[first]
        alike = next((bin for bin in range(first, len(most)) if most[bin] > size), len(most))
        count = min(-(-(alike - first) // size), (len(most) - first) // size) * size
        if not count:
            size, count = 1, len(most) - first
        sizes.append((slice(first, first + count), size))
        first += count
    return sizes


def _both(bank: Tensor, mean: Tensor, device: torch.device) -> _Filterbank:
    rows = _ROWS if device.type == "cpu" else max(bank.shape)
    bins = -(-bank.shape[1] * rows // bank.shape[0])
    return _Filterbank(_blocks(bank, rows, device), _blocks(mean, bins, device))


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
    return mel_to_magnitude(mel, settings, iterations, start, groups).square_()


def mel_to_magnitude(
    mel: Tensor,
    settings: LogMelSettings,
    iterations: int = 8,
    start: Tensor | None = None,
    groups: Tensor | None = None,
) -> Tensor:
    """The square root of what `mel_to_power` gives."""
    bands, found = mel_bands(settings, mel.device), _goal(mel, settings)
    if found is None:
        return mel.new_zeros((len(mel), mel.shape[2], len(bands.covered)))
    goal, part = found
    rows = bands.covered[None]
    if start is not None:
        rows = rows * _rows(start, part)
    if groups is None:
        gain = _gains(goal, bands, rows, iterations)
        # Half the exponent, not a root at the end: torch's takes five times as long where there are zeros.
        factor = _factor(gain.mul_(0.5).T.contiguous(), bands)
    else:
        given = rows.T.contiguous()
        tied = _Tied(given, _rows(groups, part).T)
        gain = _settled(goal, bands.bins, given, _rates(iterations), tied=tied)
        factor = tied.mean_(bands.bins.to_bins.product(gain, goal.new_empty((len(given), goal.shape[1])))).T
        factor = factor.mul_(0.5).exp2_()
    return _over_notes(factor * rows.sqrt(), mel, part)


def mel_filter(mel: Tensor, settings: LogMelSettings, iterations: int, start: Tensor) -> Tensor:
    """Gains of bands (batch, n_frames, n_mels), log2 of magnitude, with which `start`, power (batch, n_frames, n_bins), has the
    mel power `mel` (see `filter_factor`).

    As `mel_to_power` finds them; frames of zeros are turned down to nothing.
    """
    bands, found = mel_bands(settings, mel.device), _goal(mel, settings)
    gains = mel.new_full((len(mel), mel.shape[2], mel.shape[1]), _SILENCE)
    if found is not None:
        goal, part = found
        gain = _gains(goal, bands, _rows(start, part), iterations).mul_(0.5)
        gains[:, part] = gain.T.unflatten(0, (len(mel), -1))
        silent = (mel <= 0).all(dim=1)
        if bool(silent[:, part].any()):
            gains[silent] = _SILENCE
    return gains


def filter_factor(gains: Tensor, settings: LogMelSettings) -> Tensor:
    """What magnitudes (..., n_bins) are to be multiplied with for gains of bands (..., n_mels), log2; 0 outside all bands."""
    bands = mel_bands(settings, gains.device)
    return _factor(gains.flatten(0, -2), bands).mul_(bands.covered).unflatten(0, gains.shape[:-1])


def _goal(mel: Tensor, settings: LogMelSettings) -> tuple[Tensor, slice] | None:
    """log2 of mel power (batch, n_mels, n_frames) in the frames from the first to the last that sounds, (n_mels, batch * n),
    and those frames; none of silence."""
    used = (mel > 0).any(dim=1).any(dim=0).nonzero().flatten().tolist()
    if not used:
        return None
    part = slice(used[0], used[-1] + 1)
    softest = mel.amax(dim=(1, 2), keepdim=True) * (10 ** (-settings.top_db / 10) * _SOFTEST)
    goal = torch.maximum(mel[:, :, part], softest).clamp_(min=_TINY).log2_()
    return goal.transpose(0, 1).reshape(mel.shape[1], -1), part


def _rows(start: Tensor, part: slice) -> Tensor:
    """Starts of notes (batch, n_bins), or of their frames (batch, n_frames, n_bins), as (1 or batch * n, n_bins)."""
    if start.ndim == 3:
        return start[:, part].flatten(0, 1)
    return start if len(start) == 1 else start.repeat_interleave(part.stop - part.start, dim=0)


def _factor(gains: Tensor, bands: MelBands) -> Tensor:
    """Gains of bands, log2 of magnitude (n, n_mels), as factors of bins (n, n_bins)."""
    return bands.bins.to_bins.of_rows(gains, gains.new_empty((len(gains), len(bands.covered)))).exp2_()


def _over_notes(values: Tensor, mel: Tensor, part: slice) -> Tensor:
    """Values (batch * n, n_bins) of the frames `part` of notes as (batch, n_frames, n_bins), zero where `mel` has nothing."""
    silent = (mel <= 0).all(dim=1)
    notes = values.unflatten(0, (len(mel), -1))
    if notes.shape[1] < mel.shape[2]:
        notes = torch.nn.functional.pad(notes, (0, 0, part.start, mel.shape[2] - part.stop))
    if bool(silent[:, part].any()):
        notes[silent] = 0
    return notes


class _Tied:
    """Groups (n_bins, n or 1) of bins that get one gain: their mean, weighted with `start` (n_bins, n, or 1 if groups are)."""

    def __init__(self, start: Tensor, groups: Tensor) -> None:
        self._groups, self._count = groups, int(groups.max()) + 1
        self._share = start / self._sum(start).gather(0, groups.expand_as(start)).clamp_(min=_TINY)

    def mean_(self, gain: Tensor) -> Tensor:
        """`gain` (n_bins, n), averaged in place."""
        groups = self._groups.expand_as(gain)
        return torch.gather(self._sum(gain.mul_(self._share)), 0, groups, out=gain)

    def _sum(self, values: Tensor) -> Tensor:
        total = values.new_zeros((self._count, values.shape[1]))
        if self._groups.shape[1] == 1:
            return total.index_add_(0, self._groups[:, 0], values)
        return total.scatter_add_(0, self._groups, values)


def _gains(goal: Tensor, bands: MelBands, rows: Tensor, iterations: int) -> Tensor:
    """Gains of bands, log2 (n_mels, n), with which power `rows` (n or 1, n_bins) has the mel power 2 ** `goal` (n_mels, n)."""
    rates = _rates(iterations)
    gain = _settled(goal, bands.groups, bands.grouped(rows), rates[:_FIRST])
    if iterations <= _FIRST:
        return gain
    return _settled(goal, bands.bins, rows.T.contiguous(), rates[_FIRST:], gain)


def _settled(
    goal: Tensor,
    bank: _Filterbank,
    given: Tensor,
    rates: list[float],
    gain: Tensor | None = None,
    tied: _Tied | None = None,
) -> Tensor:
    """The same of power `given` (n_bins, n or 1), by updates relaxed by `rates`, beginning with `gain` (none is 0)."""
    power = given
    for rate in rates:
        if gain is not None:
            power = bank.to_bins.product(gain, goal.new_empty((len(given), goal.shape[1])))
            if tied is not None:
                tied.mean_(power)
            power.exp2_().mul_(given)  # exp2 takes a third of exp
        fit = bank.to_mel.product(power, goal.new_empty((len(goal), power.shape[1])))
        gain = torch.zeros_like(goal) if gain is None else gain
        gain.add_(goal, alpha=rate).sub_(fit.clamp_(min=_TINY).log2_(), alpha=rate)
    return torch.zeros_like(goal) if gain is None else gain


def _rates(iterations: int) -> list[float]:
    """By how much each of as many updates is relaxed."""
    falling = min(_FALLING, iterations)
    last = [1 + (_FROM - 1) * left / max(1, falling - 1) for left in range(falling - 1, -1, -1)]
    return [_RELAXATION] * (iterations - falling) + last
