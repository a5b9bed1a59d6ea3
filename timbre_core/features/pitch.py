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

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.harmonic_template import STEPS_PER_OCTAVE, harmonicities
from timbre_core.features.partials import DOUBTFUL, heard_multiple, power_spectrum, tuned_to_fundamental
from timbre_core.features.rumble import without_rumble

A4_HZ = 440.0
A4_MIDI = 69.0

ANALYSIS_RATE = 16_000  # Hz; faster audio is resampled to this, so that a sound has one pitch at any rate
_FRAME_SECONDS = 0.256  # seven periods of the lowest piano key
_SHORT_SECONDS = 0.064  # of plucks and blips that are over before such a frame is
_PERIODS = 7  # that a short frame must hold
_AS_HIGH = 0.97  # of a pitch: half a semitone below it
_HARDLY = 0.6  # confidence, below which a tone in a thump is looked for
_MAX_FRAMES = 8
_MIN_SAMPLES = 64
_LOUD = 0.01  # frames down to 20 dB below the loudest are looked at
_LOW_HZ = 130.0
_ONSET = 0.01  # of the peak: what comes before is silence
LAG_UPSAMPLING = 4
TEMPLATE_WEIGHT = 0.4  # of the template beside the periodicity; 0.3 to 1 measure the same on NSynth notes
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
    def sure(self) -> bool:
        """Whether no closer look can change it: clear, and not so low that its octave may be a drum's."""
        return self.confidence >= DOUBTFUL and self.hz >= _LOW_HZ

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
        audio: mono samples, shape (n_samples,), any level.
        sample_rate: Hz.
        fmin: lowest frequency looked for, Hz. Two periods must fit into the recording.
        fmax: highest frequency looked for, Hz; at most 45 % of the sample rate is used.

    Returns:
        F0 with hz between about fmin and fmax, or nan where nothing periodic was found (noise, silence, less than
        two periods, samples that are not finite). The pitch is where the waveform repeats, unless all that repeats there is
        a sine below a tone, or hardly anything does: see `partials`.
    """
    audio, rate = at_analysis_rate(audio, sample_rate)
    audio = _from_onset(audio)
    found = _measured(audio, rate, fmin, fmax, _FRAME_SECONDS)
    if found.confidence < DOUBTFUL:
        found = _looked_at_closer(found, audio, rate, fmin, fmax)
    if found.confidence < _HARDLY:
        # A short tone in a louder thump: second differences take 12 dB per octave of that away.
        click = _measured(np.diff(audio, n=2), rate, fmin, fmax, _SHORT_SECONDS)
        return click if click.confidence >= DOUBTFUL else found
    return found


def _looked_at_closer(found: F0, audio: np.ndarray, rate: int, fmin: float, fmax: float) -> F0:
    """What short frames hear where they are surer than the long ones, which heard `found`, and know enough to be."""
    short = _measured(audio, rate, fmin, fmax, _SHORT_SECONDS)
    # They cannot know of a lower pitch than the long ones hear.
    lower = found.voiced and short.hz < _AS_HIGH * found.hz
    surer = short.confidence > found.confidence and short.hz * _SHORT_SECONDS >= _PERIODS and not lower
    return short if surer else found


def at_analysis_rate(audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray, int]:
    """Audio (n_samples,), resampled to ANALYSIS_RATE where its rate is higher, and its rate then."""
    audio = np.asarray(audio, dtype=np.float64).reshape(-1)
    if sample_rate <= ANALYSIS_RATE or not audio.size:
        return audio, int(sample_rate)
    import soxr  # only here: few ask

    return soxr.resample(audio, sample_rate, ANALYSIS_RATE), ANALYSIS_RATE


def _from_onset(audio: np.ndarray) -> np.ndarray:
    """Audio without the silence before it: frames lie alike in a sound, however it is cut."""
    level = np.abs(audio)
    return audio[int(np.argmax(level >= _ONSET * level.max())) :] if len(audio) else audio


def _measured(audio: np.ndarray, sample_rate: int, fmin: float, fmax: float, seconds: float) -> F0:
    """The pitch as frames of `seconds` show it."""
    evidence = _evidence(audio, sample_rate, fmin, fmax, seconds)
    if evidence is None:
        return UNVOICED
    best = int(np.argmax(evidence.periodicity + TEMPLATE_WEIGHT * evidence.harmonicity))
    confidence = float(np.clip(evidence.periodicity[best], 0.0, 1.0))
    if confidence < _UNVOICED_BELOW:
        return UNVOICED
    steps = evidence.rate * LAG_UPSAMPLING
    hz = steps / _refined_lag(evidence.nsdf, steps / evidence.candidates[best])
    repeats = confidence
    while (multiple := heard_multiple(evidence.power, evidence.bin_hz, hz, repeats)) > 1 and multiple * hz <= fmax:
        hz *= multiple
        repeats = 1.0  # that was why it did not
    return F0(tuned_to_fundamental(evidence.power, evidence.bin_hz, hz), confidence)


@dataclass(frozen=True)
class _Evidence:
    candidates: np.ndarray  # (n,) Hz
    periodicity: np.ndarray  # (n,) normalised square difference, median over frames
    harmonicity: np.ndarray  # (n,) harmonic template, 1 at its best candidate
    nsdf: np.ndarray  # (frames, lags) at lags of 1 / LAG_UPSAMPLING samples
    power: np.ndarray  # (bins,) power spectrum
    bin_hz: float  # between two of its bins
    rate: float  # Hz


def _evidence(audio: np.ndarray, sample_rate: int, fmin: float, fmax: float, seconds: float) -> _Evidence | None:
    frames, rate = _frames(audio, sample_rate, seconds), float(sample_rate)
    if frames is None:
        return None
    fmin, fmax = max(fmin, 2.0 * rate / frames.shape[1]), min(fmax, 0.45 * rate)
    if fmin >= fmax:
        return None
    candidates = fmin * 2.0 ** (np.arange(0, math.log2(fmax / fmin), 1 / STEPS_PER_OCTAVE))
    size = 1 << (2 * frames.shape[1] - 1).bit_length()
    nsdf = square_differences(frames, size, int(rate / fmin) + 3)
    return _Evidence(
        candidates=candidates,
        periodicity=np.median(at_lags(nsdf, rate * LAG_UPSAMPLING / candidates), axis=0),
        harmonicity=np.median(harmonicities(frames, size, rate, fmin, len(candidates)), axis=0),
        nsdf=nsdf,
        power=power_spectrum(frames, size),
        bin_hz=rate / size,
        rate=rate,
    )


def _frames(audio: np.ndarray, sample_rate: int, seconds: float) -> np.ndarray | None:
    """Up to `_MAX_FRAMES` frames (frames, n_samples) spread over the loud part of the note."""
    length = min(int(seconds * sample_rate), audio.size)
    if length < _MIN_SAMPLES or not np.isfinite(audio).all():
        return None
    audio = without_rumble(audio, sample_rate)
    starts = np.arange(0, audio.size - length + 1, max(1, length // 4))
    energy = np.concatenate([[0.0], np.cumsum(audio**2)])
    energy = energy[starts + length] - energy[starts]
    if energy.max() <= 1e-12 * length:
        return None
    loud = starts[energy >= energy.max() * _LOUD]
    loud = loud[np.unique(np.linspace(0, loud.size - 1, _MAX_FRAMES).round().astype(int))]
    frames = np.stack([audio[start : start + length] for start in loud])
    return frames - frames.mean(axis=1, keepdims=True)


def square_differences(frames: np.ndarray, size: int, n_lags: int) -> np.ndarray:
    """Normalised square difference function of each frame, 1 where the waveform repeats, at upsampled lags.

    Lags before the first zero crossing, where any slow waveform resembles itself, are set to 0.
    """
    import scipy.fft

    n = frames.shape[1]
    n_lags = min(n_lags, n - 1)
    # Half the time in float32, which is off by a millionth of the correlation at lag 0.
    spectrum = scipy.fft.rfft(frames.astype(np.float32), size)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    # Zero-padding the spectrum interpolates the autocorrelation: at MIDI 108 a period is below four samples.
    upsampled = scipy.fft.irfft(power, size * LAG_UPSAMPLING)
    correlation = upsampled[:, : n_lags * LAG_UPSAMPLING]
    cumulative = np.concatenate([np.zeros((len(frames), 1)), np.cumsum(frames**2, axis=1)], axis=1)
    lags = np.arange(n_lags)
    energy = cumulative[:, n - lags] + cumulative[:, -1:] - cumulative[:, lags]
    scale = (2.0 * LAG_UPSAMPLING / np.maximum(energy, 1e-20)).astype(np.float32)
    nsdf = correlation * np.repeat(scale, LAG_UPSAMPLING, axis=1)
    nsdf[~np.logical_or.accumulate(nsdf < 0, axis=1)] = 0.0
    return nsdf


def at_lags(nsdf: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """`nsdf` (frames, n) at fractional `lags` (m,): (frames, m)."""
    low = np.minimum(lags.astype(int), nsdf.shape[1] - 2)
    part = (lags - low).astype(nsdf.dtype)
    return nsdf[:, low] * (1.0 - part) + nsdf[:, low + 1] * part


def _refined_lag(nsdf: np.ndarray, lag: float) -> float:
    """Median over frames of the position of the maximum of `nsdf` near `lag`, by a parabola through three points."""
    reach = max(1, round(lag * 0.03))
    low = max(1, round(lag) - reach)
    near = nsdf[:, low : min(round(lag) + reach + 1, nsdf.shape[1] - 1)]
    if not near.shape[1]:
        return lag
    peak = low + near.argmax(axis=1)
    row = np.arange(len(nsdf))
    left, middle, right = nsdf[row, peak - 1], nsdf[row, peak], nsdf[row, peak + 1]
    curve = left - 2.0 * middle + right
    shift = np.where(curve < 0, 0.5 * (left - right) / np.minimum(curve, -1e-12), 0.0)
    return float(np.median(peak + np.clip(shift, -1.0, 1.0)))
