"""A recording at another pitch, as long as it was: a phase vocoder whose partials keep their shape."""

from __future__ import annotations

import math

import numpy as np
import torch

_TINY = 1e-20
_FARTHEST = 8.0  # times that sounds and windows get longer at most: time and memory grow with it
_SHORTEST = 64  # samples of a window


def needless(ratio: float) -> int:
    """Of how many samples one is enough where frequencies are to be multiplied by `ratio`: a power of two, 1 up to a ratio of 8.

    What the others would tell is above half the sample rate then. Without them work does not grow with the ratio.
    """
    return 1 << max(0, math.ceil(math.log2(ratio / _FARTHEST)))


def thinned(audio: np.ndarray, keep: int) -> np.ndarray:
    """One of `keep` samples of audio (n_samples,), float32, without what that rate has no room for."""
    import soxr

    return audio if keep == 1 else np.asarray(soxr.resample(audio, keep, 1, quality="HQ"), dtype=np.float32)


def shift_pitch(audio: np.ndarray, ratio: float, n_fft: int = 2048) -> np.ndarray:
    """Audio (n_samples,) with all frequencies multiplied by `ratio`, (n_samples,) float32.

    Stretched in time and resampled back (soxr). The stretch locks the phases around each spectral peak to the peak's own
    (Laroche & Dolson, "Improved phase vocoder time-scale modification of audio", IEEE Trans. Speech and Audio Processing 7,
    1999), and measures phases one hop apart at every place that it reads, so nothing has to be unwrapped. The first frame
    keeps its phases: an onset at the start stays sharp. n_fft: at least four periods of the sound long. Before ratios
    over 8, `needless` samples are left out.
    """
    import soxr

    audio = np.asarray(audio, dtype=np.float32)
    if ratio == 1.0 or not len(audio):
        return audio.copy()
    keep = needless(ratio)
    stretched = _stretch(thinned(audio, keep), ratio, n_fft if keep == 1 else max(n_fft // keep, _SHORTEST))
    # Only the ratio of the two rates matters.
    moved = soxr.resample(stretched, 48_000 * ratio / keep, 48_000, quality="HQ")
    moved = np.asarray(moved, dtype=np.float32)[: len(audio)]
    return np.pad(moved, (0, len(audio) - len(moved)))


def _stretch(audio: np.ndarray, factor: float, n_fft: int) -> np.ndarray:
    hop = n_fft // 4
    length = int(np.ceil(len(audio) * factor))
    count = length // hop + 2
    read = np.minimum(np.round(np.arange(count) * hop / factor).astype(np.int64), len(audio) + hop)
    padded = torch.from_numpy(np.pad(audio, (n_fft // 2 + hop, n_fft + hop)))
    window = torch.hann_window(n_fft)
    frames = padded.unfold(0, n_fft, 1)
    spectra, before = (torch.fft.rfft(frames[read + start].mul_(window)).numpy() for start in (hop, 0))
    turned = torch.fft.irfft(torch.from_numpy(_locked(spectra, before)), n_fft).mul_(window).numpy()
    square = window.square().numpy()
    # Frames four hops apart do not overlap: each of the four sets is laid down at once.
    total, weights = (np.zeros(count * hop + 2 * n_fft, dtype=np.float32) for _ in range(2))
    for first in range(4):
        part = turned[first::4].reshape(-1)
        place = slice(first * hop, first * hop + len(part))
        total[place] += part
        weights[place] += np.tile(square, len(part) // n_fft)
    return (total / np.maximum(weights, 1e-3))[n_fft // 2 : n_fft // 2 + length]


def _locked(spectra: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Spectra (n, n_bins) with phases that go on from one to the next, as they do from `before`, a hop earlier, to each.

    Every bin is turned as the peak that it belongs to, whose phase advances from the last frame's by what it does in the
    sound in a hop.
    """
    row, bins, owned = _peaks(np.abs(spectra))
    advance = spectra[row - 1, bins] * np.conj(before[row, bins])
    advance /= np.abs(advance) + _TINY
    turn, turns = np.ones(spectra.shape[1], dtype=spectra.dtype), np.empty_like(spectra)
    ends = np.cumsum(np.bincount(row, minlength=len(spectra)))
    for number, (first, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        here = turn[bins[first:end]] * advance[first:end] if number else turn[bins[first:end]]
        turns[number] = np.repeat(here, owned[first:end])
        turn = turns[number]
    turns *= spectra
    return turns


def _peaks(level: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames and bins of the peaks of levels (n, n_bins), frame by frame, and how many bins each owns, (n_peaks,) each.

    A peak owns the bins up to the middle between it and the next, the lower one the middle itself. In a frame without any, every
    bin is its own.
    """
    peaks = np.zeros(level.shape, dtype=bool)
    middle = level[:, 2:-2]
    peaks[:, 2:-2] = (middle > level[:, 1:-3]) & (middle >= level[:, 3:-1])
    peaks[:, 2:-2] &= (middle > level[:, :-4]) & (middle >= level[:, 4:])
    peaks[~peaks.any(axis=1)] = True
    n_bins = level.shape[1]
    place = np.flatnonzero(peaks)
    row = place // n_bins
    ends = (row + 1) * n_bins
    ends[:-1] = np.where(row[1:] == row[:-1], (place[1:] + place[:-1]) // 2 + 1, ends[:-1])
    return row, place - row * n_bins, np.diff(ends, prepend=0)
