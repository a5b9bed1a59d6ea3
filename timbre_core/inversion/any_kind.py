"""Inversion without a network, as the kind of the features has it: see `FeatureSettings.inversions`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.kinds.image import NO_SOUND, NoSound
from timbre_core.features.settings import FeatureSettings, SpectralFeatures
from timbre_core.inversion import classical, streaming
from timbre_core.inversion.contract import Invert
from timbre_core.inversion.harmonic import additive_synthesis
from timbre_core.inversion.settings import InversionSettings


def invert(
    frames: np.ndarray | Tensor,
    ref_db: float | np.ndarray | Tensor,
    features: FeatureSettings,
    inversion: InversionSettings,
    seed: int = 0,
    n_samples: int | None = None,
    pitch: float | np.ndarray | Tensor | None = None,
    in_tune: bool = False,
) -> np.ndarray:
    """Audio whose features are `frames`: see `inversion.contract.Invert`. Raises NoSound for pictures."""
    return _inverse_of(features)(frames, ref_db, features, inversion, seed, n_samples, pitch, in_tune)


def stream(
    frames: np.ndarray | Tensor | Iterable[np.ndarray],
    ref_db: float,
    features: FeatureSettings,
    inversion: InversionSettings,
    seed: int = 0,
    n_samples: int | None = None,
    pitch: float | np.ndarray | None = None,
    device: torch.device | str = "cpu",
    in_tune: bool = False,
) -> Iterator[np.ndarray]:
    """One note's audio in consecutive blocks (n,) float32: see `streaming.stream`; all but spectra give one block."""
    inverse = _inverse_of(features)
    if inverse is classical.invert:
        spectral = cast("SpectralFeatures", features)
        yield from streaming.stream(frames, ref_db, spectral, inversion, seed, n_samples, pitch, device, in_tune)
    else:
        whole = frames if isinstance(frames, np.ndarray | Tensor) else np.concatenate(list(frames), axis=1)
        yield inverse(whole, ref_db, features, inversion, seed, n_samples, pitch, in_tune)


def _own_inverse(
    frames: np.ndarray | Tensor,
    ref_db: float | np.ndarray | Tensor,
    features: FeatureSettings,
    inversion: InversionSettings,
    seed: int = 0,
    n_samples: int | None = None,
    pitch: float | np.ndarray | Tensor | None = None,
    in_tune: bool = False,
) -> np.ndarray:
    """The kind's own `invert`, note by note."""
    values = torch.as_tensor(frames).detach().cpu().float().numpy()
    batch = values if values.ndim == 3 else values[None]
    if values.ndim not in (2, 3) or batch.shape[1] != features.n_bins or not np.isfinite(values).all():
        raise TimbreError(
            f"features of shape {values.shape} cannot be inverted: finite ({features.n_bins}, n_frames) are what these "
            "feature settings give."
        )
    levels = np.broadcast_to(np.asarray(ref_db, dtype=np.float64), len(batch))
    given = np.asarray(np.nan if pitch is None else pitch, dtype=np.float64)
    told = given if values.ndim == 3 and given.ndim and len(given) == len(batch) else [given] * len(batch)
    notes = []
    for note, level, own in zip(batch, levels, told, strict=True):
        known = None if np.isnan(own).all() else own if np.ndim(own) else float(own)
        notes.append(features.invert(note, float(level), n_samples, known, seed))
    return np.stack(notes) if values.ndim == 3 else notes[0]


_INVERSES: dict[str, Invert] = {
    "griffin_lim": classical.invert,
    "additive": additive_synthesis,
    "own": _own_inverse,
}


def _inverse_of(features: FeatureSettings) -> Invert:
    if not features.inversions:
        raise NoSound(NO_SOUND)
    return _INVERSES[features.inversions[0]]
