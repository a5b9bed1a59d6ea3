"""Notes that sound together: partials that no single note has.

Partials are peaks of the spectrum over half-second windows. Notes are taken from them one after the other, the one that explains
most first, as in Klapuri, "Multiple fundamental frequency estimation based on harmonicity and spectral smoothness" (IEEE
Trans. Speech and Audio Processing 11, 2003), but without an estimate of how many: only that there are several, and which, for
sounds of which one pitch would be asked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from timbre_core.features.pitch import hz_to_midi

_RATE = 16_000  # Hz
_WINDOW = 8_192
_SECONDS = 0.9  # from the onset on: later the notes of a chord have died away unlike, and swing apart
_RANGE, _PROMINENT = 40.0, 12.0  # dB: below the strongest peak, and above the spectrum around it
_LOW, _HIGH = 55.0, 5_000.0  # Hz
_HIGHEST_NOTE = 2_500.0  # Hz
_MOST = 4  # notes
_TOLERANCE, _STIFF = 0.2, 0.02  # semitones off, and how much sharper each further partial of a string may be
_PARTIALS, _LOW_PARTIALS, _LOW_NOTE = 16, 60, 120.0  # counted; of notes below so many Hz
_ALONE = 0.85  # of the partials' weight: what one note explains is one note
_SHARE, _FEWEST, _FUNDAMENTAL = (
    0.12,
    2,
    0.2,
)  # of a further note: its weight, its partials, its fundamental beside the strongest
_TUNED = 0.3  # semitones that notes of one chord may be off each other's keys
_NEAREST, _FARTHEST = 1.5, 19.5  # semitones between two notes of one chord
_HARMONIC = 0.4  # semitones: a note this near a harmonic of another is taken for one


class _Partials(NamedTuple):
    """Frequencies in Hz and weights, square roots of amplitudes, both (n,)."""

    hz: np.ndarray
    weight: np.ndarray


def notes_together(audio: np.ndarray, sample_rate: int) -> tuple[float, ...]:
    """MIDI pitches of the notes of a chord, lowest first; empty where one note explains what is heard, or nothing is.

    audio: mono samples (n_samples,), any level. Notes an octave or a twelfth apart are not told from one note, and of a chord
    some may be missing: that there are several is surer than which.
    """
    if sample_rate != _RATE:
        import soxr

        audio = soxr.resample(np.asarray(audio, dtype=np.float32), sample_rate, _RATE)
    partials = _partials(np.asarray(audio, dtype=np.float64))
    if not len(partials.hz) or _one_note_explains(partials):
        return ()
    first, *others = _notes(partials)
    kept = [first, *(midi for midi in others if _is_another(midi, first, partials))]
    return tuple(sorted(kept)) if len(kept) > 1 else ()


def _partials(audio: np.ndarray) -> _Partials:
    from scipy.ndimage import median_filter

    power = np.convolve(np.square(audio), np.ones(_RATE // 20), "same") if len(audio) else np.zeros(1)
    onset = int(np.argmax(power > 0.05 * power.max()))
    heard = audio[onset : onset + round(_SECONDS * _RATE)]
    heard = np.pad(heard, (0, max(0, _WINDOW - len(heard))))
    frames = np.lib.stride_tricks.sliding_window_view(heard, _WINDOW)[:: _WINDOW // 4] * np.hanning(_WINDOW)
    spectra = np.abs(np.fft.rfft(frames, axis=1))
    spectrum = np.median(spectra / (spectra.max(axis=1, keepdims=True) + 1e-12), axis=0)
    level = 20 * np.log10(spectrum + 1e-9)
    bins = np.arange(2, len(level) - 2)
    peak = np.all([spectrum[bins] >= spectrum[bins + step] for step in (-2, -1, 1, 2)], axis=0)
    peak &= (level[bins] > level.max() - _RANGE) & (
        level[bins] > median_filter(level, 101, mode="nearest")[bins] + _PROMINENT
    )
    found = bins[peak & (bins * _RATE > _LOW * _WINDOW) & (bins * _RATE < _HIGH * _WINDOW)]
    left, middle, right = level[found - 1], level[found], level[found + 1]
    off = 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9)
    return _Partials((found + np.clip(off, -1, 1)) * _RATE / _WINDOW, 10 ** (middle / 40))


def _harmonics(f0: float, hz: np.ndarray) -> np.ndarray:
    """Which harmonic of f0 each frequency (n,) is, 0 for none."""
    number = np.maximum(1, np.round(hz / f0))
    off = 12 * np.log2(hz / (number * f0))
    counted = number <= (_LOW_PARTIALS if f0 < _LOW_NOTE else _PARTIALS)
    return np.where(counted & (off > -_TOLERANCE) & (off < _TOLERANCE + _STIFF * number), number, 0).astype(int)


def _one_note_explains(partials: _Partials) -> bool:
    for f0 in _candidates(partials.hz, 6):
        number = _harmonics(f0, partials.hz)
        low = {1, 2, 3, 4} & set(number.tolist())
        # A note's fundamental is there, but for low ones, of which recordings and loudspeakers have little.
        there = 1 in low or (f0 < 75 and ({2, 3} <= low or {3, 4} <= low))
        if there and partials.weight[number > 0].sum() > _ALONE * partials.weight.sum():
            return True
    return False


def _candidates(hz: np.ndarray, most: int) -> np.ndarray:
    """What frequencies (n,) may be harmonics of, up to the one numbered `most`."""
    each = np.unique(np.round(np.concatenate([hz / number for number in range(1, most + 1)]), 2))
    return each[(each > _LOW / 2) & (each < _HIGHEST_NOTE)]


def _notes(partials: _Partials) -> list[float]:
    """MIDI pitches of the notes that the partials are of, the one that explains most first."""
    left = np.ones(len(partials.hz), dtype=bool)
    found: list[float] = []
    for _ in range(_MOST):
        best: tuple[float, float, np.ndarray] | None = None
        for f0 in _candidates(partials.hz[left], 3):
            number = np.where(left, _harmonics(f0, partials.hz), 0)
            there = set(number.tolist())
            fits = 1 in there or (not found and {2, 3} <= there)
            weights = partials.weight[number > 0]
            if found:
                low = len({n for n in there if 0 < n <= 8})
                fits = fits and low >= _FEWEST and weights.sum() >= _SHARE * partials.weight.sum()
            score = float((weights / np.sqrt(np.minimum(number[number > 0], 8))).sum())
            if f0 >= _LOW and fits and (best is None or score > best[0]):
                best = score, f0, number > 0
        if best is None:
            break
        found.append(float(hz_to_midi(best[1])))
        left &= ~best[2]
    return found or [float("nan")]


def _is_another(midi: float, first: float, partials: _Partials) -> bool:
    """Whether a note is one beside the first, and no partial of it: at a key, not at a harmonic, with its own fundamental."""
    off = abs(midi - first)
    ratio = 2 ** (off / 12)
    own = partials.weight[np.argmin(np.abs(hz_to_midi(partials.hz) - midi))]
    return bool(
        _NEAREST <= off <= _FARTHEST
        and abs(off - round(off)) <= _TUNED
        and abs(12 * np.log2(ratio / round(ratio))) >= _HARMONIC
        and own >= _FUNDAMENTAL * partials.weight.max()
    )
