"""A note's course shaped: its level over time (attack, decay, sustain), and its pitch (vibrato, wandering)."""

from __future__ import annotations

import numpy as np

from timbre_core.features.between_samples import between
from timbre_core.features.level_course import HOP, LEAD, SHORTEST_ATTACK, Attack, find_attack, level_at, level_course
from timbre_core.features.pitch_swings import (
    STEP,
    SWINGS_HZ,
    WANDERS_HZ,
    heard_span,
    movement,
    pitch_course,
    swing_rate,
)
from timbre_core.generation.macros import DECAYED, Shape

SWUNG_IN = 0.7
"""Seconds after which a vibrato, or a wandering level, has its whole width."""
_SWINGING = 0.2  # seconds after which it begins
_VIBRATO_HZ = 5.5
_WANDER_HZ = (0.4, 1.9)  # what wandering is made of
_WANDER_LEVEL = 0.1  # dB for a cent
_LEAST_SWING = 0.3  # RMS of what swings by one
_MOST_WIDE = 2.5  # times what it would be of a pitch that holds still
_SLOW_HOPS = round(0.04 / HOP)  # that levels are smoothed over where spectra are evened out
_SAME_ATTACK = 0.1  # of the logarithm of its time
_ARRIVED = 0.95  # of the level
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
    attack, delay = find_attack(course), 0.0
    gain_db = _evened(level_course(audio, rate), course, attack) if spectral else np.zeros(len(course))
    if shape.attack:
        attack_db, delay = _attacked(course, attack, shape.amount("attack"))
        gain_db += attack_db
    gain_db += _decayed(course, attack, delay, shape)
    places = LEAD + np.arange(len(audio)) / (HOP * rate)
    return audio * 10 ** (np.interp(places, np.arange(len(course)), gain_db) / 20)


