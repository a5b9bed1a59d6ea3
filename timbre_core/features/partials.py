"""A measured pitch against the partials of its spectrum: which octave, and how far off, where periodicity alone misleads.

Periodicity prefers an octave too low in five kinds of sounds:

- bars and bells, whose partials are no multiples of each other: two periods fit them by chance a little better than one. Then
  the pitch's own partial and its neighbours are all but empty beside a multiple.
- a sine an octave below a tone (a synthesiser's sub-oscillator, an organ's 16' stop): the waveform does repeat at the
  sine's period, but all partials are of the tone, and the tone is the key that is pressed and the note that is heard;
- reeds of which every second period is a little different (period doubling): hardly anything repeats well, two periods a little
  better than one, and the partials between those of the note are soft;
- kettledrums, whose loudest partials are about as 2 to 3: the pitch is the lower of them, and nothing sounds where they repeat.
  (A tubular bell's are as 2 to 3 to 4 to 5, and its pitch is where they repeat.)
- plates, tongues and resonators with many partials, some of which happen to be near 2, 3, 4 and 6 times what does not sound:
  repetition is good, not perfect, and there is neither a fifth and seventh partial nor anything below the second.

Listeners hear a bar's pitch at its lowest strong partial (Fletcher & Rossing, "The Physics of Musical Instruments", 1998,
chapters 18 and 19). The limits were chosen on 28 NSynth instruments and on renders of five SoundFonts, none of them in the
tested part of docs/results/pitch.md.
"""

from __future__ import annotations

import math

import numpy as np

DOUBTFUL = 0.75
"""Confidence, below which a waveform hardly repeats."""

_COUNT = 12  # partials looked at
_WIDTH = 0.06  # of the pitch: how far a partial may be from its place
_EMPTY_DB = {2: -29.0, 3: -35.0}  # of the partials beside that multiple, where it is the pitch
_SUB_DB = -30.0  # a sub-oscillator is no softer beside its tone
_ONLY_SUB_DB = -25.0  # of all other partials that are not the tone's, beside those of the tone above its first
_TONE_DB = -45.0  # of those, beside all: a tone and not a second sine
_DRUM_EMPTY_DB = -35.0  # of what would be a kettledrum's first partial,
_DRUM_LOUD_DB = (-4.0, -6.0)  # of its second and third, beside the loudest,
_DRUM_SOFT_DB = -15.0  # and of the next two
_NOTHING_DB = -38.0  # where hardly anything repeats: of the first partial, beside the loudest;
_LOWEST_DB = -10.0  # then the second is the lowest, and the pitch,
_FUNDAMENTAL_HZ = 46.0  # but for low tones, of which the fundamental is often cut off
_PERFECT = 0.95  # confidence that no plate or tongue reaches by chance;
_MISSING_DB = -25.0  # then its fifth and seventh partial, beside the loudest,
_BELOW_DB = -21.0  # and all below the second
_DOUBLED_DB = -8.0  # of the odd partials beside the even ones, where hardly anything repeats
_STRONGEST_DB = -3.0  # a fundamental down to here below the loudest partial says the pitch
_OFF = 20 / 1200  # octaves; nearer, periodicity is the finer measure
_LOWEST_HZ = 150.0  # below, neighbouring partials are not apart in the frames' spectra


def power_spectrum(frames: np.ndarray, size: int) -> np.ndarray:
    """Mean power spectrum (size // 2 + 1,) of frames (frames, n_samples), the louder ones counting more."""
    window = np.hanning(frames.shape[1] + 2)[1:-1]
    return np.asarray((np.abs(np.fft.rfft(frames * window, size)) ** 2).mean(axis=0))


def heard_multiple(power: np.ndarray, bin_hz: float, hz: float, repeats: float = 1.0) -> float:
    """How many times `hz` the pitch is, 1, 2 or 3, for a drum about 2, from a power spectrum (n_bins,), bins `bin_hz` apart.

    repeats: how well the waveform repeats at that period, 0 to 1.
    """
    level = _levels(power, bin_hz, hz)
    if level is None:
        return 1
    doubtful = repeats < DOUBTFUL
    if max(level[0], level[1], level[3], level[4]) < level[2] + _EMPTY_DB[3]:
        return 3
    empty = max(level[0], level[2]) < level[1] + _EMPTY_DB[2]
    if empty or _is_sub_oscillator(level) or (doubtful and _is_doubled(level)):
        return 2
    nothing = level[0] < _NOTHING_DB and level[1] > _LOWEST_DB
    chance = (doubtful and hz > _FUNDAMENTAL_HZ) or (
        repeats < _PERFECT and _is_plate(level) and _second_is_lowest(power, bin_hz, hz)
    )
    if _is_drum(level) or (nothing and chance):
        return _between_bins(power, int(_peaks(power, bin_hz, hz)[1])) * bin_hz / hz
    return 1


