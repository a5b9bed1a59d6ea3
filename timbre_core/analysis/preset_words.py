"""Words for how one sound sounds while a key is held, from what is measured of it."""

from __future__ import annotations

import math

import numpy as np

from timbre_core.analysis.macro_traits import macro_traits
from timbre_core.features.descriptors import describe
from timbre_core.features.partials_apart import odd_against_even
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.pitch_swings import moving_span, stilled

WORDS = (
    "bright",
    "dark",
    "soft attack",
    "sharp attack",
    "plucked",
    "sustained",
    "breathy",
    "pure",
    "hollow",
    "vibrato",
    "wavering",
)
"""All that there are. Each says what is measured, as `words_of` has it."""

_SHARP, _SOFT = 0.015, 0.045  # seconds of attack, to seven tenths of the level
_PLUCKED_DB, _SUSTAINED_DB = 12.0, 6.0  # lost 1.4 s after the attack
_BRIGHT, _DARK = 6.0, 2.5  # times the fundamental that the spectral centroid lies at
_BREATHY_DB, _PURE_DB = -16.0, -28.0  # noise against partials in the loudest half second
_HOLLOW_DB = 2.0  # odd partials against even ones, the first six beyond the fundamental; -3 where they fall evenly
_VIBRATO, _WAVERING = 12.0, 5.0  # cents


def words_of(audio: np.ndarray, rate: int, pitch: float) -> list[str]:
    """Which of `WORDS` hold of a note held for 3 s or more, audio (n_samples,), at a MIDI pitch."""
    traits = macro_traits(audio, rate, pitch)
    f0 = float(midi_to_hz(pitch))
    times = 2 ** (traits["brightness"] / 12) / f0
    attack = 2 ** traits["attack"]
    lost = traits["decay"] - traits["sustain"]
    odd = odd_against_even(audio, rate, f0)
    noise = _noise_where_loudest(audio, rate, pitch)
    holds = {
        "bright": times > _BRIGHT,
        "dark": times < _DARK,
        "soft attack": attack > _SOFT,
        "sharp attack": attack <= _SHARP,
        "plucked": attack <= _SHARP and (lost > _PLUCKED_DB or math.isnan(lost)),
        "sustained": lost < _SUSTAINED_DB,
        "breathy": noise > _BREATHY_DB,
        "pure": noise < _PURE_DB,
        "hollow": odd > _HOLLOW_DB,
        "vibrato": traits["vibrato"] > _VIBRATO,
        "wavering": traits["randomness"] > _WAVERING,
    }
    return [word for word in WORDS if holds[word]]


def _noise_where_loudest(audio: np.ndarray, rate: int, pitch: float) -> float:
    """dB of noise against partials in the loudest half second of a sound, without what its pitch moves by; NaN for none told."""
    span = moving_span([audio], rate, pitch)
    still = audio if span is None else stilled(audio, rate, pitch, span)
    noisy = describe(still, rate, pitch, ("noisiness",))["noisiness"]
    return 10 * math.log10(noisy / (1 - noisy)) if 0 < noisy < 1 else math.nan
