"""A sound's place among timbres: what stays over an instrument's notes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from timbre_core.checkpoint import WEIGHTS, Checkpoint, companion, open_checkpoint
from timbre_core.datasets.library import Library
from timbre_core.errors import TimbreError
from timbre_core.features.audio import SILENT_PEAK
from timbre_core.features.settings import LogMelSettings, as_log_mel
from timbre_core.features.timbre_grid import heard, timbre_grid
from timbre_core.models.timbre_encoder import TimbreEncoder

TIMBRE_CODE = "timbre-code"
"""The checkpoint whose network makes codes."""


def learned_code(folder: Path, audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """A sound's timbre code, (dim,) float32: the Euclidean distance of two codes says how unlike two sounds are in timbre.

    Needs no label. Does not depend on the level, on silence before or after the sound, and as little as can be on pitch,
    velocity and length: the network of the checkpoint `timbre-code` was trained to give all notes of an instrument one code.

    Args:
        folder: of checkpoints, in which the network is looked for first, then among the project's own.
        audio: a sound (n_samples,) at `sample_rate` Hz, of which the first four seconds from the onset on are heard.

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
    network, features = _network(folder)
    sound = np.asarray(soxr.resample(audio / peak, sample_rate, features.sample_rate, quality="HQ"))
    with torch.inference_mode():
        return np.asarray(network(*heard(timbre_grid(sound, features)[None], features))[0].numpy())


def codes_of(checkpoint: Checkpoint, library: Library) -> Callable[[int], np.ndarray] | None:
    """What makes the code of the note in a row of a library, for checkpoints whose `distance` is timbre; else None."""
    if checkpoint.recipe.distance != "timbre":
        return None
    rate = checkpoint.recipe.features.sample_rate
    return lambda row: learned_code(checkpoint.path.parent, library.load(row, rate), rate)


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
