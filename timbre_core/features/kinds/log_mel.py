"""Log-mel frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from timbre_core.features.contract import by_name
from timbre_core.features.mel_scale import hz_to_mel, mel_to_hz
from timbre_core.features.spectral import SpectralSettings

if TYPE_CHECKING:
    from torch import Tensor

    from timbre_core.features.contract import Analysis


class LogMelSettings(SpectralSettings):
    """Log-mel frames: Slaney mel bands of the power spectrum."""

    inversions: ClassVar[tuple[str, ...]] = ("griffin_lim", "learned", "excited")

    kind: Literal["log_mel"] = "log_mel"
    n_mels: Annotated[int, Field(ge=4, le=1024)] = 80
    fmin: Annotated[float, Field(ge=0, description="Hz")] = 0.0
    fmax: Annotated[float | None, Field(gt=0, description="Hz; none means half the sample rate")] = None

    @model_validator(mode="after")
    def _bands_fit(self) -> LogMelSettings:
        top = self.fmax if self.fmax is not None else self.sample_rate / 2
        if top > self.sample_rate / 2:
            raise ValueError(f"fmax {top:g} Hz is above half the sample rate ({self.sample_rate / 2:g} Hz)")
        if self.fmin >= top:
            raise ValueError(f"fmin {self.fmin:g} Hz is not below fmax {top:g} Hz")
        return self

    @property
    def n_bins(self) -> int:
        """Rows of a frame array."""
        return self.n_mels

    def analyse(self, audio: Tensor, pitches: Sequence[float | None]) -> Analysis:
        analysis: Analysis = by_name("timbre_core.features.log_mel:mel_frames")(audio, self)
        return analysis

    def frequencies(self) -> np.ndarray:
        """Hz of the centres of the bands."""
        top = self.fmax if self.fmax is not None else self.sample_rate / 2
        return mel_to_hz(np.linspace(hz_to_mel(self.fmin), hz_to_mel(top), self.n_mels + 2)[1:-1])
