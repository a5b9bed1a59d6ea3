"""Magnitudes of the short-time Fourier transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from timbre_core.features.contract import by_name
from timbre_core.features.spectral import SpectralSettings

if TYPE_CHECKING:
    from torch import Tensor

    from timbre_core.features.contract import Analysis


class StftSettings(SpectralSettings):
    """Magnitudes of the short-time Fourier transform on its linear frequency axis."""

    kind: Literal["stft"] = "stft"
    bins: Annotated[
        int | None, Field(ge=1, description="lowest frequency bins that are kept; none: all 1 + n_fft // 2 of them")
    ] = None

    @model_validator(mode="after")
    def _bins_are_there(self) -> StftSettings:
        if self.bins is not None and self.bins > 1 + self.n_fft // 2:
            raise ValueError(f"bins {self.bins} is more than the {1 + self.n_fft // 2} that n_fft {self.n_fft} has")
        return self

    @property
    def n_bins(self) -> int:
        """Rows of a frame array."""
        return 1 + self.n_fft // 2 if self.bins is None else self.bins

    def analyse(self, audio: Tensor, pitches: Sequence[float | None]) -> Analysis:
        analysis: Analysis = by_name("timbre_core.features.frames:stft_frames")(audio, self)
        return analysis

    def frequencies(self) -> np.ndarray:
        """Hz of the bins."""
        return np.arange(self.n_bins) * (self.sample_rate / self.n_fft)
