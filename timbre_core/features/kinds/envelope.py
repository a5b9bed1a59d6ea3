"""What a recipe says about harmonic envelopes: the features of source-filter models of single notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from timbre_core.features.contract import FeatureSettings, by_name

if TYPE_CHECKING:
    from torch import Tensor

    from timbre_core.features.contract import Analysis

_ROWS = 256  # of a drawn envelope


class EnvelopeSettings(FeatureSettings):
    """Cepstra of the true amplitude envelope through a note's harmonics, in the note's sustained part.

    The log envelope is scaled as log-mels are: +1 is the note's loudest harmonic, -1 is `top_db` below it or softer. A frame
    is its cepstrum, weighted so that the squared distance of two frames is the mean squared distance of their scaled log
    envelopes over frequency (Parseval): no coefficient leaves [-1, 1].
    """

    inversions: ClassVar[tuple[str, ...]] = ("additive",)
    needs_pitch: ClassVar[bool] = True

    kind: Literal["envelope"] = "envelope"
    sample_rate: Annotated[int, Field(ge=1_000, le=384_000, description="Hz")] = 48_000
    win_length: Annotated[int, Field(ge=64, le=65_536, description="samples of a frame's Blackman window")] = 1024
    n_fft: Annotated[int, Field(ge=64, le=65_536)] = 2048
    hop_length: Annotated[int, Field(ge=1, le=65_536)] = 256
    n_harmonics: Annotated[int, Field(ge=2, le=1024)] = 100
    n_coefficients: Annotated[int, Field(ge=2, le=1024, description="of the cepstrum, the mean level included")] = 91
    top_db: Annotated[float, Field(gt=0, le=200)] = 80.0
    tolerance_db: Annotated[
        float, Field(gt=0, le=20, description="how far below a harmonic the true envelope may pass")
    ] = 2.0
    settling: Annotated[
        int, Field(ge=0, le=100, description="rounds that then bring it nearer to the harmonics; published: none")
    ] = 4
    trim_db: Annotated[
        float | None,
        Field(gt=0, le=200, description="kept is what lies within this of the note's loudest frame; none: all of it"),
    ] = 30.0

    @model_validator(mode="after")
    def _consistent(self) -> EnvelopeSettings:
        if self.win_length > self.n_fft:
            raise ValueError(f"win_length {self.win_length} is larger than n_fft {self.n_fft}: samples would be lost")
        if self.hop_length > self.win_length:
            raise ValueError(f"hop_length {self.hop_length} is larger than win_length {self.win_length}")
        return self

    @property
    def window_length(self) -> int:
        """Samples that a frame reads."""
        return self.win_length

    @property
    def seconds(self) -> float | None:
        """Length that notes are cut or padded to: none, their sustained part keeps its own."""
        return None

    @property
    def n_bins(self) -> int:
        """Rows of a frame array."""
        return self.n_coefficients

    @property
    def silence(self) -> float:
        """Frame value that continues a note that is shorter than a window."""
        return 0.0

    def analyse(self, audio: Tensor, pitches: Sequence[float | None]) -> Analysis:
        analysis: Analysis = by_name("timbre_core.features.envelope:envelopes")(audio, self, pitches)
        return analysis

    def spectrogram(self, frames: np.ndarray) -> np.ndarray:
        """The log envelopes that cepstra stand for."""
        drawn: np.ndarray = by_name("timbre_core.features.envelope:drawn_envelopes")(frames, _ROWS)
        return drawn

    def frequencies(self) -> np.ndarray:
        """Hz, evenly up to half the sample rate."""
        return np.linspace(0, self.sample_rate / 2, _ROWS)

    def error_db(self, heard: np.ndarray, frames: np.ndarray) -> float:
        """The mean over frames of the log-spectral distance (root mean square)."""
        difference = np.asarray(heard, dtype=np.float64) - frames
        return float(np.sqrt(np.square(difference).sum(axis=0)).mean() * self.top_db / 2)
