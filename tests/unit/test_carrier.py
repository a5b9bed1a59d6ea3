"""A carrier filtered over time and frequency, and what it is to be filtered by."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.generation.carried import change_of, filling_of
from timbre_core.inversion.carrier import filtered

RATE = 44_100
HZ = np.geomspace(100, 8_000, 40)


def tone(hz: float) -> np.ndarray:
    return (0.2 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)).astype(np.float32)


def level(audio: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(audio[8_000:-8_000])))))


def test_nothing_to_change_changes_nothing() -> None:
    audio = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    np.testing.assert_allclose(filtered(audio, RATE, np.zeros((40, 63)), HZ, 62.5), audio, atol=1e-6)


@pytest.mark.parametrize(("hz", "raised"), [(200.0, -12.0), (4_000.0, 6.0), (13_000.0, 0.0)])
def test_bands_are_moved_and_what_is_above_them_is_not(hz: float, raised: float) -> None:
    decibels = np.repeat(np.where(HZ < 1_000, -12.0, 6.0)[:, None], 63, axis=1)
    audio = tone(hz)
    assert level(filtered(audio, RATE, decibels, HZ, 62.5)) - level(audio) == pytest.approx(raised, abs=0.3)


def test_the_filter_follows_time() -> None:
    audio = filtered(tone(1_000), RATE, np.repeat(np.linspace(0, -40, 63)[None], 40, axis=0), HZ, 62.5)
    early, late = (20 * np.log10(np.abs(audio[at : at + 2_000]).max() / 0.2) for at in (11_025, 33_075))
    assert early == pytest.approx(-10.5, abs=1)
    assert late == pytest.approx(-30.5, abs=1)


def test_a_change_is_none_at_the_sounds_own_place_and_bounded() -> None:
    rng = np.random.default_rng(1)
    own, before = rng.uniform(-60, 0, (2, 40, 63))
    heard = np.ones(63, bool)
    assert not change_of(own, before, before, heard, 0.0).any()
    change = change_of(own, before, before - 90, heard, 0.0)
    assert -18 <= change.min() < -17
    half = np.arange(63) < 30
    partly = change_of(own, before, before - 20, half, 0.0)
    assert partly[:, 50:].mean() == pytest.approx(0.4 * partly[:, :20].mean(), rel=0.01)
    np.testing.assert_array_equal(
        change_of(own, before, before - 20, ~heard, 0.0), change_of(own, before, before - 20, heard, 0.0)
    )


def test_what_there_is_none_of_is_filled_up_to_the_level_wanted() -> None:
    have = np.where(HZ[:, None] < 2_000, -10.0, -200.0) * np.ones((1, 63))
    after = np.full((40, 63), -20.0)
    gains = filling_of(have, after, np.full((40, 63), -5.0), HZ, 200.0, 1.0)
    assert (gains[HZ < 1_800] == -200).all()
    np.testing.assert_allclose(gains[HZ > 2_200], -15, atol=0.1)
    np.testing.assert_allclose(filling_of(have, after, after, HZ, 200.0, 0.5)[HZ > 2_200], -6, atol=0.1)
