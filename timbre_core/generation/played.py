"""How the notes of a path were played, for what is made along it: their swings of pitch, breath and level, blended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.features.holding import at_places, held_places, sounding_span, to_and_fro
from timbre_core.features.performance import LEVEL_STEP, Performance

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

_QUIETEST = -80.0  # dB below a note's loudest


@dataclass(frozen=True)
class Played:
    """Performances of the notes of a path, and where on it each frame is: places (n_frames,), 0 for the first note."""

    performances: Sequence[Performance]
    places: np.ndarray


def performances_of(
    space: TimbreSpace, notes: Sequence[str], read: Callable[[str], np.ndarray]
) -> list[Performance] | None:
    """How map notes were played. None for a space that does not perform, and where a note has no pitch.

    read: gives a note's audio (n_samples,) at the space's rate by its id.
    """
    pitches = [space.pitch_of(note) for note in notes]
    if not space.performs or any(pitch is None or np.isnan(pitch) for pitch in pitches):
        return None
    return [space.performance_of(read(note), float(pitch or 0.0)) for note, pitch in zip(notes, pitches, strict=True)]


def blended(
    performances: Sequence[Performance],
    places: np.ndarray | float,
    pitch: float | np.ndarray,
    n_samples: int,
    always: bool = True,
) -> Performance:
    """One performance of `n_samples` samples along a path through several.

    Args:
        places: where on the path (0: the first, 1: the second ...), one or one each frame, as many as there are frames.
        pitch: MIDI to sound at, likewise; the performances' departures from their medians are added.
        always: also the level of notes that die away by themselves is held for longer (see `held_places`).

    Of notes that are shorter, swings and noise go on as fast as they were, and levels are held. Levels are relative to the
    loudest of their own.
    """
    one = performances[0]
    n_frames = 1 + n_samples // one.hop
    places = np.broadcast_to(np.asarray(places, dtype=np.float64), n_frames)
    seconds = np.arange(n_frames) * one.hop / one.sample_rate
    n_levels = 1 + round(n_samples / one.sample_rate / LEVEL_STEP)
    level_places = np.interp(np.arange(n_levels) * LEVEL_STEP, seconds, places)
    levels = [_relative(each) for each in performances]
    ends = [round(sounding_span(each)[1] * LEVEL_STEP * one.sample_rate / one.hop) for each in levels]
    departures = [
        to_and_fro(each.pitch - np.median(each.pitch), n_frames, end)
        for each, end in zip(performances, ends, strict=True)
    ]
    noises = [to_and_fro(each.noise, n_frames, end) for each, end in zip(performances, ends, strict=True)]
    levels = [at_places(each, held_places(each, n_levels, 1 / LEVEL_STEP, always)) for each in levels]
    return Performance(
        _between(levels, level_places),
        np.clip(np.asarray(pitch) + _between(departures, places), 0, 127),
        _between(noises, places),
        max(each.top_hz for each in performances),
        one.sample_rate,
        one.hop,
    )


def _relative(performance: Performance) -> np.ndarray:
    """Levels in dB below the loudest."""
    level = np.zeros(1) if performance.level is None else performance.level
    return np.maximum(level - level.max(), _QUIETEST)


def _between(tracks: Sequence[np.ndarray], places: np.ndarray) -> np.ndarray:
    """Of each moment (n,) what lies at its place between the tracks (n,) there."""
    below = np.clip(np.floor(places).astype(int), 0, len(tracks) - 1)
    above = np.minimum(below + 1, len(tracks) - 1)
    moments, share = np.arange(len(places)), places - below
    stacked = np.stack(tracks)
    mixed: np.ndarray = (1 - share) * stacked[below, moments] + share * stacked[above, moments]
    return mixed
