"""Whether two sounds are the same recording, whatever their level, their polarity and where in the file they begin.

Two recordings are compared by the largest correlation coefficient over all delays. It need not be computed for every pair:
where it is c, the sounds' spectra, brought to one level, differ by a vector of length sqrt(2 - 2c), and the energies in any
set of bands by no more than that (the triangle inequality, band by band). So sounds whose `fingerprint`s lie farther apart
are not the same, with no exception.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from timbre_core.features.long_spectrum import low_spectrum

BANDS = 384
_LOWEST, _HIGHEST = 25.0, 8_000.0  # Hz: what is above is little of a note's energy, and lost at NSynth's rate
_FINE = 8  # points between two samples of the correlation where its peak is looked for
_NARROW = 0.45  # Hz that a band of `levels` is wide
_TINY = 1e-30
_SHORTEST = (
    10  # transforms of sounds of one length are a tenth of a second at least: of fewer samples there are no bins
)
_BETWEEN = 1.12  # how much higher the peak may be there: sinc(1/4) is 0.9


def fingerprint(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """The sound's spectrum in BANDS bands of equal width in pitch: float32 (BANDS,), of length 1.

    audio: (n_samples,). Two sounds whose fingerprints are d apart correlate by at most 1 - d**2 / 2, at any delay.
    """
    n_fft = _fast_length(len(audio))
    places = _band_places(n_fft, sample_rate)
    power = bin_power(low_spectrum(audio, n_fft, min(int(places[-1]), n_fft // 2 + 1)))
    energy = band_sums(power, np.minimum(places, len(power)))
    norm = math.sqrt(energy.sum())
    return (np.sqrt(energy) / norm if norm else energy).astype(np.float32)


def band_sums(power: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Sums of power (n_bins,) between one of the rising places (n + 1,) and the next: (n,), 0 where they are the same."""
    sums = np.add.reduceat(power[: places[-1]], np.minimum(places[:-1], places[-1] - 1))
    sums[places[1:] == places[:-1]] = 0
    return sums


def bin_power(spectrum: np.ndarray) -> np.ndarray:
    """The power of each bin of a spectrum (n_bins,), complex64: float32."""
    return np.square(spectrum.real) + np.square(spectrum.imag)


