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

import torch
from torch import Tensor

_MOST_ITERATIONS = 200
_ALIGNED = 8  # matrices whose sides are multiples of this are multiplied a third faster
# Grid points in half a period of the fastest ripple that an envelope can have: where envelopes are looked at, and where
# what they miss is smoothed. With these, cepstra are within 0.05 dB of those on grids ten times as fine.
_SEEN_PER_RIPPLE = 4
_SMOOTHED_PER_RIPPLE = 2.25
_FINE_PER_RIPPLE = 22  # where envelopes are read off without regard to time


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
    heard = (~values.isnan()).sum(dim=1, keepdim=True)
    count = int(heard.max())
    values = torch.nn.functional.pad(values[:, :count].nan_to_num(0.0), (0, 1))
    size_of_all = min(size, highest + 1)
    grid = _grid(_SEEN_PER_RIPPLE * max(highest, count), size_of_all)
    spectrum = _Line.through(heard, f0 * (2 * grid.last / sample_rate), grid)(values)
    kept = kept_by_all = (grid.indices <= order[:, None].clamp(max=size - 1)).float()
    cepstra = torch.empty(kept.shape)
    active = torch.arange(len(values))
    raised = spectrum
    for _ in range(_MOST_ITERATIONS):
        found = grid.cepstra(raised).mul_(kept)
        envelope = grid.spectra(found)
        raised = torch.maximum(spectrum, envelope)
        cepstra.index_copy_(0, active, found)
        going = ((raised - envelope).amax(dim=1) > tolerance).nonzero()[:, 0]
        if not len(going):
            break
        # Not by brackets: they take five times as long.
        active, spectrum, raised, kept = (part.index_select(0, going) for part in (active, spectrum, raised, kept))
    if settling:
        coarse = _grid(_SMOOTHED_PER_RIPPLE * max(highest, count), size_of_all)
        cepstra = _settled(cepstra, values, heard, f0 / sample_rate, kept_by_all, settling, grid, coarse)
    in_order = torch.stack(cepstra.chunk(2, dim=1), dim=2).flatten(1)[:, :size]
    return torch.nn.functional.pad(in_order, (0, size - in_order.shape[1]))


def _settled(
    cepstra: Tensor,
    values: Tensor,
    heard: Tensor,
    spacing: Tensor,
    kept: Tensor,
    rounds: int,
    grid: _Grid,
    coarse: _Grid,
) -> Tensor:
    """Cepstra whose envelopes come nearer to `values` (n, n_harmonics + 1), `heard` (n, 1) harmonics that lie `spacing`
    (n,) apart: seen on `grid`, smoothed on `coarse`."""
    place = (spacing[:, None] * (2 * grid.last) * torch.arange(1.0, values.shape[1] + 1)).clamp_(max=grid.last)
    below = place.floor().clamp_(max=grid.last - 1)
    share, below = place - below, _indices(below)
    column, next_column = grid.columns.take(below), grid.columns.take(below + 1)
    line = _Line.through(heard, spacing * (2 * coarse.last), coarse)
    for _ in range(rounds):
        spectrum = grid.spectra(cepstra * grid.sharpened)
        reached = torch.lerp(spectrum.gather(1, column), spectrum.gather(1, next_column), share)
        cepstra = cepstra + coarse.cepstra(line(values - reached)).mul_(kept)
    return cepstra


def envelope_at(cepstra: Tensor, position: Tensor) -> Tensor:
    """Envelopes (n, count) of cepstra (n, size) at frequencies `position` (n, count), in shares of the sample rate."""
    cosines = _fine_cosines(cepstra.shape[1])
    grid = cosines.shape[1] - 1
    spectrum = cepstra @ cosines
    place = (position * (2 * grid)).clamp(0, grid)
    below = place.long().clamp(max=grid - 1)
    return torch.lerp(spectrum.gather(1, below), spectrum.gather(1, below + 1), place - below)


class _Line(NamedTuple):
    """Straight lines through harmonics, flat at both ends: for each grid point the harmonic below it, and how far it is
    from that one to the next."""

    below: Tensor
    share: Tensor

    @classmethod
    def through(cls, heard: Tensor, spacing: Tensor, grid: _Grid) -> _Line:
        """For `heard` (n, 1) harmonics that lie `spacing` (n,) grid points apart."""
        place = grid.points * (1 / spacing)[:, None] - 1
        place = torch.minimum(place.clamp_(min=0), heard - 1.0)
        below = place.floor()
        return cls(_indices(below), place.sub_(below))

    def __call__(self, values: Tensor) -> Tensor:
        """The lines (n, n_points) through `values` (n, count), of which there is one more than are heard."""
        return torch.lerp(values.gather(1, self.below), values[:, 1:].gather(1, self.below), self.share)


