"""A sound's place among timbres: what stays over an instrument's notes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from timbre_core.analysis.distances import TIMBRE_CODE
from timbre_core.checkpoint import Checkpoint
from timbre_core.companions import companion_network
from timbre_core.datasets.library import Library
from timbre_core.errors import TimbreError
from timbre_core.features.audio import SILENT_PEAK
from timbre_core.features.preparation import checked_audio
from timbre_core.features.settings import LogMelSettings
from timbre_core.features.timbre_grid import heard, timbre_grid
from timbre_core.models.timbre_encoder import TimbreEncoder


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
    return codes_of_grids(folder, code_grid(code_features(folder), audio, sample_rate)[None])[0]


def code_features(folder: Path) -> LogMelSettings:
    """What the grids that codes are told from are made with."""
    return companion_network(TIMBRE_CODE, folder, TimbreEncoder)[1]


def code_grid(features: LogMelSettings, audio: np.ndarray, sample_rate: int) -> torch.Tensor:
    """What `learned_code` hears of a sound: (n_points, n_mels), the same shape for all. Raises as it does.

    features: `code_features`.
    """
    import soxr

    audio = checked_audio(audio)
    peak = float(max(audio.max(), -audio.min()))
    if peak < SILENT_PEAK:
        raise TimbreError("silence has no timbre: give a sound.")
    sound = audio / peak
    if sample_rate != features.sample_rate:
        sound = np.asarray(soxr.resample(sound, sample_rate, features.sample_rate, quality="HQ"))
    return timbre_grid(sound, features)


def codes_of_grids(folder: Path, grids: torch.Tensor) -> np.ndarray:
    """The codes (n, dim) of what `code_grid` gives of some sounds, (n, n_points, n_mels)."""
    network, features = companion_network(TIMBRE_CODE, folder, TimbreEncoder)
    with torch.inference_mode():
        return np.asarray(network(*heard(grids, features)).numpy())


def codes_of(checkpoint: Checkpoint, library: Library) -> Callable[[int], np.ndarray] | None:
    """What makes the code of the note in a row of a library, for checkpoints whose `distance` is timbre; else None."""
    if checkpoint.recipe.distance != "timbre":
        return None
    rate = checkpoint.recipe.features.sample_rate
    return lambda row: learned_code(checkpoint.path.parent, library.load(row, rate), rate)
