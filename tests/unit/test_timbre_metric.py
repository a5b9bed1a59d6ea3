"""Distances of timbre: directions that tell instruments count, what tells the pitch does not, and a cut is no decay."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from timbre_core.analysis.discriminant import discriminant, without
from timbre_core.analysis.distances import away
from timbre_core.analysis.timbre_metric import ENVELOPE, KEPT, PITCHED, SHAPES, fit_metric
from timbre_core.errors import TimbreError
from timbre_core.features.settings import LogMelSettings
from timbre_core.features.timbre_grid import carried_on, course, heard, timbre_grid

RATE = 44_100
FEATURES = LogMelSettings(sample_rate=RATE, n_fft=2048, hop_length=512, n_mels=128, fmax=20_000, seconds=4.0)


def notes(rng: np.random.Generator, pitched: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (500, 50) of 50 instruments, whose first three numbers tell the instrument and whose last one the pitch."""
    instrument = np.repeat(np.arange(50), 10)
    pitch = rng.uniform(30, 90, 500)
    points = rng.normal(0, 3, (500, 50))
    points[:, :3] = rng.normal(0, 5, (50, 3))[instrument] + rng.normal(0, 0.5, (500, 3))
    points[:, -1] += pitched * pitch
    return points, pitch, instrument


def test_directions_that_tell_instruments_are_kept() -> None:
    points, _, instrument = notes(np.random.default_rng(0))
    told = discriminant(points, instrument, 3, shrinkage=0.01)
    assert told.shape == (50, 3)
    assert np.linalg.norm(told[:3]) > 5 * np.linalg.norm(told[3:])


def test_what_is_left_does_not_tell_the_pitch_and_keeps_its_lengths() -> None:
    points, pitch, instrument = notes(np.random.default_rng(1), pitched=1.0)
    left = without(points, pitch, instrument, 2)
    assert left.shape == (50, 48)
    assert np.allclose(left.T @ left, np.eye(48), atol=1e-8)
    for seen, told in ((points, True), (points @ left, False)):
        seen = seen - seen.mean(axis=0)
        guess = seen @ np.linalg.lstsq(seen, pitch - pitch.mean(), rcond=None)[0]
        assert (np.corrcoef(guess, pitch)[0, 1] > 0.9) == told


def test_the_map_of_codes_has_all_parts() -> None:
    rng = np.random.default_rng(2)
    cepstra, pitch, instrument = notes(rng, pitched=0.5)
    learned = [rng.normal(0, 1, (50, dim))[instrument] for dim in (12, 8)]
    order = np.arange(50) % 20
    lasting = rng.normal(0, 1, (50, 3))[instrument] * [1, 10, 100]
    metric = fit_metric(learned, cepstra, order, lasting, pitch, instrument)
    assert metric.shape == (12 + 8 + 50 + 3, KEPT + SHAPES + 3 - PITCHED)
    assert np.array_equal(np.abs(metric[20:70]).max(axis=1) > 0, order < ENVELOPE)
    codes = np.hstack([*learned, cepstra, lasting]) @ metric
    assert codes.std(axis=0).min() > 0.4 * codes.std(axis=0).max(), "no number says little"
    apart = np.linalg.norm(codes[:, None] - codes[None], axis=2)
    same = instrument[:, None] == instrument
    assert apart[same & ~np.eye(500, dtype=bool)].mean() < 0.7 * apart[~same].mean()


def struck(seconds: float, fall_db: float) -> np.ndarray:
    """A tone that falls by so many dB a second and ends at once."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = sum(0.7**k * np.sin(2 * np.pi * 220 * k * time) for k in range(1, 12))
    return (0.1 * sound * 10 ** (-fall_db * time / 20)).astype(np.float32)


@pytest.mark.parametrize("fall_db", [0.0, 12.0])
def test_a_cut_sound_goes_on_as_it_went(fall_db: float) -> None:
    grids = torch.stack([timbre_grid(struck(seconds, fall_db), FEATURES) for seconds in (4.0, 1.5)])
    whole, cut = carried_on(*heard(grids, FEATURES), FEATURES)
    tones = whole[30] > -50  # what is between them is the window's
    assert torch.allclose(whole[:20], cut[:20], atol=1.5)
    assert (whole[-4] - cut[-4])[tones].abs().mean() < 12
    assert cut.min() >= -80
    fell = float((cut[18] - cut[-4])[tones].mean())
    assert (fell > 20) == (fall_db > 0)


def test_a_course_tells_how_a_sound_begins_and_lasts() -> None:
    held = struck(2.0, 0.0)
    slow = held * np.minimum(1, np.arange(len(held)) / (0.4 * RATE))
    grids = torch.stack([timbre_grid(sound, FEATURES) for sound in (held, slow, struck(2.0, 30.0), 0.1 * held)])
    attack, centre, level = course(carried_on(*heard(grids, FEATURES), FEATURES), FEATURES).T
    assert 10 ** attack[1] == pytest.approx(0.32, abs=0.08)
    assert 10 ** attack[0] < 0.1
    assert 10 ** centre[0] == pytest.approx(2.0, abs=0.2)
    assert 10 ** centre[2] == pytest.approx(20 / (30 * np.log(10)), abs=0.1)
    assert level[2] < -40
    assert level[0] > -3
    assert torch.allclose(
        torch.stack([attack, centre, level])[:, 3], torch.stack([attack, centre, level])[:, 0], atol=0.02
    )


def test_a_place_of_another_network_is_refused() -> None:
    assert away(np.zeros((3, 4)), np.ones(4)).tolist() == [2, 2, 2]
    with pytest.raises(TimbreError, match="project"):
        away(np.zeros((3, 4)), np.ones(5))
