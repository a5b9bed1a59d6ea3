"""A piece of music as it is performed: notes in seconds, and what goes on over each channel while they sound."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

PERCUSSION = 9
"""The channel that General MIDI keeps for drums, counted from 0."""


@dataclass(frozen=True)
class Note:
    """One note: channel 0-15, General MIDI program 0-127, MIDI key and velocity, seconds at which it begins and is let go.

    Pedals are in `end`: a note that one holds ends where the pedal lets it go.
    """

    channel: int
    program: int
    key: int
    velocity: int
    start: float
    end: float


@dataclass
class Course:
    """What a channel's controllers do: steps (seconds, value), in order of time; empty where nothing is said.

    Attributes:
        bend: cents. loudness: factor of amplitude (volume, expression and pressure). vibrato: depth in cents (mod wheel).
        brightness: controller 74, 0-1; from a half on the sound is as it is.
    """

    bend: list[tuple[float, float]] = field(default_factory=list)
    loudness: list[tuple[float, float]] = field(default_factory=list)
    vibrato: list[tuple[float, float]] = field(default_factory=list)
    brightness: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Piece:
    """Notes in order of their beginnings, a course for each channel, how long it is until the last note is let go."""

    notes: tuple[Note, ...]
    courses: dict[int, Course]
    seconds: float
    remarks: tuple[str, ...] = ()

    @property
    def channels(self) -> list[int]:
        """The channels that have notes, in order."""
        return sorted({note.channel for note in self.notes})


def values_at(steps: list[tuple[float, float]], times: np.ndarray, before: float) -> np.ndarray:
    """The value in force at each of `times` (n,), `before` ahead of the first step."""
    if not steps:
        return np.full(len(times), before)
    when, values = (np.array(part) for part in zip(*steps, strict=True))
    place = np.searchsorted(when, times, side="right")
    return np.concatenate([[before], values])[place]
