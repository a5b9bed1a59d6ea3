"""A performance in some forty numbers: what stays of how a note was played when its time is let go of, and tracks made of them.

Levels count against the same note played evenly, so that what a timbre itself does over time (its attack, its decay) is not
said twice: the numbers hold what the quickest part of an onset, a tremolo and an unsteady hand add to it.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from timbre_core.features.holding import sounding_span
from timbre_core.features.performance import LEVEL_STEP, USUAL_NOISE, Performance, level_onset

_COURSE = (
    np.array([*range(0, 50, 5), 50, 60, 80, 100, 130, 170, 230, 300, 400, 550, 750, 1000, 1400, 1900, 2600]) / 1000
)
_QUICK = 19  # of them that belong to the onset and are kept; what is later is a course that timbres have themselves
_DONE = 0.55  # seconds: an onset is over
_GLIDE = np.array([0.0, 0.035, 0.07, 0.14, 0.25])  # seconds from the onset on, between which a pitch still settles
_BREATH = np.array([0.0, 0.05, 0.15, 0.4, 1.0, 2.0, 4.0])
_SETTLED = 0.2  # seconds; from there on vibrato, drift and wandering count
_RATES = (3.0, 10.0)  # Hz of swings
_LEAST_CENTS, _LEAST_DB = 5.0, 0.4  # of a swing
_SWINGING = 0.4  # share of what moves that one rate has to have
_SHORTEST = 0.6  # seconds, of a swing that can be measured
_MOST_CENTS, _MOST_DRIFT, _MOST_WANDERING = 100.0, 20.0, 12.0
_LEVELS = (-40.0, 12.0)  # dB
_MOST_LATER = 6.0  # dB to each side, after the onset
_MOST_FLUTTER, _MOST_HISS = 3.0, 2.0  # dB; nepers of odds
_WANDERS, _RATE_WANDERS = 4.0, 1.0  # Hz up to which
_UNEVEN = 0.03  # share by which the rate of a swing wanders
_IN_BY = 0.3  # seconds in which a vibrato sets in

_PARTS = {
    "onset": _QUICK,  # dB over the evenly played note, at times from its onset on
    "tremolo": 1,  # dB to each side
    "tremolo_rate": 1,
    "flutter": 1,  # dB, RMS of what else the level does
    "glide": len(_GLIDE) - 1,  # cents off the settled pitch
    "vibrato": 1,  # cents to each side
    "vibrato_rate": 1,
    "early": 1,  # share of the vibrato that is there in the first half second
    "drift": 1,  # cents a second
    "wandering": 1,  # cents, RMS
    "breath": len(_BREATH) - 1,  # log odds of noise
    "hiss": 1,  # their RMS
}
SIZE = sum(_PARTS.values())
"""How many numbers a performance comes to."""


def parts_of(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers (..., SIZE) by what they say: the names and sizes of _PARTS."""
    ends = np.cumsum(list(_PARTS.values()))
    return dict(zip(_PARTS, np.split(numbers, ends[:-1], axis=-1), strict=True))


def numbers_of(performance: Performance, even: np.ndarray) -> np.ndarray:
    """The numbers (SIZE,) float32 of a performance that has a level; `even`: the `level_track` of the note evenly played."""
    if performance.level is None:
        raise ValueError("a performance without a level has no numbers")
    size = min(len(even), len(performance.level))
    level, even = performance.level[:size], even[:size]
    onset = level_onset(even)
    end = sounding_span(level)[1] * LEVEL_STEP
    swing, rate, flutter, added = _level_numbers(level - even, onset, end)
    frames = np.arange(len(performance.pitch)) * performance.hop / performance.sample_rate - onset
    pitch, last = performance.pitch, max(end - onset, _GLIDE[1])
    held = (frames >= _SETTLED) & (frames < last)
    settled = float(np.median(pitch[held if held.any() else frames >= 0])) if (frames >= 0).any() else float(pitch[-1])
    cents = np.clip(100 * (pitch - settled), -_MOST_CENTS, _MOST_CENTS)
    glide = [_mean(cents, (frames >= a) & (frames < min(b, last)), 0.0) for a, b in pairwise(_GLIDE)]
    odds = np.log(np.clip(performance.noise, 0.003, 0.97)) - np.log1p(-np.clip(performance.noise, 0.003, 0.97))
    breath: list[float] = []
    for a, b in pairwise(_BREATH):
        before = breath[-1] if breath else _mean(odds, (frames >= 0) & (frames < last), _odds(USUAL_NOISE))
        breath.append(_mean(odds, (frames >= a) & (frames < min(b, last)), before))
    made = np.interp(frames, (_BREATH[1:] + _BREATH[:-1]) / 2, breath)
    hiss = min(_MOST_HISS, _spread((odds - made)[held])) if held.any() else 0.0
    found = [*added, swing, rate, flutter, *glide, *_pitch_numbers(cents[held], frames[held]), *breath, hiss]
    return np.array(found, dtype=np.float32)


