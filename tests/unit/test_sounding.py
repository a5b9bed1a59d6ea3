"""What silence around a note does to its point on the map: nothing."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings, StftSettings
from timbre_core.features.sounding import windows_with_sound
from timbre_core.features.windows import cut_windows

RATE = 16_000
KINDS = [
    LogMelSettings(sample_rate=RATE, seconds=None),
    StftSettings(sample_rate=RATE, n_fft=512, hop_length=128, seconds=None),
]


def _note(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (np.exp(-time) * sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 9))).astype(np.float32)


@pytest.mark.parametrize("features", KINDS, ids=lambda each: each.kind)
@pytest.mark.parametrize("size", [1, 16])
def test_padding_does_not_count(features, size) -> None:
    """The windows of a padded note that hold sound are those of the note, but for the one that hears its end."""
    note = _note(0.8)
    padded = np.pad(note, (0, 3 * RATE))
    means = []
    for audio in (note, padded):
        frames, _ = note_frames(audio, features)
        windows, starts = cut_windows(frames, size, max(1, size // 2))
        counts = windows_with_sound(frames, starts, size, features)
        means.append(windows[counts].mean(axis=(0, 2)))
        everything = windows.mean(axis=(0, 2))
    silent = np.abs(everything - means[0]).max()
    assert silent > 0.3
    assert np.abs(means[0] - means[1]).max() < (0.02 if size == 1 else 0.15) * silent


def test_silence_before_the_note_does_not_count() -> None:
    features = KINDS[0]
    frames, _ = note_frames(np.pad(_note(0.8), (RATE, RATE)), features)
    _, starts = cut_windows(frames, 8, 4)
    counts = windows_with_sound(frames, starts, 8, features)
    middles = (starts + 3.5) / features.frame_rate
    np.testing.assert_array_equal(counts, (middles > 1.0 - 0.02) & (middles < 1.8 + 0.02))


def test_a_click_has_the_window_that_hears_it() -> None:
    features = KINDS[0]
    frames, _ = note_frames(np.pad(_note(0.05), (0, RATE)), features)
    _, starts = cut_windows(frames, 32, 16)
    assert windows_with_sound(frames, starts, 32, features).tolist() == [True] + [False] * (len(starts) - 1)


def test_silence_counts_as_a_whole() -> None:
    features = KINDS[0]
    frames = np.full((features.n_bins, 60), -1.0, dtype=np.float32)
    assert windows_with_sound(frames, np.array([0, 20, 40]), 20, features).all()
