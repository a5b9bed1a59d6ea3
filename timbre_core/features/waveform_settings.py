"""Audio in blocks: what a feature store holds for networks that learn what frames leave out. Not a kind of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from timbre_core.features.contract import FeatureSettings, by_name
from timbre_core.features.kinds.log_mel import LogMelSettings

if TYPE_CHECKING:
    from torch import Tensor

    from timbre_core.features.contract import Analysis


class WaveformSettings(FeatureSettings):
    """The audio itself in blocks of `hop_length` samples, for networks that learn what log-mels leave out.

    A block is a frame: (hop_length, n_blocks). Notes are scaled so that the loudest bin of their log-mel (`level`) has the
    power 1, which makes the log-mel of any part of a note that part of the note's log-mel. `margin` blocks of silence before
    and after it let a crop reach over its ends, as the frames of a centred analysis do.
    """

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
    def trim_db(self) -> float | None:
        """Silence this far below the note's loudest frame is cut from both ends."""
        return self.level.trim_db

    @property
    def hop_length(self) -> int:
        """Samples of a block."""
        return self.level.hop_length

    @property
    def window_length(self) -> int:
        """Samples that a frame reads."""
        return self.level.window_length

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

    def stored_frames(self, n_frames: int) -> int:
        return self.n_blocks(n_frames)

    def analyse(self, audio: Tensor, pitches: Sequence[float | None]) -> Analysis:
        blocks, ref_db = by_name("timbre_core.features.waveform:waveform_blocks")(audio, self)
        return blocks, ref_db.tolist()

    def frequencies(self) -> np.ndarray:
        raise NotImplementedError("blocks of audio have no frequencies")
