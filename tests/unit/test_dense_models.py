"""Dense models and scalar pitch: sizes as published, conditions where the recipe puts them."""

from __future__ import annotations

import pytest
import torch

from timbre_core.errors import TimbreError
from timbre_core.models.vae import VAE, count_parameters
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.recipe_files import parse_recipe

CONDITION = {"kind": "pitch_scalar"}


def dense_model(*conditions: dict[str, object], n_bins: int = 91, frames: int = 1, sampling: bool = True) -> VAE:
    torch.manual_seed(0)
    return build_model(
        parse_recipe(
            {
                "name": "dense",
                "features": {"kind": "log_mel", "n_mels": n_bins},
                "window": {"frames": frames},
                "model": {
                    "latent_dim": 32,
                    "encoder": {"kind": "dense", "units": [90]},
                    "decoder": {"kind": "dense", "units": [90]},
                    "conditions": list(conditions),
                    "sampling": sampling,
                },
            },
            "test",
        )
    ).eval()


def pitches(*values: float) -> dict[str, torch.Tensor]:
    return {"pitch": torch.tensor(values)}


def test_sizes_are_91_90_32_90_91_with_the_pitch_at_both_ends() -> None:
    encoder, heads, decoder = (91 + 1) * 90, 2 * (90 + 1) * 32, (32 + 1) * 90 + (90 + 1) * 91
    assert count_parameters(dense_model(sampling=False)) == encoder + heads // 2 + decoder
    assert count_parameters(dense_model(CONDITION)) == encoder + heads + decoder + 2 * 90


@pytest.mark.parametrize(("n_bins", "frames"), [(91, 1), (13, 7)])
@pytest.mark.parametrize("into", [["input"], ["encoder"], ["decoder"], ["input", "decoder"]])
def test_pitch_is_told_where_the_recipe_says(into: list[str], n_bins: int, frames: int) -> None:
    model = dense_model({**CONDITION, "into": into}, n_bins=n_bins, frames=frames)
    windows, z = torch.rand(2, n_bins, frames), torch.randn(2, 32)
    low, high = pitches(60, 60), pitches(71, 71)
    encoder_hears = not torch.equal(model.encode(windows, low)[0], model.encode(windows, high)[0])
    decoder_hears = not torch.equal(model.decode(z, low), model.decode(z, high))
    assert (encoder_hears, decoder_hears) == (bool({"input", "encoder"} & set(into)), "decoder" in into)
    assert model.decode(z, low).shape == windows.shape


def test_scalar_pitch_is_continuous_and_each_window_has_its_own() -> None:
    model = dense_model(CONDITION)
    z = torch.randn(1, 32).expand(3, -1)
    low, middle, high = model.decode(z, pitches(60, 60.01, 60.02)).unbind(0)
    assert not torch.equal(low, middle)
    torch.testing.assert_close(middle, (low + high) / 2, atol=1e-5, rtol=0)


def test_the_origin_becomes_zero_and_the_span_one() -> None:
    model = dense_model({**CONDITION, "origin": 60, "span": 12})
    condition = model.conditions[0]
    assert condition(torch.tensor([60.0, 66.0, 72.0])).tolist() == [[0.0], [0.5], [1.0]]


def test_missing_pitch_is_told_in_one_sentence() -> None:
    with pytest.raises(TimbreError, match="needs the pitch"):
        dense_model(CONDITION).encode(torch.zeros(1, 91, 1), {})
