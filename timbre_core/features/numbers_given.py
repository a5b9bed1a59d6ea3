"""Numbers that callers give: pitches, velocities, levels."""

from __future__ import annotations

from typing import Any

import numpy as np

from timbre_core.errors import TimbreError


def number_given(value: Any, name: str) -> float:
    """A number of Python's, numpy's or torch's, or an array of one without axes; raises TimbreError, naming it, for others."""
    try:
        if np.ndim(value) or isinstance(value, str | bytes):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        shown = "of hundreds of digits" if isinstance(value, int) else repr(str(value)[:40])
        raise TimbreError(f"{name} {shown} is no number: give one, as MIDI has it (60 is middle C).") from None


def pitch_given(value: Any, name: str = "pitch") -> float:
    """The same of a MIDI pitch: raises TimbreError also outside 0-127 and for NaN."""
    number = number_given(value, name)
    if not 0 <= number <= 127:
        raise TimbreError(f"{name} {number:g} is outside MIDI's 0-127 (60 is middle C).")
    return number