def _fast_length(n: int) -> int:
    """A transform's length of at least `n` with many factors of 2: half the time of 3 ** 11, the next after 4 s at 44.1 kHz."""
    import scipy.fft

    block = 1 << max(0, n.bit_length() - 6)
    return block * int(scipy.fft.next_fast_len(-(-n // block), real=True))


@lru_cache(maxsize=64)
def _band_places(n_fft: int, sample_rate: int) -> np.ndarray:
    """The bins (BANDS + 1,) between which the bands lie."""
    edges = np.geomspace(_LOWEST, _HIGHEST, BANDS - 1) * n_fft / sample_rate
    return np.concatenate([[1], np.round(edges).astype(int), [int(_HIGHEST * n_fft / sample_rate) + 1]])


def reach(correlation: float) -> float:
    """How far apart the fingerprints of two sounds with this correlation are at most."""
    return math.sqrt(max(0.0, 2 - 2 * correlation))


class Common(NamedTuple):
    """How two sounds are compared: padded to `n_fft` samples; and how much more than a coefficient the transforms' one can be."""

    n_fft: int
    excess: float


def in_common(n_a: int, n_b: int, sample_rate: int, correlation: float) -> Common:
    """How two sounds of so many samples are compared, to find whether they correlate by `correlation`.

    At any delay where they are padded to more than both together; to whole seconds, so that bins lie at the same frequencies at
    any rate. Those of one length are not padded, but for the shortest, which takes a third of the time. Then a delay of d
    samples is also one of all but d the other way, which adds the share that the first d samples of one have in common with the
    last d of the other.
    They are silent, nearly, where the others correlate by c: without them each sound has c^2 or more of its energy, so that
    their levels' product is 1 - c at most.
    """
    if n_a == n_b:
        return Common(_fast_length(max(n_a, sample_rate // _SHORTEST)), 1 - correlation)
    return Common(common_seconds((n_a + n_b) / sample_rate) * sample_rate, 0.0)


def common_seconds(seconds: float) -> int:
    """Whole seconds to which two sounds, `seconds` long together, are padded to be compared at any delay."""
    return math.ceil(seconds) + 1


class Levels(NamedTuple):
    """How much of a sound's energy lies where: `bands` narrow ones from 25 Hz to 8 kHz, a vector of length 1; and, of all of it,
    in these, below and above them, `shares`, a vector of length 1."""

    bands: np.ndarray
    shares: np.ndarray

    def most(self, other: Levels) -> float:
        """The most that two sounds can correlate, of the same rate and padded to the same length: `recording_correlation`'s
        coefficient is of the bands alone, or of all that is heard where neither is delayed."""
        alone = float(self.bands @ other.bands)
        each = self.shares * other.shares
        return max(alone, float(each[0]) * alone + float(each[1:].sum()))


def levels(audio: np.ndarray, sample_rate: int, n_fft: int) -> Levels:
    """The levels of a sound (n_samples,) that is padded to n_fft samples."""
    first, last = _range(n_fft / sample_rate, sample_rate)
    narrow = max(1, round(_NARROW * n_fft / sample_rate))
    power = bin_power(low_spectrum(audio, n_fft, last))
    below = (2 * float(power[:first].sum(dtype=np.float64)) - float(power[0])) / n_fft
    bands = np.pad(power[first:], (0, (first - last) % narrow)).reshape(-1, narrow).sum(axis=1)
    within = float(bands.sum(dtype=np.float64))
    above = float(np.vdot(audio, audio)) - 2 * within / n_fft - below
    energies = np.array([2 * within / n_fft, below, max(0.0, above)])
    return Levels(np.sqrt(bands / max(within, _TINY)), np.sqrt(energies / max(energies.sum(), _TINY)))


def _range(seconds: float, sample_rate: float) -> tuple[int, int]:
    """The bins that are compared of a transform of so many seconds."""
    return round(_LOWEST * seconds), round(min(_HIGHEST, sample_rate / 2) * seconds)


def undelayed_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation coefficient of two sounds (n_samples,) of one rate as they are, 0 to 1; 0 of different lengths."""
    size = math.sqrt(float(np.vdot(a, a)) * float(np.vdot(b, b))) if len(a) == len(b) else 0.0
    return abs(float(np.vdot(a, b))) / size if size else 0.0


def recording_correlation(a: np.ndarray, rate_a: int, b: np.ndarray, rate_b: int, enough: float = math.inf) -> float:
    """The largest correlation coefficient of two sounds (n_samples,) over all delays and both polarities, 0 to 1.

    Of what lies below 8 kHz. The rates may differ; a sound that is longer than the other is compared whole. enough: only
    whether the coefficient is above it matters, so that it need not be told exactly.
    """
    if rate_a == rate_b and len(a) == len(b):
        found = undelayed_correlation(a, b)
        if found > enough:
            return found
        within = _as_they_are(a, b, rate_a, enough) if enough < math.inf else None
        if within is not None:
            return within
    seconds = common_seconds(len(a) / rate_a + len(b) / rate_b)
    first, last = _range(seconds, min(rate_a, rate_b))
    x, y = (low_spectrum(sound, seconds * rate, last)[first:] / rate for sound, rate in ((a, rate_a), (b, rate_b)))
    return _largest(x, y, first, enough, enough)[0]


def _as_they_are(a: np.ndarray, b: np.ndarray, rate: int, enough: float) -> float | None:
    """A bound on the correlation of two sounds of one length that tells whether it is above `enough`, by transforms of that
    length (see `in_common`); None where these do not decide."""
    n_fft, excess = in_common(len(a), len(b), rate, enough)
    first, last = _range(n_fft / rate, rate)
    x, y = (low_spectrum(sound, n_fft, last)[first:] for sound in (a, b))
    found, delay = _largest(x, y, first, enough - excess, enough + excess)
    wrapped = math.ceil(min(delay, 1 - delay) * n_fft)
    size = _norm(x) * _norm(y) * 2 / n_fft
    common = max(_norm(a[:wrapped]) * _norm(b[-wrapped:]), _norm(a[-wrapped:]) * _norm(b[:wrapped])) if wrapped else 0.0
    least = found - common / size if size else 0.0
    if least > enough:
        return least
    return found if found <= enough - excess else None


def _norm(values: np.ndarray) -> float:
    return math.sqrt(float(np.vdot(values, values).real))


def _largest(x: np.ndarray, y: np.ndarray, first: int, low: float, high: float) -> tuple[float, float]:
    """The largest correlation coefficient of sounds whose bins from `first` on are x and y (n_bins,), and the delay, as a share
    of the transform's length, at which it is; not exactly where it is above `high`, or below `low` for certain."""
    import scipy.fft

    size = _norm(x) * _norm(y)
    if not size:
        return 0.0, 0.0
    last = first + len(x)
    cross = np.zeros(last + 1, dtype=np.complex64)
    np.multiply(x, np.conj(y), out=cross[first:last])
    cross /= size
    n_fft = scipy.fft.next_fast_len(4 * last, real=True)
    around = np.abs(scipy.fft.irfft(cross, n_fft)) * (n_fft / 2)
    peak = int(np.argmax(around))
    if around[peak] > high or around[peak] * _BETWEEN < low < math.inf:
        return min(float(around[peak]), 1.0), peak / n_fft
    # The peak lies between two samples where the delay is no whole number of them.
    delays = (peak + np.linspace(-1, 1, 2 * _FINE + 1)) / n_fft
    found = np.abs(_turned_sums(cross[first:last], first, delays))
    best = int(np.argmax(found))
    return min(float(found[best]), 1.0), float(delays[best]) % 1


def _turned_sums(bins: np.ndarray, first: int, delays: np.ndarray) -> np.ndarray:
    """Real parts of sums of bins (n_bins,), from number `first` on, each turned by exp(2 pi i number delay): (n_delays,).

    As products with a square of them: few turns are computed.
    """
    side = math.isqrt(len(bins) - 1) + 1
    square = np.zeros((side, side), dtype=np.complex128)
    square.reshape(-1)[: len(bins)] = bins
    fine, coarse = (
        np.exp(2j * np.pi * np.outer(numbers, delays)) for numbers in (np.arange(side), first + side * np.arange(side))
    )
    sums: np.ndarray = np.sum((square @ fine) * coarse, axis=0).real
    return sums
