"""A note's level over time, and what it says about how the note begins and goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOP = 0.0025
"""Seconds between levels."""
LEAD = 4
"""Levels before the sound begins: there its level is on its way up from nothing."""
SHORTEST_ATTACK = 0.01
"""Seconds: what is faster is heard as a click, and levels do not tell it apart."""
_WIDTH = 4  # hops that a level is taken over: one alone would follow the waveform
_ATTACK = (0.1, 0.7)  # share of the level that an attack goes from and to: beyond, sounds swell rather than begin
_ARRIVED = 0.25  # seconds
_STILL = 0.9
_STRUCK_DB, _STRUCK_IN = 9.0, 0.05  # a strike rises by so much in so many seconds,
_STRUCK_WIDTH = 0.04  # in levels over so many seconds, longer than a period of what is heard as a pitch
_SOFTEST_STRIKE_DB = 20.0  # below the loudest
_LEAST = 0.2  # of the loudest: what is softer comes before the note
_AROUND = 0.1  # seconds that a level is taken over where a sound goes on


def level_course(audio: np.ndarray, rate: int) -> np.ndarray:
    """RMS of audio (n_samples,) over 10 ms around every 2.5 ms: (n,), the first `LEAD` of them before its beginning."""
    hop = HOP * rate
    lead = round((LEAD + _WIDTH // 2) * hop)
    energy = np.concatenate([np.zeros(lead + 1), np.cumsum(np.square(audio, dtype=np.float64))])
    at = np.round(np.arange(0, len(energy) - 1 - _WIDTH // 2 * hop, hop)).astype(np.int64)
    width = round(_WIDTH * hop)
    behind = np.minimum(at + width, len(energy) - 1)
    return np.asarray(np.sqrt(np.maximum(0, energy[behind] - energy[at]) / width))


@dataclass(frozen=True)
class Attack:
    """How a note begins, in levels of its course: from a tenth to seven tenths of the level that it arrives at."""

    low: int
    high: int
    level: float

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return (self.high - self.low) * HOP


def find_attack(course: np.ndarray) -> Attack:
    """The attack of a note's course (n,), `SHORTEST_ATTACK` at least. What swells later, or dies away, is not part of it.

    It arrives where the level rises by no more than a tenth in the next quarter of a second.
    """
    if not course.max(initial=0):
        return Attack(0, round(SHORTEST_ATTACK / HOP), 0.0)
    width = round(_ARRIVED / HOP)
    ahead = np.lib.stride_tricks.sliding_window_view(np.pad(course, (0, width - 1), "edge"), width).max(axis=1)
    arrived = int(np.argmax((course >= _STILL * ahead) & (course >= _LEAST * course.max())))
    level = float(ahead[arrived])
    low, high = (int(np.argmax(course >= share * level)) for share in _ATTACK)
    return Attack(low, max(high, low + round(SHORTEST_ATTACK / HOP)), level)


def level_at(course: np.ndarray, place: float, reference: float) -> float:
    """The level in dB around a place of a course (n,), against a reference; NaN where the sound is over."""
    half = round(_AROUND / 2 / HOP)
    part = course[max(round(place) - half, 0) : max(round(place) + half, 0)]
    if len(part) < half or not reference:
        return float("nan")
    return float(10 * np.log10(max(float(np.mean(part**2)) / reference**2, 1e-12)))


def count_strikes(audio: np.ndarray, rate: int) -> int:
    """How often audio (n_samples,) is struck anew: by how often its level, having fallen by 9 dB, rises as far within 50 ms.

    One for a note, however it swells, beats or dies away; a tremolo of strings, or a vibraphone's, stays above that.
    """
    hop = round(HOP * rate)
    width = round(_STRUCK_WIDTH * rate)
    energy = np.concatenate([np.zeros(width), np.cumsum(np.square(audio, dtype=np.float64))])
    at = np.arange(width, len(energy), hop)
    level = 10 * np.log10(np.maximum(energy[at] - energy[at - width], 1e-12))
    if not len(level):
        return 0
    within = round(_STRUCK_IN / HOP)
    softest = level.max() - _SOFTEST_STRIKE_DB
    count, fallen, peak = 0, True, -np.inf
    for place, now in enumerate(level):
        if fallen:
            if now >= softest and now >= level[max(0, place - within) : place + 1].min() + _STRUCK_DB:
                count, fallen, peak = count + 1, False, now
        else:
            peak = max(peak, now)
            fallen = now <= peak - _STRUCK_DB
    return max(count, 1)
