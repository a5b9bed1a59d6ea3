"""A note's spectrum shaped: brightness, the noise between its partials, even partials, and where its resonances lie.

One filter does all four. What it does about brightness is solved for, so that the spectral centroid goes where it is asked
to go, and the noise stays at its share, whatever else is moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from timbre_core.features.partial_envelope import ENOUGH, envelope_lag, partial_magnitudes, smoothed_levels
from timbre_core.features.partials_apart import PAIRED, odd_over_even, partial_energies
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.pitch_swings import STILL, heard_span, moving_span, pitch_course, played_still
from timbre_core.generation.macros import Shape

_WINDOW = 0.256  # seconds
_LOBE = 2  # bins on each side that a Hann window spreads a partial over
_NOISE_LOBE = 3  # and a Blackman window
_REACH = 0.04  # how far a partial may lie from its harmonic, as a share of its frequency
_MOST_PARTIALS = 90
_COUNTED = 20  # partials among which noise is counted, as `features.descriptors` does
_MOMENT = 0.5  # seconds that noise is counted in, as there
_MOMENTS = 6
_TILTS = np.linspace(-4, 3, 71)  # exponents of frequency
_LAGS = np.arange(-5, 5.01, 0.25)  # semitones around what is asked for
_TILT_DB = 40.0  # at most, of a tilt
_NOISE_DB = np.linspace(-36, 36, 73)  # gains of noise
_BODY_DB = 24.0  # at most, of moved resonances
_HOLLOW_DB = 12.0  # at most, of what is taken back between odd and even partials
_HEARD = 1e-3  # of the strongest bin
_NEARLY = 10**0.05  # of the least noise that can be reached
_PEAKS = 2.0  # times its deviation that a pitch swings to each side
_MOST_SWING = 60.0  # cents
_ROUNDS = 4  # of brightness and noise in turn
_REACHES = np.linspace(0.5, 3, 11)  # of resonances: their moves are blurred where partials lie far apart


@dataclass(frozen=True)
class _Series:
    """Partials: their fundamental in Hz, how many there are below half the rate, and the share of their frequency by which they
    swing."""

    f0: float
    count: int
    swing: float


@dataclass(frozen=True)
class _Spectra:
    """A note's spectra (n_bins, n_frames), which share of each lies between the partials, and where the sound ends."""

    values: np.ndarray
    between: np.ndarray
    hz: np.ndarray
    series: _Series
    top_hz: float
    inside: slice
    """The frames that hear neither end of the sound; all of a sound shorter than two of them."""


def with_spectrum(audio: np.ndarray, rate: int, pitch: float, shape: Shape) -> np.ndarray:
    """Audio (n_samples,) of a note at a MIDI pitch with brightness, noise, body and the even partials as a shape has them."""
    if not (shape.brightness or shape.noise or shape.body or shape.hollow):
        return audio
    size = 1 << round(np.log2(_WINDOW * rate))
    series = _series(audio, rate, pitch)
    spectra = _analysed(audio, rate, size, series)
    noise = _overlapped(spectra.values * spectra.between, size, len(audio))
    body = _moved_body(spectra, audio, rate, shape.amount("body"))
    partials = partial_energies(audio, rate, series.f0)
    counted = _counted((audio, noise), rate, pitch, series)
    filtered, gain = _solved(spectra, counted, (body, partials), shape)
    gains = filtered[:, None] * (1 + (gain - 1) * spectra.between)
    return _overlapped(spectra.values * gains, size, len(audio))


def _series(audio: np.ndarray, rate: int, pitch: float) -> _Series:
    f0 = float(midi_to_hz(pitch))
    cents = pitch_course(audio, rate, pitch, heard_span(len(audio) / rate))
    swing = 0.0 if cents is None else min(float(cents.std()), _MOST_SWING)
    return _Series(f0, int(0.475 * rate / f0), 2 ** (_PEAKS * swing / 1200) - 1 if swing > STILL else 0.0)