def performance_from(
    numbers: np.ndarray,
    pitch: np.ndarray | float,
    even: np.ndarray,
    n_samples: int,
    sample_rate: int,
    hop: int,
    rng: np.random.Generator,
    amount: float = 1.0,
) -> Performance:
    """A performance of n_samples samples that has the numbers (SIZE,): what they leave open is drawn from `rng`.

    Args:
        pitch: MIDI; where it is told for each frame, (n_frames,), it is kept, without the numbers' own swings.
        even: `level_track` of the note evenly played; its onset is the performance's.
        amount: 0: evenly; 1: as the numbers say.
    """
    told = parts_of(np.asarray(numbers, dtype=np.float64))
    one = {name: float(values[0]) for name, values in told.items() if len(values) == 1}
    onset, n_frames = level_onset(even), 1 + n_samples // hop
    frames = np.arange(n_frames) * hop / sample_rate - onset
    levels = np.arange(len(even)) * LEVEL_STEP - onset
    phase = rng.uniform(0, 2 * math.pi)
    swung_in = np.clip((levels - _SETTLED / 2) / _IN_BY, 0, 1)
    added = np.interp(levels, [*_COURSE[:_QUICK], _DONE], [*told["onset"], 0.0])
    added = added + one["tremolo"] * swung_in * _swing(levels, one["tremolo_rate"], phase, rng)
    added += one["flutter"] * swung_in * _slow(len(levels), _WANDERS, 1 / LEVEL_STEP, rng)
    cents = np.interp(frames, [*(_GLIDE[1:] + _GLIDE[:-1]) / 2, 0.35], [*told["glide"], 0.0])
    depth = one["vibrato"] * np.interp(frames, [0.0, _SETTLED, 0.5, 0.8], [0, one["early"], one["early"], 1])
    cents = cents + depth * _swing(frames, one["vibrato_rate"], phase, rng)
    cents += one["drift"] * np.clip(frames - _SETTLED, 0, 1.5)
    cents += one["wandering"] * np.clip(frames / _SETTLED, 0, 1) * _slow(n_frames, _WANDERS, sample_rate / hop, rng)
    odds = np.interp(frames, (_BREATH[1:] + _BREATH[:-1]) / 2, told["breath"])
    odds += one["hiss"] * _slow(n_frames, 2 * _WANDERS, sample_rate / hop, rng)
    odds = (1 - amount) * _odds(USUAL_NOISE) + amount * odds
    pitch = np.asarray(pitch, dtype=np.float64)
    if not pitch.ndim:
        pitch = pitch + amount * cents / 100
    return Performance(
        even + amount * added,
        np.clip(pitch, 0, 127),
        1 / (1 + np.exp(-odds)),
        sample_rate / 2,
        sample_rate,
        hop,
    )


def _level_numbers(added: np.ndarray, onset: float, end: float) -> tuple[float, float, float, np.ndarray]:
    """Of dB (n_levels,) over the evenly played note: tremolo, its rate, flutter, and the onset's (_QUICK,)."""
    seconds = np.arange(len(added)) * LEVEL_STEP
    held = (seconds >= onset + _SETTLED) & (seconds < end)
    settled = float(np.median(added[held if held.any() else slice(None)]))
    added = added - settled
    course = list(np.interp(onset + _COURSE[:_QUICK], seconds, added).clip(*_LEVELS))
    edges = [*(_COURSE[_QUICK - 1 : -1] + _COURSE[_QUICK:]) / 2, np.inf]
    for a, b in pairwise(onset + np.array(edges)):
        around = (seconds >= a) & (seconds < b) & (seconds < end)
        course.append(float(np.clip(_mean(added, around, course[-1]), -_MOST_LATER, _MOST_LATER)))
    rest = added[held] - np.interp(seconds[held], onset + _COURSE, course)
    if len(rest) * LEVEL_STEP < _SHORTEST:
        return 0.0, 5.5, 0.0, np.array(course[:_QUICK])
    swing, rate, other = _swing_of(rest, 1 / LEVEL_STEP, _LEAST_DB)
    return min(swing, 2 * _MOST_FLUTTER), rate, min(_MOST_FLUTTER, _spread(other)), np.array(course[:_QUICK])


