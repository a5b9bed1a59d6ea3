"""From one note of an instrument to what another pitch of it looks like.

The network sees a note as it is and as it would be if it were merely shifted (see `features.note_grid`), and says for each
band at each point in time how far the instrument's own note there is from the shifted one, in dB. Convolutions along time
make one vector of the whole note; a small network, the same for all bands and points, reads that vector, the conditions and
what is around its place. Trained with the mean absolute error, it says medians: what is likely at that pitch.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from timbre_core.errors import TimbreError
from timbre_core.features.note_grid import band_hz, point_edges, point_seconds
from timbre_core.features.settings import LogMelSettings
from timbre_core.models.precision import cpu_has_bf16
from timbre_core.models.tasks import NoteShiftTask

_REACH = 6  # bands to either side that a place sees
_NEAR = 2  # the same at the points before and after
_TRACK = (0, 1, 2, 4, 7, 11, 16, 20, 24, 28, 34, 42, 50, 56)  # points at which a place sees its band
_GROUP = 8  # bands that are one in the coarse spectrum of a point
_CONDITIONS = 10
_PLACE = 12
_FURTHER = 4 + 2 * len(_TRACK)  # numbers that a place is told of each further band that it says
_TIMES = 3  # of a place's numbers, the last: what only its point in time says
_AT_ONCE = 1024  # places that are worked out together: what fits a core's cache
_DENSE = 16  # points of the onset, which are all asked for; then every second is
_FINE = 80  # bands that are all asked for: above, where harmonics run together, they may be
_APART = 2  # bands apart
_SPAN_DB, _OFFSET = 20.0, 1.5  # dB to the network's units
_STEP_DB = 10.0  # the network's units to dB
_LONGEST = 4.0  # seconds; later points count as this late


class Played(NamedTuple):
    """How notes are played, each (batch,): MIDI pitches and velocities from and to; `told`: whether velocities are known."""

    pitch: Tensor
    to_pitch: Tensor
    velocity: Tensor
    to_velocity: Tensor
    told: Tensor


class NoteShift(nn.Module):
    """Grids of notes (batch, n_points, n_mels), level-free, as they are and shifted -> what they are at another pitch."""

    def __init__(self, settings: NoteShiftTask, features: LogMelSettings) -> None:
        super().__init__()
        n_mels, width, depth = features.n_mels, settings.width, settings.layers
        self.depth, self.together = depth, settings.together
        self.features = features
        if n_mels % self.together:
            raise TimbreError(f"task.together {self.together} does not divide the {n_mels} bands of features.n_mels.")
        self.note = _NoteVector(2 * n_mels, settings.note_width, settings.note_dim)
        around = 2 * (2 * _REACH + 1) + 2 * (2 * _NEAR + 1) + 2 + 2 * (n_mels // _GROUP) + 2 * len(_TRACK) + _PLACE
        around += _FURTHER * (self.together - 1)
        self.around = nn.Linear(around, width)
        self.told = nn.Sequential(
            nn.Linear(settings.note_dim + _CONDITIONS, width), nn.GELU(), nn.Linear(width, width * (1 + 2 * depth))
        )
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.out = nn.Linear(width, self.together)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, note: Tensor, shifted: Tensor, played: Played, points: Tensor, bands: Tensor) -> Tensor:
        """Levels in dB (batch, n) at places: `points` and `bands` (batch, n)."""
        seen, moved = note / _SPAN_DB + _OFFSET, shifted / _SPAN_DB + _OFFSET
        among = bands % self.together
        around = self.around(self._around(seen, moved, played, points, bands - among))
        change = self._change(around, self._told(seen, moved, played)).gather(2, among[..., None])[..., 0]
        return shifted[torch.arange(len(points))[:, None], points, bands] + change

    def whole(self, note: Tensor, shifted: Tensor, played: Played, bands: int | None = None) -> Tensor:
        """Levels in dB (batch, n_points, n_mels) at all places, for use: after the onset, and in high bands, not all are asked
        for, and the change of the others is between their neighbours'. Bands from number `bands` on are left as they are shifted.
        On processors that have it, places are worked out in bfloat16.
        """
        count, n_points, n_mels = note.shape
        n_bands = n_mels if bands is None else min(bands, n_mels)
        seen, moved = note / _SPAN_DB + _OFFSET, shifted / _SPAN_DB + _OFFSET
        points = _thinned(n_points, (0, 1), (_DENSE, 2))
        groups = -(-n_bands // self.together)
        first = self.together * _thinned(groups, (0, 1), (_FINE // self.together, max(1, _APART // self.together)))
        told_bands = (first[:, None] + torch.arange(self.together)).flatten()
        told = self._told(seen, moved, played)
        around = self._everywhere(seen, moved, played, points, first).flatten(1, 2)
        kind = torch.bfloat16 if note.device.type == "cpu" and cpu_has_bf16() else torch.float32
        around, told = around.to(kind), told.to(kind)
        change = torch.cat([self._change(part, told) for part in around.split(_AT_ONCE, dim=1)], dim=1)
        change = change.view(count, len(points), len(told_bands)) @ _between(told_bands, n_bands).T
        change = _between(points, n_points) @ nn.functional.pad(change, (0, n_mels - n_bands))
        return shifted + change

    def _told(self, seen: Tensor, moved: Tensor, played: Played) -> Tensor:
        """What all places of a note are told, (batch, 1, n)."""
        vector = self.note(torch.cat([moved, seen], dim=2).transpose(1, 2))
        return self.told(torch.cat([vector, _conditions(played)], dim=1))[:, None]

    def _change(self, around: Tensor, told: Tensor) -> Tensor:
        """What is around places (batch, n, width) -> how many dB the instrument's own note is above the shifted one there and in
        the next bands, (batch, n, together)."""
        first, *scales_and_shifts = told.chunk(1 + 2 * self.depth, dim=-1)
        hidden = around + first
        for number, layer in enumerate(self.layers):
            scale, shift = scales_and_shifts[2 * number : 2 * number + 2]
            normal = nn.functional.layer_norm(hidden, hidden.shape[-1:])
            hidden = hidden + _linear(layer, nn.functional.gelu(torch.addcmul(shift, normal, 1 + scale)))
        return _STEP_DB * _linear(self.out, nn.functional.gelu(hidden)).float()

    def _everywhere(self, seen: Tensor, moved: Tensor, played: Played, points: Tensor, bands: Tensor) -> Tensor:
        """`around` of `_around` at some bands (m,) of some points (n,), as one matrix and what only
        bands or points have: (batch, n, m, width)."""
        count, n_points, n_mels = seen.shape
        sizes = [
            2 * _REACH + 1,
            2 * _NEAR + 1,
            2 * _NEAR + 1,
            2 * _REACH + 1,
            2,
            2 * (n_mels // _GROUP),
            2 * len(_TRACK),
        ]
        sizes += [_PLACE, _FURTHER * (self.together - 1)]
        here, before, after, own, beside, coarse, tracks, place, further = self.around.weight.split(sizes, dim=1)
        far, later = further.unflatten(1, (-1, _FURTHER)).split([2, _FURTHER - 2], dim=2)
        seen_bands = 2 * _REACH + self.together
        kernel = here.new_zeros(len(here), 2, 3, seen_bands)
        near = slice(_REACH - _NEAR, _REACH + _NEAR + 1)
        kernel[:, 0, 1], kernel[:, 1, 1] = (torch.cat([each, far[..., n]], 1) for n, each in enumerate((here, own)))
        kernel[:, 0, 0, near], kernel[:, 0, 2, near] = before, after
        kernel[:, 1, 0, _REACH], kernel[:, 1, 2, _REACH] = beside.unbind(1)
        padded = nn.functional.pad(
            torch.stack([moved, seen], 1), (_REACH, seen_bands - _REACH - 1, 1, 1), mode="replicate"
        )
        wide = padded.unfold(3, seen_bands, 1)[:, :, :, bands]
        rows = torch.stack([wide[:, :, points + later] for later in range(3)], 2).permute(0, 3, 4, 1, 2, 5)
        local = nn.functional.linear(rows.flatten(3), kernel.flatten(1), self.around.bias)
        groups = torch.cat([grid[:, points].unflatten(2, (-1, _GROUP)).mean(3) for grid in (moved, seen)], dim=2)
        every = bands.expand(count, -1)
        first = self._places(played, torch.zeros_like(every), every, n_points)[..., : _PLACE - _TIMES]
        time = self._places(played, points.expand(count, -1), torch.zeros_like(points).expand(count, -1), n_points)
        told = [_courses(seen, moved, every), first, *self._further(seen, moved, played, every)]
        by_band = torch.cat(told, 2) @ torch.cat([tracks, place[:, : _PLACE - _TIMES], later.flatten(1)], 1).T
        by_point = (
            torch.cat([groups, time[..., _PLACE - _TIMES :]], 2) @ torch.cat([coarse, place[:, _PLACE - _TIMES :]], 1).T
        )
        return local.add_(by_band[:, None]).add_(by_point[:, :, None])

    def _around(self, seen: Tensor, moved: Tensor, played: Played, points: Tensor, bands: Tensor) -> Tensor:
        count, n_points, _ = seen.shape
        row = torch.arange(count)[:, None]
        wide, near = torch.arange(2 * _REACH + 1), torch.arange(_REACH - _NEAR, _REACH + _NEAR + 1)
        beyond = self.together - 1

        def at(grid: Tensor, later: int, bins: Tensor) -> Tensor:
            padded = nn.functional.pad(grid[:, None], (_REACH, _REACH + beyond, 1, 1), mode="replicate")[:, 0]
            return padded[row[..., None], points[..., None] + 1 + later, bands[..., None] + bins]

        centre = torch.tensor([_REACH])
        coarse = [grid.unflatten(2, (-1, _GROUP)).mean(3)[row, points] for grid in (moved, seen)]
        parts = [at(moved, 0, wide), at(moved, -1, near), at(moved, 1, near), at(seen, 0, wide)]
        parts += [at(seen, -1, centre), at(seen, 1, centre), *coarse, _courses(seen, moved, bands)]
        parts.append(self._places(played, points, bands, n_points))
        for number, each in enumerate(self._further(seen, moved, played, bands)):
            far = torch.tensor([2 * _REACH + 1 + number])
            parts += [at(moved, 0, far), at(seen, 0, far), each]
        return torch.cat(parts, dim=-1)

    def _places(self, played: Played, points: Tensor, bands: Tensor, n_points: int) -> Tensor:
        seconds = point_seconds(point_edges(n_points), self.features)[points].clamp_max(_LONGEST)
        to_comb, to_octaves = self._comb(played.to_pitch, bands)
        comb, octaves = self._comb(played.pitch, bands)
        height = bands / self.features.n_mels
        turns = [
            turn(2 * math.pi * times * height) for times in (1, 2) for turn in (torch.sin, torch.cos)
        ]  # a soft position, so that neighbouring bands are alike
        place = [to_comb, 0.3 * to_octaves, comb, 0.3 * octaves, 2 * height - 1, *turns]
        time = [torch.log1p(seconds / 0.01) / 3 - 1, seconds / 2 - 1, (seconds > 3).float()]
        return torch.stack(place + time, dim=-1)

    def _further(self, seen: Tensor, moved: Tensor, played: Played, bands: Tensor) -> list[Tensor]:
        """What is told of each of the bands after `bands` (batch, n) that are said with them, beside their levels."""
        found = []
        for later in (bands + number for number in range(1, self.together)):
            combs = [self._comb(pitch, later)[0] for pitch in (played.to_pitch, played.pitch)]
            found.append(torch.cat([torch.stack(combs, dim=-1), _courses(seen, moved, later)], dim=-1))
        return found

    def _comb(self, pitch: Tensor, bands: Tensor) -> tuple[Tensor, Tensor]:
        """Whether bands are at harmonics (1) or between (-1), and how many octaves they are above the fundamental."""
        f0 = 440 * torch.exp2((pitch - 69) / 12)[:, None]
        ratio = torch.from_numpy(band_hz(self.features)).float()[bands] / f0
        bin_hz = self.features.sample_rate / self.features.n_fft
        resolved = ((f0 / bin_hz - 1) / 4).clamp(0, 1)
        wave = torch.where(ratio < 0.5, -torch.ones_like(ratio), torch.cos(2 * math.pi * ratio))
        return wave * resolved, torch.log2(ratio)


def _linear(layer: nn.Module, values: Tensor) -> Tensor:
    """A linear layer in the precision of its input; under autocast in that one's."""
    if torch.is_autocast_enabled(values.device.type):
        return layer(values)
    weight, bias = (each.to(values.dtype) for each in layer.parameters())
    return nn.functional.linear(values, weight, bias)


