"""Which note of its instrument a note should become."""

from __future__ import annotations

import numpy as np
import pandas as pd

from timbre_core.models.tasks import PairSettings

_SAME_VELOCITY = 3.0  # times as likely as another one: what differs then is the pitch alone
_NEAR = 3.0  # semitones at which a partner is half as likely as at none


class Partners:
    """Draws partners among a split's notes: of the same instrument, near pitches and the same velocity more often.

    Notes without a pitch, or alone within `semitones`, are their own partners.
    """

    def __init__(self, notes: pd.DataFrame, rows: np.ndarray, settings: PairSettings) -> None:
        self._settings = settings
        self._pitch = notes["pitch"].to_numpy(np.float64)
        self._velocity = notes["velocity"].to_numpy(np.float64)
        self._of: dict[str, np.ndarray] = {
            str(name): rows[places] for name, places in notes.iloc[rows].groupby("instrument").indices.items()
        }
        self._instrument = notes["instrument"].to_numpy()

    def draw(self, rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """A partner's row for each of `rows` (n,); a share of them, and those without one, are their own."""
        wanted = rows.copy()
        for place in np.flatnonzero(random.random(len(rows)) < self._settings.share):
            wanted[place] = self._partner(int(rows[place]), random.random())
        return wanted

    def _partner(self, row: int, chance: float) -> int:
        others = self._of[str(self._instrument[row])]
        apart = np.abs(self._pitch[others] - self._pitch[row])
        weight = np.where((apart <= self._settings.semitones) & (others != row), 1 / (_NEAR + apart), 0.0)
        weight = np.nan_to_num(weight) * np.where(self._velocity[others] == self._velocity[row], _SAME_VELOCITY, 1.0)
        total = weight.cumsum()
        return int(others[np.searchsorted(total, chance * total[-1], side="right")]) if total[-1] > 0 else row
