"""Inverters by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.synthetic import apart, harmonic_note
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.kinds.image import ImageSettings
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.any_kind import invert
from timbre_core.inversion.request import LOUDEST_DB
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inverters import PRESETS, inverter_names, open_inverter
from timbre_core.recipes.recipe_files import list_recipes, load_recipe

FEATURES = LogMelSettings(seconds=None)


@pytest.fixture(scope="module")
def note() -> tuple[np.ndarray, float]:
    return note_frames(harmonic_note(60, 0.7), FEATURES)


def test_names_open() -> None:
    assert {"fast", "best"} <= set(inverter_names(FEATURES))
    for name in PRESETS:
        opened = open_inverter(name, FEATURES)
        assert (opened.name, opened.settings) == (name, PRESETS[name])
    assert open_inverter(None, FEATURES).settings == InversionSettings()


def test_an_inverter_does_what_its_settings_say(note: tuple[np.ndarray, float]) -> None:
    settings = InversionSettings(iterations=2, mel_iterations=7)
    audio = open_inverter(settings, FEATURES)(*note, pitch=60, n_samples=15_000, seed=5)
    assert apart(audio, invert(*note, FEATURES, settings, seed=5, n_samples=15_000, pitch=60)) < 1e-3


def test_unknown_name() -> None:
    with pytest.raises(TimbreError, match="'fasst': did you mean 'fast'"):
        open_inverter("fasst", FEATURES)
    with pytest.raises(TimbreError, match="there are fast, best"):
        open_inverter("xyzzy", FEATURES)


def test_a_learned_kind_needs_its_network() -> None:
    with pytest.raises(ValueError, match="needs network"):
        InversionSettings(kind="learned")
    with pytest.raises(TimbreError, match="open_inverter"):
        invert(np.zeros((80, 9), np.float32), 0.0, FEATURES, InversionSettings(kind="learned", network="some"))


def test_stream_is_the_call(note: tuple[np.ndarray, float]) -> None:
    fast = open_inverter("fast", FEATURES)
    frames, ref_db = note
    whole = fast(frames, ref_db, 60.0, 16_000, 1)
    for source in (frames, iter([frames[:, :20], frames[:, 20:21], frames[:, 21:]])):
        blocks = list(fast.stream(source, ref_db, 60.0, 16_000, 1))
        difference = np.concatenate(blocks) - whole
        assert 20 * np.log10(np.linalg.norm(difference) / np.linalg.norm(whole) + 1e-9) < -40


def test_a_recipe_of_sources_is_inverted_as_the_preset() -> None:
    recipes = [load_recipe(name) for name in list_recipes()]
    inversions = [recipe.inversion for recipe in recipes if recipe.inversion.kind == "excited"]
    assert inversions
    assert all(inversion == PRESETS["excited"] for inversion in inversions)


def test_pictures_have_no_inverter() -> None:
    for name in (None, "fast", InversionSettings()):
        with pytest.raises(TimbreError, match="no sound"):
            open_inverter(name, ImageSettings())


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"ref_db": 800.0}, "ref_db 800 is no level of a sound"),
        ({"ref_db": 1e9}, "ref_db 1e\\+09"),
        ({"ref_db": float("nan")}, "ref_db nan"),
        ({"ref_db": "loud"}, "ref_db must be a level in dB, got loud"),
        ({"ref_db": None}, "ref_db nan"),
        ({"ref_db": 10**400}, "ref_db must be"),
        ({"ref_db": [1.0, 2.0]}, r"ref_db has shape \(2,\) for 1 notes"),
        ({"n_samples": 1.5}, "n_samples must be a whole number, got 1.5"),
        ({"n_samples": -1}, "n_samples is -1"),
        ({"seed": -1}, "seed -1: choose"),
        ({"seed": 2**70}, "choose from 0"),
        ({"seed": 0.5}, "seed must be a whole number"),
        ({"frames": 0.0}, r"\(n_bins, n_frames\)|cannot be inverted"),
        ({"frames": np.zeros((0, FEATURES.n_bins, 20), dtype=np.float32)}, "there is no note|were expected"),
    ],
)
def test_nonsense_is_told_by_every_inverter(
    note: tuple[np.ndarray, float], name: str, asked: dict[str, Any], told: str
) -> None:
    inverter = open_inverter(name, FEATURES)
    how: dict[str, Any] = {"frames": note[0], "ref_db": note[1], "pitch": 60} | asked
    with pytest.raises(TimbreError, match=told):
        inverter(**how)
    with pytest.raises(TimbreError, match=told):
        list(inverter.stream(**how))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_any_level_that_is_taken_gives_samples_within_full_scale(note: tuple[np.ndarray, float], name: str) -> None:
    inverter = open_inverter(name, FEATURES)
    for level in (-1e9, -400.0, 100.0, LOUDEST_DB):
        for audio in (inverter(note[0], level, 60), np.concatenate(list(inverter.stream(note[0], level, 60)))):
            assert np.isfinite(audio).all()
            assert np.abs(audio).max() <= 1


def test_frames_of_several_notes_are_inverted_at_once_and_not_streamed(note: tuple[np.ndarray, float]) -> None:
    inverter, several = open_inverter("fast", FEATURES), np.stack([note[0], note[0]])
    assert len(inverter(several, [0.0, note[1]], 60)) == 2
    with pytest.raises(TimbreError, match=r"frames of shape \(2, "):
        list(inverter.stream(several, note[1], 60))