def tuned_to_fundamental(power: np.ndarray, bin_hz: float, hz: float) -> float:
    """`hz`, or the frequency of the fundamental where that is strong and lies elsewhere: inharmonic partials pull at it."""
    if hz < _LOWEST_HZ:
        return hz
    places = _peaks(power, bin_hz, hz)
    peak = int(places[0])
    if 10 * math.log10(power[peak] / power[places].max() + 1e-30) < _STRONGEST_DB:
        return hz
    found = _between_bins(power, peak) * bin_hz
    return found if _OFF < abs(math.log2(found / hz)) < _WIDTH else hz


def _between_bins(power: np.ndarray, peak: int) -> float:
    """Where the maximum at bin `peak` is, by a parabola through three levels."""
    left, middle, right = np.log(power[peak - 1 : peak + 2] + 1e-300)
    curve = left - 2 * middle + right
    shift = 0.5 * (left - right) / curve if curve < 0 else 0.0
    return peak + float(np.clip(shift, -1, 1))


def _is_sub_oscillator(level: np.ndarray) -> bool:
    """Whether the first partial is a sine below a tone: levels (_COUNT,) in dB."""
    power = 10 ** (level / 10)
    others, tone = power[2::2].sum(), power[3::2].sum()
    beside_tone = 10 * math.log10(others / tone + 1e-30)
    beside_all = 10 * math.log10(tone / power[1::2].sum() + 1e-30)
    return bool(beside_tone < _ONLY_SUB_DB and beside_all > _TONE_DB and _SUB_DB < level[0] - level[1] < 0)


def _is_drum(level: np.ndarray) -> bool:
    """Whether the second and third partial are a kettledrum's: levels (_COUNT,) in dB."""
    loud = level[1] > _DRUM_LOUD_DB[0] and level[2] > _DRUM_LOUD_DB[1]
    return bool(loud and level[0] < _DRUM_EMPTY_DB and max(level[3], level[4]) < _DRUM_SOFT_DB)


def _is_plate(level: np.ndarray) -> bool:
    """Whether the partials are some that happen to lie near multiples: levels (_COUNT,) in dB."""
    return bool(max(level[4], level[6]) < _MISSING_DB)


def _second_is_lowest(power: np.ndarray, bin_hz: float, hz: float) -> bool:
    """Whether nothing sounds below the second partial; of a tubular bell two of the tube's do, and it repeats where it sounds."""
    below = power[int(0.45 * hz / bin_hz) : int(1.85 * hz / bin_hz)].max(initial=0)
    return bool(10 * math.log10(below / power.max() + 1e-30) < _BELOW_DB)


def _is_doubled(level: np.ndarray) -> bool:
    """Whether the odd partials are soft beside the even ones: levels (_COUNT,) in dB."""
    power = 10 ** (level / 10)
    return bool(10 * math.log10(power[0::2].sum() / power[1::2].sum()) < _DOUBLED_DB)


def _levels(power: np.ndarray, bin_hz: float, hz: float) -> np.ndarray | None:
    """Levels (_COUNT,) in dB of the partials of `hz`, very low above the spectrum's end; None where fewer than five are in it."""
    places = _peaks(power, bin_hz, hz)
    if len(places) < 5:
        return None
    level = np.full(_COUNT, -120.0)
    level[: len(places)] = np.maximum(10 * np.log10(power[places] / power[places].max() + 1e-30), -120.0)
    return level


def _peaks(power: np.ndarray, bin_hz: float, hz: float) -> np.ndarray:
    """Bins of the strongest places near each multiple of `hz` that is in the spectrum, the first one always."""
    multiples = np.arange(1, _COUNT + 1)
    lows = np.maximum(((multiples - _WIDTH) * hz / bin_hz).astype(int), 1)
    highs = ((multiples + _WIDTH) * hz / bin_hz).astype(int) + 2
    inside = highs < len(power) - 1
    pairs = zip(lows[inside].tolist(), highs[inside].tolist(), strict=True)
    return np.array([low + int(power[low:high].argmax()) for low, high in pairs] or [1])
