"""Names that say of a sound that several notes are in it: `C4E4`, `A2-G3`, a chord such as `C4E4G4`, `C4-E4-G4` or `C4maj7`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from timbre_core.datasets.pitch_names import NAME, is_note_name, read_pitch
from timbre_core.errors import TimbreError

_JOINED = re.compile(rf"(?P<low>{NAME})(?:[-–+&]?(?:{NAME}))*?[-–+&]?(?P<high>{NAME})", re.IGNORECASE)
_QUALITY = r"maj(?:or)?[679]?|min(?:or)?[679]|dim7"
_ROOT = re.compile(rf"(?P<root>{NAME})(?:{_QUALITY}|min(?:or)?|m[679]|dim|aug)", re.IGNORECASE)
_QUALITY_ALONE = re.compile(rf"{_QUALITY}|minor", re.IGNORECASE)
_CHORD = range(3, 13)  # semitones between neighbours in a chord; key ranges and their root are nearer


def joined(part: str) -> bool:
    """Whether a part of a name is of several notes' names."""
    return _JOINED.fullmatch(part) is not None


def are_chords(names: Iterable[Sequence[str]]) -> bool:
    """Whether some of the names, in parts, are of chords by their qualities: `min` is a minor one then, and not the softest."""
    return any(_QUALITY_ALONE.fullmatch(part) for parts in names for part in parts)


def several_in(parts: Sequence[str], chords: bool = False) -> tuple[str, str] | None:
    """The first and last note that the parts of a name speak of, or a chord's root and quality; None where it is one note.

    chords: whether names beside it are of chords, see `are_chords`.
    """
    notes = [is_note_name(part) for part in parts]
    if not any(notes):
        for part in parts:
            if found := _JOINED.fullmatch(part):
                return found["low"], found["high"]
            if found := _ROOT.fullmatch(part):
                return found["root"], part[len(found["root"]) :]
        return None
    named = [part for part, is_note in zip(parts, notes, strict=True) if is_note]
    quality = next(filter(_QUALITY_ALONE.fullmatch, parts), None)
    if chords and quality is None:
        quality = next((part for part in parts if part.casefold() == "min"), None)
    if len(named) == 1 and quality:
        return named[0], quality
    first = notes.index(True)
    if len(named) >= 3 and all(notes[first : first + len(named)]) and _is_chord(named):
        return named[0], named[-1]
    return None


def _is_chord(names: Sequence[str]) -> bool:
    try:
        pitches = [read_pitch(name) for name in names]
    except TimbreError:
        return False
    return all(round(high - low) in _CHORD for low, high in pairwise(pitches))
