"""How a held note's partials are to each other: odd against even ones, and how far they lie from multiples of the fundamental."""

from __future__ import annotations

import math

import numpy as np

PAIRED = np.arange(2, 8)
"""Partials that are compared, odd with even ones."""
_LAST = 16  # partials that are looked at
_REACH = 0.06  # of a partial's frequency, or less than half of the fundamental
_TOLD = 10  # the partial whose distance is told
_SOFT_DB = 50.0  # below the loudest: partials that say nothing
_FEWEST = 3


def odd_against_even(audio: np.ndarray, rate: int, f0: float) -> float:
    """Energy in dB of the partials 3, 5 and 7 against 2, 4 and 6; NaN where they lie too high."""
    energies = partial_energies(audio, rate, f0)
    return math.nan if energies is None else odd_over_even(energies)


def partial_energies(audio: np.ndarray, rate: int, f0: float) -> np.ndarray | None:
    """Energies of the partials `PAIRED` (6,) in a note's first two seconds, audio (n_samples,); None where they lie too high."""
    if (PAIRED[-1] + 0.5) * f0 > rate / 2:
        return None
    power, hz = _power(audio, rate)
    return np.array([power[np.abs(hz - number * f0) < 0.03 * number * f0].sum() for number in PAIRED])


def odd_over_even(energies: np.ndarray) -> float:
    """dB by which the odd ones of `PAIRED`, energies (6,), are louder than the even ones."""
    odd = PAIRED % 2 == 1
    return float(10 * np.log10((energies[odd].sum() + 1e-20) / (energies[~odd].sum() + 1e-20)))


def inharmonicity(audio: np.ndarray, rate: int, f0: float) -> float:
    """Cents by which the tenth partial lies above ten fundamentals, by the stiff string that fits all; NaN for too few."""
    power, hz = _power(audio, rate)
    found = []
    for number in range(1, min(_LAST, int(0.45 * rate / f0)) + 1):
        near = np.flatnonzero(np.abs(hz - number * f0) < min(_REACH * number, 0.4) * f0)
        peak = int(near[np.argmax(power[near])]) if len(near) else 0
        if 0 < peak < len(power) - 1:
            found.append((number, _top(power, peak) * hz[1], power[peak]))
    table = np.array(found).reshape(-1, 3)
    numbers, at, level = table[:, 0], table[:, 1], table[:, 2]
    heard = level > (level.max(initial=0) * 10 ** (-_SOFT_DB / 10))
    if not len(numbers) or numbers[0] != 1 or not heard[0] or heard.sum() < _FEWEST:
        return math.nan
    x = numbers[heard] ** 2 - 1
    y = (at[heard] / (numbers[heard] * at[0])) ** 2 - 1
    weight = np.sqrt(level[heard])
    stiffness = float((weight * x * y).sum() / (weight * x * x).sum())
    return 600 * math.log2(max(1 + stiffness * (_TOLD**2 - 1), 1e-3))


def stretched(numbers: np.ndarray, cents: float) -> np.ndarray:
    """Where partials (n,) of a stiff string lie, in fundamentals, whose tenth is `cents` too high.

    Partial n is at n f0 sqrt(1 + B n^2): Fletcher, "Normal vibration frequencies of a stiff piano string", J. Acoust. Soc. Am.
    36, 1964.
    """
    ratio = 2 ** (cents / 600)
    stiffness = (ratio - 1) / (_TOLD**2 - ratio)
    return np.asarray(numbers * np.sqrt((1 + stiffness * numbers**2) / (1 + stiffness)))


def _power(audio: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    part = audio[: 2 * rate] * np.hanning(min(len(audio), 2 * rate))
    return np.abs(np.fft.rfft(part)) ** 2, np.fft.rfftfreq(len(part), 1 / rate)


def _top(power: np.ndarray, peak: int) -> float:
    """Where the maximum at bin `peak` is, by a parabola through three levels."""
    left, middle, right = np.log(power[peak - 1 : peak + 2] + 1e-300)
    curve = left - 2 * middle + right
    return peak + float(np.clip(0.5 * (left - right) / curve, -1, 1) if curve < 0 else 0.0)