def _pitch_numbers(cents: np.ndarray, seconds: np.ndarray) -> tuple[float, float, float, float, float]:
    """Vibrato, its rate, the share of it that is there early, drift and wandering of cents (n,) at seconds (n,)."""
    if len(cents) < 2 or seconds[-1] - seconds[0] < _SHORTEST:
        return 0.0, 5.5, 1.0, 0.0, min(_MOST_WANDERING, _spread(cents)) if len(cents) else 0.0
    slope, middle = np.polyfit(seconds, cents, 1)
    rest, frame_rate = cents - middle - slope * seconds, 1 / float(np.median(np.diff(seconds)))
    depth, rate, other = _swing_of(rest, frame_rate, _LEAST_CENTS)
    early = seconds < seconds[0] + 0.4
    share = 1.0
    if depth and (~early).sum() > early.sum():
        share = float(np.clip(_depth_at(rest[early], rate, frame_rate) / max(depth, 1e-6), 0, 1))
    drift = float(np.clip(slope, -_MOST_DRIFT, _MOST_DRIFT))
    return depth, rate, share, drift, min(_MOST_WANDERING, _spread(other))


def _swing_of(values: np.ndarray, rate: float, least: float) -> tuple[float, float, np.ndarray]:
    """How far values (n,), `rate` a second, swing to each side at one rate, that rate in Hz, and what is left of them.

    No swing where it is less than `least` or too little of all that moves faster than 2 Hz.
    """
    window = np.hanning(len(values) + 2)[1:-1]
    size = 1 << (8 * len(values)).bit_length()
    spectrum = np.abs(np.fft.rfft(values * window, size)) * 2 / window.sum()
    rates = np.fft.rfftfreq(size, 1 / rate)
    inside = np.flatnonzero((rates >= _RATES[0]) & (rates <= _RATES[1]))
    best = int(inside[np.argmax(spectrum[inside])])
    fast = rates >= 2
    power = 2 * np.square(spectrum[fast]).sum() * np.square(window.sum() / 2) / size / np.square(window).sum()
    depth, swings = float(spectrum[best]), float(rates[best])
    if depth < least or depth**2 / 2 < _SWINGING * power:
        return 0.0, 5.5, values
    time = np.arange(len(values)) / rate
    basis = np.stack([np.cos(2 * np.pi * swings * time), np.sin(2 * np.pi * swings * time)], axis=1)
    return depth, swings, values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]


def _depth_at(values: np.ndarray, swings: float, rate: float) -> float:
    window = np.hanning(len(values) + 2)[1:-1]
    turn = np.exp(-2j * np.pi * swings * np.arange(len(values)) / rate)
    return float(np.abs((values * window * turn).sum()) * 2 / window.sum())


def _swing(seconds: np.ndarray, rate: float, phase: float, rng: np.random.Generator) -> np.ndarray:
    """A swing (n,) of amplitude 1 at even `seconds`, whose rate wanders a little."""
    step = float(seconds[1] - seconds[0]) if len(seconds) > 1 else LEVEL_STEP
    rates = rate * (1 + _UNEVEN * _slow(len(seconds), _RATE_WANDERS, 1 / step, rng))
    return np.sin(phase + 2 * np.pi * step * np.cumsum(rates))


def _slow(count: int, highest: float, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise (count,) of `rate` values a second and RMS 1, below about `highest` Hz."""
    from scipy.ndimage import gaussian_filter1d

    reach = rate / (2 * math.pi * highest)  # values
    loudness = math.sqrt(2 * reach * math.sqrt(math.pi))  # what smoothing takes of white noise
    return loudness * np.asarray(gaussian_filter1d(rng.standard_normal(count), reach))


def _spread(values: np.ndarray) -> float:
    """The deviation of values, as the middle half of them has it: single jumps are a tracker's."""
    low, high = np.percentile(values, [25, 75])
    return float(high - low) / 1.349


def _mean(values: np.ndarray, where: np.ndarray, otherwise: float) -> float:
    return float(values[where].mean()) if where.any() else otherwise


def _odds(share: float) -> float:
    return math.log(share / (1 - share))