class _Grid(NamedTuple):
    """Frequencies from 0 to half the sample rate, `last` + 1 evenly spaced points, and the cepstra of spectra there.

    Coefficient i is the same at the points n and last - n, but for its sign where i is odd. So the two halves of a spectrum
    lie in columns beside each other, the upper one backwards: their sum holds all of the even coefficients, their
    difference the odd ones, which halves the multiplications. Cepstra have the even coefficients in front.

    last: odd. points: (last + 1,) float, the point of each column. columns: the column of each point. indices: which
    coefficient each column of cepstra is. sharpened: (n_coefficients,) how much of each makes up for the straight lines between
    points, which flatten it. forward, backward: for even and for odd ones, (n_points / 2, n_coefficients / 2)
    and (n_coefficients / 2, n_points / 2).
    """

    last: int
    points: Tensor
    columns: Tensor
    indices: Tensor
    sharpened: Tensor
    forward: tuple[Tensor, Tensor]
    backward: tuple[Tensor, Tensor]

    def cepstra(self, spectra: Tensor) -> Tensor:
        """(n, n_coefficients) of (n, n_points)."""
        lower, upper = spectra.chunk(2, dim=1)
        even, odd = self.forward
        return torch.cat([(lower + upper) @ even, (lower - upper) @ odd], dim=1)

    def spectra(self, cepstra: Tensor) -> Tensor:
        """(n, n_points) of (n, n_coefficients)."""
        even, odd = (part @ back for part, back in zip(cepstra.chunk(2, dim=1), self.backward, strict=True))
        spectra = torch.empty(len(cepstra), self.last + 1)
        lower, upper = spectra.chunk(2, dim=1)
        torch.add(even, odd, out=lower)
        torch.sub(even, odd, out=upper)
        return spectra


def _grid(least_points: float, least_size: int) -> _Grid:
    """A grid of at least so many points for at least so many coefficients."""
    return _grid_of_halves(*(_whole(math.ceil(least / 2), _ALIGNED) for least in (least_points, least_size)))


@lru_cache(maxsize=64)
def _grid_of_halves(half: int, half_size: int) -> _Grid:
    last = 2 * half - 1
    columns = torch.cat([torch.arange(half), torch.arange(2 * half - 1, half - 1, -1)])
    indices = torch.cat([torch.arange(0, 2 * half_size, 2), torch.arange(1, 2 * half_size, 2)])
    ends = torch.ones(half, 1, dtype=torch.float64)
    ends[0] = 0.5
    cosines = _cosines(last, 2 * half_size)[:, :half]
    backward = (cosines[0::2].float().contiguous(), cosines[1::2].float().contiguous())
    double = torch.where(torch.arange(2 * half_size) == 0, 1.0, 2.0)[:, None]
    weighted = cosines / double * ends.T / last
    forward = (weighted[0::2].T.float().contiguous(), weighted[1::2].T.float().contiguous())
    sharpened = torch.sinc(indices / (2 * last)) ** -2
    return _Grid(last, columns.float(), columns, indices, sharpened, forward, backward)


def _indices(values: Tensor) -> Tensor:
    """Whole numbers as indices: by way of 32 bits, which takes half the time."""
    return values.int().long()


def _whole(count: int, step: int) -> int:
    """The lowest multiple of `step` that is not below `count`."""
    return -(-count // step) * step


@lru_cache(maxsize=8)
def _fine_cosines(size: int) -> Tensor:
    return _cosines(_FINE_PER_RIPPLE * size, size).float()


def _cosines(grid: int, size: int) -> Tensor:
    """Matrix (size, grid + 1) from cepstra to spectra at evenly spaced frequencies from 0 to half the sample rate, float64."""
    turns = torch.outer(torch.arange(size), torch.arange(grid + 1)) % (2 * grid)
    cosines = torch.cos(turns.double() * (math.pi / grid))
    cosines[1:] *= 2
    return cosines