def _evened(there: np.ndarray, wanted: np.ndarray, attack: Attack) -> np.ndarray:
    """Gains in dB that make levels `there` (n,) go as those that are wanted (n,): slowly, but for the attack, whose spectra were
    smeared over the time before it."""
    slow, quick = (
        [_db(_smoothed(each, width)) for each in (wanted, there)] for width in (_SLOW_HOPS, max(1, _SLOW_HOPS // 4))
    )
    even = slow[0].max() - slow[1].max()
    later = _eased((np.arange(len(wanted)) - attack.high) / _SLOW_HOPS)
    quickly = np.clip(quick[0] - quick[1] - even, -60, _EVEN_DB)
    return np.asarray((1 - later) * quickly + later * np.clip(slow[0] - slow[1] - even, -_EVEN_DB, _EVEN_DB))


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
    quick, slow = (_db(np.interp(source, at, each)) - _db(each) for each in (rising, _smoothed(rising, _SLOW_HOPS)))
    # Behind the attack levels follow the waveform, too: a gain that did would sound as noise.
    late = _eased((at - low - max(wanted, natural)) / _SLOW_HOPS)
    gains = np.clip((1 - late) * quick + late * slow, -60, _MOST_DB)
    # What a note ends with is not held up.
    return np.where(_db(course) > _FLOOR_DB + _db(course).max(), gains, np.minimum(gains, 0)), delay


def _decayed(course: np.ndarray, attack: Attack, delay: float, shape: Shape) -> np.ndarray:
    """Gains in dB (n,) that a shape's decay and sustain come to behind an attack that is over so many levels later."""
    since = (np.arange(len(course)) - attack.high - delay) * HOP
    sustain = shape.amount("sustain") * _eased((since - DECAYED) / 1.0)
    decay = -shape.amount("decay")
    if decay <= 0:
        # A note that still rises there is left to arrive.
        rises = float(np.argmax(course >= _ARRIVED * attack.level) - attack.high) * HOP
        begin = float(np.clip(rises, 0, DECAYED / 2))
        return np.asarray(decay * _eased((since - begin) / (DECAYED - begin)) + sustain)
    # What is to fall less begins to do so late, and rises only as far as the attack stays what it is.
    gains = _eased((since + delay * HOP - DECAYED / 2) / (DECAYED / 2))
    falls = np.nan_to_num(max(0.0, -level_at(course, attack.high + DECAYED / HOP, attack.level)))
    least = min(decay, falls)
    for wanted in np.linspace(decay, least, _TRIES):
        found = find_attack(course * 10 ** (wanted * gains / 20))
        if abs(np.log(found.seconds / attack.seconds)) < _SAME_ATTACK:
            break
    return np.asarray(wanted * _eased((since - DECAYED / 2) / (DECAYED / 2)) + sustain)


def _eased(share: np.ndarray) -> np.ndarray:
    x = np.clip(share, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def with_pitch_course(audio: np.ndarray, rate: int, pitch: float, shape: Shape, length: int) -> np.ndarray:
    """Audio (n_samples,) with a vibrato and wandering. length: samples of its loop, which holds whole swings; 0 for none."""
    if not (shape.vibrato or shape.randomness):
        return audio
    time = np.arange(len(audio)) / rate
    turn = length / rate if length else 2.0
    course = pitch_course(audio, rate, pitch, heard_span(len(audio) / rate))
    shift, level = np.zeros(len(audio)), np.zeros(len(audio))
    swinging = _eased((time - _SWINGING) / (SWUNG_IN - _SWINGING))
    if shape.vibrato:
        hz = max(1, round((_own_rate(course) + shape.amount("vibrato_rate")) * turn)) / turn
        swing = swinging * np.sin(2 * np.pi * hz * time)
        wide = _widened(shape.amount("vibrato") / np.sqrt(2), (course, swing, rate), SWINGS_HZ)
        shift -= (2 ** (wide / 1200) - 1) / (2 * np.pi * hz) * swinging * np.cos(2 * np.pi * hz * time)
    if shape.randomness:
        random = np.random.default_rng(round(100 * pitch))
        turns = np.arange(max(1, round(_WANDER_HZ[0] * turn)), max(2, round(_WANDER_HZ[1] * turn) + 1)) / turn
        phases = [(hz, random.uniform(0, 2 * np.pi)) for hz in turns]
        wandering = np.sum([np.sin(2 * np.pi * hz * time + phase) for hz, phase in phases], axis=0)
        wide = _widened(shape.amount("randomness"), (course, wandering, rate), WANDERS_HZ)
        for hz, phase in phases:
            shift -= np.log(2) / 1200 * wide / (2 * np.pi * hz) * np.cos(2 * np.pi * hz * time + phase)
            level += _WANDER_LEVEL * wide * swinging * np.sin(2 * np.pi * hz * time + 2 * phase)
    return _read_at(audio, rate, time + shift) * 10 ** (level / 20)


def _own_rate(course: np.ndarray | None) -> float:
    """Swings a second of a pitch's own vibrato, which is what a macro deepens; `_VIBRATO_HZ` without one."""
    hz = swing_rate(course)
    return hz if SWINGS_HZ[0] <= hz <= SWINGS_HZ[1] else _VIBRATO_HZ


def _widened(asked: float, moves: tuple[np.ndarray | None, np.ndarray, int], band: tuple[float, float]) -> float:
    """How many cents a swing (n_samples,) of about one is to come to, so that a pitch moves by `asked` more, RMS within a band.

    moves: the course that the pitch has, the swing, and its rate. The energy of both together is a quadratic of what is
    sought, with what they have in common as its middle term; below zero where the two then work together.
    """
    course, swing, rate = moves
    places = heard_span(len(swing) / rate)[0] + STEP * (np.arange(0 if course is None else len(course)) + 0.5)
    unit = np.interp(places * rate, np.arange(len(swing)), swing)
    alone = movement(unit, band)
    if course is None or not alone > _LEAST_SWING:
        return asked / max(float(np.sqrt(np.mean(swing**2))), _LEAST_SWING)
    there = movement(course, band)
    common = (movement(course + unit, band) ** 2 - movement(course - unit, band) ** 2) / 4
    wide = (np.sqrt(common**2 + alone**2 * ((there + asked) ** 2 - there**2)) - abs(common)) / alone**2
    return float(np.copysign(min(wide, _MOST_WIDE * asked / alone), common))


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
