"""What each macro is to change, measured in a note's sound, in the steps of its macro."""

from __future__ import annotations

from typing import Literal

import numpy as np

from timbre_core.features.descriptors import describe
from timbre_core.features.level_course import HOP, find_attack, level_at, level_course
from timbre_core.features.partial_envelope import ENOUGH, envelope_lag, partial_magnitudes, smoothed_levels
from timbre_core.features.partials_apart import inharmonicity, odd_against_even
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.pitch_swings import (
    SWINGS_HZ,
    WANDERS_HZ,
    movement,
    moving_span,
    pitch_course,
    stilled,
    swing_rate,
)

TRAITS = (
    "brightness",
    "attack",
    "decay",
    "sustain",
    "noise",
    "vibrato",
    "vibrato_rate",
    "hollow",
    "inharmonicity",
    "body",
    "randomness",
)
_APART = 5.0  # cents of inharmonicity that partials are looked for elsewhere from
DECAYED = 0.4  # seconds after the attack, as `generation.macros` has it
_NO_NOISE = 1e-4  # of the partials' energy: less cannot be told from how they themselves swell and fade
_MOMENT = 0.5  # seconds
_UNHEARD = 1e-3  # of the strongest partial: what lies beyond the last that is louder is as often noise as a partial
_OVER_DB = -80.0  # of the attack's level: the sound is over


def macro_traits(
    audio: np.ndarray,
    rate: int,
    pitch: float,
    unmoved: np.ndarray | None = None,
    span: tuple[float, float] | Literal["own"] | None = "own",
) -> dict[str, float]:
    """TRAITS of a note held for some seconds, audio (n_samples,), at a MIDI pitch; NaN where one cannot be measured.

    brightness in semitones of the spectral centroid above 1 Hz; attack in seconds' base 2 logarithm; decay: dB lost 0.4 s after
    the attack, sustain: dB gained in the second after that; noise: dB of noise against partials, see `_noise`; vibrato: cents to
    each side; vibrato_rate: swings a second, where there are any; hollow: dB of odd against even partials (see
    `odd_against_even`); inharmonicity: cents by which the tenth partial lies too high; body: semitones that the spectral
    envelope has moved by since `unmoved` (m_samples,), tilts and levels left out; randomness: cents RMS of slow movements.

    span: seconds in which partials, their envelope and noise are measured, with the pitch's movements taken out; None: all of
    the note as it is; "own": as `moving_span` has it. Notes that are compared need the same.
    """
    course = level_course(audio, rate)
    attack = find_attack(course)
    early, late = (level_at(course, attack.high + at / HOP, attack.level) for at in (DECAYED, DECAYED + 1))
    before = audio if unmoved is None else unmoved
    if span == "own":
        span = moving_span([audio, before], rate, pitch)
    still, like = (each if span is None else stilled(each, rate, pitch, span) for each in (audio, before))
    cents = pitch_course(audio, rate, pitch)
    f0 = float(midi_to_hz(pitch))
    return {
        "brightness": 12 * np.log2(describe(audio, rate, pitch, ("brightness",))["brightness"]),
        "attack": float(np.log2(attack.seconds)),
        "decay": -early,
        "sustain": late - early if late > _OVER_DB else np.nan,
        "noise": _noise(still, like, rate, pitch),
        "vibrato": movement(cents, SWINGS_HZ) * np.sqrt(2),
        "vibrato_rate": swing_rate(cents),
        "hollow": odd_against_even(still, rate, f0),
        "inharmonicity": inharmonicity(still, rate, f0),
        "body": np.nan if unmoved is None else _envelope_lag(like, still, rate, pitch),
        "randomness": movement(cents, WANDERS_HZ),
    }


def macro_changes(before: np.ndarray, after: np.ndarray, rate: int, pitch: float) -> dict[str, float]:
    """By how much TRAITS of a note held for some seconds, audio (n_samples,), differ `after` it was shaped."""
    span = moving_span([before, after], rate, pitch)
    first, then = (macro_traits(each, rate, pitch, before, span) for each in (before, after))
    return {name: then[name] - first[name] for name in TRAITS}


def _noise(audio: np.ndarray, like: np.ndarray, rate: int, pitch: float) -> float:
    """dB of noise against partials, -40 at least: their energies in every half second, each as heavy as `like` is then.

    A louder or softer moment is no noisier: what changes a note's course alone leaves it as it is. NaN where none is told.
    """
    size = round(_MOMENT * rate)
    last = max(0, min(len(audio), len(like)) - size)
    shares, energies = [], []
    for begin in range(0, last + 1, size // 2):
        noisy = describe(audio[begin : begin + size], rate, pitch, ("noisiness",))["noisiness"]
        if 0 < noisy < 1:
            shares.append(noisy / (1 - noisy))
            energies.append(float(np.sum(like[begin : begin + size] ** 2)))
    total = sum(energies)
    return 10 * float(np.log10(np.dot(shares, energies) / total + _NO_NOISE)) if total else np.nan


def _envelope_lag(before: np.ndarray, after: np.ndarray, rate: int, pitch: float) -> float:
    """Semitones that the envelope of the partials has moved by; of those that are heard before."""
    f0 = float(midi_to_hz(pitch))
    apart = [np.nan_to_num(inharmonicity(audio, rate, f0)) for audio in (before, after)]
    levels = [
        partial_magnitudes(audio, rate, f0, cents if cents > _APART else 0.0)
        for audio, cents in zip((before, after), apart, strict=True)
    ]
    heard = np.flatnonzero(levels[0] > _UNHEARD * levels[0].max(initial=0))
    count = min(*(len(each) for each in levels), heard[-1] + 1 if len(heard) else 0)
    return envelope_lag(*(smoothed_levels(each[:count]) for each in levels)) if count >= ENOUGH else float("nan")
