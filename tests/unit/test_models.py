"""Models: known sizes, shapes for any window, conditions, and the KL against torch.distributions."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from timbre_core.errors import TimbreError
from timbre_core.models.layers import PhasedUpsampling
from timbre_core.models.priors import StandardNormalPrior
from timbre_core.models.vae import VAE, build_model, count_parameters
from timbre_core.recipes.library import load_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.recipes.schema import StandardNormalPrior as PriorSettings

ENCODER_TOO = "model.conditions.0.into=[encoder,decoder]"


def model_of(*overrides: str, recipe: str = "nsynth-cvae") -> tuple[Recipe, VAE]:
    torch.manual_seed(0)
    loaded = load_recipe(recipe, list(overrides))
    return loaded, build_model(loaded).eval()


def test_baseline_has_the_published_number_of_parameters() -> None:
    assert count_parameters(model_of()[1]) == 1_223_793
    assert count_parameters(model_of(ENCODER_TOO)[1]) == 1_223_793 + 2 * 16 * 32


def test_kl_equals_torch_distributions() -> None:
    torch.manual_seed(1)
    mu, logvar = torch.randn(64, 8) * 2, torch.randn(64, 8)
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0))
    prior = StandardNormalPrior(PriorSettings(), 8)
    torch.testing.assert_close(prior.kl(mu, logvar), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_mels", [13, 40, 80, 128])
@pytest.mark.parametrize("frames", [1, 20, 65, 128])
@pytest.mark.parametrize("kernel", [(3, 4), (5, 3), (4, 4)])
def test_any_window_comes_back_in_its_own_shape(n_mels: int, frames: int, kernel: tuple[int, int]) -> None:
    _, model = model_of(
        f"features.n_mels={n_mels}",
        f"window.frames={frames}",
        f"model.encoder.kernel_size={kernel[0]}",
        f"model.decoder.kernel_size={kernel[1]}",
    )
    windows = torch.rand(3, n_mels, frames) * 2 - 1
    mu, logvar = model.encode(windows, {"pitch": torch.tensor([60.0, 61.0, 62.0])})
    assert mu.shape == logvar.shape == (3, 32)
    assert model.decode(mu, {"pitch": torch.tensor([60.0, 61.0, 62.0])}).shape == windows.shape


def test_pitch_reaches_the_decoder_alone_or_both() -> None:
    windows = torch.rand(2, 80, 128)
    low, high = {"pitch": torch.tensor([40.0, 40.0])}, {"pitch": torch.tensor([80.0, 80.0])}
    for overrides, encoder_hears in (((), False), ((ENCODER_TOO,), True)):
        _, model = model_of(*overrides)
        mu_low, mu_high = model.encode(windows, low)[0], model.encode(windows, high)[0]
        assert torch.equal(mu_low, mu_high) is not encoder_hears
        assert not torch.equal(model.decode(mu_low, low), model.decode(mu_low, high))


def test_missing_condition_is_told_in_one_sentence() -> None:
    _, model = model_of()
    with pytest.raises(TimbreError, match="needs the pitch"):
        model.decode(torch.zeros(1, 32), {})


def test_unconditioned_model_ignores_pitch() -> None:
    _, model = model_of(recipe="nsynth-vae")
    z = torch.randn(2, 32)
    assert torch.equal(model.decode(z, {}), model.decode(z, {"pitch": torch.tensor([1.0, 2.0])}))


def test_autoencoder_does_not_sample() -> None:
    _, model = model_of(recipe="nsynth-ae")
    windows, noise = torch.rand(2, 80, 128), torch.randn(2, 32)
    assert torch.equal(model(windows, {}, noise).z, model(windows, {}).mu)


def test_vae_samples_with_the_noise_it_is_given() -> None:
    _, model = model_of(recipe="nsynth-vae")
    windows, noise = torch.rand(4, 80, 128), torch.randn(4, 32)
    output = model(windows, {}, noise)
    torch.testing.assert_close(output.z, output.mu + (0.5 * output.logvar).exp() * noise)


def test_decoded_frames_stay_in_range_outside_training() -> None:
    _, model = model_of(recipe="nsynth-vae")
    decoded = model.decode(torch.randn(16, 32) * 100, {})
    assert decoded.min() >= -1
    assert decoded.max() <= 1


def test_phased_upsampling_is_the_transposed_convolution() -> None:
    torch.manual_seed(0)
    phased = PhasedUpsampling(6, 2)
    plain = torch.nn.ConvTranspose2d(6, 2, 4, stride=2, padding=1)
    plain.load_state_dict(phased.state_dict())
    image = torch.randn(3, 6, 5, 7)
    torch.testing.assert_close(phased(image), plain(image), rtol=1e-5, atol=1e-6)
