"""A space that plays performances: trained, reconstructed, morphed, as a recording was played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.experiment import train
from timbre_core.features.performance import Performance, performance_of
from timbre_core.generation.played import blended, performances_of
from timbre_core.generation.sounds import morph, morph_step
from timbre_core.generation.timbre_code import decoded_at
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.space import TimbreSpace

HOP = 512


@pytest.fixture(scope="module")
def space(tiny_nsynth: Path, tmp_path_factory: pytest.TempPathFactory) -> TimbreSpace:
    changes = ["window.frames=64", "training.batch_size=8", "training.epochs=1", "distance=euclidean"]
    changes += ["model.encoder.width=8", "model.decoder.width=8", "model.latent_dim=4", "objective.nats=4"]
    recipe = load_recipe("timbre-space", changes)
    return TimbreSpace(train(recipe, [tiny_nsynth], tmp_path_factory.mktemp("space") / "mine", maps=["pca"]))


def swinging(space: TimbreSpace, midi: float) -> np.ndarray:
    time = np.arange(space.sample_rate) / space.sample_rate
    f0 = 440 * 2 ** ((midi + 0.3 * np.sin(2 * np.pi * 5 * time) - 69) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / space.sample_rate
    sound = sum(np.cos(k * phase) / k for k in range(1, 9)) * np.exp(-3 * time) * np.minimum(1, time / 0.01)
    return (0.2 * sound).astype(np.float32)


def test_a_reconstruction_swings_and_fades_as_the_note_does(space: TimbreSpace) -> None:
    note = swinging(space, 64)
    kept, plain = (space.reconstruct(note, 64, performance=told) for told in (None, False))
    assert plain.performance is None
    assert kept.performance is not None
    wanted, heard = (performance_of(sound, space.sample_rate, 64, HOP) for sound in (note, kept.reconstruction))
    inside = slice(8, -8)
    assert np.abs(heard.pitch - wanted.pitch)[inside].max() < 0.1
    assert wanted.level is not None
    assert heard.level is not None
    assert np.abs(heard.level - wanted.level)[4:-8].max() < 2
    steady = performance_of(plain.reconstruction, space.sample_rate, 64, HOP)
    assert np.ptp(steady.pitch[inside]) < 0.15 < np.ptp(wanted.pitch[inside])


@pytest.mark.parametrize("asked", [{"ref_db": float("nan")}, {"ref_db": 1e9}, {"n_samples": -1}, {"n_samples": 1.5}])
def test_nonsense_is_not_played(space: TimbreSpace, asked: dict[str, Any]) -> None:
    note = swinging(space, 64)
    frames, ref_db = space.analyse(note, 64)
    how: dict[str, Any] = {
        "frames": frames,
        "ref_db": ref_db,
        "performance": space.performance_of(note, 64),
        "n_samples": 0,
    }
    assert len(space.perform(**how)) == 0
    with pytest.raises(TimbreError, match="|".join(asked)):
        space.perform(**how | asked)


def test_another_pitch_keeps_the_swing(space: TimbreSpace) -> None:
    heard = performance_of(decoded_at(space, swinging(space, 60), 60, 65), space.sample_rate, 65, HOP)
    assert np.ptp(heard.pitch[8:40]) > 0.4


def test_a_morph_is_played_as_its_notes_are(space: TimbreSpace, tiny_nsynth: Path) -> None:
    library, notes = open_library([tiny_nsynth]), space.map_notes["note_id"].iloc[[0, -1]].tolist()
    played = performances_of(space, notes, lambda note: library.load(library.find(note), space.sample_rate))
    assert played is not None
    sound = morph(space, notes, 0.8, pitch=60, performances=played)
    assert len(sound.audio) == round(0.8 * space.sample_rate)
    first = morph_step(space, notes, 0.0, 0.8, pitch=60, performances=played)
    assert not np.allclose(first.audio, morph_step(space, notes, 1.0, 0.8, pitch=60, performances=played).audio)


def test_blends_lie_between() -> None:
    def constant(level: float, swing: float, noise: float) -> Performance:
        pitch = 60 + swing * np.array([0, 1, 0, -1] * 10)
        return Performance(np.full(200, level), pitch, np.full(40, noise), 8000.0, 44_100, HOP)

    fading = constant(-20, 0.5, 0.1)
    assert fading.level is not None
    fading.level[:] = np.linspace(0, -40, 200)
    both = [fading, constant(-3, 0.0, 0.3)]
    at_first, between = (blended(both, place, 72.0, 20_000) for place in (0.0, 0.5))
    assert np.allclose(at_first.pitch, 72 + both[0].pitch[: len(at_first.pitch)] - 60)
    assert np.allclose(between.noise, 0.2)
    assert between.level is not None
    assert at_first.level is not None
    assert np.allclose(between.level, at_first.level / 2)  # the second is as loud all the time
    held = blended(both, 0.0, 72.0, 100_000)
    assert held.level is not None
    assert np.ptp(held.pitch[-20:]) == pytest.approx(1), "swings go on"
    assert held.level[: len(held.level) // 2].mean() > -20, "what fades is held for longer"
    assert -40 <= held.level[-1] < -20
    alone = blended(both, 0.0, 72.0, 100_000, always=False)
    assert alone.level is not None
    assert alone.level[-1] == pytest.approx(-40), "unless it is to die away by itself"


def test_a_long_sound_is_one_note(space: TimbreSpace) -> None:
    note = space.map_notes["note_id"].iloc[0]
    code, size = space.means[space.row_of(note)][None], space.recipe.window.frames
    assert space.recipe.whole_notes
    natural = space.decode(code, np.zeros(1, dtype=int), size, 60)
    longer = space.decode_held(code, 3 * size, 60)
    assert longer.shape == (natural.shape[0], 3 * size)
    assert np.allclose(longer[:, :8], natural[:, :8], atol=1e-5), "one attack, as quick as it was"
    assert np.allclose(space.decode_held(code, size // 2, 60), natural[:, : size // 2], atol=1e-5)
    contour = np.linspace(60, 62, 3 * size)
    assert space.decode_held(code, 3 * size, contour).shape == longer.shape
    assert len(morph(space, space.map_notes["note_id"].iloc[[0, -1]].tolist(), 2.5, pitch=60).audio) == 110_250
