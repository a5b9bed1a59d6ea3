"""The parts that see and say whole notes: points, encoder, decoder, conditions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from timbre_core.features.log_mel import hz_to_mel
from timbre_core.models.conditions.pitch_comb import PitchCombSettings
from timbre_core.models.conditions.velocity import VelocitySettings
from timbre_core.models.contracts import Likelihood
from timbre_core.models.likelihoods.l1 import LaplaceSettings
from timbre_core.models.note_points import to_frames, to_points
from timbre_core.models.refinement import Energies, refined
from timbre_core.models.settings import ModelSettings
from timbre_core.models.vae import VAE


@pytest.mark.parametrize("n_frames", [1, 5, 20, 87, 345])
def test_points_of_frames_that_change_slowly_are_the_frames_again(n_frames: int) -> None:
    there, back = to_points(n_frames), to_frames(n_frames)
    frames = torch.linspace(-1, 1, n_frames) if n_frames > 1 else torch.zeros(1)
    assert torch.allclose(there.sum(1), torch.ones(len(there)))
    assert torch.allclose(back.sum(1), torch.ones(n_frames))
    assert (back @ (there @ frames) - frames).abs().max() < 9 / n_frames


def test_a_comb_is_where_the_harmonics_are() -> None:
    condition = PitchCombSettings(fmax=20_000).build()
    levels = condition(torch.tensor([88.0]))[0, 1:]
    bands = np.linspace(0, hz_to_mel(20_000), 130)[1:-1]
    for number in (1, 2, 3):
        band = int(np.argmin(np.abs(bands - hz_to_mel(number * 1318.5))))
        assert levels[band - 1 : band + 2].max() > -0.1
        between = int(np.argmin(np.abs(bands - hz_to_mel((number + 0.5) * 1318.5))))
        assert levels[between] < -0.3
    halfway = condition(torch.tensor([60.0, 60.0625, 60.125]))
    assert torch.allclose(halfway[1], (halfway[0] + halfway[2]) / 2, atol=1e-5)


def test_a_velocity_may_be_unknown() -> None:
    condition = VelocitySettings(dropout=1.0).build()
    condition.eval()
    told = condition(torch.tensor([80.0, 120.0, torch.nan]))
    assert told.tolist() == [[0, 1], [1, 1], [0, 0]]
    condition.train()
    assert not condition(torch.tensor([120.0])).any()


def small() -> VAE:
    tree = {
        "latent_dim": 4,
        "encoder": {"kind": "note", "width": 8},
        "decoder": {"kind": "note", "width": 8},
        "conditions": [{"kind": "velocity"}, {"kind": "pitch_comb", "n_mels": 32, "fmax": 20_000}],
    }
    torch.manual_seed(0)
    return VAE(ModelSettings.model_validate(tree), 32, 100).eval()


def test_a_model_of_whole_notes() -> None:
    model, frames = small(), torch.rand(3, 32, 100) * 2 - 1
    mu, logvar = model.encode(frames, {})  # told in the decoder alone
    assert mu.shape == logvar.shape == (3, 4)
    pitch = torch.tensor([60.0, 60.0, 84.0])
    open_, soft = (model.decode(mu, {"pitch": pitch} | more) for more in ({}, {"velocity": torch.full((3,), 25.0)}))
    assert open_.shape == (3, 32, 100)
    assert not torch.equal(open_, soft)
    unknown = model.decode(mu, {"pitch": pitch, "velocity": torch.full((3,), torch.nan)})
    assert torch.equal(open_, unknown)


def test_a_decoder_needs_its_comb() -> None:
    tree = {"decoder": {"kind": "note"}, "encoder": {"kind": "note"}, "latent_dim": 4}
    with pytest.raises(ValueError, match="pitch_comb"):
        VAE(ModelSettings.model_validate(tree), 128, 345)


def test_refined_latents_explain_their_frames_better() -> None:
    model, conditions = small(), {"pitch": torch.tensor([60.0, 72.0])}
    with torch.inference_mode():
        frames = model.decode(torch.randn(2, 4, generator=torch.Generator().manual_seed(1)), conditions)
        mu, _ = model.encode(frames, conditions)
        better = refined(model, frames, mu, conditions, 30)
        errors = [(model.decode(z, conditions) - frames).abs().mean(dim=(1, 2)) for z in (mu, better)]
        assert (errors[1] < 0.8 * errors[0]).all()
        alone = refined(model, frames[1:], mu[1:], {"pitch": conditions["pitch"][1:]}, 30)
        assert torch.allclose(alone, better[1:], atol=1e-3)
    assert all(parameter.grad is None for parameter in model.parameters())


def block_levels(frames: torch.Tensor) -> torch.Tensor:
    """In frame units, of 8 groups of 4 bins in the first 6, the next 19 and the last 75 of 100 frames."""
    power = 10 ** (4 * (frames.double() - 1))
    blocks = torch.stack([part.unflatten(1, (8, 4)).sum(dim=(2, 3)) for part in power.split((6, 19, 75), dim=2)], dim=2)
    return torch.log10(blocks) / 4


def test_refined_latents_keep_the_energies_of_blocks_where_a_model_weighs_them() -> None:
    model, conditions = small(), {"pitch": torch.tensor([60.0, 72.0])}
    # Of frames that flicker the median in dB has far less energy than there is.
    flicker = torch.where(torch.rand(2, 32, 100, generator=torch.Generator().manual_seed(2)) < 0.3, 0.5, -0.5)
    errors = []
    with torch.inference_mode():
        mu, _ = model.encode(flicker, conditions)
        for weight in (0.0, 2.0):
            model.energies = weight
            heard = model.decode(refined(model, flicker, mu, conditions, 30), conditions)
            errors.append((block_levels(heard) - block_levels(flicker)).abs().mean())
    assert errors[1] < 0.9 * errors[0]


def test_energies_gradient_is_that_of_the_blocks_levels() -> None:
    frames = torch.rand(2, 32, 100, generator=torch.Generator().manual_seed(3)) * 2 - 1
    heard = (0.8 * frames.flip(0)).requires_grad_(True)
    error = (block_levels(heard) - block_levels(frames)).abs().mean(dim=(1, 2)).sum()
    (wanted,) = torch.autograd.grad(error, heard)
    torch.testing.assert_close(Energies(frames).gradient(heard.detach()), wanted, rtol=5e-3, atol=1e-7)


def test_a_likelihoods_own_gradient_is_the_one_of_its_term() -> None:
    likelihood = LaplaceSettings().build()
    output, frames = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    output[0, 0, 0] = frames[0, 0, 0]
    torch.testing.assert_close(likelihood.gradient(output, frames), Likelihood.gradient(likelihood, output, frames))
