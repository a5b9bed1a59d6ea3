"""Every timbre space that ships opens, knows its notes, and makes frames of them; its files name no place of this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from timbre_core.checkpoint import list_checkpoints, open_checkpoint
from timbre_core.models.weights import read_tensors
from timbre_core.recipes.recipe_files import read_recipe

ROOT = Path(__file__).parents[2]
SPACES = [
    path.name for path in list_checkpoints(ROOT / "checkpoints") if read_recipe(path / "recipe.yaml").makes_a_space
]


@pytest.mark.parametrize("name", SPACES)
def test_a_shipped_space_decodes_its_notes(name: str) -> None:
    checkpoint = open_checkpoint(ROOT / "checkpoints" / name)
    recipe, notes = checkpoint.recipe, checkpoint.latents
    assert notes is not None
    assert checkpoint.evaluation is not None
    assert checkpoint.evaluation["reconstruction"]["mse"] > 0
    assert not any(Path(root).is_absolute() for root in (*recipe.data.roots, *checkpoint.latents_roots))
    half = {tensor.dtype for tensor in read_tensors(checkpoint.path / "model.safetensors")[0].values()}
    assert (torch.float16 in half) == (recipe.provenance.get("weights") == "float16")
    mu = torch.from_numpy(np.stack(notes["mu"][:4]).astype(np.float32))
    pitch = torch.from_numpy(notes["pitch"][:4].to_numpy(np.float32))
    with torch.inference_mode():
        frames = checkpoint.model().decode(mu, {"pitch": pitch})
    assert frames.shape == (4, recipe.features.n_bins, recipe.window.frames)
    assert frames.dtype == torch.float32
    assert frames.isfinite().all()
    # Notes that differ are made differently.
    assert frames.std(dim=0).mean() > 0
