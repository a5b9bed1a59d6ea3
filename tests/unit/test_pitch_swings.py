"""How a pitch moves: its course is followed, and vibrato is told from wandering."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.analysis.macro_traits import macro_changes
from timbre_core.features.pitch_swings import SWINGS_HZ, WANDERS_HZ, movement, pitch_course
from timbre_core.generation.macros import Shape
from timbre_core.generation.shaping import shaped

RATE, KEY = 16_000, 57.0


def swinging(cents: float, hz: float) -> np.ndarray:
    """Three seconds of A3 whose pitch swings by `cents` to each side."""
    time = np.arange(3 * RATE) / RATE
    course = 220 * 2 ** (cents * np.sin(2 * np.pi * hz * time) / 1200)
    turned = 2 * np.pi * np.cumsum(course) / RATE
    return 0.1 * np.sum([np.sin(number * turned) / number for number in range(1, 9)], axis=0)


@pytest.mark.parametrize(("hz", "band", "other"), [(5.5, SWINGS_HZ, WANDERS_HZ), (1.0, WANDERS_HZ, SWINGS_HZ)])
def test_swings_are_told_by_how_often_they_come(
    hz: float, band: tuple[float, float], other: tuple[float, float]
) -> None:
    cents = pitch_course(swinging(20, hz), RATE, KEY)
    assert cents is not None
    assert movement(cents, band) * np.sqrt(2) == pytest.approx(20, rel=0.15)
    assert movement(cents, other) < 1.5


@pytest.mark.parametrize(("name", "step"), [("vibrato", 10.0), ("randomness", 3.0)])
def test_what_swings_already_swings_by_so_much_more(name: str, step: float) -> None:
    audio = swinging(12, 6.2 if name == "vibrato" else 0.8)
    after, _ = shaped(audio, RATE, KEY, Shape(**{name: 2.0}))
    assert macro_changes(audio, after, RATE, KEY)[name] == pytest.approx(2 * step, rel=0.25)


def test_what_is_too_short_or_dies_away_has_no_course() -> None:
    assert pitch_course(np.ones(100), RATE, KEY) is None
    assert pitch_course(swinging(0, 1) * np.exp(-4 * np.arange(3 * RATE) / RATE), RATE, KEY) is None
    assert np.isnan(movement(None, SWINGS_HZ))
    assert np.isnan(movement(np.zeros(20), SWINGS_HZ))
