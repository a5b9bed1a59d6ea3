"""Inversion without a network, by the kind of the features: Griffin-Lim for spectra, additive synthesis for envelopes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.image_settings import NO_SOUND, ImageSettings, NoSound
from timbre_core.features.settings import EnvelopeSettings, FeatureSettings
from timbre_core.inversion import classical, streaming
from timbre_core.inversion.harmonic import invert_envelope
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
    """Audio whose features are `frames`: the contract of `classical.invert`.

    Envelopes sound at the pitch that is given, which may be a contour: see `invert_envelope`. Raises NoSound for pictures.
    """
    if isinstance(features, ImageSettings):
        raise NoSound(NO_SOUND)
    if isinstance(features, EnvelopeSettings):
        return invert_envelope(frames, ref_db, features, n_samples, pitch)
    return classical.invert(frames, ref_db, features, inversion, seed, n_samples, pitch, in_tune)


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
    """One note's audio in consecutive blocks (n,) float32: the contract of `streaming.stream`; envelopes give one block."""
    if isinstance(features, ImageSettings):
        raise NoSound(NO_SOUND)
    if isinstance(features, EnvelopeSettings):
        whole = frames if isinstance(frames, np.ndarray | Tensor) else np.concatenate(list(frames), axis=1)
        yield invert_envelope(whole, ref_db, features, n_samples, pitch)
    else:
        yield from streaming.stream(frames, ref_db, features, inversion, seed, n_samples, pitch, device, in_tune)
