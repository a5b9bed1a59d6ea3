"""Macros: each moves its own trait by what its step says, and leaves the others; loops stay loops."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.analysis.macro_traits import macro_changes, macro_traits
from timbre_core.errors import TimbreError
from timbre_core.features.partials_apart import odd_against_even
from timbre_core.generation.macros import FINISHING, MACROS, PLAIN, Shape, read_shape
from timbre_core.generation.shaping import shaped

RATE, KEY = 16_000, 48.0


def tone(seconds: float = 3.5, falling: float = 0.0) -> np.ndarray:
    """A note with resonances at 700 and 2200 Hz, a little noise, and an attack of 40 ms; it falls by `falling` dB a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    f0 = 440 * 2 ** ((KEY - 69) / 12)
    random = np.random.default_rng(3)
    sound = np.zeros(len(time))
    for number in range(1, int(7600 / f0)):
        hz = number * f0
        level = hz**-0.5 * (
            0.2 + np.exp(-((np.log2(hz / 700)) ** 2) / 0.1) + np.exp(-((np.log2(hz / 2200)) ** 2) / 0.06)
        )
        sound += level * np.sin(2 * np.pi * hz * time + random.uniform(0, 6))
    sound += 0.05 * sound.std() * random.standard_normal(len(time))
    sound *= np.minimum(1, time / 0.05) * 10 ** (-falling * time / 20)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def moved(sound: np.ndarray, **steps: float) -> dict[str, float]:
    """How far each trait is moved by steps, in steps of its own."""
    beside = {MACROS[name].beside: 1.0 for name in steps if MACROS[name].beside}
    before = shaped(sound, RATE, KEY, Shape(**beside))[0]
    after = shaped(sound, RATE, KEY, Shape(**beside, **steps))[0]
    traits = [macro_traits(each, RATE, KEY, sound) for each in (before, after)]
    steps_of = {n: np.log2(m.step) if m.times else m.step for n, m in FINISHING.items()}
    return {name: (traits[1][name] - traits[0][name]) / steps_of[name] for name in FINISHING}


@pytest.mark.parametrize("name", list(FINISHING))
def test_a_macro_moves_its_trait_and_no_other(name: str) -> None:
    sound = tone(falling=3.0)
    for steps in (2.0,) if MACROS[name].low == 0 else (-2.0, 2.0):
        found = moved(sound, **{name: steps})
        others = {other: value for other, value in found.items() if other != name}
        assert found[name] == pytest.approx(steps, rel=0.3), (name, steps, found)
        assert max(abs(value) for value in others.values() if np.isfinite(value)) < 0.5 * abs(steps), (
            name,
            steps,
            found,
        )


@pytest.mark.parametrize("steps", [{"brightness": 4.0}, {"brightness": -4.0}, {"body": 3.0}])
def test_odd_partials_stay_as_loud_against_even_ones(steps: dict[str, float]) -> None:
    # Odd partials are strong where it is dark, even ones where it is bright: a tilt alone would move them by 6 dB and more.
    time = np.arange(3 * RATE) / RATE
    levels = {1: 1.0, 2: 0.1, 3: 1.0, 4: 0.1, 5: 0.1, 6: 0.8, **dict.fromkeys(range(7, 20), 0.3)}
    sound = sum(
        level * np.sin(2 * np.pi * 200 * number * time + number**2) for number, level in levels.items()
    ) * np.minimum(1, time / 0.03)
    made = shaped((0.1 * sound).astype(np.float32), RATE, 55.35, Shape(**steps))[0]
    before, after = (odd_against_even(each, RATE, 200.0) for each in (sound, made))
    assert after == pytest.approx(before, abs=0.7)


def test_noise_is_measured_whatever_the_course() -> None:
    """Where a note's breath ends before its tone, a slower attack makes no moment any purer."""
    time = np.arange(round(3.5 * RATE)) / RATE
    breath = 0.08 * np.random.default_rng(0).standard_normal(len(time)) * np.exp(-time)
    sound = sum(np.sin(2 * np.pi * 220 * number * time) / number for number in (1, 2, 3)) + breath
    later = sound * np.clip(time / 1.5, 0.2, 1)
    assert abs(macro_changes(sound, later, RATE, 57)["noise"]) < 0.5
    assert macro_changes(sound, sound + breath, RATE, 57)["noise"] == pytest.approx(6, abs=0.7)


def test_a_shaped_loop_repeats_without_a_click() -> None:
    sound = tone(1.5)
    f0 = 440 * 2 ** ((KEY - 69) / 12)
    first = RATE // 2
    loop = (first, first + round(round(0.7 * f0) * RATE / f0))
    audio = sound[: loop[1]].copy()
    fade = np.linspace(0, 1, 500)  # noise differs from one turn to the next
    audio[-500:] = (1 - fade) * audio[-500:] + fade * audio[loop[0] - 500 : loop[0]]
    made, place = shaped(audio, RATE, KEY, Shape(brightness=2, vibrato=3, randomness=2, sustain=-2, noise=1), loop)
    assert place is not None
    start, end = place
    assert end == len(made)
    assert (end - start) % (loop[1] - loop[0]) == 0
    played = np.concatenate([made, made[start : start + 200]]).astype(np.float64)
    bends = np.abs(np.diff(played, 3))
    assert bends[end - 6 : end + 6].max() < 2 * np.percentile(bends[start:], 99.5)
    assert np.abs(made[-200:] - made[start - 200 : start]).max() < 0.01, "the end is what comes before the start"


def test_nothing_asked_for_changes_nothing() -> None:
    sound = tone(0.5)
    assert shaped(sound, RATE, KEY, PLAIN)[0] is sound
    silence = np.zeros(RATE, dtype=np.float32)
    assert shaped(silence, RATE, KEY, Shape(brightness=6))[0] is silence


@pytest.mark.parametrize("key", [0, 20, 127])
def test_extremes_stay_finite(key: int) -> None:
    steps = {name: macro.high for name, macro in MACROS.items()}
    for sound in (tone(0.3), tone(0.3)[:100], np.random.default_rng(0).uniform(-1, 1, 4000).astype(np.float32)):
        made, _ = shaped(sound, RATE, float(key), Shape(**steps))
        assert made.shape == sound.shape
        assert np.isfinite(made).all()
        assert np.abs(made).max() <= 1


def test_shapes_are_read_from_text() -> None:
    assert read_shape("brightness=2, noise=-1.5") == Shape(brightness=2, noise=-1.5)
    assert read_shape("") == PLAIN
    for text, said in (
        ("loud=2", "no macro 'loud'"),
        ("noise", "give a number"),
        ("noise=x", "give a number"),
        ("noise=nan", "from -6 to 6"),
        ("vibrato=-1", "from 0 to 8"),
    ):
        with pytest.raises(TimbreError, match=said):
            read_shape(text)
