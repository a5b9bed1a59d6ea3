"""What `excited` makes of a note, block by block: frames are filtered each on its own, so that a block needs few around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Unpack

import numpy as np
import torch

from timbre_core.features.settings import FeatureSettings, as_log_mel
from timbre_core.inversion.classical import analysed_length, checked
from timbre_core.inversion.contract import How, Values
from timbre_core.inversion.excited import above_pitch, filtered, invert_excited, source
from timbre_core.inversion.level import fade_ends, limit
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inversion.streaming import all_frames

_FIRST = 16  # frames of the first block; each one after it is twice as long as the one before
_AROUND = 8  # frames on each side that a block is filtered with: as far as windows and levels over time reach


def stream_excited(
    frames: Values | Iterable[np.ndarray],
    ref_db: float,
    features: FeatureSettings,
    inversion: InversionSettings,
    **how: Unpack[How],
) -> Iterator[np.ndarray]:
    """As `invert_excited`, in consecutive blocks (n,) float32 that are together what it gives.

    All frames are taken at once: a model of whole notes makes them so. Features with pre-emphasis give one block.
    """
    settings, n_samples, seed = as_log_mel(features), how.get("n_samples"), how.get("seed", 0)
    if settings.pre_emphasis:
        yield invert_excited(all_frames(frames), ref_db, features, inversion, **how)
        return
    values, level, pitches = checked(all_frames(frames), ref_db, settings, n_samples, how.get("pitch"))
    count, hop = values.shape[2], settings.hop_length
    length = analysed_length(count, settings, n_samples)
    pitch = None if pitches is None else pitches[0].double().cpu().numpy()
    if how.get("in_tune", False) and pitch is not None:
        values = above_pitch(values, pitch, settings)
    wanted = length if n_samples is None else min(length, n_samples)
    gain, start, size = float(torch.pow(10.0, level / 20)[0]), 0, _FIRST
    while start * hop < wanted:
        stop = start + size
        first, end = max(0, start - _AROUND), stop + _AROUND
        last = stop * hop >= length
        if start <= _FIRST:  # what the first block needs, then all: a source begins in the same way however long it is
            enough = end * hop if start == 0 and pitch is not None and pitch.size == 1 else length
            sound = torch.from_numpy(source(pitch, None, min(length, enough), settings.sample_rate, hop, seed))
        part = sound[first * hop :] if last else sound[first * hop : end * hop]
        with torch.no_grad():
            made = filtered(values[:, :, first:] if last else values[:, :, first : end + 1], part, settings, inversion)
            made = fade_ends(limit(gain * made, settings.sample_rate), settings.sample_rate, start == 0, last)[0]
        block = made[(start - first) * hop :][: min(wanted, stop * hop) - start * hop]
        yield block.cpu().numpy()
        start, size = stop, 2 * size
    if n_samples is not None and n_samples > length:
        yield np.zeros(n_samples - length, np.float32)