def _analysed(audio: np.ndarray, rate: int, size: int, series: _Series) -> _Spectra:
    hop = size // 4
    padded = np.pad(audio, (size - hop, size + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    values = np.fft.rfft(frames * _hann(size), axis=1).T
    hz = np.fft.rfftfreq(size, 1 / rate)
    series = replace(series, count=min(_MOST_PARTIALS, series.count))
    lead = size // hop - 1  # frames that begin before the sound does
    count = (len(audio) - size) // hop + 1
    inside = slice(lead, lead + count) if count > 1 else slice(None)
    magnitude = np.abs(values)
    mean = magnitude[:, inside].mean(axis=1)
    top_hz = float(hz[np.flatnonzero(mean > _HEARD * mean.max())[-1]])
    return _Spectra(values, ~_partials(magnitude, hz, series, _LOBE), hz, series, top_hz, inside)


def _partials(magnitude: np.ndarray, hz: np.ndarray, series: _Series, lobe: int) -> np.ndarray:
    """Which bins of magnitudes (n_bins, n_frames) belong to partials."""
    bin_hz = hz[1]
    f0, count = series.f0, series.count
    # Where partials cannot be told apart, all is theirs.
    found = np.full(magnitude.shape, f0 < 2 * (lobe + 1) * bin_hz)
    columns = np.arange(magnitude.shape[1])
    for number in range(1, count + 1):
        target = number * f0
        reach = min(_REACH * target, 0.45 * f0)
        low = max(1, round((target - reach) / bin_hz))
        high = min(len(hz), max(low + 1, round((target + reach) / bin_hz) + 1))
        if low >= high:
            break
        peak = low + np.argmax(magnitude[low:high], axis=0)
        # A partial that swings has sidebands, which are no noise.
        wide = lobe + round(min(series.swing * target, 0.4 * f0) / bin_hz)
        steps = np.arange(-wide, wide + 1)[:, None]
        found[np.clip(peak + steps, 0, len(hz) - 1), columns] = True
    return found


def _moved_body(spectra: _Spectra, audio: np.ndarray, rate: int, semitones: float) -> np.ndarray:
    """Gains (n_bins,) that move the envelope of the partials by `semitones`, the partials themselves staying."""
    if not semitones:
        return np.ones(len(spectra.hz))
    magnitudes = partial_magnitudes(audio, rate, spectra.series.f0)
    if len(magnitudes) < ENOUGH:
        return np.ones(len(spectra.hz))
    level = smoothed_levels(magnitudes)
    octave = np.log2(spectra.series.f0 * np.arange(1, len(level) + 1))

    def gains(at: np.ndarray, reach: float) -> np.ndarray:
        moved = np.interp(at - reach * semitones / 12, octave, level) - np.interp(at, octave, level)
        return np.clip(moved, -_BODY_DB, _BODY_DB)

    lags = semitones + _LAGS
    made = [smoothed_levels(magnitudes * 10 ** (gains(octave, reach) / 20)) for reach in _REACHES]
    off = [abs(envelope_lag(level, each, lags) - semitones) for each in made]
    off = [round(each, 2) + 0.1 * abs(reach - 1) for each, reach in zip(off, _REACHES, strict=True)]
    best = float(_REACHES[int(np.argmin(off))])
    return np.asarray(10 ** (gains(np.log2(np.maximum(spectra.hz, spectra.series.f0 / 2)), best) / 20))


def _kept_hollow(spectra: _Spectra, filtered: np.ndarray, partials: np.ndarray | None, decibels: float) -> np.ndarray:
    """Gains (n_bins,) behind which odd partials (see `partial_energies`) are `decibels` louder against even ones, whatever a
    filter (n_bins,) has done to them."""
    if partials is not None:
        through = np.interp(spectra.series.f0 * PAIRED, spectra.hz, filtered) ** 2
        moved = odd_over_even(partials * through) - odd_over_even(partials)
        decibels -= float(np.clip(moved, -_HOLLOW_DB, _HOLLOW_DB))
    return _hollowed(spectra, decibels)


def _hollowed(spectra: _Spectra, decibels: float) -> np.ndarray:
    """Gains (n_bins,) that raise odd partials, and lower even ones, by half of `decibels`; the fundamental stays."""
    number = np.maximum(np.round(spectra.hz / spectra.series.f0), 1)
    sign = np.where(number == 1, 0, np.where(number % 2 == 1, 1, -1))
    return np.asarray(10 ** (0.5 * decibels * sign / 20))


def _solved(
    spectra: _Spectra,
    counted: _CountedNoise,
    told: tuple[np.ndarray, np.ndarray | None],
    shape: Shape,
) -> tuple[np.ndarray, float]:
    """The filter (n_bins,) and the gain of the noise that bring centroid, odd partials and noise where they are asked for.

    told: the gains (n_bins,) that move the body, and the energies of the partials that tell what is hollow.
    """
    body, partials = told
    magnitude, between = np.abs(spectra.values[:, spectra.inside]), spectra.between[:, spectra.inside]
    noisy = np.sum(magnitude * between, axis=1)
    tonal = np.sum(magnitude, axis=1) - noisy
    wanted = _centroid(spectra.hz, tonal + noisy) * 2 ** (shape.amount("brightness") / 12)
    share = counted.share(np.ones(len(body)), spectra.hz, np.ones(1))[0] * 10 ** (shape.amount("noise") / 10)
    tilts = _tilts(spectra)
    filtered, gain = np.ones(len(body)), 10 ** (shape.amount("noise") / 20)
    tilt = np.ones(len(body))
    candidates = 10 ** (_NOISE_DB / 20)
    for _ in range(_ROUNDS):
        bent = body * _kept_hollow(spectra, body * tilt, partials, shape.amount("hollow"))
        weighed = tilts * (bent * (tonal + gain * noisy))
        centroids = weighed @ spectra.hz / np.maximum(weighed.sum(axis=1), 1e-20)
        tilt = _tilts(spectra, float(np.interp(wanted, np.maximum.accumulate(centroids), _TILTS)))[0]
        filtered = bent * tilt
        shares = np.maximum.accumulate(counted.share(filtered, spectra.hz, candidates))
        # What partials themselves leave between them stays: no more is taken away than changes something.
        least = shares[0] * _NEARLY
        gain_db = float(np.interp(np.log(max(share, least) + 1e-12), np.log(shares + 1e-12), _NOISE_DB))
        gain = 10 ** ((min(gain_db, 0.0) if share < least else gain_db) / 20)
    return filtered, gain


def _counted(parts: tuple[np.ndarray, np.ndarray], rate: int, pitch: float, series: _Series) -> _CountedNoise:
    """Noise against partials in a sound and its noise (n_samples,), without what its pitch moves by: a partial that swings is no
    noise."""
    whole, noise = parts
    span = moving_span([whole], rate, pitch)
    if span is None:
        return _CountedNoise(whole - noise, noise, rate, series)
    cents = pitch_course(whole, rate, pitch, span)
    assert cents is not None  # as `moving_span` says
    first, last = (round(at * rate) for at in span)
    tonal, noise = (played_still(each[first:last], rate, cents) for each in (whole - noise, noise))
    return _CountedNoise(tonal, noise, rate, replace(series, swing=0.0))


class _CountedNoise:
    """Half seconds of a note, in each of which noise is weighed against the first partials."""

    def __init__(self, tonal: np.ndarray, noise: np.ndarray, rate: int, series: _Series) -> None:
        size = min(round(_MOMENT * rate), len(tonal))
        n_fft = 1 << (2 * size - 1).bit_length()
        window = np.blackman(size)
        self.hz = np.fft.rfftfreq(n_fft, 1 / rate)
        series = replace(series, count=max(1, min(_COUNTED, series.count)))
        counted = self.hz < (series.count + 0.5) * series.f0
        self.hz = self.hz[counted]
        one, two = (
            np.fft.rfft(np.lib.stride_tricks.sliding_window_view(each, size)[: _MOMENTS * size : size] * window, n_fft)
            for each in (tonal, noise)
        )
        one, two = one[:, counted], two[:, counted]
        whole = one + two
        energy = np.sum(np.abs(whole) ** 2, axis=1)
        self.weight = energy / max(float(energy.sum()), 1e-20)
        lobe = int(np.ceil(_NOISE_LOBE * n_fft / size))
        on = _partials(np.abs(whole).T, self.hz, series, lobe).T
        terms = np.stack([np.abs(one) ** 2, 2 * np.real(one * np.conj(two)), np.abs(two) ** 2])
        self.on, self.off = terms * on, terms * ~on

    def share(self, filtered: np.ndarray, hz: np.ndarray, gains: np.ndarray) -> np.ndarray:
        """Energy between the partials against theirs, for each of `gains` (n,) of the noise, behind a filter (n_bins,): the mean
        over the moments, each as heavy as its energy."""
        weight = np.interp(self.hz, hz, filtered) ** 2
        powers = np.stack([np.ones(len(gains)), gains, gains**2])
        on, off = (np.maximum(np.tensordot(part @ weight, powers, (0, 0)), 1e-20) for part in (self.on, self.off))
        return np.asarray(self.weight @ (off / on))


def _centroid(hz: np.ndarray, spectrum: np.ndarray) -> float:
    return float(hz @ spectrum / max(spectrum.sum(), 1e-20))


def _tilts(spectra: _Spectra, exponents: float | np.ndarray = _TILTS) -> np.ndarray:
    """Gains (n_exponents, n_bins): powers of frequency, even below the fundamental."""
    f0 = spectra.series.f0
    # Beyond what sounds there is nothing to lift but what an analysis leaves there.
    octaves = np.log2(np.clip(spectra.hz, f0, max(f0, spectra.top_hz)) / f0)
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
