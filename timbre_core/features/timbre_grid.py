"""A note's grid as a timbre code reads it: from its onset on, without its level, and where it is heard."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.note_grid import band_hz, level_free, mel_grid, point_edges, point_loudness, point_seconds
from timbre_core.features.settings import LogMelSettings

HEARD_DB = 50.0
"""Points this far below the loudest one are silence."""

_ONSET = 0.02  # of the peak; what comes before is silence
_BEFORE = 200  # samples that are kept of it, since attacks begin softly
_FLOOR_DB = 80.0  # below the loudest point: as soft as a sound that goes on gets
_DOUBT = 0.4  # seconds: decays are told of what is heard as long as this, and longer
_FADED_DB = 50.0  # points this much softer count a tenth for how quickly a sound decays
_ATTACK = (0.1, 0.9)  # shares of the largest amplitude that an attack goes from and to
_POINT = 0.012  # seconds: as near as points tell when something is
_GONE_DB = 60.0  # softer than this below the loudest point is as soft


def timbre_grid(audio: np.ndarray, settings: LogMelSettings) -> Tensor:
    """Levels in dB (n_points, n_mels) of audio (n_samples,) from its onset on, cut or followed by silence to
    `settings.seconds`; the same whatever silence is around the note."""
    audio = np.pad(np.asarray(audio, dtype=np.float32), (_BEFORE, 0))
    level = np.abs(audio)
    start = int(np.argmax(level > _ONSET * level.max())) - _BEFORE
    length = round((settings.seconds or 4.0) * settings.sample_rate)
    return mel_grid(torch.from_numpy(audio[max(0, start) : start + length]), settings, n_samples=length)


def heard(grid: Tensor, settings: LogMelSettings) -> tuple[Tensor, Tensor]:
    """Grids (batch, n_points, n_mels) without their level, and the share (batch, n_points), 0 or 1, of points that are heard."""
    free, _ = level_free(grid, point_edges(grid.shape[1]), settings)
    loudness = point_loudness(free, settings)
    return free, (loudness > loudness.amax(1, keepdim=True) - HEARD_DB).float()


def narrow(grid: Tensor, limit: Tensor, settings: LogMelSettings, nothing: float = -110.0) -> Tensor:
    """Grids (batch, n_points, n_mels) with nothing above a frequency (batch,) in Hz."""
    above = torch.from_numpy(band_hz(settings)).float() > limit[:, None]
    return grid.masked_fill(above[:, None], nothing)


def carried_on(grid: Tensor, heard: Tensor, settings: LogMelSettings) -> Tensor:
    """Grids (batch, n_points, n_mels) that go on, after the last point that is heard, as the sound went so far: (batch,
    n_points, n_mels) in dB below the loudest point.

    `heard` (batch, n_points) is 0 or 1. A recording's end is no part of its timbre, its decay is: the sound goes on with the
    mean of its spectra (louder points count more), softer and softer along the line that its levels fall by after the loudest
    point. Such a line is hard to tell of a short sound, so it is drawn towards a level one (ridge regression).
    """
    edges = point_edges(grid.shape[1])
    level = point_loudness(grid, settings)
    loudest = level.amax(1, keepdim=True)
    level = level - loudest
    grid = torch.clamp(grid - loudest[..., None], min=-_FLOOR_DB)
    places = torch.arange(grid.shape[1])
    inside = (places < (heard * (places + 1)).amax(1, keepdim=True)).float()
    seconds = torch.from_numpy(edges[1:] - edges[:-1]).float() * settings.hop_length / settings.sample_rate
    loud = torch.pow(10, level / 20) * seconds * inside
    loud = loud / loud.sum(1, keepdim=True)
    time = point_seconds(edges, settings)
    time = time - (loud * time).sum(1, keepdim=True)
    fall = level - (loud * level).sum(1, keepdim=True)
    counts = torch.pow(10, level / _FADED_DB) * seconds * inside * (places >= level.argmax(1, keepdim=True))
    slope = (counts * time * fall).sum(1) / ((counts * time.square()).sum(1) + _DOUBT**3)
    on = (loud[..., None] * grid).sum(1)[:, None] + (slope.clamp_max(0)[:, None] * time)[..., None]
    return torch.where(inside[..., None] > 0, grid, on.clamp_min(-_FLOOR_DB))


COURSE = 3
"""How many numbers `course` has."""


def course(grid: Tensor, settings: LogMelSettings) -> Tensor:
    """What sounds do over time, (batch, COURSE), of what `carried_on` gives of them, grids (batch, n_points, n_mels).

    Logarithms of the seconds of the attack and of the amplitude's centroid in time, and the mean level in dB below the loudest
    point: what listeners tell struck and held sounds apart by (McAdams et al., "Perceptual scaling of synthesized musical
    timbres", 1995; Peeters et al., "The Timbre Toolbox", 2011).
    """
    edges = point_edges(grid.shape[1])
    time = point_seconds(edges, settings)
    lengths = torch.from_numpy(edges[1:] - edges[:-1]).float()
    level = point_loudness(grid, settings)
    level = level - level.amax(1, keepdim=True)
    amplitude = torch.pow(10, level / 20)
    start, end = (time[(amplitude >= share).float().argmax(1)] for share in _ATTACK)
    centroid = (amplitude * lengths * time).sum(1) / (amplitude * lengths).sum(1)
    mean = (level.clamp_min(-_GONE_DB) * lengths).sum(1) / lengths.sum()
    return torch.stack([(end - start + _POINT).log10(), (centroid + _POINT).log10(), mean], dim=1)
