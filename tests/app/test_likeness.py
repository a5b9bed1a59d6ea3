"""Find similar compares what sounds: neither length nor silence decides, and what is like nothing is told."""

from __future__ import annotations

import numpy as np
import pytest

from pages.server.likeness import Scale, compared, held_frames
from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint
from timbre_core.space import TimbreSpace

RATE = 16_000


@pytest.fixture(scope="module")
def shipped() -> TimbreSpace:
    return TimbreSpace(open_checkpoint(default_checkpoints_folder() / "nsynth-cvae"))


def steady(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.sum([0.6**n * np.sin(2 * np.pi * 262 * n * time) for n in range(1, 9)], axis=0).astype(np.float32) * 0.3


def test_silence_behind_a_sound_does_not_count(shipped: TimbreSpace) -> None:
    bare, _ = compared(shipped, steady(0.8), 60, 60)
    padded, _ = compared(shipped, np.pad(steady(0.8), (0, 2 * RATE)), 60, 60)
    assert np.linalg.norm(padded - bare) < 0.05 * np.linalg.norm(bare)


def test_a_sound_cut_short_stays_where_the_whole_one_is(shipped: TimbreSpace) -> None:
    whole, _ = compared(shipped, steady(2.0), 60, 60)
    held, _ = compared(shipped, steady(0.8), 60, 60)
    frames, _ = shipped.analyse(steady(0.8), 60)
    silent = shipped.encode(frames, 60).mean
    assert np.linalg.norm(held - whole) < 0.5 * np.linalg.norm(silent - whole)


def test_frames_go_on_without_a_break() -> None:
    frames = np.arange(6.0)[None]
    held = held_frames(frames, 20)
    assert held.shape == (1, 20)
    np.testing.assert_allclose(held[:, :6], frames)
    assert np.abs(np.diff(held[0])).max() <= 3
    assert held_frames(frames, 3).shape == (1, 6)
    assert held_frames(np.ones((2, 1)), 9).shape == (2, 9)


def test_distances_are_shares_of_pairs() -> None:
    places = np.random.default_rng(1).standard_normal((300, 4)).astype(np.float32)
    scale = Scale(places, np.arange(300) % 20)
    assert scale.share(0.0) == 0
    assert scale.share(1e6) == 1
    assert 0.4 < scale.share(float(np.median(scale.pairs))) < 0.6
    assert not scale.unlike(float(np.linalg.norm(places[0] - places[1:], axis=1).min()) * 0.5)
    assert scale.unlike(50.0)
    lone = Scale(np.zeros((1, 4), np.float32), np.array(["a"]))
    assert (lone.share(1.0), lone.unlike(1.0)) == (0.0, False)
