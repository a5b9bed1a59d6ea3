"""What a recipe says about frames of a power spectrum."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from timbre_core.features.contract import FeatureSettings


class SpectralSettings(FeatureSettings):
    """What log-mels and STFT magnitudes have in common: frames of a power spectrum in dB, scaled to [-1, 1].

    +1 is the note's loudest bin. With scaling "top_db", -1 is `top_db` below it or softer; with "min_max" it is the note's
    softest bin, but no more than `top_db` below.
    """

    is_spectrum: ClassVar[bool] = True
    inversions: ClassVar[tuple[str, ...]] = ("griffin_lim", "learned")

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
    def window_length(self) -> int:
        """Samples that a frame reads."""
        return self.n_fft if self.win_length is None else self.win_length

    @property
    def silence(self) -> float:
        """Frame value of silence, which continues a note that is shorter than a window."""
        return -1.0

    def n_frames(self, n_samples: int) -> int:
        """Frames of a centred analysis of `n_samples` samples."""
        return 1 + (n_samples - self.n_fft % 2) // self.hop_length
