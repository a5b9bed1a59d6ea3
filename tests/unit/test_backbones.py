"""Backbones of inverter networks: any number of frames, hints, and recipes from before there was more than one."""

from __future__ import annotations

import warnings

import pytest
import torch

from timbre_core.features.settings import LogMelSettings
from timbre_core.models.backbones.cbhg import CbhgSettings, Highway, NormedConv
from timbre_core.models.backbones.convnext import ConvNeXtSettings
from timbre_core.models.tasks import MelToMagnitudeTask
from timbre_core.models.vae import count_parameters
from timbre_core.recipes.networks import build_network
from timbre_core.recipes.recipe_files import load_recipe


@pytest.mark.parametrize("settings", [CbhgSettings(bank=5, channels=6, units=7), ConvNeXtSettings(width=6, layers=1)])
@pytest.mark.parametrize("frames", [1, 2, 33])
def test_features_for_every_frame(settings: CbhgSettings | ConvNeXtSettings, frames: int) -> None:
    torch.manual_seed(0)
    backbone = settings.build(8, 5).eval()
    windows, hint = torch.rand(2, 8, frames), torch.zeros(2, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = backbone(windows, hint)
    assert plain.shape == (2, frames, backbone.out_features)
    assert not torch.allclose(plain, backbone(windows, hint + 1))
    torch.testing.assert_close(backbone(windows[1:], hint[1:]), plain[1:])


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_convolutions_of_the_bank_stay_in_place(size: int) -> None:
    """A kernel of ones over an impulse is `size` ones around it, for odd and for even sizes."""
    convolution = NormedConv(1, 1, size).eval()
    torch.nn.init.ones_(convolution.convolution.weight)
    impulse = torch.zeros(1, 1, 9)
    impulse[..., 4] = 1
    found = convolution(impulse)[0, 0].nonzero().flatten().tolist()
    assert found == list(range(4 - size // 2, 4 - size // 2 + size))


def test_a_shut_highway_passes_on_what_comes() -> None:
    highway = Highway(4)
    torch.nn.init.zeros_(highway.gate.weight)
    torch.nn.init.constant_(highway.gate.bias, -50.0)
    features = torch.randn(3, 4)
    torch.testing.assert_close(highway(features), features)


def test_published_size_of_the_mel_inverter() -> None:
    """Bank, projections, highways and GRU as published, between 80 bands and 513 bins."""
    recipe = load_recipe("mel-inverter")
    bank = sum(size * 80 * 128 + 2 * 128 for size in range(1, 17))
    projections = 3 * 2048 * 128 + 2 * 128 + 3 * 128 * 80 + 2 * 80
    highways = 80 * 128 + 128 + 513 * 128 + 4 * 2 * (128 * 128 + 128)
    gru = 2 * (3 * 128 * (128 + 128) + 2 * 3 * 128)
    heads = 2 * (256 * 513 + 513)
    assert count_parameters(build_network(recipe)) == bank + projections + highways + gru + heads


def test_recipes_that_do_not_name_the_backbone_mean_convnext() -> None:
    task = MelToMagnitudeTask.model_validate({"kind": "mel_to_magnitude", "backbone": {"width": 32}})
    assert task.backbone == ConvNeXtSettings(width=32)
    assert MelToMagnitudeTask().backbone == ConvNeXtSettings()
    assert (
        LogMelSettings.model_validate(load_recipe("mel-inverter").features.model_dump())
        == load_recipe("beta-vae").features
    )
