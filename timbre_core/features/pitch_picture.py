"""A spectrogram to look at: logarithmic in frequency, so that an octave is as high anywhere and pitch can be drawn over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timbre_core.features.pitch import A4_HZ

_WINDOW_SECONDS = 0.064
_LOWEST, _HIGHEST = 31.0, 120.0  # MIDI: G1 to C9
_ROWS_PER_SEMITONE = 2
_CHUNK = 512  # frames analysed at once


@dataclass(frozen=True)
class PitchPicture:
    """Levels (n_rows, n_frames) uint8: 255 is the loudest, 0 is `range_db` below it or softer; `hz` (n_rows,) of the rows."""

    levels: np.ndarray
    hz: np.ndarray
    range_db: float


def pitch_picture(audio: np.ndarray, sample_rate: int, hop_length: int, range_db: float = 80.0) -> PitchPicture:
    """A picture of audio (n_samples,): 1 + n_samples // hop_length frames, frame i centred on sample i * hop_length."""
    length = round(_WINDOW_SECONDS * sample_rate)
    size = 1 << (2 * length - 1).bit_length()
    top = min(_HIGHEST, 69 + 12 * np.log2(0.98 * sample_rate / 2 / A4_HZ))
    hz = A4_HZ * 2.0 ** ((np.arange(_LOWEST, top, 1 / _ROWS_PER_SEMITONE) - 69) / 12)
    padded = np.pad(np.asarray(audio, dtype=np.float32), (length // 2, length))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[: len(audio) + 1 : hop_length]
    window = np.hanning(length + 2)[1:-1].astype(np.float32)
    parts = [
        _rows(np.abs(np.fft.rfft(frames[i : i + _CHUNK] * window, size, axis=1)), hz * size / sample_rate)
        for i in range(0, len(frames), _CHUNK)
    ]
    level = 20 * np.log10(np.maximum(np.concatenate(parts).T, 1e-9))
    levels = np.clip(255 * (1 + (level - max(level.max(), -100.0)) / range_db), 0, 255)
    return PitchPicture(np.round(levels).astype(np.uint8), hz, range_db)


def _rows(magnitude: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Magnitudes (n_frames, n_rows) at fractional `bins` (n_rows,): the greatest in a row's band, or between two."""
    low = bins.astype(int)
    part = bins - low
    between = magnitude[:, low] * (1 - part) + magnitude[:, low + 1] * part
    reach = 2.0 ** (1 / (24 * _ROWS_PER_SEMITONE))
    edges = np.stack([np.ceil(bins / reach), np.floor(bins * reach) + 1], axis=1).astype(int)
    edges = np.minimum(edges, magnitude.shape[1] - 1)
    # An empty band's end is its beginning: reduceat then gives the one bin there, which is beside the row.
    greatest = np.maximum.reduceat(magnitude, edges.reshape(-1), axis=1)[:, ::2]
    return np.where(edges[:, 1] > edges[:, 0], np.maximum(greatest, between), between)
