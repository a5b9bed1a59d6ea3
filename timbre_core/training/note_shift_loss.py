"""How far the levels that a network says of an instrument's other note are from that note's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.log_mel import hz_to_mel
from timbre_core.features.note_grid import band_hz, grid_edges, level_free, mel_grid
from timbre_core.features.settings import LogMelSettings, WaveformSettings, as_log_mel
from timbre_core.models.note_shift import Played
from timbre_core.models.tasks import NoteShiftTask
from timbre_core.training.batches import Batch
from timbre_core.training.draws import Draws
from timbre_core.training.step import Step

_EVEN = 0.25  # of the places are drawn from all points alike, the others from all frames alike
_TOLD = 0.5  # of the pairs at one velocity are told it
_TILT_DB, _BUMP_DB, _BUMPS = 4.0, 3.5, 3
_COLOURED = 0.7  # of the pairs have another colour while training
_NARROW = 0.3  # of the pairs lose what is above the band limit of 16 kHz recordings while training
_LIMIT_HZ, _NOTHING_DB = 7800.0, -110.0
_MOVED, _FURTHEST = 0.5, 6.0  # share of the pairs that are moved while training, and by how many semitones at most


def note_shift_loss(network: Callable[..., Any], batch: Batch, step: Step) -> tuple[Tensor, ...]:
    """total, and the same error of merely shifted notes beside it: mean absolute differences in dB at random places.

    While training, pairs get another colour (the same filter for both notes), some are moved with all their formants, as
    instruments of other sizes sound, and some sources are band-limited, so that the network learns to say what lies above.
    """
    task, features = step.recipe.task, as_log_mel(step.recipe.features)
    assert isinstance(task, NoteShiftTask)
    assert batch.wanted is not None
    pitch, to_pitch = (part.conditions["pitch"].nan_to_num(60.0) for part in (batch, batch.wanted))
    velocity, to_velocity = (part.conditions["velocity"].nan_to_num(100.0) for part in (batch, batch.wanted))
    chance = step.draws.uniform(2 * task.places + 4)
    moved = _semitones(chance[:, 3]) if step.network.training else torch.zeros(len(pitch))
    edges, note, shifted, wanted = _grids(batch, batch.wanted, to_pitch - pitch, moved, features)
    pitch, to_pitch = pitch + moved, to_pitch + moved
    if step.network.training:
        note, shifted, wanted = _disguised(note, shifted, wanted, to_pitch - pitch, chance, step.draws, features)
    note, shifted, (wanted, floor) = (
        level_free(note, edges, features)[0],
        level_free(shifted, edges, features)[0],
        level_free(wanted, edges, features),
    )
    told = ((chance[:, 0] < _TOLD) | (velocity != to_velocity)).float()
    points, bands = _places(chance[:, 4:], task.places, edges, features.n_mels)
    said = network(note, shifted, Played(pitch, to_pitch, velocity, to_velocity, told), points, bands)
    row = torch.arange(len(note))[:, None]
    right = wanted[row, points, bands]

    def error(levels: Tensor) -> Tensor:
        return (torch.maximum(levels, floor[:, None]) - right).abs().mean()

    return error(said), error(shifted[row, points, bands])


@torch.no_grad()
def _grids(
    source: Batch, wanted: Batch, interval: Tensor, moved: Tensor, features: LogMelSettings
) -> tuple[np.ndarray, Tensor, Tensor, Tensor]:
    """Edges, and grids (batch, n_points, n_mels) of the notes, the notes shifted to the wanted pitch, the wanted notes.

    interval, moved: semitones (batch,), between the notes and of all three.
    """
    margin = WaveformSettings(level=features).margin * features.hop_length
    own, other = (part.frames.transpose(1, 2).flatten(1)[:, margin:-margin] for part in (source, wanted))

    def grids(notes: Tensor, semitones: Tensor) -> Tensor:
        ratios = torch.exp2(semitones / 12).tolist()
        return torch.stack([mel_grid(audio, features, ratio) for audio, ratio in zip(notes, ratios, strict=True)])

    edges = grid_edges(1 + own.shape[1] // features.hop_length)
    return edges, grids(own, moved), grids(own, moved + interval), grids(other, moved)


def _semitones(chance: Tensor) -> Tensor:
    """How far pairs are moved, (batch,), of uniform numbers (batch,)."""
    return torch.where(chance < _MOVED, _FURTHEST * (2 * chance / _MOVED - 1), 0.0)


def _disguised(
    note: Tensor,
    shifted: Tensor,
    wanted: Tensor,
    interval: Tensor,
    chance: Tensor,
    draws: Draws,
    features: LogMelSettings,
) -> tuple[Tensor, Tensor, Tensor]:
    hz = band_hz(features)
    colour = _colours(draws, features.n_mels) * (chance[:, 1] < _COLOURED)[:, None]
    moved = _moved(colour, interval, hz)
    note, shifted, wanted = note + colour[:, None], shifted + moved[:, None], wanted + colour[:, None]
    limit = torch.where(chance[:, 2] < _NARROW, _LIMIT_HZ, torch.inf)
    bands = torch.from_numpy(hz).float()
    for grid, highest in ((note, limit), (shifted, limit * torch.exp2(interval / 12))):
        grid.masked_fill_((bands > highest[:, None])[:, None], _NOTHING_DB)
    return note, shifted, wanted


def _colours(draws: Draws, n_mels: int) -> Tensor:
    """Smooth filters (batch, n_mels) in dB."""
    shape = draws.normal(1 + 3 * _BUMPS, use=3)
    height = torch.linspace(-0.5, 0.5, n_mels)
    out = _TILT_DB * shape[:, :1] * height
    for number in range(_BUMPS):
        size, centre, width = shape[:, 1 + 3 * number : 4 + 3 * number].split(1, dim=1)
        out = out + _BUMP_DB * size * torch.exp(-0.5 * ((height - 0.3 * centre) / (0.2 * torch.exp(0.5 * width))) ** 2)
    return out


def _moved(colour: Tensor, interval: Tensor, hz: np.ndarray) -> Tensor:
    """Filters (batch, n_mels) as they are after a shift by intervals (batch,) in semitones."""
    bands = hz_to_mel(hz)
    read = hz_to_mel(hz[None] / 2 ** (interval.double().numpy()[:, None] / 12))
    return torch.from_numpy(
        np.stack([np.interp(at, bands, each) for at, each in zip(read, colour.numpy(), strict=True)])
    ).float()


def _places(chance: Tensor, count: int, edges: np.ndarray, n_mels: int) -> tuple[Tensor, Tensor]:
    """Points and bands (batch, count) of uniform numbers (batch, 2 * count)."""
    share = np.diff(edges) / (edges[-1] - edges[0])
    weight = (1 - _EVEN) * share + _EVEN / len(share)
    bounds = torch.from_numpy(np.cumsum(weight / weight.sum())).float()
    points = torch.searchsorted(bounds, chance[:, :count].contiguous()).clamp_max(len(share) - 1)
    return points, (chance[:, count:] * n_mels).long().clamp_max(n_mels - 1)
