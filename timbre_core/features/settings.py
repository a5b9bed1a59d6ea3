"""What a recipe says about features: enough to go from audio to frames and back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class LogMelSettings(BaseModel):
    """Log-mel frames: Slaney mel bands of the power spectrum in dB below the note's maximum, scaled to [-1, 1].

    A frame value of +1 is the note's loudest mel bin, -1 is `top_db` below it or softer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["log_mel"] = "log_mel"
    sample_rate: Annotated[int, Field(ge=1_000, le=384_000, description="Hz")] = 16_000
    n_fft: Annotated[int, Field(ge=16, le=65_536)] = 1024
    hop_length: Annotated[int, Field(ge=1, le=65_536)] = 256
    n_mels: Annotated[int, Field(ge=4, le=1024)] = 80
    fmin: Annotated[float, Field(ge=0, description="Hz")] = 0.0
    fmax: Annotated[float | None, Field(gt=0, description="Hz; none means half the sample rate")] = None
    top_db: Annotated[float, Field(gt=0, le=200)] = 80.0
    seconds: Annotated[
        float | None, Field(gt=0, le=600, description="notes are cut or zero-padded to this; none keeps their length")
    ] = 4.0

    @model_validator(mode="after")
    def _consistent(self) -> LogMelSettings:
        top = self.fmax if self.fmax is not None else self.sample_rate / 2
        if top > self.sample_rate / 2:
            raise ValueError(f"fmax {top:g} Hz is above half the sample rate ({self.sample_rate / 2:g} Hz)")
        if self.fmin >= top:
            raise ValueError(f"fmin {self.fmin:g} Hz is not below fmax {top:g} Hz")
        if self.hop_length > self.n_fft:
            raise ValueError(f"hop_length {self.hop_length} is larger than n_fft {self.n_fft}: samples would be lost")
        return self

    @property
    def n_bins(self) -> int:
        """Rows of a frame array."""
        return self.n_mels

    @property
    def silence(self) -> float:
        """Frame value of silence, which continues a note that is shorter than a window."""
        return -1.0

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    def n_frames(self, n_samples: int) -> int:
        """Frames of a centred analysis of `n_samples` samples."""
        return 1 + (n_samples - self.n_fft % 2) // self.hop_length


FeatureSettings = LogMelSettings


class WaveformSettings(BaseModel):
    """The audio itself in blocks of `hop_length` samples, for networks that learn what log-mels leave out.

    A block is a frame: (hop_length, n_blocks). Notes are scaled so that the loudest bin of their log-mel (`level`) has the
    power 1, which makes the log-mel of any part of a note that part of the note's log-mel. `margin` blocks of silence before
    and after it let a crop reach over its ends, as the frames of a centred analysis do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["waveform"] = "waveform"
    level: LogMelSettings = LogMelSettings()

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.level.sample_rate

    @property
    def seconds(self) -> float | None:
        """Length that notes are cut or padded to."""
        return self.level.seconds

    @property
    def n_bins(self) -> int:
        """Samples of a block."""
        return self.level.hop_length

    @property
    def margin(self) -> int:
        """Blocks on either side of a frame's centre that its analysis reads."""
        return -(-self.level.n_fft // (2 * self.level.hop_length))

    @property
    def silence(self) -> float:
        """Sample value of silence."""
        return 0.0

    def n_blocks(self, n_frames: int) -> int:
        """Blocks whose audio holds all that the analysis of `n_frames` frames reads."""
        return n_frames - 1 + 2 * self.margin


StoredFeatures = Annotated[LogMelSettings | WaveformSettings, Field(discriminator="kind")]
"""What a feature store can hold."""
