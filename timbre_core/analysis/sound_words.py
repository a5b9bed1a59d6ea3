"""Words for how a note sounds, from what is measured of it.

Brightness is told against the other notes of its map, everything else by itself: pitch against the two octaves around
middle C, length in seconds, the attack as how fast a sound is there, noise as the share of energy between the partials.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

WORDS = ("bright", "dark", "high", "low", "short", "long", "percussive", "soft start", "noisy", "breathy", "pure")

_HIGH, _LOW = 72.0, 48.0  # MIDI: C5 and C3
_SHORT, _LONG = 0.6, 2.5  # seconds
_STRUCK, _SLOW = 0.02, 0.12  # seconds of attack
_NOISY, _BREATHY, _CLEAN = 0.4, 0.08, 0.02  # shares of energy
_FEW_PARTIALS = 2.2  # how many times its fundamental a pure sound's centroid may be


def sound_words(notes: pd.DataFrame) -> dict[str, np.ndarray]:
    """For each word whose measures these notes have, which of them (n,) it is true of.

    notes: any of the columns `brightness` (Hz), `pitch` (MIDI), `length` and `attack` (seconds), `noisiness` (0 to 1), NaN
    where one is not known: then the word is not true.
    """
    found: dict[str, np.ndarray] = {}
    measures = {
        name: notes[name].to_numpy(np.float64)
        for name in ("brightness", "pitch", "length", "attack", "noisiness")
        if name in notes and notes[name].notna().any()
    }
    with np.errstate(invalid="ignore"):
        if "brightness" in measures:
            low, high = np.nanquantile(measures["brightness"], (1 / 3, 2 / 3))
            found |= {"bright": measures["brightness"] > high, "dark": measures["brightness"] < low}
        if "pitch" in measures:
            found |= {"high": measures["pitch"] >= _HIGH, "low": measures["pitch"] < _LOW}
        if "length" in measures:
            found |= {"short": measures["length"] < _SHORT, "long": measures["length"] > _LONG}
        if "attack" in measures:
            found |= {"percussive": measures["attack"] <= _STRUCK, "soft start": measures["attack"] >= _SLOW}
        if "noisiness" in measures:
            noise = measures["noisiness"]
            noisy = noise > _NOISY
            if {"pitch", "brightness"} <= measures.keys():  # what was measured and has no pitch
                noisy |= np.isnan(measures["pitch"]) & np.isfinite(measures["brightness"])
            found |= {"noisy": noisy}
            found |= {"breathy": (noise > _BREATHY) & (noise <= _NOISY)}
            if {"pitch", "brightness"} <= measures.keys():
                f0 = 440.0 * 2 ** ((measures["pitch"] - 69) / 12)
                found |= {"pure": (noise < _CLEAN) & (measures["brightness"] < _FEW_PARTIALS * f0)}
    return {word: found[word] for word in WORDS if word in found and found[word].any()}
