"""A note's spectrum shaped: brightness, the noise between its partials, even partials, and where its resonances lie.

One filter does all four. What it does about brightness is solved for, so that the spectral centroid goes where it is asked
to go, and the noise stays at its share, whatever else is moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timbre_core.features.partial_envelope import ENOUGH, envelope_lag, smoothed_levels
from timbre_core.features.pitch import midi_to_hz
from timbre_core.generation.macros import Shape

_WINDOW = 0.256  # seconds
_LOBE = 2  # bins on each side that a Hann window spreads a partial over
_NOISE_LOBE = 3  # and a Blackman window
_REACH = 0.04  # how far a partial may lie from its harmonic, as a share of its frequency
_MOST_PARTIALS = 90
_COUNTED = 20  # partials among which noise is counted, as `features.descriptors` does
_LOUDEST = 0.5  # seconds of the note that noise is counted in, as there
_TILTS = np.linspace(-4, 3, 71)  # exponents of frequency
_LAGS = np.arange(-5, 5.01, 0.5)  # semitones around what is asked for
_TILT_DB = 40.0  # at most, of a tilt
_NOISE_DB = np.linspace(-36, 36, 73)  # gains of noise
_BODY_DB = 24.0  # at most, of moved resonances
_BLURRED = 4 / 3  # by which resonances are moved farther: partials sample them, and what is heard has moved less
_ROUNDS = 4  # of brightness and noise in turn
_REACHES = np.linspace(0.75, 2.25, 7)  # of resonances: their moves are blurred where partials lie far apart


@dataclass(frozen=True)
class _Spectra:
    """A note's spectra (n_bins, n_frames), which share of each lies between the partials, and the partials' mean levels."""

    values: np.ndarray
    between: np.ndarray
    hz: np.ndarray
    f0: float
    partials: np.ndarray


def with_spectrum(audio: np.ndarray, rate: int, pitch: float, shape: Shape) -> np.ndarray:
    """Audio (n_samples,) of a note at a MIDI pitch with brightness, noise, body and the even partials as a shape has them."""
    if not (shape.brightness or shape.noise or shape.body or shape.hollow):
        return audio
    size = 1 << round(np.log2(_WINDOW * rate))
    spectra = _analysed(audio, rate, size, float(midi_to_hz(pitch)))
    noise = _overlapped(spectra.values * spectra.between, size, len(audio))
    body = _moved_body(spectra, _BLURRED * shape.amount("body")) * _hollowed(spectra, shape.amount("hollow"))
    tilt, gain = _solved(spectra, (audio - noise, noise, rate), body, shape)
    gains = (body * tilt)[:, None] * (1 + (gain - 1) * spectra.between)
    return _overlapped(spectra.values * gains, size, len(audio))


def _analysed(audio: np.ndarray, rate: int, size: int, f0: float) -> _Spectra:
    hop = size // 4
    padded = np.pad(audio, (size - hop, size + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    values = np.fft.rfft(frames * _hann(size), axis=1).T
    hz = np.fft.rfftfreq(size, 1 / rate)
    count = int(min(_MOST_PARTIALS, 0.95 * hz[-1] / f0))
    peaks, levels = _partials(np.abs(values), hz, (f0, count), _LOBE)
    return _Spectra(values, ~peaks, hz, f0, levels)


def _partials(
    magnitude: np.ndarray, hz: np.ndarray, series: tuple[float, int], lobe: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of magnitudes (n_bins, n_frames): which bins belong to partials, and each partial's mean magnitude.

    series: the fundamental in Hz, and how many partials there are.
    """
    bin_hz = hz[1]
    f0, count = series
    # Where partials cannot be told apart, all is theirs.
    found = np.full(magnitude.shape, f0 < 2 * (lobe + 1) * bin_hz)
    columns = np.arange(magnitude.shape[1])
    steps = np.arange(-lobe, lobe + 1)[:, None]
    levels = np.zeros(max(count, 1))
    for number in range(1, count + 1):
        target = number * f0
        reach = min(_REACH * target, 0.45 * f0)
        low = max(1, round((target - reach) / bin_hz))
        high = min(len(hz), max(low + 1, round((target + reach) / bin_hz) + 1))
        if low >= high:
            break
        peak = low + np.argmax(magnitude[low:high], axis=0)
        levels[number - 1] = magnitude[peak, columns].mean()
        found[np.clip(peak + steps, 0, len(hz) - 1), columns] = True
    return found, levels


def _moved_body(spectra: _Spectra, semitones: float) -> np.ndarray:
    """Gains (n_bins,) that move the envelope of the partials by `semitones`, the partials themselves staying."""
    if not semitones or len(spectra.partials) < ENOUGH:
        return np.ones(len(spectra.hz))
    level = smoothed_levels(spectra.partials)
    octave = np.log2(spectra.f0 * np.arange(1, len(level) + 1))

    def gains(at: np.ndarray, reach: float) -> np.ndarray:
        moved = np.interp(at - reach * semitones / 12, octave, level) - np.interp(at, octave, level)
        return np.clip(moved, -_BODY_DB, _BODY_DB)

    lags = semitones + _LAGS
    off = [abs(envelope_lag(level, level + gains(octave, reach), lags) - semitones) for reach in _REACHES]
    off = [round(each, 2) + 0.1 * abs(reach - 1) for each, reach in zip(off, _REACHES, strict=True)]
    best = float(_REACHES[int(np.argmin(off))])
    return np.asarray(10 ** (gains(np.log2(np.maximum(spectra.hz, spectra.f0 / 2)), best) / 20))


