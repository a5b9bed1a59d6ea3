"""What several test files share: made once, and not to be written to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.made_up import MadeUp, build
from tests.small_training import small_recipe as small_training
from tests.tones import INSTRUMENTS, small_recipe, write_notes
from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import Library, open_library
from timbre_core.datasets.store_build import build_store
from timbre_core.models.weights import save_weights
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.recipe_files import recipe_to_yaml


@pytest.fixture(autouse=True)
def threads_given_back() -> Iterator[None]:
    """Sums in another number of threads round otherwise: whoever changes it for their work changes it back."""
    before = torch.get_num_threads()
    yield
    left = torch.get_num_threads()
    torch.set_num_threads(before)
    assert left == before, f"torch was left with {left} threads instead of {before}"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted build of 60 notes, two of them bad."""
    folder = tmp_path_factory.mktemp("stores") / "whole"
    build(MadeUp(60, bad=(3, 41)), folder)
    return folder


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_notes(tmp_path_factory.mktemp("notes") / "set", INSTRUMENTS, list(range(45, 81, 5)))


@pytest.fixture(scope="session")
def tone_library(tones: Path) -> Library:
    return open_library([tones])


@pytest.fixture
def tone_checkpoint(tmp_path: Path, tones: Path) -> Checkpoint:
    """A real, untrained checkpoint on disk."""
    recipe = small_recipe(instruments=["brass_a", "reed_a"])
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"roots": [str(tones)]})})
    path = tmp_path / "small"
    path.mkdir()
    torch.manual_seed(0)
    save_weights(path / "model.safetensors", build_model(recipe))
    (path / "recipe.yaml").write_text(recipe_to_yaml(recipe))
    return open_checkpoint(path)


@pytest.fixture(scope="session")
def tiny_store(tiny_nsynth: Path) -> FeatureStore:
    """What a small training on the tiny NSynth folder reads."""
    return build_store(open_library([tiny_nsynth]), small_training().features, workers=1, progress=False)
