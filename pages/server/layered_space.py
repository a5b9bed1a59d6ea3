"""A checkpoint's space whose map has people's own notes on it, so that they are played, morphed and transferred as others are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from pages.server.memo import Memo
from timbre_core.decoding import Trajectory
from timbre_core.errors import TimbreError
from timbre_core.space import TimbreSpace


class LayeredSpace(TimbreSpace):
    """The same opened model over a longer map.

    base: the checkpoint's space. labels, means, places: of all notes, the base's own first. recording: the audio (n_samples,) of
    a row, which is encoded when its latents are asked for. encoded: whether the mean of a row is as good as the model can tell.
    """

    def __init__(
        self,
        base: TimbreSpace,
        labels: pd.DataFrame,
        means: np.ndarray,
        places: np.ndarray,
        recording: Callable[[int], np.ndarray],
        encoded: Callable[[int], bool] = lambda row: True,
    ) -> None:
        self.__dict__.update(base.__dict__)
        longer = {"map_notes": labels, "means": means, "places": places, "extent": base.extent}
        self.__dict__.update(longer, _coordinates=base._coordinates)
        self._base, self._recording, self._encoded_already = base, recording, encoded
        self._rows = {str(name): row for row, name in enumerate(labels["note_id"])}
        self._trajectories = Memo(16)

    def row_of(self, note_id: str) -> int:
        """A note's row. Raises TimbreError for an id that is not on the map."""
        row = self._rows.get(note_id)
        return self._base.row_of(note_id) if row is None else row

    def rows_of_family(self, family: str) -> np.ndarray:
        """The rows (n,) of a family's notes: the map's own where it knows the family. Raises TimbreError for an unknown one."""
        try:
            return self._base.rows_of_family(family)
        except TimbreError:
            return super().rows_of_family(family)

    def mean_of(self, note_id: str) -> np.ndarray:
        """A note's mean latent (latent_dim,)."""
        row = self.row_of(note_id)
        return self.means[row] if self._encoded_already(row) else self._encoded(row).mean

    def trajectory_in(self, row: int) -> np.ndarray:
        """The latents (n_windows, latent_dim) of the note in a row."""
        return self._base.trajectory_in(row) if self._is_base(row) else self._encoded(row).mu

    def sounding_in(self, row: int) -> np.ndarray:
        """Which of its windows hold sound (n_windows,)."""
        return self._base.sounding_in(row) if self._is_base(row) else self._encoded(row).sounding

    def _is_base(self, row: int) -> bool:
        return row < len(self._base.means)

    def _encoded(self, row: int) -> Trajectory:
        def encode() -> Trajectory:
            pitch = self.pitch_of(str(self.map_notes["note_id"].iat[row]))
            # A model that is told a pitch is told middle C of a sound that has none, as when it was placed.
            told = 60.0 if pitch is None and self.recipe.uses_pitch else pitch
            return self.encode(self.analyse(self._recording(row), told)[0], told)

        return self._trajectories.get(row, encode)
