"""Schedules and objective of a training, with known answers."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.small_training import ALONE, small_recipe
from timbre_core.models.vae import Forward
from timbre_core.recipes.networks import build_model
from timbre_core.training.batches import Batch
from timbre_core.training.criteria import Step, criterion_of
from timbre_core.training.draws import Draws
from timbre_core.training.objective import beta_at, learning_rate_at, loss
from timbre_core.training.optimizer import set_rate
from timbre_core.training.run import new_training
from timbre_core.training.state import Progress


def test_beta_rises_linearly_to_its_end() -> None:
    objective = small_recipe().objective
    assert [beta_at(objective, step) for step in (0, 250, 500, 9000)] == [0.0, 1.0, 2.0, 2.0]
    assert beta_at(small_recipe("objective.warmup_steps=0").objective, 0) == 2.0


def test_cosine_rate_falls_to_a_hundredth() -> None:
    training = small_recipe("training.learning_rate=0.001").training
    rates = [learning_rate_at(training, step, 100) for step in (0, 50, 100)]
    assert rates == pytest.approx([1e-3, 0.505e-3, 1e-5])


def test_plateau_halves_the_rate_when_epochs_stop_getting_better() -> None:
    training = small_recipe("training.schedule=plateau", "training.learning_rate=0.001").training
    progress = Progress()
    figures = [3.0, 2.0, 2.5, 2.5, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
    rates = []
    for progress.epoch, figure in enumerate(figures, 1):
        rates.append(learning_rate_at(training, 0, 100, progress.reductions))
        progress.judge(figure, patience=2)
    assert rates == pytest.approx([1e-3] * 4 + [0.5e-3] * 3 + [0.25e-3] * 2 + [0.125e-3] * 2)
    assert (progress.best, progress.best_epoch) == (1.0, 5)


def test_weight_and_scale_of_a_likelihood_enter_the_total() -> None:
    recipe = small_recipe("model.latent_dim=2", "model.likelihood={kind: mse, weight: 1000}", "objective.free_bits=0")
    mu = torch.tensor([[1.0, 2.0]])
    terms = loss(
        recipe,
        build_model(recipe),
        Forward(torch.full((1, 80, 32), 0.5), mu, torch.zeros(1, 2), mu),
        torch.zeros(1, 80, 32),
        3.0,
    )
    assert terms.recon.item() == pytest.approx(0.25)
    assert terms.total.item() == pytest.approx(250 + 3 * (0.5 + 2.0) / 2)


def test_denoising_is_for_training_alone() -> None:
    recipe = small_recipe("objective.input_noise=0.5")
    model = build_model(recipe)
    seen = []

    def network(frames: torch.Tensor, conditions: Any, noise: torch.Tensor) -> Forward:
        seen.append(frames)
        return model(frames, conditions, noise)

    batch = Batch(torch.zeros(4, 80, 32), {"pitch": torch.full((4,), 60.0)})
    for training in (True, False):
        model.train(training)
        step = Step(recipe, model, Draws(recipe.training, ALONE, 7, 4), beta=1.0)
        terms = criterion_of(recipe).terms(network, batch, step)
        assert terms[1].item() == pytest.approx(
            model(seen[-1], batch.conditions, step.draws.normal(32)).decoded.abs().mean().item(), rel=1e-4
        )
    assert seen[0].std().item() == pytest.approx(0.5, rel=0.05)
    assert seen[1].std().item() == 0


def test_published_loss_adds_up() -> None:
    """A dimension below the free bits costs exactly the free bits; one above costs its own KL."""
    recipe = small_recipe("model.latent_dim=2")
    model = build_model(recipe)
    mu = torch.tensor([[0.0, 2.0], [0.0, 2.0]])
    frames = torch.zeros(2, 80, 32)
    output = Forward(frames + 0.25, mu, torch.zeros(2, 2), mu)
    terms = loss(recipe, model, output, frames, beta=2.0)
    assert terms.recon.item() == pytest.approx(0.25)
    assert terms.kl_raw.item() == pytest.approx((0.0 + 2.0) / 2)
    assert terms.kl_fb.item() == pytest.approx((0.5 + 2.0) / 2)
    assert terms.total.item() == pytest.approx(0.25 + 2 * 1.25)


def test_free_bits_leave_a_quiet_dimension_alone() -> None:
    recipe = small_recipe("model.latent_dim=2")
    model = build_model(recipe)
    mu = torch.tensor([[0.3, 3.0]], requires_grad=True)
    output = Forward(torch.zeros(1, 80, 32), mu, torch.zeros(1, 2), mu)
    loss(recipe, model, output, torch.zeros(1, 80, 32), beta=1.0).kl_fb.backward()
    assert mu.grad is not None
    assert mu.grad[0, 0] == 0
    assert mu.grad[0, 1] > 0


def test_a_learned_prior_and_scale_have_a_rate_of_their_own() -> None:
    overrides = (
        "model.prior={kind: mixture, components: 3}",
        "model.likelihood.kind=gaussian",
        "training.prior_rate=10",
    )
    run = new_training(small_recipe(*overrides), ALONE)
    set_rate(run.optimizer, 0.01)
    rates = {id(p): group["lr"] for group in run.optimizer.param_groups for p in group["params"]}
    names = {name: rates[id(parameter)] for name, parameter in run.model.named_parameters()}
    fast = {name for name, rate in names.items() if rate == pytest.approx(0.1)}
    assert fast == {"prior.means", "prior.logvars", "prior.logits", "likelihood.log_scale"}
    assert all(rate == pytest.approx(0.01) for name, rate in names.items() if name not in fast)
    assert len(new_training(small_recipe(*overrides[:2]), ALONE).optimizer.param_groups) == 1
