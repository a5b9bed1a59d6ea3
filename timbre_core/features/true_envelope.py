"""The true amplitude envelope: the smoothest spectral envelope of a given cepstral order that no harmonic rises above.

Roebel & Rodet, "Efficient spectral envelope estimation and its application to pitch shifting and envelope preservation"
(DAFx 2005): a spectrum is smoothed by its cepstrum, whatever lies below the result is filled up to it, and so on until
the result is nowhere more than a tolerance below the spectrum. Here the spectrum is the line through the harmonic peaks, and
smoothing is one product of matrices for all frames at once. What the envelope then misses the peaks by, above as well as
below, can be smoothed and added in a few more rounds: the order fs / (2 f0) has just enough freedom to pass through all of them.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

_MOST_ITERATIONS = 200
_CHECK_EVERY = 2  # iterations between the looks at which frames are done
_ALIGNED = 8  # matrices whose sides are multiples of this are multiplied a third faster
_BINS_PER_RIPPLE = 5.6  # grid points in half a period of the fastest ripple that an envelope can have


def cepstral_order(f0: float, sample_rate: float) -> int:
    """The order that harmonics `f0` Hz apart can settle: fs / (2 f0), the Nyquist limit of sampling every f0."""
    return int(sample_rate / (2 * f0))


def true_envelope(
    values: Tensor, f0: Tensor, order: Tensor, sample_rate: float, tolerance: float, size: int, settling: int = 0
) -> Tensor:
    """Cepstra of the true envelopes through harmonics.

    Args:
        values: (n, n_harmonics), log magnitudes of harmonics 1, 2, ... in any unit. NaN where there is none: those above
            half the sample rate.
        f0: (n,) Hz.
        order: (n,) highest index of a cepstral coefficient, see `cepstral_order`.
        tolerance: how far below a harmonic the envelope may pass, in the unit of `values`.
        size: of the result; coefficients from `order` + 1 on are 0.
        settling: rounds that bring the envelope nearer to the harmonics from both sides. Without, it may rise above some.

    Returns:
        (n, size): the envelope at a frequency f is c[0] + 2 sum c[i] cos(2 pi i f / sample_rate).
    """
    highest = int(order.max())
    width = _whole(min(size, highest + 1), _ALIGNED)
    heard = (~values.isnan()).sum(dim=1, keepdim=True)
    count = int(heard.max())
    values = torch.nn.functional.pad(values[:, :count].nan_to_num(0.0), (0, 1))
    grid = _grid_size(max(highest, count))
    smooth, cosines = _transforms(grid, width)
    spectrum = _Line.through(heard, f0 * (2 * grid / sample_rate), grid)(values)
    kept = kept_by_all = (torch.arange(width) <= order[:, None].clamp(max=size - 1)).float()
    cepstra = torch.empty(len(values), width)
    active = torch.arange(len(values))
    raised = spectrum
    for iteration in range(_MOST_ITERATIONS):
        found = (raised @ smooth).mul_(kept)
        envelope = found @ cosines
        if iteration % _CHECK_EVERY == _CHECK_EVERY - 1 or iteration == _MOST_ITERATIONS - 1:
            done = (spectrum - envelope).amax(dim=1) <= tolerance
            cepstra[active] = found
            if bool(done.all()):
                break
            going = (~done).nonzero()[:, 0]
            active, spectrum, raised, kept, envelope = (
                part[going] for part in (active, spectrum, raised, kept, envelope)
            )
        raised = torch.maximum(spectrum, envelope)
    if settling:
        cepstra = _settled(cepstra, values, heard, f0 / sample_rate, kept_by_all, settling, grid)
    return torch.nn.functional.pad(cepstra, (0, size - width))


def _settled(
    cepstra: Tensor, values: Tensor, heard: Tensor, spacing: Tensor, kept: Tensor, rounds: int, grid: int
) -> Tensor:
    """Cepstra (n, size) whose envelopes come nearer to `values` (n, n_harmonics + 1), `heard` (n, 1) harmonics that lie
    `spacing` (n,) apart."""
    size = cepstra.shape[1]
    cosines, smooth = _transforms(grid, size)[1], _transforms(grid // 2, size)[0]
    place = (spacing[:, None] * (2 * grid) * torch.arange(1.0, values.shape[1] + 1)).clamp_(max=grid)
    below = place.clamp(max=grid - 1).long()
    share = place - below
    line = _Line.through(heard, spacing * grid, grid // 2)
    for _ in range(rounds):
        spectrum = cepstra @ cosines
        reached = torch.lerp(spectrum.gather(1, below), spectrum[:, 1:].gather(1, below), share)
        cepstra = cepstra + (line(values - reached) @ smooth).mul_(kept)
    return cepstra


def envelope_at(cepstra: Tensor, position: Tensor) -> Tensor:
    """Envelopes (n, count) of cepstra (n, size) at frequencies `position` (n, count), in shares of the sample rate."""
    grid = 4 * _grid_size(cepstra.shape[1] - 1)
    spectrum = cepstra @ _transforms(grid, cepstra.shape[1])[1]
    place = (position * (2 * grid)).clamp(0, grid)
    below = place.long().clamp(max=grid - 1)
    return torch.lerp(spectrum.gather(1, below), spectrum.gather(1, below + 1), place - below)


class _Line(NamedTuple):
    """Straight lines through harmonics, flat at both ends: for each grid point the harmonic below it, and how far it is
    from that one to the next."""

    below: Tensor
    share: Tensor

    @classmethod
    def through(cls, heard: Tensor, spacing: Tensor, grid: int) -> _Line:
        """For `heard` (n, 1) harmonics that lie `spacing` (n,) grid points apart."""
        place = torch.arange(grid + 1.0) * (1 / spacing)[:, None] - 1
        place = torch.minimum(place.clamp_(min=0), heard - 1.0)
        below = place.long()
        return cls(below, place - below)

    def __call__(self, values: Tensor) -> Tensor:
        """The lines (n, grid + 1) through `values` (n, count), of which there is one more than are heard."""
        return torch.lerp(values.gather(1, self.below), values[:, 1:].gather(1, self.below), self.share)


def _grid_size(order: int) -> int:
    return _whole(math.ceil(_BINS_PER_RIPPLE * max(order, 8)), 2 * _ALIGNED)


def _whole(count: int, step: int) -> int:
    """The lowest multiple of `step` that is not below `count`."""
    return -(-count // step) * step


@lru_cache(maxsize=64)
def _transforms(grid: int, size: int) -> tuple[Tensor, Tensor]:
    """Matrices between spectra at `grid` + 1 frequencies from 0 to half the sample rate and `size` cepstral coefficients."""
    cosines = np.cos(np.pi / grid * np.outer(np.arange(grid + 1), np.arange(size)))
    ends = np.ones(grid + 1)
    ends[[0, -1]] = 0.5
    back = cosines.T * np.where(np.arange(size) == 0, 1.0, 2.0)[:, None]
    return (
        torch.from_numpy(cosines * (ends / grid)[:, None]).float().contiguous(),
        torch.from_numpy(back).float().contiguous(),
    )
