"""Windows cover every frame, and adding them up gives the frames back."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.features.windows import cut_windows, hann_weights, overlap_add, turns, window_starts


@pytest.mark.parametrize(
    ("n_frames", "T", "hop", "expected"),
    [
        (251, 128, 64, [0, 64, 123]),
        (256, 128, 64, [0, 64, 128]),
        (128, 128, 64, [0]),
        (129, 128, 64, [0, 1]),
        (50, 128, 64, [0]),
        (1, 128, 64, [0]),
        (5, 1, 1, [0, 1, 2, 3, 4]),
        (10, 4, 4, [0, 4, 6]),
        (8, 4, 4, [0, 4]),
    ],
)
def test_known_starts(n_frames: int, T: int, hop: int, expected: list[int]) -> None:
    starts = window_starts(n_frames, T, hop)
    assert starts.tolist() == expected
    assert starts.dtype == np.int64


@pytest.mark.parametrize("T", [1, 2, 7, 20, 64, 128])
@pytest.mark.parametrize("overlap", [0, 0.25, 0.5, 0.9])
def test_cover_and_reconstruct(T: int, overlap: float) -> None:
    hop = max(1, round(T * (1 - overlap)))
    rng = np.random.default_rng(T)
    for n_frames in [*range(1, 40), 127, 128, 129, 251, 1000]:
        frames = rng.uniform(-1, 1, (3, n_frames)).astype(np.float32)
        windows, starts = cut_windows(frames, T, hop)
        covered = np.zeros(max(n_frames, T), dtype=bool)
        for start in starts:
            covered[start : start + T] = True
        assert covered[:n_frames].all()
        assert windows.shape == (len(starts), 3, T)
        assert windows.dtype == np.float32
        assert (np.diff(starts) > 0).all()
        if n_frames < T:
            assert (windows[0, :, n_frames:] == -1).all()
        restored = overlap_add(windows, starts, n_frames)
        assert restored.dtype == np.float32
        np.testing.assert_allclose(restored, frames, atol=1e-6)


def test_overlap_is_a_weighted_mean() -> None:
    windows = np.stack([np.zeros((1, 4)), np.ones((1, 4))])
    weights = hann_weights(4)
    expected = [0, 0, weights[0] / (weights[0] + weights[2]), weights[1] / (weights[1] + weights[3]), 1, 1]
    np.testing.assert_allclose(overlap_add(windows, np.array([0, 2]), 6)[0], expected, rtol=1e-6)


def test_windows_that_begin_together_take_turns() -> None:
    shares = turns(3, 8, 5)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    np.testing.assert_allclose(shares.argmax(axis=0)[[0, 2, 4, 7]], [0, 1, 2, 2])
    windows = np.arange(3.0)[:, None, None] * np.ones((3, 1, 8))
    heard = overlap_add(windows, np.zeros(3, int), 5, shares)[0]
    np.testing.assert_allclose(heard, [0, 0.5, 1, 1.5, 2], atol=1e-6)


def test_cut_windows_are_copies() -> None:
    frames = np.zeros((2, 10), dtype=np.float32)
    windows, _ = cut_windows(frames, 4, 2)
    windows[:] = 5
    assert (frames == 0).all()


def test_weights_are_never_zero_and_symmetric() -> None:
    for T in (1, 2, 3, 64, 128):
        weights = hann_weights(T)
        assert (weights > 0).all()
        np.testing.assert_allclose(weights, weights[::-1])
    np.testing.assert_allclose(hann_weights(128)[:64] + hann_weights(128)[64:], 1)


@pytest.mark.parametrize(("T", "hop"), [(0, 1), (4, 0), (4, 5), (-1, 1)])
def test_bad_windows(T: int, hop: int) -> None:
    with pytest.raises(ValueError, match="hop"):
        window_starts(10, T, hop)


def test_bad_overlap_add() -> None:
    with pytest.raises(ValueError, match="starts"):
        overlap_add(np.zeros((2, 1, 4)), np.array([0]), 4)
    with pytest.raises(ValueError, match="frame 4"):
        overlap_add(np.zeros((2, 1, 4)), np.array([0, 6]), 10)
