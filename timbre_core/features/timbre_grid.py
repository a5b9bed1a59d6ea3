"""A note's grid as a timbre code reads it: from its onset on, without its level, and where it is heard."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.note_grid import band_hz, level_free, mel_grid, point_edges, point_loudness
from timbre_core.features.settings import LogMelSettings

HEARD_DB = 50.0
"""Points this far below the loudest one are silence."""

_ONSET = 0.02  # of the peak; what comes before is silence
_BEFORE = 200  # samples that are kept of it, since attacks begin softly


def timbre_grid(audio: np.ndarray, settings: LogMelSettings) -> Tensor:
    """Levels in dB (n_points, n_mels) of audio (n_samples,) from its onset on, cut or followed by silence to
    `settings.seconds`; the same whatever silence is around the note."""
    audio = np.pad(np.asarray(audio, dtype=np.float32), (_BEFORE, 0))
    level = np.abs(audio)
    start = int(np.argmax(level > _ONSET * level.max())) - _BEFORE
    length = round((settings.seconds or 4.0) * settings.sample_rate)
    cut = audio[max(0, start) : start + length]
    return mel_grid(torch.from_numpy(np.pad(cut, (0, length - len(cut)))), settings)


def heard(grid: Tensor, settings: LogMelSettings) -> tuple[Tensor, Tensor]:
    """Grids (batch, n_points, n_mels) without their level, and the share (batch, n_points), 0 or 1, of points that are heard."""
    free, _ = level_free(grid, point_edges(grid.shape[1]), settings)
    loudness = point_loudness(free, settings)
    return free, (loudness > loudness.amax(1, keepdim=True) - HEARD_DB).float()


def narrow(grid: Tensor, limit: Tensor, settings: LogMelSettings, nothing: float = -110.0) -> Tensor:
    """Grids (batch, n_points, n_mels) with nothing above a frequency (batch,) in Hz."""
    above = torch.from_numpy(band_hz(settings)).float() > limit[:, None]
    return grid.masked_fill(above[:, None], nothing)
