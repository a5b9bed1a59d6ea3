"""Inversion without a network, as the kind of the features has it: see `FeatureSettings.inversions`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Unpack, cast

import numpy as np
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.kinds.image import NO_SOUND, NoSound
from timbre_core.features.settings import FeatureSettings, SpectralFeatures
from timbre_core.inversion import classical, streaming
from timbre_core.inversion.contract import How, Invert, Numbers, Values
from timbre_core.inversion.excited import invert_excited
from timbre_core.inversion.excited_stream import stream_excited
from timbre_core.inversion.harmonic import additive_synthesis
from timbre_core.inversion.settings import InversionSettings


def invert(
    frames: Values, ref_db: Numbers, features: FeatureSettings, inversion: InversionSettings, **how: Unpack[How]
) -> np.ndarray:
    """Audio whose features are `frames`: see `inversion.contract.Invert`. Raises NoSound for pictures."""
    return _inverse_of(features, inversion)(frames, ref_db, features, inversion, **how)


def stream(
    frames: Values | Iterable[np.ndarray],
    ref_db: float,
    features: FeatureSettings,
    inversion: InversionSettings,
    device: torch.device | str = "cpu",
    **how: Unpack[How],
) -> Iterator[np.ndarray]:
    """One note's audio in consecutive blocks (n,) float32: see `streaming.stream`; kinds that are neither classical nor
    excited give one block."""
    inverse = _inverse_of(features, inversion)
    if inverse is classical.invert:
        spectral = cast("SpectralFeatures", features)
        yield from streaming.stream(frames, ref_db, spectral, inversion, device, **how)
    elif inverse is invert_excited:
        yield from stream_excited(frames, ref_db, features, inversion, **how)
    else:
        yield inverse(streaming.all_frames(frames), ref_db, features, inversion, **how)


def _own_inverse(
    frames: Values, ref_db: Numbers, features: FeatureSettings, inversion: InversionSettings, **how: Unpack[How]
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
    pitch = how.get("pitch")
    given = np.asarray(np.nan if pitch is None else pitch, dtype=np.float64)
    told = given if values.ndim == 3 and given.ndim and len(given) == len(batch) else [given] * len(batch)
    notes = []
    for note, level, own in zip(batch, levels, told, strict=True):
        known = None if np.isnan(own).all() else own if np.ndim(own) else float(own)
        notes.append(features.invert(note, float(level), how.get("n_samples"), known, how.get("seed", 0)))
    return np.stack(notes) if values.ndim == 3 else notes[0]


_INVERSES: dict[str, Invert] = {
    "griffin_lim": classical.invert,
    "additive": additive_synthesis,
    "excited": invert_excited,
    "own": _own_inverse,
}


def _inverse_of(features: FeatureSettings, inversion: InversionSettings) -> Invert:
    if not features.inversions:
        raise NoSound(NO_SOUND)
    suits = inversion.kind in features.inversions and inversion.kind in _INVERSES
    return _INVERSES[inversion.kind if suits else features.inversions[0]]