def _hollowed(spectra: _Spectra, decibels: float) -> np.ndarray:
    """Gains (n_bins,) that raise odd partials, and lower even ones, by half of `decibels`; the fundamental stays."""
    number = np.maximum(np.round(spectra.hz / spectra.f0), 1)
    sign = np.where(number == 1, 0, np.where(number % 2 == 1, 1, -1))
    return np.asarray(10 ** (0.5 * decibels * sign / 20))


def _solved(
    spectra: _Spectra, parts: tuple[np.ndarray, np.ndarray, int], body: np.ndarray, shape: Shape
) -> tuple[np.ndarray, float]:
    """The tilt (n_bins,) and the gain of the noise that bring centroid and noise where they are asked for.

    parts: the sound's partials and its noise (n_samples,), and their rate.
    """
    magnitude = np.abs(spectra.values)
    noisy = np.sum(magnitude * spectra.between, axis=1)
    tonal = np.sum(magnitude, axis=1) - noisy
    counted = _CountedNoise(*parts, spectra.f0)
    wanted = _centroid(spectra.hz, tonal + noisy) * 2 ** (shape.amount("brightness") / 12)
    share = counted.share(np.ones(len(body)), spectra.hz, np.ones(1))[0] * 10 ** (shape.amount("noise") / 10)
    tilts = _tilts(spectra)
    tilt, gain = np.ones(len(body)), 10 ** (shape.amount("noise") / 20)
    candidates = 10 ** (_NOISE_DB / 20)
    for _ in range(_ROUNDS):
        weighed = tilts * (body * (tonal + gain * noisy))
        centroids = weighed @ spectra.hz / np.maximum(weighed.sum(axis=1), 1e-20)
        tilt = _tilts(spectra, float(np.interp(wanted, np.maximum.accumulate(centroids), _TILTS)))[0]
        shares = np.maximum.accumulate(counted.share(body * tilt, spectra.hz, candidates))
        gain = float(10 ** (np.interp(np.log(share + 1e-12), np.log(shares + 1e-12), _NOISE_DB) / 20))
    return tilt, gain


class _CountedNoise:
    """The loudest half second of a note, in which noise is weighed against the first partials."""

    def __init__(self, tonal: np.ndarray, noise: np.ndarray, rate: int, f0: float) -> None:
        whole = tonal + noise
        size = min(round(_LOUDEST * rate), len(whole))
        energy = np.concatenate([[0.0], np.cumsum(whole**2)])
        begin = int(np.argmax(energy[size:] - energy[:-size]))
        n_fft = 1 << (2 * size - 1).bit_length()
        window = np.blackman(size)
        self.hz = np.fft.rfftfreq(n_fft, 1 / rate)
        count = max(1, min(_COUNTED, int(0.98 * rate / 2 / f0)))
        counted = self.hz < (count + 0.5) * f0
        self.hz = self.hz[counted]
        one, two = (np.fft.rfft(each[begin : begin + size] * window, n_fft)[counted] for each in (tonal, noise))
        lobe = int(np.ceil(_NOISE_LOBE * n_fft / size))
        peaks, _ = _partials(np.abs(one + two)[:, None], self.hz, (f0, count), lobe)
        self.terms = np.stack([np.abs(one) ** 2, 2 * np.real(one * np.conj(two)), np.abs(two) ** 2])
        self.on = peaks[:, 0]

    def share(self, filtered: np.ndarray, hz: np.ndarray, gains: np.ndarray) -> np.ndarray:
        """Energy between the partials against theirs, for each of `gains` (n,) of the noise, behind a filter (n_bins,)."""
        weight = np.interp(self.hz, hz, filtered) ** 2
        powers = np.stack([np.ones(len(gains)), gains, gains**2])
        on, off = (np.maximum(self.terms[:, chosen] @ weight[chosen] @ powers, 1e-20) for chosen in (self.on, ~self.on))
        return np.asarray(off / on)


def _centroid(hz: np.ndarray, spectrum: np.ndarray) -> float:
    return float(hz @ spectrum / max(spectrum.sum(), 1e-20))


def _tilts(spectra: _Spectra, exponents: float | np.ndarray = _TILTS) -> np.ndarray:
    """Gains (n_exponents, n_bins): powers of frequency, even below the fundamental."""
    octaves = np.log2(np.maximum(spectra.hz, spectra.f0) / spectra.f0)
    db = 6.02 * np.atleast_1d(exponents)[:, None] * octaves
    return np.asarray(10 ** (np.clip(db, -_TILT_DB, _TILT_DB) / 20))


def _overlapped(values: np.ndarray, size: int, length: int) -> np.ndarray:
    hop = size // 4
    frames = np.fft.irfft(values.T, size, axis=1) * _hann(size)
    total = np.zeros(hop * (len(frames) - 1) + size)
    for offset in range(4):  # every fourth frame touches none of its like
        rows = frames[offset::4]
        total[offset * hop : offset * hop + rows.size] += rows.reshape(-1)
    return total[size - hop : size - hop + length] / 1.5  # the sum of four squared windows


def _hann(size: int) -> np.ndarray:
    return np.asarray(np.hanning(size + 1)[:-1])
