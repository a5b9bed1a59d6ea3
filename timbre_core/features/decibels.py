"""Power in dB as frame values in [-1, 1], and the way back."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from timbre_core.features.settings import SpectralSettings

AMIN = 1e-10
"""Power below this counts as this; a note whose loudest bin is not above it is silent."""

SILENCE_DB = 10 * math.log10(AMIN)
"""Reference of a silent note."""


class Reference(float):
    """Power in dB of a note's frame value +1, which knows how far below it -1 is.

    A plain number is the same with the features' own range, `top_db`; notes scaled by their minimum have a `range_db`.
    """

    range_db: float

    def __new__(cls, ref_db: float, range_db: float) -> Reference:
        reference = super().__new__(cls, ref_db)
        reference.range_db = range_db
        return reference

    def __reduce__(self) -> tuple[type[Reference], tuple[float, float]]:  # copies cross between processes
        return Reference, (float(self), self.range_db)


def power_to_frames(power: Tensor, settings: SpectralSettings) -> tuple[Tensor, list[float]]:
    """Frames (batch, n_bins, n_frames) in [-1, 1] of power (batch, n_frames, n_bins), and each note's reference in dB.

    A silent note is -1 everywhere, with the reference -100 dB (SILENCE_DB).
    """
    peak = power.amax(dim=(1, 2)).clamp_(min=AMIN)
    ref_db = 10 * torch.log10(peak)
    references: list[float] = ref_db.tolist()
    range_db = torch.full_like(ref_db, settings.top_db)
    if settings.scaling == "min_max":
        softest = 10 * torch.log10(power.amin(dim=(1, 2)).clamp_(min=AMIN))
        found = (ref_db - softest).clamp_(max=settings.top_db)
        range_db = torch.where(found > 0, found, range_db)
        references = [Reference(*pair) for pair in zip(references, range_db.tolist(), strict=True)]
    scale = 2 / range_db
    frames = power.clamp(min=AMIN).log10_().mul_((10 * scale)[:, None, None])
    frames = frames.add_((1 - ref_db * scale)[:, None, None]).clamp_(-1, 1)
    frames[peak <= AMIN] = -1.0
    return frames.transpose(1, 2), references


def frames_to_power(frames: Tensor, ref_db: Tensor | float, settings: SpectralSettings) -> Tensor:
    """Power of frames (..., n_bins, n_frames), -1 being `top_db` below +1: the inverse of the scaling above the floor.

    `ref_db` is a number or (...,). At -1 it gives the floor's own power, the most it can be.
    """
    reference = torch.as_tensor(ref_db, dtype=frames.dtype, device=frames.device)[..., None, None]
    octaves = math.log2(10) / 10  # in a decibel of power: powers of two are several times as fast as those of ten
    return torch.exp2((frames - 1) * (settings.top_db / 2 * octaves) + reference * octaves)


def in_common_range(frames: Tensor, reference: object, settings: SpectralSettings) -> Tensor:
    """Frames of a note that has a range of its own (see `Reference`) as `frames_to_power` reads them."""
    if isinstance(reference, Reference):
        return 1 + (frames.clamp(-1, 1) - 1) * (reference.range_db / settings.top_db)
    return frames
