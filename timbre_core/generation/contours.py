"""Pitch over time that is asked for: drawn as points, with or without vibrato."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.pitch import hz_to_midi, parse_note_name

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

MOST_POINTS = 1000
MOST_DEPTH = 1200.0
"""Cents that vibrato goes up and down at most."""
MOST_RATE = 20.0
"""Hz of vibrato at most."""

_LARGEST_FILE = 2**20  # bytes
_LONGEST = 600.0  # seconds


@dataclass(frozen=True)
class Contour:
    """A pitch contour: points joined by straight lines in semitones, the first and the last held, and vibrato on top.

    Parameters
    ----------
    points : tuple of (float, float)
        (seconds, MIDI pitch from 0 to 127), in order of time; one point is a held pitch.
    depth : float
        Of the vibrato, cents up and as much down.
    rate : float
        Of the vibrato, Hz; it begins at its centre and upward.

    Raises
    ------
    TimbreError
        No point, times that do not rise, pitches outside 0 to 127.

    Examples
    --------
    >>> import numpy as np
    >>> from timbre_core import Contour
    >>> Contour(((0.0, 60.0), (1.0, 67.0))).at(np.array([0.0, 0.5, 2.0])).tolist()
    [60.0, 63.5, 67.0]
    """

    points: tuple[tuple[float, float], ...]
    depth: float = 0.0
    rate: float = 5.5

    def __post_init__(self) -> None:
        if not 1 <= len(self.points) <= MOST_POINTS:
            raise TimbreError(f"a contour of {len(self.points)} points: give from 1 to {MOST_POINTS}.")
        for time, pitch in self.points:
            if not 0 <= time <= _LONGEST:
                raise TimbreError(f"a contour's point at {time:g} s: times are seconds from 0 to {_LONGEST:g}.")
            if not 0 <= pitch <= 127:
                raise TimbreError(f"pitch {pitch:g} of a contour is outside MIDI's 0-127 (60 is middle C).")
        for (before, _), (after, _) in pairwise(self.points):
            if not after > before:
                raise TimbreError(
                    f"a contour's points at {before:g} s and {after:g} s: each must come after the one before."
                )
        if not 0 <= self.depth <= MOST_DEPTH:
            raise TimbreError(f"vibrato of {self.depth:g} cents: choose a depth from 0 to {MOST_DEPTH:g}.")
        if not 0 < self.rate <= MOST_RATE:
            raise TimbreError(f"vibrato of {self.rate:g} Hz: choose a rate above 0, up to {MOST_RATE:g}.")

    def at(self, times: np.ndarray) -> np.ndarray:
        """MIDI pitch (n,) float64 at `times` (n,) in seconds; held within 0 to 127."""
        seconds, pitches = zip(*self.points, strict=True)
        drawn = np.interp(times, seconds, pitches)
        return np.clip(drawn + self.depth / 100 * np.sin(2 * np.pi * self.rate * times), 0, 127)


def read_contour(text: str) -> tuple[tuple[float, float], ...]:
    """The points of a contour, from a CSV file or written out.

    A file has a line `seconds,pitch` for each point; its first line may name the columns, and `hz` as the second one's name
    says that pitches are frequencies. Written out, points are `seconds:pitch` between commas: "0:60,1.5:67". A pitch is a
    MIDI number, a note name (C#4) or a frequency (262Hz).

    Raises TimbreError that names the point which cannot be understood.
    """
    if ":" in text and not text.lower().endswith((".csv", ".txt")):
        pairs = [point.split(":", 1) if ":" in point else [point, ""] for point in text.split(",") if point.strip()]
        return _points(pairs, text[:80], False)
    path = Path(text)
    with os_errors(path):
        if path.stat().st_size > _LARGEST_FILE:
            raise TimbreError(
                f"{path}: a contour has a few kilobytes, this file has more than {_LARGEST_FILE // 1024}."
            )
        content = path.read_text(encoding="utf-8-sig", errors="replace")
    rows = [row for row in csv.reader(io.StringIO(content)) if any(cell.strip() for cell in row)]
    named = bool(rows) and not _is_number(rows[0][0])
    in_hz = named and len(rows[0]) > 1 and rows[0][1].strip().lower() in ("hz", "f0", "frequency")
    return _points([[*row, ""][:2] for row in rows[named:]], str(path), in_hz)


def _points(pairs: Sequence[Sequence[str]], name: str, in_hz: bool) -> tuple[tuple[float, float], ...]:
    if not pairs:
        raise TimbreError(
            f"{name}: no point of a contour in it: write seconds:pitch,seconds:pitch, such as 0:60,1.5:67."
        )
    points = []
    for time, pitch in pairs:
        if not _is_number(time):
            raise TimbreError(f"{name}: {time.strip()[:40]!r} is not a time in seconds: write points as 0:60,1.5:67.")
        points.append((float(time), _pitch(pitch.strip(), name, in_hz)))
    return tuple(points)


def _pitch(text: str, name: str, in_hz: bool) -> float:
    hz = text[:-2] if text.lower().endswith("hz") else text if in_hz else None
    if hz is not None and _is_number(hz):
        midi = float(hz_to_midi(float(hz)))
    elif _is_number(text):
        midi = float(text)
    else:
        try:
            midi = float(parse_note_name(text))
        except TimbreError:
            midi = math.nan
    if math.isnan(midi):
        raise TimbreError(
            f"{name}: {text[:40]!r} is not a pitch: write a MIDI number, a note name (C#4) or Hz (262Hz)."
        )
    return midi


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def pitch_for(space: TimbreSpace, pitch: float | Contour | None, like: str | None) -> float | Contour:
    """What a sound of a space is asked for: the pitch, by default that of the map note `like`, else 60. Raises TimbreError for a
    contour that the model cannot follow, and what is no pitch."""
    if isinstance(pitch, Contour):
        if not space.recipe.uses_pitch:
            raise TimbreError(
                f"{space.checkpoint.name} is not told the pitch, so it cannot follow a contour: choose a checkpoint that is."
            )
        return pitch
    if pitch is None and like is not None:
        pitch = space.pitch_of(like)
    return space.checked_pitch(60.0 if pitch is None or np.isnan(pitch) else pitch)