def _courses(seen: Tensor, moved: Tensor, bands: Tensor) -> Tensor:
    """Levels of bands (batch, n) of both grids over the time of a note, (batch, n, 2 * len(_TRACK))."""
    row, track = torch.arange(len(bands))[:, None], torch.tensor(_TRACK).clamp_max(seen.shape[1] - 1)
    return torch.cat([grid[:, track].transpose(1, 2)[row, bands] for grid in (moved, seen)], dim=2)


def _thinned(count: int, *steps: tuple[int, int]) -> Tensor:
    """Numbers below `count`: from each (first, step) on so many apart, and the last."""
    ends = [first for first, _ in steps[1:]] + [count]
    taken = [n for (first, step), end in zip(steps, ends, strict=True) for n in range(first, min(end, count), step)]
    return torch.tensor([*taken, count - 1]).unique()


def _between(places: Tensor, count: int) -> Tensor:
    """Weights (count, n) that draw straight lines through values at `places` (n,), which are sorted, of 0 to count - 1."""
    every = torch.arange(count)
    after = torch.searchsorted(places, every).clamp_max(len(places) - 1)
    before = (after - (places[after] > every).long()).clamp_min(0)
    share = (every - places[before]) / (places[after] - places[before]).clamp_min(1)
    weights = torch.zeros(count, len(places))
    weights[every, before] += 1 - share
    weights[every, after] += share
    return weights


class _NoteVector(nn.Module):
    """Convolutions along time; mean, deviation and maximum over it."""

    def __init__(self, n_in: int, width: int, n_out: int) -> None:
        super().__init__()
        sizes = [n_in, width, width, width]
        self.convolutions = nn.ModuleList(
            [nn.Conv1d(before, after, 3, stride=2, padding=1) for before, after in pairwise(sizes)]
        )
        self.out = nn.Linear(3 * width, n_out)

    def forward(self, grid: Tensor) -> Tensor:
        for convolution in self.convolutions:
            grid = nn.functional.gelu(convolution(grid))
        return self.out(torch.cat([grid.mean(2), grid.std(2), grid.amax(2)], dim=1))


def _conditions(played: Played) -> Tensor:
    pitch, to_pitch, velocity, to_velocity, told = (each.float() for each in played)
    interval = to_pitch - pitch
    return torch.stack(
        [
            pitch / 24 - 2.7,
            to_pitch / 24 - 2.7,
            interval / 12,
            interval.abs() / 12,
            (interval == 0).float(),
            told,
            told * (velocity / 64 - 1),
            told * (to_velocity / 64 - 1),
            told * (to_velocity - velocity) / 64,
            torch.ones_like(pitch),
        ],
        dim=1,
    )
