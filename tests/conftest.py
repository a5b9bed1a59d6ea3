"""Shared fixtures: a small synthetic NSynth folder, so that tests need no downloaded data."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.synthetic import write_nsynth

_MOST_WORKERS = 4


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Folders of tests are shared by a worker process for each core, where pytest-xdist is there; `-n 0` has none.

    Single files are not worth a worker's start.
    """
    if hasattr(config, "workerinput") or "PYTEST_XDIST_WORKER" in os.environ:
        return  # a worker, or what a test in one starts
    folders = all(Path(argument).is_dir() for argument in config.args)
    workers = min(_MOST_WORKERS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    if folders and workers > 1 and getattr(config.option, "numprocesses", 0) is None and not config.option.usepdb:
        config.option.numprocesses, config.option.dist = workers, "loadfile"
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # each worker has one core


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """What tests start can be interrupted, also where a shell runs them in the background, with Ctrl-C ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests never touch the user's feature cache."""
    os.environ["TIMBRE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True, scope="module")
def _own_data(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests never touch the user's libraries; what the tests of one file keep, those of another don't find."""
    os.environ["TIMBRE_DATA"] = str(tmp_path_factory.mktemp("user-data"))


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """Streamlit's AppTest leaves the last page as `__main__`, which every worker process spawned later would run first."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def tiny_nsynth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 synthetic one-second notes of 8 instruments."""
    return write_nsynth(tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture
def tiny_checkpoint(tiny_nsynth: Path, tmp_path: Path) -> Path:
    """A complete checkpoint of an untrained small model, with a PCA map of the tiny NSynth folder."""
    import torch

    from timbre_core.analysis.latents import compute_latents
    from timbre_core.checkpoint import RECIPE, WEIGHTS, open_checkpoint, write_latents
    from timbre_core.datasets.library import open_library
    from timbre_core.files import write_text
    from timbre_core.models.weights import save_weights
    from timbre_core.recipes.networks import build_model
    from timbre_core.recipes.recipe_files import load_recipe, recipe_to_yaml

    torch.manual_seed(0)
    recipe = load_recipe("nsynth-cvae", ["features.seconds=1.0", "window.frames=32", f"data.roots=['{tiny_nsynth}']"])
    library = open_library([tiny_nsynth])
    trained = sorted(library.notes.loc[library.notes["split"] == "train", "instrument"].unique())
    recipe = recipe.model_copy(update={"provenance": {"train_instruments": trained}})
    folder = tmp_path / "checkpoints" / "tiny"
    folder.mkdir(parents=True)
    write_text(folder / RECIPE, recipe_to_yaml(recipe))
    save_weights(folder / WEIGHTS, build_model(recipe))
    checkpoint = open_checkpoint(folder)
    latents = compute_latents(checkpoint, library, methods=["pca"], progress=False)
    write_latents(folder, latents, library.roots)
    return folder
