"""What a kind of features is: one object with its settings, how it is analysed and inverted, its axis, and what it needs.

A new kind is a file in `features.kinds`: a class below `FeatureSettings` with a `kind` of its own. Settings are read without
torch, so what computes is imported when it is first used.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from timbre_core.parts import Part

if TYPE_CHECKING:
    from torch import Tensor

    Analysis = tuple[Iterable[Tensor], Sequence[float]]


class FeatureSettings(Part):
    """Base of all kinds of features. Frames are (n_bins, n_frames) float32."""

    source: ClassVar[Literal["audio", "picture"]] = "audio"
    """What a note is analysed from."""

    is_spectrum: ClassVar[bool] = False
    """Whether rows are levels in dB at `frequencies`, so that frames can be moved along them and have a brightness."""

    inversions: ClassVar[tuple[str, ...]] = ("own",)
    """Kinds of `InversionSettings` that suit, the usual one first. "own": the method `invert`."""

    needs_pitch: ClassVar[bool] = False
    """Whether notes can only be analysed, and sounded, with their pitch: the frames do not hold it."""

    if TYPE_CHECKING:  # what every kind has, as a setting or a property

        @property
        def kind(self) -> str: ...
        @property
        def n_bins(self) -> int: ...
        @property
        def silence(self) -> float: ...
        @property
        def seconds(self) -> float | None: ...
        @property
        def trim_db(self) -> float | None: ...
        @property
        def sample_rate(self) -> int: ...
        @property
        def hop_length(self) -> int: ...
        @property
        def window_length(self) -> int: ...
        @property
        def n_fft(self) -> int: ...
        @property
        def top_db(self) -> float: ...

    @property
    def has_sound(self) -> bool:
        """Whether frames come from sounds and can become some: not those of pictures."""
        return self.source == "audio"

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    def n_frames(self, n_samples: int) -> int:
        """Frames of a centred analysis of `n_samples` samples."""
        return 1 + n_samples // self.hop_length

    def stored_frames(self, n_frames: int) -> int:
        """How many columns of the store belong to a window of `n_frames` frames."""
        return n_frames

    @abstractmethod
    def analyse(self, audio: Tensor, pitches: Sequence[float | None]) -> Analysis:
        """Notes (batch, n_samples) of equal length, prepared, and the MIDI pitch of each -> frames of each, and references.

        A reference is the power of +1 in dB, NaN where the audio is not finite. Raises TimbreError for what it cannot follow.
        """

    def invert(
        self, frames: np.ndarray, ref_db: float, n_samples: int | None, pitch: float | np.ndarray | None, seed: int
    ) -> np.ndarray:
        """One note's frames (n_bins, n_frames) -> audio (n_samples,) float32, for kinds with an inverse of their own."""
        raise NotImplementedError(f"features of kind {self.kind} are inverted by {self.inversions[0]}")

    def spectrogram(self, frames: np.ndarray) -> np.ndarray:
        """What to draw of frames: (n_rows, n_frames) in [-1, 1], spectra whose rows stand for `frequencies`."""
        return frames

    @abstractmethod
    def frequencies(self) -> np.ndarray:
        """Hz (n_rows,) that the rows of a `spectrogram` stand for. Raises NoSound for pictures, whose rows are none."""

    def error_db(self, heard: np.ndarray, frames: np.ndarray) -> float:
        """How far two frame arrays (n_bins, n_frames) are apart: the mean absolute difference in dB."""
        return float(np.abs(np.asarray(heard, dtype=np.float64) - frames).mean() * self.top_db / 2)


def by_name(function: str) -> Any:
    """What "package.module:name" names, imported when it is needed: a settings file reads without what computes."""
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)
