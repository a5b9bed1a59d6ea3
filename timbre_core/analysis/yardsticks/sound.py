"""What of a note's sound is kept: errors that a listener would name, of one note and over many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.analysis.inversion_measures import level_db
from timbre_core.analysis.yardsticks.intervals import bootstrap
from timbre_core.analysis.yardsticks.loudness_units import SILENT_LUFS, loudness_lufs
from timbre_core.analysis.yardsticks.mel_error import sound_error
from timbre_core.analysis.yardsticks.vibrato import Vibrato, steady_contour, swing_at, vibrato
from timbre_core.features.descriptors import describe

ONSET = 0.05
"""Seconds of a note's beginning whose level is compared."""

SIGNED = ("onset_db", "above_4k_db", "above_8k_db", "level_lu", "attack_ms", "noise_db")
"""Measures with a sign: what is heard minus what was wanted."""

MEASURES = ("stft", "log_mel_db", *SIGNED, "vibrato_rate", "vibrato_depth")

_AUDIBLE = 40.0  # dB below the loudest at which a note has begun
_STEP = 0.005  # seconds
_LEAST_NOISE = 1e-4  # of the whole: less is nothing that adds to a sound
_LEAST_BAND = 60.0  # dB below the whole that a band may be for its level to be heard


@dataclass(frozen=True)
class Profile:
    """A note's sound, (n_samples,) at `sample_rate` Hz with its MIDI pitch where it is known, and what was measured of it."""

    audio: np.ndarray
    sample_rate: int
    pitch: float | None = None

    @cached_property
    def loudness(self) -> float:
        return loudness_lufs(self.audio, self.sample_rate)

    @cached_property
    def described(self) -> dict[str, float]:
        return describe(self.audio, self.sample_rate, self.pitch)

    @cached_property
    def contour(self) -> np.ndarray:
        return steady_contour(self.audio, self.sample_rate, self.pitch)

    @cached_property
    def vibrato(self) -> Vibrato | None:
        return vibrato(self.contour)


def sound_measures(wanted: Profile, audio: np.ndarray) -> dict[str, float]:
    """How a sound (m_samples,) differs from the note that it should be, at that note's sample rate. Nothing is matched.

    Returns MEASURES, NaN where one has no meaning for the note:
        stft, log_mel_db: see `sound_error`.
        onset_db: level of the first 50 ms, from where the wanted note comes within 40 dB of its loudest 5 ms.
        above_4k_db, above_8k_db: energy above, where the wanted note has any (more than -60 dB of the whole).
        level_lu: loudness, BS.1770.
        attack_ms: time from a tenth to nine tenths of the loudest level.
        noise_db: ratio of noise to harmonics, which counts as -40 dB where it is less; needs the MIDI pitch.
        vibrato_rate, vibrato_depth: heard over wanted, 1 is best, of wanted notes that have a vibrato (see `vibrato`): the depth
        at the wanted note's rate; the rate of the heard note's own vibrato, where it has one.
    """
    measures = dict.fromkeys(MEASURES, math.nan)
    if not np.abs(wanted.audio).max(initial=0) > 0:
        return measures
    rate, size = wanted.sample_rate, len(wanted.audio)
    audio = np.asarray(audio, dtype=np.float32)[:size]
    heard = Profile(np.pad(audio, (0, size - len(audio))), rate, wanted.pitch)
    error = sound_error(wanted.audio, heard.audio, rate, match_loudness=False)
    start = onset(wanted.audio, rate)
    first = slice(start, start + round(ONSET * rate))
    noise = [_noise_ratio(sound.described["noisiness"]) for sound in (wanted, heard)]
    measures |= {
        "stft": error.stft,
        "log_mel_db": error.log_mel_db,
        "onset_db": level_db(heard.audio[first]) - level_db(wanted.audio[first]),
        "above_4k_db": _band_error(wanted, heard, 4000),
        "above_8k_db": _band_error(wanted, heard, 8000),
        "level_lu": heard.loudness - wanted.loudness if wanted.loudness > SILENT_LUFS else math.nan,
        "attack_ms": 1000 * (heard.described["attack"] - wanted.described["attack"]),
        "noise_db": noise[1] - noise[0],
    }
    if wanted.vibrato is not None:
        measures["vibrato_depth"] = swing_at(heard.contour, wanted.vibrato.rate) / wanted.vibrato.depth
        measures["vibrato_rate"] = math.nan if heard.vibrato is None else heard.vibrato.rate / wanted.vibrato.rate
    return measures


def onset(audio: np.ndarray, sample_rate: int) -> int:
    """The sample at which a note (n_samples,) begins: the first 5 ms within 40 dB of its loudest 5 ms."""
    step = max(1, round(_STEP * sample_rate))
    blocks = np.pad(audio, (0, -len(audio) % step)).reshape(-1, step)
    power = np.square(blocks, dtype=np.float64).mean(axis=1)
    return int(np.argmax(power >= power.max() * 10 ** (-_AUDIBLE / 10))) * step


def _band_error(wanted: Profile, heard: Profile, above: float) -> float:
    rate, size = wanted.sample_rate, len(wanted.audio)
    if above >= 0.45 * rate:
        return math.nan
    powers = [np.square(np.abs(np.fft.rfft(sound.audio * _faded(size, rate)))) for sound in (wanted, heard)]
    first = math.ceil(above * size / rate)
    floor = float(powers[0].sum()) * 10 ** (-_LEAST_BAND / 10)
    there, here = (float(power[first:].sum()) for power in powers)
    return 10 * math.log10(max(here, floor) / there) if there > floor else math.nan


def _faded(size: int, sample_rate: int) -> np.ndarray:
    """Ones with an end of 10 ms that fades: a note cut off has no click to count."""
    fade = min(size, round(0.01 * sample_rate))
    return np.concatenate([np.ones(size - fade), np.linspace(1, 0, fade)]).astype(np.float32)


def _noise_ratio(noisiness: float) -> float:
    """Noise over harmonics in dB, within +-40, of the share of noise in both."""
    share = float(np.clip(noisiness, _LEAST_NOISE, 1 - _LEAST_NOISE))
    return 10 * math.log10(share / (1 - share))


def summarise_sounds(table: pd.DataFrame) -> dict[str, Any]:
    """The figures of many notes, ready for JSON: `table` has a row per note, columns MEASURES and `instrument`.

    Returns, for each measure: median over notes and its bootstrap `interval` over instruments, mean, and how many notes have it;
    of signed ones also `size`, the median without sign, and `size_interval`. vibrato_kept: share of notes with a vibrato whose
    sound has one of its rate (within 5 %) and 0.8 to 1.25 of its depth.
    """
    found: dict[str, Any] = {"notes": len(table)}
    group = table["instrument"].to_numpy()
    for name in MEASURES:
        values = table[name].to_numpy(np.float64)
        known = values[np.isfinite(values)]
        figure: dict[str, Any] = {"median": None, "mean": None, "interval": None, "notes": len(known)}
        if len(known):
            values = np.where(np.isfinite(values), values, np.nan)
            figure |= {"median": float(np.median(known)), "mean": float(known.mean())}
            figure["interval"] = bootstrap(values, group, np.median)
            if name in SIGNED:
                figure |= {"size": float(np.median(np.abs(known)))}
                figure["size_interval"] = bootstrap(np.abs(values), group, np.median)
        found[name] = figure
    swinging = table[table["vibrato_depth"].notna()]
    kept = swinging["vibrato_depth"].between(0.8, 1.25) & ((swinging["vibrato_rate"] - 1).abs() <= 0.05)
    found["vibrato_kept"] = float(kept.mean()) if len(swinging) else None
    return found
