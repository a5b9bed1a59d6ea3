"""Weights in half precision are read like any others, into a model that computes in single precision."""

from __future__ import annotations

from pathlib import Path

import torch

from timbre_core.models.weights import load_weights, read_tensors, write_tensors
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.recipe_files import load_recipe


def test_weights_in_half_precision_make_nearly_the_same_frames(tmp_path: Path) -> None:
    recipe = load_recipe("mnist-vae")
    torch.manual_seed(0)
    model, other = build_model(recipe).eval(), build_model(recipe).eval()
    path = tmp_path / "half.safetensors"
    whole = model.state_dict()
    write_tensors(
        path, {name: value.half() if value.is_floating_point() else value for name, value in whole.items()}, None
    )
    assert {tensor.dtype for tensor in read_tensors(path)[0].values()} == {torch.float16, torch.int64}
    load_weights(path, other)
    assert {parameter.dtype for parameter in other.parameters()} == {torch.float32}
    z = torch.randn(3, recipe.model.latent_dim)
    with torch.inference_mode():
        torch.testing.assert_close(other.decode(z, {}), model.decode(z, {}), rtol=0, atol=0.01)
        assert not torch.equal(other.decode(z, {}), model.decode(z, {}))
