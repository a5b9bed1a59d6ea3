"""Checkpoints for the app's tests: real ones, trained by nobody, made in a second from synthetic notes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

EVALUATION = {
    "checkpoint": "alpha",
    "split": "unseen",
    "notes": 480,
    "instruments": 7,
    "reconstruction": {"l1": 0.0987, "l1_mean": 0.09, "mse": 0.02},
    "latent": {
        "kl_total": 12.64,
        "active_units": 5,
        "pitch_probe_accuracy": 0.052,
        "pitch_chance": 0.017,
        "family_probe_accuracy": 0.66,
        "family_chance": 0.25,
    },
}


def make_checkpoint(folder: Path, notes: Path, recipe_name: str, title: str = "") -> Path:
    """A complete checkpoint with untrained weights: its map is that of an untrained encoder, its figures are made up."""
    import torch

    from timbre_core.analysis.latents import compute_latents
    from timbre_core.checkpoint import open_checkpoint, write_evaluation, write_latents
    from timbre_core.datasets.library import open_library
    from timbre_core.files import write_text
    from timbre_core.models.weights import save_weights
    from timbre_core.recipes.networks import build_model
    from timbre_core.recipes.recipe_files import load_recipe, recipe_to_yaml

    changes = ["model.latent_dim=6", "features.seconds=1.0", "window.frames=32", "inversion.iterations=4"]
    recipe = load_recipe(recipe_name, changes)
    if title:
        recipe = recipe.model_copy(update={"title": title})
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    write_text(folder / "recipe.yaml", recipe_to_yaml(recipe))
    save_weights(folder / "model.safetensors", build_model(recipe))
    library = open_library([notes])
    latents = compute_latents(open_checkpoint(folder), library, methods=["pca"], progress=False)
    latents["tsne_1"], latents["tsne_2"] = latents["pca_2"], latents["pca_1"]
    write_latents(folder, latents, library.roots)
    write_evaluation(folder, EVALUATION)
    epochs = [
        {"epoch": e, "step": 10 * e, "seconds": e, "beta": 1.0}
        | {part: {"total": 1 / e, "recon": 0.5 / e, "kl_raw": 0.4, "kl_fb": 0.5} for part in ("train", "val")}
        for e in (1, 2, 3)
    ]
    write_text(folder / "history.jsonl", "".join(json.dumps(epoch) + "\n" for epoch in epochs))
    return folder


@pytest.fixture(scope="session")
def made_checkpoints(tmp_path_factory: pytest.TempPathFactory, tiny_nsynth: Path) -> Path:
    """A folder with two checkpoints: `alpha` is conditioned on pitch, `beta` is not."""
    folder = tmp_path_factory.mktemp("made")
    make_checkpoint(folder / "alpha", tiny_nsynth, "nsynth-cvae", "Alpha model")
    make_checkpoint(folder / "beta", tiny_nsynth, "nsynth-vae", "Beta model")
    return folder


@pytest.fixture
def checkpoints(made_checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them for one test to break, where the app looks for checkpoints."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(made_checkpoints, folder)
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(folder))
    return folder


@pytest.fixture
def page(checkpoints: Path) -> Callable[..., object]:
    """Opens the app's page as a browser with this link would, and runs it: `page(colour="pitch")`."""
    from streamlit.testing.v1 import AppTest

    def open_page(**query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page
