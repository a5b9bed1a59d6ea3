"""A recording at another pitch, as long as it was: a phase vocoder whose partials keep their shape."""

from __future__ import annotations

import numpy as np

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
    steps = np.arange(n_fft)
    spectra, before = (
        np.fft.rfft(padded[(read + start)[:, None] + steps] * window).astype(np.complex64) for start in (hop, 0)
    )
    turned = np.fft.irfft(_locked(spectra, before), n_fft).astype(np.float32) * window
    out, weight = (np.zeros(count * hop + n_fft, dtype=np.float32) for _ in range(2))
    for number, frame in enumerate(turned):
        place = slice(number * hop, number * hop + n_fft)
        out[place] += frame
        weight[place] += window**2
    return (out / np.maximum(weight, 1e-3))[n_fft // 2 : n_fft // 2 + length]


def _locked(spectra: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Spectra (n, n_bins) with phases that go on from one to the next, as they do from `before`, a hop earlier, to each."""
    level = np.abs(spectra)
    unit = spectra / (level + _TINY)
    advance = spectra * np.conj(before)
    advance /= np.abs(advance) + _TINY
    peaks = np.zeros(level.shape, dtype=bool)
    middle = level[:, 2:-2]
    peaks[:, 2:-2] = (middle > level[:, 1:-3]) & (middle >= level[:, 3:-1])
    peaks[:, 2:-2] &= (middle > level[:, :-4]) & (middle >= level[:, 4:])
    bins = np.arange(level.shape[1])
    phase = unit[0].copy()
    out = spectra.copy()
    for number in range(1, len(spectra)):
        here = np.flatnonzero(peaks[number])
        ahead = phase * advance[number]
        if len(here):
            owner = here[np.searchsorted((here[1:] + here[:-1]) / 2, bins)]
            phase = unit[number] * (ahead * np.conj(unit[number]))[owner]
        else:
            phase = ahead
        phase = phase / (np.abs(phase) + _TINY)
        out[number] = level[number] * phase
    return out
