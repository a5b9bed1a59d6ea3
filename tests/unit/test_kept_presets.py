"""Presets that are kept: one's own in the database, those that come with the project in their file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from timbre_core.analysis.preset_words import WORDS, words_of
from timbre_core.catalogue import presets
from timbre_core.catalogue.database import reading, writing
from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.generation.presets import Preset
from timbre_core.generation.shipped_presets import FOLDER, shipped_presets

MINE = Preset(checkpoint="tiny", name="My sound", z=[0.5, -1.0], macros={"noise": 2.0}, release=0.4)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_HOME", str(tmp_path))
    monkeypatch.setattr("timbre_core.catalogue.database.user_data_dir", lambda: tmp_path)


def test_presets_are_kept_starred_replaced_and_deleted() -> None:
    assert presets.presets_of("tiny") == []
    key = presets.keep_preset(MINE, ["pad", "my tag"], ["breathy"])
    (kept,) = presets.presets_of("tiny")
    assert (kept.key, kept.preset, kept.tags, kept.words, kept.starred) == (
        key,
        MINE,
        ("pad", "my tag"),
        ("breathy",),
        False,
    )
    assert presets.presets_of("other") == []
    presets.star_preset(key, "tiny")
    presets.star_preset(key, "tiny")
    assert presets.presets_of("tiny")[0].starred
    assert presets.keep_preset(MINE.model_copy(update={"release": 2.0})) == key, "a name is one preset"
    (kept,) = presets.presets_of("tiny")
    assert (kept.preset.release, kept.tags, kept.starred) == (2.0, (), True)
    other = presets.keep_preset(MINE.model_copy(update={"name": "Another"}))
    assert [each.key for each in presets.presets_of("tiny")] == [other, key], "the newest first"
    presets.delete_preset(key)
    assert [each.key for each in presets.presets_of("tiny")] == [other]


def test_recordings_are_kept_with_a_preset_and_leave_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sounds = [presets.PresetSound("low.wav", 48.2, b"low"), presets.PresetSound("high.wav", 60.0, b"high")]
    key = presets.keep_preset(MINE, sounds=sounds)
    assert presets.presets_of("tiny")[0].sounds == 2
    assert presets.sounds_of(key) == sounds
    presets.keep_preset(MINE, sounds=sounds[1:])
    assert presets.sounds_of(key) == sounds[1:]
    monkeypatch.setattr(presets, "LARGEST", 3)
    with pytest.raises(TimbreError, match="a preset keeps 0"):
        presets.keep_preset(MINE, sounds=sounds)
    assert presets.sounds_of(key) == sounds[1:], "what was kept stays"
    presets.delete_preset(key)
    with reading() as database:
        assert database.execute("SELECT COUNT(*) FROM preset_sounds").fetchone()[0] == 0
    with pytest.raises(TimbreError, match="no such preset"):
        presets.sounds_of(key)


@pytest.mark.parametrize("name", ["", " ", "a" * 200, "a\0b"])
def test_names_that_cannot_be_used_are_refused(name: str) -> None:
    with pytest.raises(TimbreError, match="cannot be used"):
        presets.keep_preset(Preset.model_construct(**{**MINE.model_dump(), "name": name or " "}))


@pytest.mark.parametrize("key", ["own:99", "shipped:Harp", "own:x", "own:", "../x", "own:" + "9" * 30])
def test_presets_that_are_not_there_are_told(key: str) -> None:
    with pytest.raises(TimbreError, match=r"no such preset|only presets of your own"):
        presets.delete_preset(key)
    with pytest.raises(TimbreError, match="no such preset"):
        presets.star_preset(key, "tiny")


@pytest.mark.parametrize("name", ["nsynth-cvae", "timbre-space"])
def test_a_hundred_presets_ship_and_fit_their_checkpoint(name: str) -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 200_000
    checkpoint = open_checkpoint(default_checkpoints_folder() / name)
    shipped = shipped_presets(checkpoint.model_name)
    assert len(shipped) == len({each.preset.name for each in shipped}) == 100
    assert all(len(each.preset.z) == checkpoint.recipe.model.latent_dim for each in shipped)
    assert all(set(each.words) <= set(WORDS) for each in shipped)
    found = {word for each in shipped for word in each.words}
    assert {"bright", "soft attack", "breathy", "plucked", "hollow"} <= found
    assert shipped_presets("another") == ()
    key = f"shipped:{shipped[3].preset.name}"
    presets.star_preset(key, checkpoint.model_name)
    starred = [each.key for each in presets.presets_of(checkpoint.model_name) if each.starred]
    presets.star_preset(key, checkpoint.model_name, False)
    assert starred == [key]


def tone(levels: list[float], attack: float, falling: float, noise: float = 0.0) -> np.ndarray:
    time = np.arange(56_000) / 16_000
    sound = sum(level * np.sin(2 * np.pi * 220 * number * time + number) for number, level in enumerate(levels, 1))
    sound = sound + noise * np.random.default_rng(0).standard_normal(len(time))
    return sound * np.minimum(1, time / attack) * 10 ** (-falling * time / 20) * 0.1


def test_words_say_what_is_measured() -> None:
    hollow = words_of(tone([1, 0, 0.5, 0, 0.3, 0, 0.2], 0.2, 0), 16_000, 57)
    assert {"hollow", "soft attack", "sustained"} <= set(hollow)
    assert not {"plucked", "breathy", "bright"} & set(hollow)
    plucked = words_of(tone([1 / n**0.3 for n in range(1, 30)], 0.003, 20), 16_000, 57)
    assert {"plucked", "sharp attack", "bright"} <= set(plucked)
    assert "breathy" in words_of(tone([1, 0.5, 0.25], 0.05, 0, 0.3), 16_000, 57)


@pytest.mark.parametrize("change", ["content = 'x'", "content = '{}'", "tags = '5'", "words = 'x'"])
def test_a_damaged_preset_takes_no_other_one_with_it(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key, other = presets.keep_preset(MINE), presets.keep_preset(MINE.model_copy(update={"name": "Another"}))
    with writing("kept") as database:
        database.execute(f"UPDATE presets SET {change} WHERE id = ?", (key.removeprefix("own:"),))
    warned: list[str] = []
    monkeypatch.setattr(presets._LOG, "warning", lambda text, *told: warned.append(text % told))
    assert [each.key for each in presets.presets_of("tiny")] == [other]
    assert warned[0].startswith("preset 1 of tiny is damaged")


@pytest.mark.parametrize("change", ["file = '/etc/hostname'", "pitch = 'x'", "pitch = 1000"])
def test_a_damaged_recording_of_a_preset_is_named(change: str) -> None:
    key = presets.keep_preset(MINE, sounds=[presets.PresetSound("low.wav", 48.0, b"low")])
    with writing("kept") as database:
        database.execute(f"UPDATE preset_sounds SET {change}")
    with pytest.raises(TimbreError, match=r"low.wav: this recording of the preset is damaged: drop the sound again"):
        presets.sounds_of(key)
