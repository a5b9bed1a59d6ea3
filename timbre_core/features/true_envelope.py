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
    grid = _grid_size(max(size - 1, int(order.max())))
    smooth, cosines = _transforms(grid, size)
    spectrum = _Line.through(values, f0 * (2 * grid / sample_rate), grid)(values)
    kept = kept_by_all = torch.arange(size) <= order[:, None]
    cepstra = torch.empty(len(values), size)
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
            going = ~done
            active, spectrum, raised, kept, envelope = (
                part[going] for part in (active, spectrum, raised, kept, envelope)
            )
        raised = torch.maximum(spectrum, envelope)
    return _settled(cepstra, values, f0 / sample_rate, kept_by_all, settling) if settling else cepstra


def _settled(cepstra: Tensor, values: Tensor, spacing: Tensor, kept: Tensor, rounds: int) -> Tensor:
    """Cepstra (n, size) whose envelopes come nearer to `values` (n, n_harmonics), harmonics that lie `spacing` (n,) apart."""
    size = cepstra.shape[1]
    fine, coarse = _grid_size(size - 1), _grid_size(size - 1) // 2
    cosines, smooth = _transforms(fine, size)[1], _transforms(coarse, size)[0]
    place = (spacing[:, None] * torch.arange(1, values.shape[1] + 1) * (2 * fine)).clamp(0, fine)
    below = place.long().clamp(max=fine - 1)
    line = _Line.through(values, spacing * (2 * coarse), coarse)
    for _ in range(rounds):
        spectrum = cepstra @ cosines
        reached = torch.lerp(spectrum.gather(1, below), spectrum.gather(1, below + 1), place - below)
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
    """Straight lines through harmonics, flat at both ends: for each grid point the harmonics around it, and how far it is
    from the lower to the upper one."""

    below: Tensor
    above: Tensor
    share: Tensor

    @classmethod
    def through(cls, values: Tensor, spacing: Tensor, grid: int) -> _Line:
        """For harmonics that lie `spacing` (n,) grid points apart, as many as `values` (n, count) that are not NaN."""
        last = (~values.isnan()).sum(dim=1, keepdim=True) - 1
        place = torch.arange(grid + 1) / spacing[:, None] - 1
        below = torch.minimum(place.clamp(min=0).long(), last)
        return cls(below, torch.minimum(below + 1, last), (place - below).clamp(0, 1))

    def __call__(self, values: Tensor) -> Tensor:
        """The lines (n, grid + 1) through `values` (n, count)."""
        return torch.lerp(values.gather(1, self.below), values.gather(1, self.above), self.share)


def _grid_size(order: int) -> int:
    return 1 << math.ceil(math.log2(_BINS_PER_RIPPLE * max(order, 8)))


@lru_cache(maxsize=16)
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
