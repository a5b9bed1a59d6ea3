"""Pitch of single held notes: fundamental frequency measured, note names parsed.

The estimator is a measuring tool, used where a note has no pitch label and where the pitch of generated notes is
checked. Two kinds of evidence are added up on one grid of candidate frequencies, because they fail in opposite ways:

- the normalised square difference function (McLeod & Wyvill, "A smarter way to find pitch", ICMC 2005) is low at
  multiples of the true f0 (the waveform does not repeat that soon) and blind to its submultiples;
- a harmonic template on the compressed spectrum with negative weight between the harmonics (Camacho & Harris, "A
  sawtooth waveform inspired pitch estimator for speech and music", JASA 124, 2008; subharmonic summation: Hermes, JASA
  83, 1988) is low at submultiples (their extra harmonics are empty) and weak at telling multiples apart.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from timbre_core.errors import TimbreError

A4_HZ = 440.0
A4_MIDI = 69.0

_ANALYSIS_RATE = 16_000  # Hz; faster audio is decimated to about this: MIDI 108 is 4186 Hz
_FRAME_SECONDS = 0.256  # seven periods of the lowest piano key
_MAX_FRAMES = 8
_CENTS_PER_STEP = 10.0
_HARMONICS = 16
_UNVOICED_BELOW = 0.3  # confidence; white noise stays below

_NOTE_NAME = re.compile(r"([A-Ga-g])([#♯b♭]{0,2})(-?\d{1,2})")
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class F0:
    """A measured fundamental frequency.

    Attributes:
        hz: Hz, nan when nothing periodic was found.
        confidence: 0 (noise, silence) to 1 (perfectly periodic).
    """

    hz: float
    confidence: float

    @property
    def midi(self) -> float:
        """Fractional MIDI pitch, nan when unvoiced."""
        return float(hz_to_midi(self.hz))

    @property
    def voiced(self) -> bool:
        """Whether a pitch was found."""
        return not math.isnan(self.hz)


UNVOICED = F0(math.nan, 0.0)


def hz_to_midi(hz: float | np.ndarray) -> float | np.ndarray:
    """Fractional MIDI pitch (A4 = 440 Hz = 69) of a frequency in Hz; nan for nan and for frequencies <= 0."""
    hz = np.asarray(hz, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        midi = np.where(hz > 0, A4_MIDI + 12.0 * np.log2(hz / A4_HZ), np.nan)
    return midi if midi.ndim else float(midi)


def midi_to_hz(midi: float | np.ndarray) -> float | np.ndarray:
    """Frequency in Hz of a (fractional) MIDI pitch (69 = A4 = 440 Hz)."""
    hz = A4_HZ * 2.0 ** ((np.asarray(midi, dtype=np.float64) - A4_MIDI) / 12.0)
    return hz if hz.ndim else float(hz)


def parse_note_name(name: str) -> int:
    """MIDI pitch of a note name such as "C4" (60), "C#4", "Bb3", "f♯-1".

    Raises:
        TimbreError: not a note name, or outside MIDI 0-127.
    """
    match = _NOTE_NAME.fullmatch(name.strip())
    if match is None:
        raise TimbreError(f"{name!r} is not a note name: write a letter A-G, # or b, and an octave, such as C#4.")
    letter, accidentals, octave = match.groups()
    shift = sum(1 if sign in "#♯" else -1 for sign in accidentals)
    midi = 12 * (int(octave) + 1) + _SEMITONES[letter.upper()] + shift
    if not 0 <= midi <= 127:
        raise TimbreError(f"note {name!r} is MIDI {midi}: only 0 to 127 (C-1 to G9) exist.")
    return midi


def estimate_f0(audio: np.ndarray, sample_rate: int, fmin: float = 27.5, fmax: float = 4500.0) -> F0:
    """Measure the fundamental frequency of one held note.

    Args:
        audio: mono samples, shape (n_samples,).
        sample_rate: Hz.
        fmin: lowest frequency looked for, Hz.
        fmax: highest frequency looked for, Hz; at most 45 % of the sample rate.

    Returns:
        F0 with hz in [fmin, fmax], or nan where nothing periodic was found; never raises on audio content.
    """
    frames, rate = _frames(audio, sample_rate)
    if frames is None:
        return UNVOICED
    fmax = min(fmax, 0.45 * rate)
    if not 0 < fmin < fmax:
        return UNVOICED
    n_samples = frames.shape[1]
    candidates = _grid(max(fmin, 2.0 * rate / n_samples), fmax)
    nsdf, spectrum, bin_hz = _nsdf_and_spectrum(frames, rate)
    periodicity = _at_lags(nsdf, rate * _LAG_UPSAMPLING / candidates)
    harmonicity = _template(spectrum, bin_hz, candidates, rate)
    score = periodicity + TW * harmonicity
    best = int(np.argmax(score))
    hz = candidates[best]
    confidence = float(np.clip(periodicity[best], 0.0, 1.0))
    return F0(float(hz), confidence) if confidence >= _UNVOICED_BELOW else UNVOICED


TW = 1.0
_LAG_UPSAMPLING = 4


def _frames(audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray | None, float]:
    x = np.asarray(audio, dtype=np.float64).reshape(-1)
    if x.size < 64 or not np.isfinite(x).all():
        return None, 0.0
    factor = max(1, int(sample_rate // _ANALYSIS_RATE))
    length = int(_FRAME_SECONDS * sample_rate)
    if x.size < length:
        length = x.size
    hop = max(1, length // 4)
    starts = np.arange(0, x.size - length + 1, hop)
    power = np.concatenate([[0.0], np.cumsum(x * x)])
    energy = (power[starts + length] - power[starts]) / length
    if energy.max() < 1e-10:
        return None, 0.0
    loud = starts[energy > energy.max() * 1e-2]
    chosen = loud[np.unique(np.linspace(0, loud.size - 1, _MAX_FRAMES).round().astype(int))]
    frames = np.stack([x[s : s + length] for s in chosen])
    if factor > 1:
        from scipy.signal import decimate

        frames = decimate(frames, factor, axis=1, ftype="fir")
    return frames - frames.mean(axis=1, keepdims=True), sample_rate / factor


@lru_cache(maxsize=8)
def _grid(fmin: float, fmax: float) -> np.ndarray:
    steps = int(1200 * math.log2(fmax / fmin) / _CENTS_PER_STEP) + 1
    return fmin * 2.0 ** (np.arange(steps) * _CENTS_PER_STEP / 1200)


def _nsdf_and_spectrum(frames: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray, float]:
    n = frames.shape[1]
    size = 1 << (2 * n - 1).bit_length()
    power = np.abs(np.fft.rfft(frames, size)) ** 2
    up = size * _LAG_UPSAMPLING
    n_lags = min(n - 1, int(rate / 27.5 * 1.05) + 4)
    acf = np.fft.irfft(power, up)[:, : n_lags * _LAG_UPSAMPLING] * _LAG_UPSAMPLING
    sq = np.cumsum(frames**2, axis=1)
    lags = np.arange(n_lags)
    # energy of the two overlapping parts
    head = sq[:, n - 1 - lags]
    tail = sq[:, -1:] - np.concatenate([np.zeros((len(frames), 1)), sq[:, : n_lags - 1]], axis=1)
    m = head + tail
    m_up = np.repeat(m, _LAG_UPSAMPLING, axis=1)
    nsdf = 2 * acf / np.maximum(m_up, 1e-20)
    window = np.hanning(n + 2)[1:-1]
    spectrum = np.abs(np.fft.rfft(frames * window, size))
    return nsdf, spectrum, rate / size


def _at_lags(nsdf: np.ndarray, lags: np.ndarray) -> np.ndarray:
    lo = np.minimum(lags.astype(int), nsdf.shape[1] - 2)
    frac = lags - lo
    values = nsdf[:, lo] * (1 - frac) + nsdf[:, lo + 1] * frac
    return np.median(values, axis=0)


def _template(spectrum: np.ndarray, bin_hz: float, candidates: np.ndarray, rate: float) -> np.ndarray:
    compressed = np.sqrt(spectrum)
    k = np.arange(1, _HARMONICS + 1)
    nyq = rate / 2 * 0.98
    freqs = candidates[:, None] * k
    weights = np.where(freqs < nyq, 1 / np.sqrt(k), 0.0)
    peaks = compressed[:, np.minimum((freqs / bin_hz).round().astype(int), spectrum.shape[1] - 1)]
    between = candidates[:, None] * (k - 0.5)
    wb = np.where(between < nyq, 1 / np.sqrt(k), 0.0)
    valleys = compressed[:, np.minimum((between / bin_hz).round().astype(int), spectrum.shape[1] - 1)]
    norm = np.sqrt((weights**2).sum(1))
    raw = ((peaks * weights).sum(2) - (valleys * wb).sum(2)) / norm
    return np.median(raw / np.maximum(raw.max(axis=1, keepdims=True), 1e-12), axis=0)
