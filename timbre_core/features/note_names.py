"""Names of MIDI pitches."""

from __future__ import annotations

import math

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def note_name(midi: float) -> str:
    """The nearest note's name: 60 -> `C4`, 69 -> `A4`; an empty string where the pitch is unknown."""
    if midi is None or not math.isfinite(midi):
        return ""
    nearest = round(midi)
    return f"{_NAMES[nearest % 12]}{nearest // 12 - 1}"
