"""A note's course shaped: its level over time (attack, decay, sustain), and its pitch (vibrato, wandering)."""

from __future__ import annotations

import numpy as np

from timbre_core.features.between_samples import between
from timbre_core.features.level_course import HOP, LEAD, SHORTEST_ATTACK, Attack, find_attack, level_course
from timbre_core.generation.macros import DECAYED, Shape

SWUNG_IN = 0.7
"""Seconds after which a vibrato has its whole width."""
_SWINGING = 0.2  # seconds after which it begins
_VIBRATO_HZ = 5.5
_WANDER_HZ = (0.4, 1.9)  # what wandering is made of
_WANDER_LEVEL = 0.1  # dB for a cent
_SLOW = 0.04  # seconds that levels are smoothed over where spectra are evened out
_LONGEST = 2.0  # seconds of an attack
_MOST_DB = 24.0  # of a gain
_TRIES = 6
_EVEN_DB = 12.0  # of what evens out
_FLOOR_DB = -70.0  # of the loudest: below, levels say nothing


def with_level_course(audio: np.ndarray, before: np.ndarray, rate: int, shape: Shape) -> np.ndarray:
    """Audio (n_samples,) whose level goes as that of `before` (n_samples,), but for the shape's attack, decay and sustain."""
    spectral = bool(shape.brightness or shape.noise or shape.body or shape.hollow or shape.inharmonicity)
    if not (spectral or shape.attack or shape.decay or shape.sustain):
        return audio
    course = level_course(before, rate)
    gain_db = np.zeros(len(course))
    if spectral:
        slow = max(1, round(_SLOW / HOP))
        there, wanted = (_db(_smoothed(each, slow)) for each in (level_course(audio, rate), course))
        gain_db = np.clip(wanted - there - (wanted.max() - there.max()), -_EVEN_DB, _EVEN_DB)
    attack, delay = find_attack(course), 0.0
    if shape.attack:
        attack_db, delay = _attacked(course, attack, shape.amount("attack"))
        gain_db += attack_db
    gain_db += _decayed((np.arange(len(course)) - attack.high - delay) * HOP, shape)
    places = LEAD + np.arange(len(audio)) / (HOP * rate)
    return audio * 10 ** (np.interp(places, np.arange(len(course)), gain_db) / 20)


def _attacked(course: np.ndarray, attack: Attack, times: float) -> tuple[np.ndarray, float]:
    """Gains in dB that make the attack so many times longer, and by how many levels what follows comes later.

    What comes out is measured, and asked for anew where it is something else: a level is an average, and blurs.
    """
    natural = attack.high - attack.low
    wanted = float(np.clip(natural * times, SHORTEST_ATTACK / HOP, _LONGEST / HOP))
    asked, found, best = wanted, (np.zeros(len(course)), 0.0), np.inf
    for _ in range(_TRIES):
        gains, delay = _stretched(course, attack.low, natural, asked)
        off = np.log(find_attack(course * 10 ** (gains / 20)).seconds / HOP / wanted)
        if abs(off) < best:
            best, found = abs(off), (gains, delay)
        asked = float(np.clip(asked * np.exp(-0.8 * off), 0.3, 4 * _LONGEST / HOP))
    return found


def _stretched(course: np.ndarray, low: int, natural: int, wanted: float) -> tuple[np.ndarray, float]:
    rising = course.copy()
    top = low + natural
    rising[: top + 1] = np.maximum.accumulate(rising[: top + 1])
    at = np.arange(len(course), dtype=np.float64)
    delay = wanted - natural
    source = np.where(at < low + wanted, low + (at - low) * natural / wanted, at - delay)
    source = np.where(at < low, at, source)
    wished = np.interp(source, at, rising)
    gains = np.clip(_db(wished) - _db(rising), -60, _MOST_DB)
    # What a note ends with is not held up.
    return np.where(_db(course) > _FLOOR_DB + _db(course).max(), gains, np.minimum(gains, 0)), delay


def _decayed(since: np.ndarray, shape: Shape) -> np.ndarray:
    """Gains in dB (n,) that a shape's decay and sustain come to, so many seconds (n,) after the attack."""
    # What is to fall less begins to do so late: else it would be the attack that goes on.
    begin = 0.0 if shape.decay > 0 else DECAYED / 2
    gains = -shape.amount("decay") * _eased((since - begin) / (DECAYED - begin))
    return np.asarray(gains + shape.amount("sustain") * _eased((since - DECAYED) / 1.0))


def _eased(share: np.ndarray) -> np.ndarray:
    x = np.clip(share, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def with_pitch_course(audio: np.ndarray, rate: int, pitch: float, shape: Shape, length: int) -> np.ndarray:
    """Audio (n_samples,) with a vibrato and wandering. length: samples of its loop, which holds whole swings; 0 for none."""
    if not (shape.vibrato or shape.randomness):
        return audio
    time = np.arange(len(audio)) / rate
    turn = length / rate if length else 2.0
    shift, level = np.zeros(len(audio)), np.zeros(len(audio))
    if shape.vibrato:
        hz = max(1, round((_VIBRATO_HZ + shape.amount("vibrato_rate")) * turn)) / turn
        depth = (2 ** (shape.amount("vibrato") / 1200) - 1) / (2 * np.pi * hz)
        shift -= depth * _eased((time - _SWINGING) / (SWUNG_IN - _SWINGING)) * np.cos(2 * np.pi * hz * time)
    if shape.randomness:
        random = np.random.default_rng(round(100 * pitch))
        turns = np.arange(max(1, round(_WANDER_HZ[0] * turn)), max(2, round(_WANDER_HZ[1] * turn) + 1))
        for number in turns:
            hz, phase = number / turn, random.uniform(0, 2 * np.pi)
            cents = shape.amount("randomness") * np.sqrt(2 / len(turns))
            shift -= np.log(2) / 1200 * cents / (2 * np.pi * hz) * np.cos(2 * np.pi * hz * time + phase)
            level += _WANDER_LEVEL * cents * np.sin(2 * np.pi * hz * time + 2 * phase)
    return _read_at(audio, rate, time + shift) * 10 ** (level / 20)


def _read_at(audio: np.ndarray, rate: int, seconds: np.ndarray) -> np.ndarray:
    """Audio (n_samples,) at other times: cubics through samples four times as close."""
    import soxr

    finer = np.asarray(soxr.resample(audio, rate, 4 * rate, quality="HQ"))
    return np.asarray(between(finer, np.clip(4 * rate * seconds, 0, len(finer) - 4)))


def _smoothed(course: np.ndarray, width: int) -> np.ndarray:
    width = max(1, min(width, len(course)))
    sums = np.concatenate([[0.0], np.cumsum(course**2)])
    at = np.arange(len(course))
    first, last = np.maximum(0, at - width // 2), np.minimum(len(course), at + (width + 1) // 2)
    return np.asarray(np.sqrt(np.maximum(0, sums[last] - sums[first]) / (last - first)))


def _db(level: np.ndarray) -> np.ndarray:
    return np.asarray(20 * np.log10(np.maximum(level, 1e-7 * max(float(np.max(level, initial=0)), 1e-9))))
