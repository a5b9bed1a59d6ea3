"""A sound's place among timbres: what stays over an instrument's notes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from timbre_core.checkpoint import WEIGHTS, companion, open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.audio import SILENT_PEAK
from timbre_core.features.settings import LogMelSettings, as_log_mel
from timbre_core.features.timbre_grid import heard, timbre_grid
from timbre_core.models.timbre_encoder import TimbreEncoder

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

TIMBRE_CODE = "timbre-code"
"""The checkpoint whose network makes codes."""


def learned_code(space: TimbreSpace, audio: np.ndarray) -> np.ndarray:
    """A sound's timbre code, (dim,) float32: the Euclidean distance of two codes says how unlike two sounds are in timbre.

    Needs no label. Does not depend on the level, on silence before or after the sound, and as little as can be on pitch,
    velocity and length: the network of the checkpoint `timbre-code` was trained to give all notes of an instrument one code.

    Args:
        space: its `sample_rate` is that of the audio; the network is the one beside its checkpoint, else the project's own.
        audio: a sound (n_samples,), of which the first four seconds from the onset on are heard.

    Raises:
        TimbreError: audio that is silent or no finite signal, or no network.
    """
    import soxr

    audio = np.asarray(audio, dtype=np.float32)
    if audio.ndim != 1 or not len(audio) or not np.isfinite(audio).all():
        raise TimbreError(
            f"audio must be finite samples of one channel (n_samples,), got an array of shape {audio.shape}."
        )
    peak = float(np.abs(audio).max())
    if peak < SILENT_PEAK:
        raise TimbreError("silence has no timbre: give a sound.")
    network, features = _network(space.checkpoint.path.parent)
    sound = np.asarray(soxr.resample(audio / peak, space.sample_rate, features.sample_rate, quality="HQ"))
    with torch.inference_mode():
        return np.asarray(network(*heard(timbre_grid(sound, features)[None], features))[0].numpy())


def _network(folder: Path) -> tuple[TimbreEncoder, LogMelSettings]:
    found = companion(TIMBRE_CODE, folder)
    return _opened(found, (found / WEIGHTS).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _opened(folder: Path, changed: int) -> tuple[TimbreEncoder, LogMelSettings]:
    checkpoint = open_checkpoint(folder)
    network = checkpoint.network()
    if not isinstance(network, TimbreEncoder):
        raise TimbreError(f"{folder} holds no network for {TIMBRE_CODE} but {checkpoint.recipe.task.kind}.")
    return network, as_log_mel(checkpoint.recipe.features)
