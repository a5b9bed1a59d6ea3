"""Every timbre space that ships with a map opens, knows its notes, and makes frames of them; its files name no machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from timbre_core import generate, open_space
from timbre_core.checkpoint import list_checkpoints, open_checkpoint
from timbre_core.features.kinds.image import NoSound
from timbre_core.features.settings import has_sound
from timbre_core.models.weights import read_tensors
from timbre_core.recipes.recipe_files import read_recipe

ROOT = Path(__file__).parents[2]
SPACES = [
    path.name
    for path in list_checkpoints(ROOT / "checkpoints")
    if read_recipe(path / "recipe.yaml").makes_a_space and (path / "latents.parquet").is_file()
]


@pytest.mark.parametrize("name", SPACES)
def test_a_shipped_space_decodes_its_notes(name: str) -> None:
    checkpoint = open_checkpoint(ROOT / "checkpoints" / name)
    recipe, notes = checkpoint.recipe, checkpoint.latents
    assert notes is not None
    assert checkpoint.evaluation is None or checkpoint.evaluation["reconstruction"]["mse"] > 0
    assert not any(Path(root).is_absolute() for root in (*recipe.data.roots, *checkpoint.latents_roots))
    stored = {tensor.dtype for tensor in read_tensors(checkpoint.path / "model.safetensors")[0].values()}
    assert (torch.float16 in stored) == (recipe.provenance.get("weights") in ("float16", "int8"))
    mu = torch.from_numpy(np.stack(notes["mu"][:4]).astype(np.float32))
    pitch = torch.from_numpy(notes["pitch"][:4].to_numpy(np.float32))
    with torch.inference_mode():
        frames = checkpoint.model().decode(mu, {"pitch": pitch})
    assert frames.shape == (4, recipe.features.n_bins, recipe.window.frames)
    assert frames.dtype == torch.float32
    assert frames.isfinite().all()
    # Notes that differ are made differently.
    assert frames.std(dim=0).mean() > 0


@pytest.mark.parametrize("name", SPACES)
def test_a_shipped_space_is_heard_without_its_recordings(name: str) -> None:
    space = open_space(ROOT / "checkpoints" / name)
    note = space.map_notes.iloc[0]
    wanted = {"like": str(note["note_id"]), "seconds": 0.4, "pitch": 62 if space.recipe.uses_pitch else None}
    if not has_sound(space.recipe.features):
        with pytest.raises(NoSound, match="Pictures have no sound"):
            generate(space, **wanted)
        return
    made = generate(space, **wanted)
    assert made.audio.shape == (round(0.4 * space.sample_rate),)
    assert np.isfinite(made.audio).all()
    assert 0.05 < np.abs(made.audio).max() <= 1
