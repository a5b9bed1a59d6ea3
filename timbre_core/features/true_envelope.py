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

import numpy as np
import torch
from torch import Tensor

_MOST_ITERATIONS = 200
_CHECK_EVERY = 4  # iterations between the looks at which frames are done
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
    spectrum = _through_peaks(values, f0 * (2 * grid / sample_rate), grid)
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
    position = f0[:, None] / sample_rate * torch.arange(1, values.shape[1] + 1)
    for _ in range(settling):
        missed = _through_peaks(values - envelope_at(cepstra, position), f0 * (2 * grid / sample_rate), grid)
        cepstra += (missed @ smooth).mul_(kept_by_all)
    return cepstra


def envelope_at(cepstra: Tensor, position: Tensor) -> Tensor:
    """Envelopes (n, count) of cepstra (n, size) at frequencies `position` (n, count), in shares of the sample rate."""
    grid = 4 * _grid_size(cepstra.shape[1] - 1)
    spectrum = cepstra @ _transforms(grid, cepstra.shape[1])[1]
    place = (position * (2 * grid)).clamp(0, grid)
    below = place.long().clamp(max=grid - 1)
    return torch.lerp(spectrum.gather(1, below), spectrum.gather(1, below + 1), place - below)


def _through_peaks(values: Tensor, spacing: Tensor, grid: int) -> Tensor:
    """(n, grid + 1): straight lines through `values` (n, count) at multiples of `spacing` (n,) grid points, flat at both
    ends."""
    last = (~values.isnan()).sum(dim=1, keepdim=True)
    place = torch.arange(grid + 1) / spacing[:, None] - 1
    below = torch.minimum(place.clamp(min=0).long(), last - 1)
    above = torch.minimum(below + 1, last - 1)
    return torch.lerp(values.gather(1, below), values.gather(1, above), (place - below).clamp(0, 1))


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
