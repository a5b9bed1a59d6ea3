"""Whole notes that are held for longer than they were."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.features.holding import at_places, held_places, to_and_fro

RATE = 100.0


def held_note() -> np.ndarray:
    """Two seconds of four: an attack, an even part, a quick release."""
    time = np.arange(400) / RATE
    return np.select([time < 0.1, time < 2], [-60 + 600 * time, 0.0], -200 * (time - 2)).clip(-60)


def struck_note() -> np.ndarray:
    return np.maximum(-20 * np.arange(400) / RATE, -60)


def test_what_lies_between_attack_and_release_is_stretched() -> None:
    level = held_note()
    longer = at_places(level, held_places(level, 1000, RATE))
    assert np.array_equal(longer[:20], level[:20]), "the attack is as quick"
    sounding = np.flatnonzero(longer > -9)
    assert sounding[-1] == pytest.approx(1000 - 0.3 * RATE, abs=6)
    fall = np.flatnonzero((longer < -9) & (longer > -40) & (np.arange(1000) > 500))
    assert len(fall) == pytest.approx(15, abs=2), "the release is as quick"


def test_a_shorter_sound_is_cut() -> None:
    assert np.array_equal(held_places(held_note(), 150, RATE), np.arange(150))


def test_struck_notes_die_away_unless_they_are_asked_not_to() -> None:
    level = struck_note()
    alone = held_places(level, 800, RATE, always=False)
    assert np.array_equal(alone, np.arange(800))
    assert (alone > len(level) - 1).sum() == 400, "what is beyond the note's end is told"
    asked = at_places(level, held_places(level, 800, RATE))
    assert asked[750] > -25
    assert np.array_equal(held_places(held_note(), 800, RATE, always=False), held_places(held_note(), 800, RATE))


def test_silence_and_clicks_stay_as_they_are() -> None:
    for level in (np.full(400, -120.0), np.where(np.arange(400) < 3, 0.0, -100.0)):
        assert np.isfinite(at_places(level, held_places(level, 900, RATE))).all()
    assert np.array_equal(held_places(np.where(np.arange(400) < 3, 0.0, -100.0), 900, RATE), np.arange(900))


def test_swings_go_on_without_a_jump() -> None:
    track = np.sin(np.arange(300) / 5)
    longer = to_and_fro(track, 1000, 200)
    assert np.array_equal(longer[:200], track[:200])
    assert np.abs(np.diff(longer)).max() <= np.abs(np.diff(track)).max() + 1e-9
    assert longer[700:].std() > 0.5
    assert np.array_equal(to_and_fro(track, 100, 200), track[:100])
