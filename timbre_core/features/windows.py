"""Frames cut into overlapping windows, the unit a model sees, and windows added back into frames."""

from __future__ import annotations

import numpy as np

SILENCE = -1.0
"""Frame value that notes shorter than a window are padded with."""


def window_starts(n_frames: int, T: int, hop: int) -> np.ndarray:
    """First frames (n_windows,) int64 of windows of T frames: 0, hop, 2 hop, ..., the last moved to end at `n_frames`.

    Every frame lies in at least one window. A note of T frames or fewer has the one window [0].
    Raises ValueError for T < 1 or a hop outside 1..T (frames between windows would be lost).
    """
    if T < 1 or not 1 <= hop <= T:
        raise ValueError(f"windows of {T} frames every {hop}: T must be at least 1 and the hop between 1 and T")
    last = max(n_frames - T, 0)
    return np.append(np.arange(0, last, hop), last)


def cut_windows(frames: np.ndarray, T: int, hop: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows (n_windows, n_bins, T) of frames (n_bins, n_frames), and their starts; short notes are padded with -1."""
    n_frames = frames.shape[1]
    starts = window_starts(n_frames, T, hop)
    if n_frames < T:
        frames = np.pad(frames, ((0, 0), (0, T - n_frames)), constant_values=SILENCE)
    views = np.lib.stride_tricks.sliding_window_view(frames, T, axis=1)
    return np.ascontiguousarray(views[:, starts].swapaxes(0, 1)), starts


def hann_weights(T: int) -> np.ndarray:
    """Hann weights (T,) sampled half a sample off, so that none is zero: the note's first and last frames count too."""
    return np.sin(np.pi * (np.arange(T) + 0.5) / T) ** 2


def turns(count: int, T: int, length: int) -> np.ndarray:
    """Weights (count, T) with which windows that begin at the same frame take turns over its first `length` frames.

    One fades into the next, and they sum to 1: the first alone is heard at the beginning, the last from `length - 1` on.
    """
    place = np.minimum(np.arange(T) / max(length - 1, 1), 1) * (count - 1)
    return np.maximum(1 - np.abs(place - np.arange(count)[:, None]), 0)


def overlap_add(windows: np.ndarray, starts: np.ndarray, n_frames: int, shares: np.ndarray | None = None) -> np.ndarray:
    """Frames (n_bins, n_frames) float32 from overlapping windows (n_windows, n_bins, T) that begin at `starts`.

    Each frame is the Hann-weighted mean of the windows over it, so that windows cut from frames give exactly these
    frames again, at any overlap. With `shares` (n_windows, T) each window's weights are multiplied by its own, as for those that
    take `turns`. Raises ValueError where windows leave a frame uncovered.
    """
    n_windows, n_bins, T = windows.shape
    if len(starts) != n_windows:
        raise ValueError(f"{n_windows} windows with {len(starts)} starts")
    if n_windows == 1 and shares is None and starts[0] == 0 and n_frames <= T:
        return windows[0, :, :n_frames].astype(np.float32)  # the mean of one
    weights = np.broadcast_to(hann_weights(T), (n_windows, T)) * (1.0 if shares is None else shares)
    length = max(n_frames, int(np.max(starts, initial=0)) + T)
    total = np.zeros((n_bins, length))
    weight = np.zeros(length)
    for window, start, each in zip(windows, starts, weights, strict=True):
        total[:, start : start + T] += window * each
        weight[start : start + T] += each
    if not weight[:n_frames].all():
        raise ValueError(f"the windows do not cover frame {int(np.argmin(weight[:n_frames] > 0))} of {n_frames}")
    return (total[:, :n_frames] / weight[:n_frames]).astype(np.float32)
