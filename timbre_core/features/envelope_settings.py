"""What a recipe says about harmonic envelopes: the features of source-filter models of single notes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class EnvelopeSettings(BaseModel):
    """Cepstra of the true amplitude envelope through a note's harmonics, in the note's sustained part.

    The log envelope is scaled as log-mels are: +1 is the note's loudest harmonic, -1 is `top_db` below it or softer. A frame
    is its cepstrum, weighted so that the squared distance of two frames is the mean squared distance of their scaled log
    envelopes over frequency (Parseval): no coefficient leaves [-1, 1].
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    def needs_pitch(self) -> bool:
        """Whether notes can only be analysed, and sounded, with their pitch: the frames do not hold it."""
        return True

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

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    def n_frames(self, n_samples: int) -> int:
        """Frames of a centred analysis of `n_samples` samples."""
        return 1 + n_samples // self.hop_length
