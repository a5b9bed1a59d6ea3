"""Weights in half precision and in bytes are read like any others, into a model that computes in single precision."""

from __future__ import annotations

from pathlib import Path

import torch

from timbre_core.models.weights import in_bytes, load_weights, read_tensors, write_tensors
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


def test_weights_in_bytes_are_floats_again_when_they_are_read(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = {
        "layer.weight": torch.randn(64, 100) * torch.logspace(-4, 2, 64)[:, None],
        "kernel": torch.randn(8, 32, 5, 5),
        "nothing": torch.zeros(64, 64),
        "bias": torch.randn(5000),
        "small": torch.randn(3, 4),
        "count": torch.tensor(7),
    }
    path = tmp_path / "bytes.safetensors"
    write_tensors(path, in_bytes(whole), None)
    assert path.stat().st_size < 0.5 * 4 * sum(tensor.numel() for tensor in whole.values())
    read = read_tensors(path)[0]
    assert read.keys() == whole.keys()
    for name, tensor in whole.items():
        assert read[name].dtype == tensor.dtype
        if name in ("bias", "small", "count"):
            assert torch.equal(read[name], tensor)
        rows = tensor.reshape(len(tensor), -1) if tensor.ndim else tensor.reshape(1, 1)
        largest = rows.abs().amax(dim=1).reshape(-1, *[1] * max(0, tensor.ndim - 1))
        assert ((read[name] - tensor).abs() <= largest / 253).all()
