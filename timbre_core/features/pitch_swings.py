"""How the pitch of a held note moves: its course in cents, and how much of it is vibrato and how much wandering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from timbre_core.features.between_samples import between
from timbre_core.features.pitch import midi_to_hz

SWINGS_HZ, WANDERS_HZ = (4.0, 8.0), (0.3, 3.0)
"""Of vibratos, and of slower movements."""
ROUND = (0.5, 2.5)
"""Seconds in which pitch is looked at."""
STEP = 0.0025
"""Seconds between values of a course."""
STILL = 3.0
"""Cents: what moves less is heard as holding still."""
_SPANS = (ROUND, (0.2, 1.2), (0.1, 0.7))  # seconds: what dies away soon is looked at sooner
_HAND_HZ = 12.0
_MOVES_HZ, _MOVING = (0.3, 8.0), 1.0  # RMS in cents of movements that are taken out
_SWUNG_HZ = (2.0, 10.0)
_BAND_HZ = 25.0  # to each side of a partial: vibrato and its sidebands
_FEW = round(0.5 / STEP)
_STEADY = 0.0125  # of the level: partials that fade are not followed


def pitch_course(audio: np.ndarray, rate: int, pitch: float, span: tuple[float, float] = ROUND) -> np.ndarray | None:
    """Cents off the MIDI pitch of audio (n_samples,), every `STEP` in `span` seconds, from the phase of the strongest partial.

    None without one, and for sounds that end sooner.
    """
    f0 = float(midi_to_hz(pitch))
    first, last = (round(at * rate) for at in span)
    count = min(12, int(0.45 * rate / f0))
    if len(audio) < last or not count:
        return None
    size = len(audio)
    spectrum = np.fft.rfft(audio)
    width = min(_BAND_HZ, 0.4 * f0)
    bands = [_bins(number * f0 - width, number * f0 + width, size / rate) for number in range(1, count + 1)]
    # High partials show more cents in less time, but leave their band: of the strong ones the lowest.
    energies = [float(np.sum(np.abs(spectrum[band.start : band.stop]) ** 2)) for band in bands]
    number = 1 + int(np.argmax(np.array(energies) > 0.3 * max(energies)))
    band = bands[number - 1]
    step = round(STEP * rate)
    # Its few bins are summed up where its analytic signal is asked for, turned back by the turns that it would have at its pitch.
    middle = number * f0
    turns = np.outer(np.arange(first, last, step), np.arange(band.start, band.stop) / size - middle / rate)
    analytic = np.exp(2j * np.pi * turns) @ spectrum[band.start : band.stop]
    if np.abs(analytic).min() < _STEADY * np.abs(analytic).max():
        return None
    moved = 1 + np.diff(np.unwrap(np.angle(analytic))) * rate / step / (2 * np.pi) / middle
    return np.asarray(1200 * np.log2(np.maximum(moved, 0.5)))


def _bins(low: float, high: float, seconds: float) -> range:
    """Bins of a spectrum over some seconds, between two frequencies."""
    return range(max(1, int(np.ceil(low * seconds))), int(high * seconds) + 1)


def moving_span(sounds: Sequence[np.ndarray], rate: int, pitch: float) -> tuple[float, float] | None:
    """The longest of `_SPANS` in which the pitch of all of some sounds, audio (n_samples,) each, is known; None for none, and
    where all of them hold still: what noise makes of their courses would be taken for movements."""
    for span in _SPANS:
        known = [cents for each in sounds if (cents := pitch_course(each, rate, pitch, span)) is not None]
        if len(known) == len(sounds):
            return span if any(movement(cents, _MOVES_HZ) >= _MOVING for cents in known) else None
    return None


def stilled(audio: np.ndarray, rate: int, pitch: float, span: tuple[float, float]) -> np.ndarray:
    """The part of audio (n_samples,) in `span`, in which its pitch is known, played without its movements."""
    cents = pitch_course(audio, rate, pitch, span)
    assert cents is not None  # as `moving_span` says
    return played_still(audio[round(span[0] * rate) : round(span[1] * rate)], rate, cents)


def played_still(part: np.ndarray, rate: int, cents: np.ndarray) -> np.ndarray:
    """Audio (n_samples,) whose pitch goes by a course in cents, played so that it holds still."""
    import soxr
    from scipy.signal import butter, sosfiltfilt

    finer = np.asarray(soxr.resample(part.astype(np.float64), rate, 4 * rate))
    speed = 2 ** (-(cents - cents.mean()) / 1200)
    # Without what noise adds, with what a hand does.
    slow = 1 + sosfiltfilt(butter(4, _HAND_HZ, fs=1 / STEP, output="sos"), speed - 1)
    steps = np.interp(np.arange(len(part)), (np.arange(len(slow)) + 0.5) * round(STEP * rate), slow)
    places = 4 * np.cumsum(steps)
    return np.asarray(between(finer, places[places < len(finer) - 4]))


def heard_span(seconds: float) -> tuple[float, float]:
    """`ROUND`, or as much as a sound of some seconds has of it."""
    return min(ROUND[0], seconds / 3), min(ROUND[1], 0.95 * seconds)


def movement(cents: np.ndarray | None, band: tuple[float, float]) -> float:
    """RMS of a course's movements whose frequency lies in a band, a straight glide left out; NaN without half a second of it."""
    if cents is None or len(cents) < _FEW:
        return float("nan")
    time = np.arange(len(cents))
    left = (cents - np.polyval(np.polyfit(time, cents, 1), time)) * np.hanning(len(cents)) * np.sqrt(8 / 3)
    power = np.abs(np.fft.rfft(left)) ** 2
    hz = np.fft.rfftfreq(len(cents), STEP)
    inside = (hz >= band[0]) & (hz <= band[1])
    return float(np.sqrt(2 * power[inside].sum()) / len(cents))


def swing_rate(cents: np.ndarray | None) -> float:
    """Swings a second of a course's widest movement from 2 to 10 Hz; NaN where there is none, or a slower one's skirt."""
    if cents is None or not movement(cents, _SWUNG_HZ) >= STILL:
        return float("nan")
    time = np.arange(len(cents))
    left = (cents - np.polyval(np.polyfit(time, cents, 1), time)) * np.hanning(len(cents))
    size = 8 * len(cents)
    hz = np.fft.rfftfreq(size, STEP)
    inside = (hz >= _SWUNG_HZ[0]) & (hz <= _SWUNG_HZ[1])
    power = np.abs(np.fft.rfft(left, size))[inside]
    widest = int(np.argmax(power))
    return float(hz[inside][widest]) if 0 < widest < len(power) - 1 else float("nan")
