"""A recording at another pitch, as long as it was: a phase vocoder whose partials keep their shape."""

from __future__ import annotations

import numpy as np
import scipy.fft

_TINY = 1e-20


def shift_pitch(audio: np.ndarray, ratio: float, n_fft: int = 2048) -> np.ndarray:
    """Audio (n_samples,) with all frequencies multiplied by `ratio`, (n_samples,) float32.

    Stretched in time and resampled back (soxr). The stretch locks the phases around each spectral peak to the peak's own
    (Laroche & Dolson, "Improved phase vocoder time-scale modification of audio", IEEE Trans. Speech and Audio Processing 7,
    1999), and measures phases one hop apart at every place that it reads, so nothing has to be unwrapped. The first frame
    keeps its phases: an onset at the start stays sharp. n_fft: at least four periods of the sound long.
    """
    import soxr

    audio = np.asarray(audio, dtype=np.float32)
    if ratio == 1.0 or not len(audio):
        return audio.copy()
    stretched = _stretch(audio, ratio, n_fft)
    # Only the ratio of the two rates matters.
    moved = np.asarray(soxr.resample(stretched, 48_000 * ratio, 48_000, quality="HQ"), dtype=np.float32)[: len(audio)]
    return np.pad(moved, (0, len(audio) - len(moved)))


def _stretch(audio: np.ndarray, factor: float, n_fft: int) -> np.ndarray:
    hop = n_fft // 4
    length = int(np.ceil(len(audio) * factor))
    count = length // hop + 2
    read = np.minimum(np.round(np.arange(count) * hop / factor).astype(np.int64), len(audio) + hop)
    padded = np.pad(audio, (n_fft // 2 + hop, n_fft + hop))
    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)
    spectra, before = (scipy.fft.rfft(frames[read + start] * window) for start in (hop, 0))
    turned = scipy.fft.irfft(_locked(spectra, before), n_fft) * window
    # Frames four hops apart do not overlap: each of the four sets is laid down at once.
    total, weights = (np.zeros(count * hop + 2 * n_fft, dtype=np.float32) for _ in range(2))
    for first in range(4):
        part = turned[first::4].reshape(-1)
        place = slice(first * hop, first * hop + len(part))
        total[place] += part
        weights[place] += np.tile(window**2, len(part) // n_fft)
    return (total / np.maximum(weights, 1e-3))[n_fft // 2 : n_fft // 2 + length]


def _locked(spectra: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Spectra (n, n_bins) with phases that go on from one to the next, as they do from `before`, a hop earlier, to each.

    Every bin is turned as the peak that it belongs to, whose phase advances from the last frame's by what it does in the
    sound in a hop.
    """
    level = np.abs(spectra)
    advance = np.empty_like(spectra)
    advance[0] = 1
    np.multiply(spectra[:-1], np.conj(before[1:]), out=advance[1:])
    advance[1:] /= np.abs(advance[1:]) + _TINY
    turn = np.ones(spectra.shape[1], dtype=spectra.dtype)
    turns = np.empty_like(spectra)
    for number, owner in enumerate(_owners(level)):
        turn = np.take(turn * advance[number], owner, out=turns[number])
    return spectra * turns


def _owners(level: np.ndarray) -> np.ndarray:
    """For each bin of levels (n, n_bins) the nearest peak of its frame, (n, n_bins): itself in a frame without any."""
    peaks = np.zeros(level.shape, dtype=bool)
    middle = level[:, 2:-2]
    peaks[:, 2:-2] = (middle > level[:, 1:-3]) & (middle >= level[:, 3:-1])
    peaks[:, 2:-2] &= (middle > level[:, :-4]) & (middle >= level[:, 4:])
    n_bins = level.shape[1]
    empty = ~peaks.any(axis=1)
    peaks[empty, 0] = True
    place = np.flatnonzero(peaks)
    row, peak = np.divmod(place, n_bins)
    # Each peak owns the bins up to the middle between it and the next, the lower one the middle itself.
    ends = (row + 1) * n_bins
    ends[:-1] = np.where(row[1:] == row[:-1], (place[1:] + place[:-1]) // 2 + 1, ends[:-1])
    owners = np.repeat(peak, np.diff(ends, prepend=0)).reshape(level.shape)
    owners[empty] = np.arange(n_bins)
    return owners
