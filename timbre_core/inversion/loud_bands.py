"""Frames brought nearer to a level that is told, where they are loud."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.note_grid import band_widths
from timbre_core.features.performance import LEVEL_STEP
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.classical import frames_to_own_power

_RANGE_DB = 20.0  # below a frame's loudest band: softer bands stay
_MOST_DB = 12.0
_HEARD_DB = 50.0  # below the loudest: softer frames stay
_FRAMES = 9  # that a change is averaged over: what is quicker is playing and moves all bands
_TINY = 1e-12


def toward_level(values: Tensor, level: np.ndarray, features: LogMelSettings) -> Tensor:
    """Frames (1, n_mels, n_frames) whose loud bands are louder or softer, so that frames have nearly the level (n_levels,) in dB,
    relative to the frames' reference, of a `level_track`.

    A frame's level is that of its loudest bands. Where a model errs in these and the sound is then given the level that it
    should have, all other bands would err as much the other way.
    """
    widths = torch.from_numpy(band_widths(features)).to(values)
    bands = frames_to_own_power(values, features) * widths[:, None]
    window = torch.hann_window(features.window_length)
    own = 10 * torch.log10(2 * bands.sum(dim=1) / (features.n_fft * window.square().sum()) + _TINY)[0]
    at = np.arange(values.shape[2]) / features.frame_rate
    wanted = torch.from_numpy(np.interp(at, np.arange(len(level)) * LEVEL_STEP, level)).to(own)
    gain = (wanted - own).clamp(-_MOST_DB, _MOST_DB).where(wanted > wanted.max() - _HEARD_DB, torch.zeros(()))
    gain = torch.nn.functional.avg_pool1d(gain[None, None], _FRAMES, 1, _FRAMES // 2, count_include_pad=False)
    levels = 10 * torch.log10(bands + _TINY)
    share = (1 - (levels.amax(dim=1, keepdim=True) - levels) / _RANGE_DB).clamp_min(0)
    return (values + share * gain * (2 / features.top_db)).clamp_min(-1)
