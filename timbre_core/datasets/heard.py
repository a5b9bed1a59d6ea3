"""What is heard in a few files, set against what they are said to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from timbre_core.datasets.measured_pitch import NOTHING, RATE, Heard, PitchCache, hear
from timbre_core.datasets.threads import in_threads
from timbre_core.errors import TimbreError
from timbre_core.features.audio import load_audio

_LISTENED_TO = 12
CLEAR = 0.8
"""Confidence from which on a measured pitch is set against a label."""
_NEAR = 0.6  # semitones
_MOST = 0.7  # share of the clear notes that agree


def spread(count: int, most: int) -> list[int]:
    """Up to `most` of `count` places, evenly spread."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))}) if count else []


def pitches_agree(root: Path) -> Callable[[Sequence[str], Sequence[float]], bool]:
    """A listener: whether some files below `root` sound at the pitches they are said to be, whatever the octave."""

    def agree(files: Sequence[str], pitches: Sequence[float]) -> bool:
        chosen = spread(len(files), _LISTENED_TO)
        heard = listen(root, [files[place] for place in chosen])
        off = [h.pitch - pitches[place] for place, h in zip(chosen, heard, strict=True) if h.confidence >= CLEAR]
        near = sum(abs((shift + 6) % 12 - 6) < _NEAR for shift in off)
        return near >= max(1, _MOST * len(off)) and len(off) * 3 >= len(chosen)

    return agree


def listen(root: Path, files: Sequence[str], progress: bool = False) -> list[Heard]:
    """What is heard in files below `root`, from the cache where they have been listened to."""

    def load(file: str) -> np.ndarray:
        return load_audio(root / file, RATE, remarks=[])

    return heard_in(root, files, load, progress)


def heard_in(
    root: Path, places: Sequence[str], load: Callable[[str], np.ndarray], progress: bool = False
) -> list[Heard]:
    """What is heard in the notes at `places` of a root, which `load` reads at RATE; NOTHING in those that cannot be read."""

    def one(place: str) -> Heard:
        try:
            return hear(load(place))
        except TimbreError:
            return NOTHING

    cache = PitchCache(root)
    found = {place: heard for place in places if (heard := cache.get(place)) is not None}
    todo = [place for place in dict.fromkeys(places) if place not in found]
    try:
        for place, heard in in_threads(one, todo, "note", "listening", progress):
            found[place] = heard
            cache.put(place, heard)
    finally:
        cache.save()
    return [found[place] for place in places]
