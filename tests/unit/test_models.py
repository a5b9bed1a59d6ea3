"""Models: known sizes, shapes for any window, conditions, and the KL against torch.distributions."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from timbre_core.errors import TimbreError
from timbre_core.models.dropout import QuickDropout
from timbre_core.models.likelihoods.bce import Bernoulli
from timbre_core.models.likelihoods.gaussian import Gaussian
from timbre_core.models.priors.standard_normal import StandardNormalPrior
from timbre_core.models.upsampling import BlockedUpsampling, PhasedUpsampling, Upsampling
from timbre_core.models.vae import VAE, count_parameters
from timbre_core.models.weights import load_weights, save_weights
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe

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
    prior = StandardNormalPrior(8)
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


@pytest.mark.parametrize("frames", [1, 20, 65])
def test_recurrent_parts_read_and_write_any_window(frames: int) -> None:
    _, model = model_of(
        "model.encoder={kind: lstm, units: 24, layers: 2, bidirectional: true}",
        "model.decoder={kind: lstm, units: 24}",
        f"window.frames={frames}",
    )
    windows = torch.rand(3, 80, frames) * 2 - 1
    pitch = {"pitch": torch.tensor([60.0, 61.0, 62.0])}
    mu, _ = model.encode(windows, pitch)
    assert model.encoder.out_features == 48
    assert model.decode(mu, pitch).shape == windows.shape
    torch.testing.assert_close(model.encode(windows[1:2], {"pitch": pitch["pitch"][1:2]})[0], mu[1:2])


def test_recurrent_encoder_hears_the_order_of_frames() -> None:
    _, model = model_of("model.encoder={kind: lstm, units: 24}", recipe="nsynth-vae")
    windows = torch.rand(2, 80, 128)
    assert not torch.allclose(model.encode(windows, {})[0], model.encode(windows.flip(2), {})[0])


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


@pytest.mark.parametrize(("kernel", "stride"), [(7, (1, 1)), (3, (2, 2)), (5, (2, 1)), (4, (2, 4)), (3, (3, 8))])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("channels", [1, 5])
def test_quick_upsampling_is_the_transposed_convolution(
    kernel: int, stride: tuple[int, int], kind: torch.dtype, channels: int
) -> None:
    torch.manual_seed(0)
    quick = BlockedUpsampling(6, kernel, stride) if channels == 1 else Upsampling(6, channels, kernel, stride)
    plain = torch.nn.ConvTranspose2d(6, channels, kernel, stride, quick.padding, quick.output_padding)
    plain.load_state_dict(quick.state_dict())
    images = [torch.randn(3, 6, 5, 7).requires_grad_() for _ in range(2)]
    images[1].data.copy_(images[0].data)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind is torch.bfloat16):
        made = [layer(image) for layer, image in zip((quick, plain), images, strict=True)]
    assert made[0].shape == (3, channels, 5 * stride[0], 7 * stride[1])
    near = {"rtol": 1e-5, "atol": 1e-5} if kind is torch.float32 else {"rtol": 0.02, "atol": 0.02}
    torch.testing.assert_close(made[0], made[1], **near)
    towards = torch.randn_like(made[0])
    for result in made:
        result.backward(towards)
    torch.testing.assert_close(images[0].grad, images[1].grad, **near)
    for name in ("weight", "bias"):
        got, wanted = (getattr(layer, name).grad for layer in (quick, plain))
        torch.testing.assert_close(got, wanted, rtol=near["rtol"], atol=near["atol"] * 20)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_dropout_leaves_out_its_share_and_keeps_the_mean(share: float, kind: torch.dtype) -> None:
    torch.manual_seed(0)
    values = torch.ones(40, 8, 32, 31, dtype=kind).to(memory_format=torch.channels_last).requires_grad_()
    layer = QuickDropout(share)
    kept = layer(values)
    assert kept.stride() == values.stride()
    assert set(kept.unique().tolist()) == {0.0, torch.tensor(1 / (1 - share), dtype=kind).item()}
    left_out = (kept == 0).double()
    error = (share * (1 - share) / values.numel()) ** 0.5
    assert abs(left_out.mean().item() - share) < 5 * error
    flat = left_out.flatten() - share
    for apart in (1, 2, 3, 4, 31):  # of neighbours, four of which come from one draw
        assert abs((flat[apart:] * flat[:-apart]).mean().item()) < 5 * share * (1 - share) / values.numel() ** 0.5
    kept.sum().backward()
    assert torch.equal(values.grad, kept)
    assert torch.equal(layer.eval()(values), values)


def test_dropout_follows_the_global_seed() -> None:
    layer, values = QuickDropout(0.5), torch.randn(7, 3)
    torch.manual_seed(3)
    first, second = layer(values), layer(values)
    torch.manual_seed(3)
    assert torch.equal(layer(values), first)
    assert not torch.equal(first, second)


def test_layers_have_channels_kernels_and_strides_of_their_own() -> None:
    strides = "[2,2,2,2,[2,1]]"
    _, model = model_of(
        "features.n_mels=100",
        "window.frames=60",
        "model.encoder={kind: conv, channels: [6, 5, 4, 3, 2], kernel_size: [7, 5, 3, 3, 3], norm: batch, dropout: 0.2, "
        f"stride: {strides}}}",
        f"model.decoder={{kind: conv, channels: [2, 3, 4, 5, 6], kernel_size: 3, norm: batch, stride: {strides}}}",
        recipe="nsynth-vae",
    )
    convolutions = [layer for layer in model.encoder.layers if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.kernel_size[0] for layer in convolutions] == [7, 5, 3, 3, 3]
    assert [layer.stride for layer in convolutions] == [(2, 2)] * 4 + [(2, 1)]
    assert model.encoder.out_features == 2 * 4 * 4  # 100 / 32 bins and 60 / 16 frames, rounded up
    windows = torch.rand(3, 100, 60) * 2 - 1
    mu, _ = model.encode(windows, {})
    assert model.decode(mu, {}).shape == windows.shape


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.encoder.kernel_size=[3, 3]", "kernel_size has 2 values for 3 layers"),
        ("model.decoder.stride=[1, 2, 2]", "needs an odd kernel_size"),
        ("model.encoder.stride=[2, 2, 9]", "model.encoder.stride"),
        ("model.encoder.kernel_size=99", "model.encoder.kernel_size"),
    ],
)
def test_layers_that_do_not_fit_are_told(override: str, words: str) -> None:
    with pytest.raises(TimbreError, match=words.replace("[", r"\[")):
        load_recipe("nsynth-vae", [override])


def test_gaussian_learns_its_scale() -> None:
    """Its best scale is the root mean square error, and there the term is the entropy of that Gaussian."""
    likelihood = Gaussian()
    decoded, frames = torch.zeros(4, 3, 5), torch.full((4, 3, 5), 0.25)
    frames[::2] = -0.25
    with torch.no_grad():
        likelihood.log_scale.fill_(math.log(0.25))
    term = likelihood(decoded, frames)
    assert term.item() == pytest.approx(0.5 * math.log(2 * math.pi * math.e * 0.25**2), abs=1e-6)
    term.backward()
    assert likelihood.log_scale.grad.item() == pytest.approx(0.0, abs=1e-6)


def test_cross_entropy_is_of_frames_as_shares() -> None:
    likelihood = Bernoulli()
    logits, frames = torch.randn(4, 3, 5), torch.rand(4, 3, 5) * 2 - 1
    shares, given = (likelihood.frames(logits) + 1) / 2, (frames + 1) / 2
    expected = -(given * shares.log() + (1 - given) * (1 - shares).log()).mean()
    torch.testing.assert_close(likelihood(logits, frames), expected)


def test_decoded_shares_are_frames() -> None:
    _, model = model_of("model.likelihood.kind=bce", recipe="nsynth-vae")
    z = torch.randn(4, 32) * 30
    torch.testing.assert_close(model.decode(z, {}), torch.tanh(0.5 * model.decoder(z)))


def test_shipped_recipes_keep_the_names_of_their_weights() -> None:
    """New kinds of parts add no tensors to models that do not use them: older checkpoints open."""
    for recipe in ("nsynth-cvae", "nsynth-vae", "nsynth-ae"):
        names = set(model_of(recipe=recipe)[1].state_dict())
        layers = {
            f"{part}.layers.{index}"
            for part, indices in (("encoder", (0, 2, 4)), ("decoder", (1, 3, 5)))
            for index in indices
        }
        layers |= {"mu", "decoder.seed"} | ({"logvar"} if recipe != "nsynth-ae" else set())
        expected = {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
        assert names == expected | ({"conditions.0.table.weight"} if recipe == "nsynth-cvae" else set())


def test_a_mixture_prior_starts_from_weights_without_one(tmp_path: Path) -> None:
    plain, mixed = model_of(recipe="nsynth-vae")[1], model_of("model.prior.kind=mixture", recipe="nsynth-vae")[1]
    save_weights(tmp_path / "plain.safetensors", plain)
    means = mixed.prior.means.clone()
    load_weights(tmp_path / "plain.safetensors", mixed, but=("prior", "likelihood"))
    assert torch.equal(mixed.mu.weight, plain.mu.weight)
    assert torch.equal(mixed.prior.means, means)
    with pytest.raises(TimbreError, match=r"'prior\.\w+' are missing"):
        load_weights(tmp_path / "plain.safetensors", mixed)
    save_weights(tmp_path / "mixed.safetensors", mixed)
    with pytest.raises(TimbreError, match=r"'prior\.\w+' are not part"):
        load_weights(tmp_path / "mixed.safetensors", plain, but=("prior", "likelihood"))
