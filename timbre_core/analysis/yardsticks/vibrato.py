"""Vibrato of one note: how fast and how deep its pitch swings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from timbre_core.features.pitch_track import track_pitch

RATES = (3.0, 10.0)
"""Hz that a vibrato may have (players' are at 4 to 8)."""

LEAST_DEPTH = 8.0
"""Cents around the middle below which nobody calls it vibrato, and trackers err as much."""

_RATE = 100  # frames a second
_SHORTEST = 0.8  # seconds: three swings or so
_STEADY = 0.5  # of the swing's power that one rate must have: else it is drift or noise
_OCTAVE = 6.0  # semitones: more is a jump of the tracker


@dataclass(frozen=True)
class Vibrato:
    """rate in Hz; depth in cents, from the middle to the furthest, of a sine of that rate.

    The depth is the tracker's, whose windows of 80 ms flatten a swing of 5.5 Hz by a quarter: shares of depths are right.
    """

    rate: float
    depth: float


def vibrato(contour: np.ndarray) -> Vibrato | None:
    """The vibrato of a `steady_contour`, None where there is none.

    What is slower than 2 Hz is taken out of the contour (0.8 s or longer); the strongest rate within 3 to 10 Hz of its
    zero-padded spectrum (Hann) is one where the pitch swings by 8 cents or more, and half of its fast movement is at that rate.
    """
    if len(contour) < _SHORTEST * _RATE:
        return None
    swing, window = _swing(contour)
    size = 1 << (8 * len(swing)).bit_length()
    spectrum = np.abs(np.fft.rfft(swing * window, size)) * 2 / window.sum()
    rates = np.fft.rfftfreq(size, 1 / _RATE)
    inside = np.flatnonzero((rates >= RATES[0]) & (rates <= RATES[1]))
    best = int(inside[np.argmax(spectrum[inside])])
    depth, power = float(spectrum[best]), float(np.average(swing**2, weights=window))
    if depth < LEAST_DEPTH or depth**2 / 2 < _STEADY * power:
        return None
    return Vibrato(float(rates[best]), depth)


def swing_at(contour: np.ndarray, rate: float) -> float:
    """Depth in cents with which a `steady_contour` swings at `rate` Hz, vibrato or not; 0 where it is too short to swing."""
    if len(contour) < _SHORTEST * _RATE:
        return 0.0
    swing, window = _swing(contour)
    turn = np.exp(-2j * math.pi * rate * np.arange(len(swing)) / _RATE)
    return float(np.abs((swing * window * turn).sum()) * 2 / window.sum())


def steady_contour(audio: np.ndarray, sample_rate: int, pitch: float | None = None) -> np.ndarray:
    """The longest stretch of pitches (n,), MIDI every hundredth of a second, that stays within half an octave of the note's.

    The note is audio (n_samples,), its MIDI `pitch` the median of what is heard where it is not known.
    """
    midi = track_pitch(audio, sample_rate, max(1, round(sample_rate / _RATE))).midi.astype(np.float64)
    if not np.isfinite(midi).any():
        return np.zeros(0)
    middle = float(np.nanmedian(midi)) if pitch is None or math.isnan(pitch) else pitch
    # An octave that the tracker chose is not what is asked here.
    midi -= 12 * np.round((np.nanmedian(midi) - middle) / 12)
    heard = np.abs(midi - middle) < _OCTAVE
    edges = np.flatnonzero(np.diff(np.concatenate([[0], heard.astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return np.zeros(0)
    longest = int(np.argmax(ends - starts))
    return midi[starts[longest] : ends[longest]]


def _swing(contour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cents without drift (n,), and a window (n,) to weigh them with."""
    from scipy.signal import butter, sosfiltfilt

    cents = 100 * (contour - contour.mean())
    sections = butter(2, 2.0, "highpass", fs=_RATE, output="sos")
    padding = min(len(cents) - 1, _RATE // 2)
    return sosfiltfilt(sections, cents, padlen=padding), np.hanning(len(cents) + 2)[1:-1]
