"""Pictures as frames: a check of the machinery without audio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from timbre_core.errors import TimbreError
from timbre_core.features.contract import FeatureSettings, by_name

if TYPE_CHECKING:
    from torch import Tensor

    from timbre_core.features.contract import Analysis

NO_SOUND = "Pictures have no sound: choose a checkpoint of sounds to hear any."


class NoSound(TimbreError, AttributeError):
    """A picture was asked for what only sounds have."""


class ImageSettings(FeatureSettings):
    """Pictures resized to `height` rows of `width` values, -1 for black and +1 for white.

    A column is a frame, and the lowest row is the first bin, as the lowest band is. What sounds have and pictures do not
    (a sample rate, a level in dB) raises NoSound, which is a TimbreError for whoever needs it and a missing attribute
    for whoever asks whether it is there.
    """

    source: ClassVar[Literal["audio", "picture"]] = "picture"
    inversions: ClassVar[tuple[str, ...]] = ()

    kind: Literal["image"] = "image"
    height: Annotated[int, Field(ge=1, le=4096)] = 28
    width: Annotated[int, Field(ge=1, le=4096)] = 28

    @property
    def n_bins(self) -> int:
        """Rows of a frame array."""
        return self.height

    @property
    def silence(self) -> float:
        """What continues a picture that is narrower than a window: black."""
        return -1.0

    @property
    def seconds(self) -> float | None:
        """Pictures are not cut or padded."""
        return None

    @property
    def sample_rate(self) -> int:
        raise NoSound(NO_SOUND)

    @property
    def n_fft(self) -> int:
        raise NoSound(NO_SOUND)

    @property
    def window_length(self) -> int:
        raise NoSound(NO_SOUND)

    @property
    def trim_db(self) -> float | None:
        raise NoSound(NO_SOUND)

    @property
    def hop_length(self) -> int:
        raise NoSound(NO_SOUND)

    @property
    def frame_rate(self) -> float:
        raise NoSound(NO_SOUND)

    @property
    def top_db(self) -> float:
        raise NoSound(NO_SOUND)

    def n_frames(self, n_samples: int) -> int:
        raise NoSound(NO_SOUND)

    def analyse(self, audio: Tensor, pitches: Sequence[float | None]) -> Analysis:
        """Of pictures (batch, height, width) in [0, 1], whose references are 0."""
        analysis: Analysis = by_name("timbre_core.features.frames:picture_frames")(audio, self)
        return analysis

    def frequencies(self) -> np.ndarray:
        raise NoSound(NO_SOUND)
