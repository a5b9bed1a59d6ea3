"""How the pitch of a held note moves: its course in cents, and how much of it is vibrato and how much wandering."""

from __future__ import annotations

import numpy as np

from timbre_core.features.pitch import midi_to_hz

SWINGS_HZ, WANDERS_HZ = (4.0, 8.0), (0.3, 3.0)
"""Of vibratos, and of slower movements."""
ROUND = (0.5, 2.5)
"""Seconds in which pitch is looked at."""
STEP = 0.0025
"""Seconds between values of a course."""
STILL = 3.0
"""Cents: what moves less is heard as holding still."""
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
    spectrum = np.fft.fft(audio)
    hz = np.abs(np.fft.fftfreq(size, 1 / rate))
    power = np.abs(spectrum) ** 2
    width = min(_BAND_HZ, 0.4 * f0)
    # High partials show more cents in less time, but leave their band: of the strong ones the lowest.
    energies = [power[np.abs(hz - number * f0) < width].sum() for number in range(1, count + 1)]
    number = 1 + int(np.argmax(np.array(energies) > 0.3 * max(energies)))
    positive = np.arange(size) < size // 2
    band = np.where(positive & (np.abs(hz - number * f0) < width), spectrum, 0)
    analytic = np.fft.ifft(band)[first:last]
    if np.abs(analytic).min() < _STEADY * np.abs(analytic).max():
        return None
    phase = np.unwrap(np.angle(analytic))
    step = round(STEP * rate)
    moved = np.diff(phase[::step]) * rate / step / (2 * np.pi) / (number * f0)
    return np.asarray(1200 * np.log2(np.maximum(moved, 0.5)))


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
    """Swings a second of a course's widest movement from 2 to 10 Hz; NaN where there is none."""
    if cents is None or not movement(cents, _SWUNG_HZ) >= STILL:
        return float("nan")
    time = np.arange(len(cents))
    left = (cents - np.polyval(np.polyfit(time, cents, 1), time)) * np.hanning(len(cents))
    size = 8 * len(cents)
    hz = np.fft.rfftfreq(size, STEP)
    inside = (hz >= _SWUNG_HZ[0]) & (hz <= _SWUNG_HZ[1])
    return float(hz[inside][np.argmax(np.abs(np.fft.rfft(left, size))[inside])])
