"""Recipes: shipped ones load, overrides apply, and mistakes are told by field with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from timbre_core.errors import TimbreError
from timbre_core.recipes.recipe_files import list_recipes, load_recipe, read_recipe, recipe_to_yaml


@pytest.mark.parametrize("name", list_recipes())
def test_shipped_recipe_survives_writing_and_reading(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_to_yaml(recipe), encoding="utf-8")
    assert read_recipe(path) == recipe
    assert recipe.name == name


def test_baseline_says_what_was_published() -> None:
    recipe = load_recipe("nsynth-cvae")
    features = recipe.features
    assert (features.sample_rate, features.n_mels, features.n_fft, features.hop_length) == (16000, 80, 1024, 256)
    assert (recipe.window.frames, recipe.model.latent_dim, recipe.training.batch_size) == (128, 32, 128)
    assert (recipe.objective.beta, recipe.objective.free_bits, recipe.objective.warmup_steps) == (2.0, 0.5, 500)


def test_energies_are_weighed_in_frames_of_80_db_alone() -> None:
    assert load_recipe("nsynth-cvae", ["model.refinement_energies=0.5"]).model.refinement_energies == 0.5
    with pytest.raises(TimbreError, match=r"refinement_energies .* span 80 dB \(features.top_db\)"):
        load_recipe("nsynth-cvae", ["model.refinement_energies=0.5", "features.top_db=60"])


def test_overrides_reach_nested_fields_and_lists() -> None:
    recipe = load_recipe("nsynth-cvae", ["training.epochs=3", "model.conditions.0.dim=8", "training.ema=null"])
    assert (recipe.training.epochs, recipe.model.conditions[0].dim, recipe.training.ema) == (3, 8, None)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=3", "unknown key 'training.epoch': did you mean 'epochs'"),
        ("modle.latent_dim=3", "unknown key 'modle': did you mean 'model'"),
        ("model.conditions.0.dmi=3", "did you mean 'dim'"),
        ("training.epochs=many", "training.epochs: .*integer.*'many'"),
        ("training.epochs=0", "training.epochs: .*greater than or equal to 1.*got 0"),
        ("objective.beta=-1", "objective.beta"),
        ("features.fmax=9000", "fmax 9000 Hz is above half the sample rate"),
        ("features.hop_length=2048", "hop_length 2048 is larger than n_fft"),
        ("data.split.test=0.95", "must leave something to train on"),
        ("model.encoder.kind=transformer", "model.encoder.kind: .*'conv'"),
        ("training.epochs", "write section.key=value"),
        ("model.conditions.7.dim=3", "not a position in a list of 1"),
        ("training.epochs.x=3", "does not name a section|single value"),
    ],
)
def test_mistakes_name_the_field_and_the_cure(override: str, message: str) -> None:
    with pytest.raises(TimbreError, match=message):
        load_recipe("nsynth-cvae", [override])


def test_a_file_name_pattern_needs_no_quotes() -> None:
    assert load_recipe("nsynth-cvae", ["data.pattern={instrument}_{pitch}"]).data.pattern == "{instrument}_{pitch}"


def test_misspelt_recipe_name_gets_a_hint() -> None:
    with pytest.raises(TimbreError, match="did you mean 'nsynth-cvae'"):
        load_recipe("nsynth-cave")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: [unclosed", "not valid YAML at line"),
        (b"- a\n- list\n", "a recipe is a mapping"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"!!python/object/apply:os.system ['true']", "not valid YAML"),
        (b"", "a recipe is a mapping"),
    ],
)
def test_broken_recipe_file_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(TimbreError, match=message) as caught:
        load_recipe(path)
    assert "broken.yaml" in str(caught.value)


def test_missing_recipe_file_is_named() -> None:
    with pytest.raises(TimbreError, match=r"nowhere\.yaml: it does not exist"):
        load_recipe("nowhere.yaml")


@pytest.mark.parametrize(
    "change",
    ["model.latent_dim=true", "training.epochs=true", "features.seconds=yes", "model.encoder.channels=[true, 8]"],
)
def test_truth_is_no_number(change: str) -> None:
    with pytest.raises(TimbreError, match=rf"{change.split('=')[0]}.*number"):
        load_recipe("nsynth-cvae", [change])
    assert load_recipe("nsynth-cvae", ["training.channels_last=true", "model.sampling=false"]).model.sampling is False


@pytest.mark.parametrize("change", ["objective.beta=.inf", "training.grad_clip=.inf", "features.fmin=.nan"])
def test_numbers_are_finite(change: str) -> None:
    with pytest.raises(TimbreError, match=rf"{change.split('=')[0]}.*finite"):
        load_recipe("nsynth-cvae", [change])


def test_a_key_that_occurs_twice_is_told(tmp_path: Path) -> None:
    text = recipe_to_yaml(load_recipe("nsynth-cvae"))
    path = tmp_path / "twice.yaml"
    path.write_text(text.replace("  latent_dim:", "  latent_dim: 8\n  latent_dim:"))
    with pytest.raises(TimbreError, match=r"twice.yaml.*line \d+ .*latent_dim occurs twice"):
        load_recipe(str(path))
