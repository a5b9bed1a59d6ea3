"""What a recipe says about features: enough to go from audio to frames and back."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from timbre_core.errors import TimbreError
from timbre_core.features.envelope_settings import EnvelopeSettings
from timbre_core.features.image_settings import ImageSettings


class SpectralSettings(BaseModel):
    """What log-mels and STFT magnitudes have in common: frames of a power spectrum in dB, scaled to [-1, 1].

    +1 is the note's loudest bin. With scaling "top_db", -1 is `top_db` below it or softer; with "min_max" it is the note's
    softest bin, but no more than `top_db` below.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample_rate: Annotated[int, Field(ge=1_000, le=384_000, description="Hz")] = 16_000
    n_fft: Annotated[int, Field(ge=16, le=65_536)] = 1024
    win_length: Annotated[
        int | None, Field(ge=4, le=65_536, description="samples of the Hann window, amid n_fft; none: n_fft")
    ] = None
    hop_length: Annotated[int, Field(ge=1, le=65_536)] = 256
    top_db: Annotated[float, Field(gt=0, le=200)] = 80.0
    scaling: Literal["top_db", "min_max"] = "top_db"
    pre_emphasis: Annotated[
        float, Field(ge=0, lt=1, description="a of the filter x[n] - a x[n - 1] before the analysis; 0 switches it off")
    ] = 0.0
    trim_db: Annotated[
        float | None,
        Field(
            gt=0,
            le=200,
            description="silence this far below the note's loudest frame is cut from both ends; none: kept",
        ),
    ] = None
    seconds: Annotated[
        float | None, Field(gt=0, le=600, description="notes are cut or zero-padded to this; none keeps their length")
    ] = 4.0

    @model_validator(mode="after")
    def _frames_overlap(self) -> Self:
        if self.win_length is not None and self.win_length > self.n_fft:
            raise ValueError(f"win_length {self.win_length} is larger than n_fft {self.n_fft}")
        if self.hop_length > self.window_length:
            raise ValueError(
                f"hop_length {self.hop_length} is larger than "
                f"{'n_fft' if self.win_length is None else 'win_length'} {self.window_length}: samples would be lost"
            )
        return self

    @property
    def needs_pitch(self) -> bool:
        """Whether notes can only be analysed, and sounded, with their pitch: see `EnvelopeSettings`."""
        return False

    @property
    def window_length(self) -> int:
        """Samples that a frame reads."""
        return self.n_fft if self.win_length is None else self.win_length

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


class LogMelSettings(SpectralSettings):
    """Log-mel frames: Slaney mel bands of the power spectrum."""

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


SpectralFeatures = LogMelSettings | StftSettings
"""Frames of power in dB, whose phases an inverter has to find."""

FeatureSettings = Annotated[
    LogMelSettings | StftSettings | EnvelopeSettings | ImageSettings, Field(discriminator="kind")
]
"""What a model's frames can be. `frames.py` analyses each kind, `inversion` makes each kind sound that has one."""


def has_sound(features: FeatureSettings) -> bool:
    """Whether frames come from sounds and can become some: not those of pictures."""
    return not isinstance(features, ImageSettings)


def as_log_mel(features: FeatureSettings) -> LogMelSettings:
    """The settings themselves, for what works on log-mels alone. Raises TimbreError for another kind."""
    if not isinstance(features, LogMelSettings):
        raise TimbreError(f"features of kind {features.kind}: this needs features of kind log_mel.")
    return features


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


StoredFeatures = Annotated[
    LogMelSettings | StftSettings | EnvelopeSettings | ImageSettings | WaveformSettings, Field(discriminator="kind")
]
"""What a feature store can hold."""
