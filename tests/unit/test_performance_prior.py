"""Performances in few numbers, drawn for sounds that no recording lends its own to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.performance import LEVEL_STEP, Performance, performance_of
from timbre_core.features.performance_numbers import SIZE, numbers_of, parts_of, performance_from
from timbre_core.generation.instrument import Instrument
from timbre_core.generation.macros import Shape
from timbre_core.generation.performance_prior import PerformancePrior, read_prior, write_prior
from timbre_core.generation.sounds import generate
from timbre_core.space import TimbreSpace

RATE, HOP, SECONDS = 44_100, 512, 2.0
N_SAMPLES = round(SECONDS * RATE)


def even_level() -> np.ndarray:
    """A note that begins at 50 ms and is held."""
    time = np.arange(round(SECONDS / LEVEL_STEP) + 1) * LEVEL_STEP
    return np.where(time < 0.05, -100.0, np.maximum(-20 - 5 * (time > 1.8), -100.0))


def vibrated(depth: float, rate: float, noise: float, tremolo: float = 0.0) -> Performance:
    level = even_level()
    time = np.arange(1 + N_SAMPLES // HOP) * HOP / RATE
    swings = tremolo * np.sin(2 * np.pi * rate * np.arange(len(level)) * LEVEL_STEP)
    pitch = 62 + depth / 100 * np.sin(2 * np.pi * rate * time)
    return Performance(level + swings, pitch, np.full(len(time), noise), RATE / 2, RATE, HOP)


def test_swings_and_breath_come_back_from_their_numbers() -> None:
    numbers = numbers_of(vibrated(30, 5.2, 0.3, tremolo=2), even_level())
    told = parts_of(numbers)
    assert numbers.shape == (SIZE,)
    assert told["vibrato"] == pytest.approx(30, rel=0.05)
    assert told["vibrato_rate"] == pytest.approx(5.2, rel=0.02)
    assert told["tremolo"] == pytest.approx(2, rel=0.1)
    made = performance_from(numbers, 70, even_level(), N_SAMPLES, RATE, HOP, np.random.default_rng(0))
    again = parts_of(numbers_of(made, even_level()))
    assert again["vibrato"] == pytest.approx(30, rel=0.15)
    assert again["vibrato_rate"] == pytest.approx(5.2, rel=0.05)
    assert np.median(made.noise) == pytest.approx(0.3, abs=0.03)
    assert np.median(made.pitch) == pytest.approx(70, abs=0.1)


def test_nothing_of_a_performance_is_even() -> None:
    numbers = numbers_of(vibrated(30, 5.2, 0.3), even_level())
    made = performance_from(numbers, 70, even_level(), N_SAMPLES, RATE, HOP, np.random.default_rng(0), amount=0)
    assert np.ptp(made.pitch) == 0
    np.testing.assert_allclose(made.level, even_level())
    np.testing.assert_allclose(made.noise, 0.05)


def test_a_contour_is_followed_without_swings() -> None:
    numbers = numbers_of(vibrated(30, 5.2, 0.3), even_level())
    contour = np.linspace(60, 64, 1 + N_SAMPLES // HOP)
    made = performance_from(numbers, contour, even_level(), N_SAMPLES, RATE, HOP, np.random.default_rng(0))
    np.testing.assert_array_equal(made.pitch, contour)


def test_a_steady_note_has_no_swings() -> None:
    told = parts_of(numbers_of(vibrated(0, 5, 0.05), even_level()))
    assert not told["vibrato"].any()
    assert not told["tremolo"].any()
    np.testing.assert_allclose(told["onset"], 0, atol=1e-6)


def test_a_short_click_has_numbers() -> None:
    click = np.zeros(2000, np.float32)
    click[10:40] = 0.5
    played = performance_of(click, RATE, 60, HOP)
    assert played.level is not None
    assert np.isfinite(numbers_of(played, played.level)).all()


def bank() -> PerformancePrior:
    """Three instruments in a row, two notes each."""
    z = np.repeat(np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]], np.float32), 2, axis=0)
    numbers = np.arange(6, dtype=np.float32)[:, None] * np.ones(SIZE, np.float32)
    pitch = np.array([48, 72] * 3, np.float32)
    return PerformancePrior(z, pitch, np.full(6, 100, np.float32), np.repeat(np.arange(3), 2), numbers)


def test_the_nearest_instruments_take_turns_and_its_nearest_note_is_taken() -> None:
    here = np.array([0.9, 0.0], np.float32)
    assert [bank().row(here, 70, seed=seed) for seed in range(4)] == [3, 1, 5, 3]
    assert bank().row(here, 50) == 2
    np.testing.assert_array_equal(bank().draw(here, 50), np.full(SIZE, 2, np.float32))


def test_a_prior_is_kept_in_a_small_file(tmp_path: Path) -> None:
    assert read_prior(tmp_path) is None
    file = write_prior(tmp_path, bank())
    kept = read_prior(tmp_path)
    assert kept is not None
    np.testing.assert_allclose(kept.numbers, bank().numbers)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(TimbreError, match="damaged"):
        read_prior(tmp_path)


def test_another_kind_of_file_is_no_prior(tmp_path: Path) -> None:
    write_prior(tmp_path, replace(bank(), numbers=np.ones((6, SIZE - 1), np.float32)))
    with pytest.raises(TimbreError, match="fit them again"):
        read_prior(tmp_path)


@pytest.fixture(scope="module")
def space() -> TimbreSpace:
    return TimbreSpace(open_checkpoint("timbre-space"))


def test_a_generated_note_is_played_as_its_seed_has_it(space: TimbreSpace) -> None:
    notes = [
        generate(space, 62, 1.0, seed, "string", playing=amount).audio for seed, amount in [(1, 1), (1, 1), (1, 0)]
    ]
    np.testing.assert_array_equal(notes[0], notes[1])
    assert np.abs(notes[0] - notes[2]).max() > 0.05
    heard = performance_of(notes[2], RATE, 62, HOP)
    assert np.ptp(heard.pitch[10:50]) < 0.1


def test_a_share_that_is_none_is_refused(space: TimbreSpace) -> None:
    with pytest.raises(TimbreError, match="playing 2: choose from 0"):
        generate(space, 62, 1.0, playing=2)


def test_keys_are_played_where_the_macro_says_so(space: TimbreSpace) -> None:
    instrument = Instrument(space, space.means[space.rows_of_family("flute")[0]])
    even, played = (instrument.with_shape(shape).note(72) for shape in (Shape(), Shape(playing=8)))
    assert played.loop is not None
    assert even.loop is not None
    size = min(len(even.audio), len(played.audio))
    assert np.abs(even.audio[:size] - played.audio[:size]).max() > 0.02
    np.testing.assert_array_equal(even.audio, instrument.note(72).with_shape(Shape(playing=8)).audio)
