"""What everything that makes sound of frames promises."""

from __future__ import annotations

from typing import Any, Protocol, TypedDict, Unpack

import numpy as np
from torch import Tensor

from timbre_core.inversion.settings import InversionSettings

Values = np.ndarray | Tensor
Numbers = float | Values


class How(TypedDict, total=False):
    """What else is known of the sound that is asked for.

    seed: of random phases, 0 unless given. Each note comes out the same alone and in any batch.
    n_samples: length of the result, cut or padded with zeros; none: what the frames cover.
    pitch: MIDI pitch of the notes, a number or (batch,), NaN for unknown; or a contour, a pitch for each frame as (n_frames,)
        for one note or (batch, n_frames). Spectra are helped by a pitch, envelopes need one.
    in_tune: see `classical.invert`; other kinds sound in tune anyway.
    """

    seed: int
    n_samples: int | None
    pitch: Numbers | None
    in_tune: bool


class Invert(Protocol):
    """Frames to audio."""

    def __call__(
        self, frames: Values, ref_db: Numbers, features: Any, inversion: InversionSettings, **how: Unpack[How]
    ) -> np.ndarray:
        """Audio whose features are `frames`, at the level that `ref_db` gives.

        Args:
            frames: (n_bins, n_frames) or (batch, n_bins, n_frames), in [-1, 1] (what is beyond is clipped); array or tensor.
            ref_db: what +1 is, in dB: a number (see `Reference`), or (batch,).
            features: settings of the kind that is inverted.
            inversion: how.
            how: see `How`.

        Returns:
            float32 (n_samples,) or (batch, n_samples) at `features.sample_rate`.

        Raises TimbreError for frames that are not finite or of another shape than `features` says, for a pitch outside
        0..127, and for settings of another kind.
        """
