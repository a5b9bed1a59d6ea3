"""A mixture prior that is fitted to where notes lie: known clusters, no component lost, and as a step of a training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import open_library
from timbre_core.datasets.store_build import build_store
from timbre_core.errors import TimbreError
from timbre_core.models.priors.mixture import MixturePrior, MixturePriorSettings
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import BatchSource
from timbre_core.training.distributed import Team
from timbre_core.training.fitting import fit_to_notes
from timbre_core.training.run import new_training
from timbre_core.training.trainer import train

ALONE = Team(torch.device("cpu"))


def mixture_recipe(*overrides: str) -> Recipe:
    small = ["features.seconds=1.0", "window.frames=32", "training.batch_size=8", "training.epochs=2"]
    mixed = [
        "model.prior={kind: mixture, components: 4}",
        "model.likelihood.kind=gaussian",
        "objective.free_bits=0",
        "training.pictures=0",
    ]
    return load_recipe("nsynth-cvae", [*small, *mixed, *overrides])


@pytest.fixture(scope="module")
def store(tiny_nsynth: Path) -> FeatureStore:
    return build_store(open_library([tiny_nsynth]), mixture_recipe().features, workers=1, progress=False)


def prior_of(components: int, latent_dim: int) -> MixturePrior:
    torch.manual_seed(3)
    return MixturePrior(MixturePriorSettings(components=components), latent_dim)


def clusters(counts: tuple[int, ...], latent_dim: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Posteriors in clusters of deviation 0.3, their own deviation 0.4: mu and logvar, and the clusters' centres."""
    torch.manual_seed(4)
    centres = 10 * torch.randn(len(counts), latent_dim)
    mu = torch.cat(
        [centre + 0.3 * torch.randn(count, latent_dim) for centre, count in zip(centres, counts, strict=True)]
    )
    return mu, torch.full_like(mu, 0.4).log() * 2, centres


def test_fit_finds_clusters_their_shares_and_their_widths() -> None:
    counts = (100, 200, 300, 400)
    mu, logvar, centres = clusters(counts, 8)
    prior = prior_of(4, 8)
    prior.fit(mu, logvar)
    order = torch.cdist(centres, prior.means).argmin(dim=1)
    assert sorted(order.tolist()) == [0, 1, 2, 3]
    torch.testing.assert_close(prior.means[order].detach(), centres, rtol=0, atol=0.15)
    torch.testing.assert_close(
        prior.logits.softmax(dim=0)[order].detach(), torch.tensor(counts) / 1000, rtol=0, atol=1e-4
    )
    # What is drawn from posteriors in a cluster has both deviations.
    assert prior.logvars.exp().mean().item() == pytest.approx(0.3**2 + 0.4**2, rel=0.05)


def test_a_fitted_prior_is_nearer_to_the_notes_and_loses_no_component() -> None:
    mu, logvar, _ = clusters((60,) * 12, 32)
    prior, started = prior_of(12, 32), prior_of(12, 32)
    prior.fit(mu, logvar)
    assert prior.kl(mu, logvar).sum(dim=-1).mean() < 0.2 * started.kl(mu, logvar).sum(dim=-1).mean()
    assert prior.logits.softmax(dim=0).min().item() == pytest.approx(1 / 12, rel=0.01)


def test_the_same_seed_fits_the_same_prior() -> None:
    mu, logvar, _ = clusters((30,) * 6, 4)
    fitted = []
    for seed in (0, 0, 1):
        prior = prior_of(9, 4)
        prior.fit(mu, logvar, seed)
        fitted.append(prior.means.detach().clone())
    assert torch.equal(fitted[0], fitted[1])
    assert not torch.equal(fitted[0], fitted[2])


def test_equal_posteriors_are_no_trouble() -> None:
    prior = prior_of(3, 2)
    prior.fit(torch.zeros(5, 2), torch.zeros(5, 2))
    assert all(bool(values.isfinite().all()) for values in prior.state_dict().values())
    assert prior.kl(torch.zeros(1, 2), torch.zeros(1, 2)).abs().max() < 1e-5


def test_more_components_than_windows_are_refused() -> None:
    with pytest.raises(TimbreError, match=r"model.prior.components 9 is more than the 5 windows"):
        prior_of(9, 2).fit(torch.randn(5, 2), torch.zeros(5, 2))


def test_prior_and_scale_are_those_of_the_training_notes(store: FeatureStore) -> None:
    recipe = mixture_recipe()
    run, twin = new_training(recipe, ALONE), new_training(recipe, ALONE)
    assert run.averaged is not None
    fit_to_notes(recipe, run.model, run.averaged.module, store, ALONE)
    fit_to_notes(recipe, twin.model, None, store, Team(torch.device("cpu"), rank=1, size=2))
    for fitted in (run.averaged.module, twin.model):
        for part in ("prior", "likelihood"):
            for name, values in getattr(run.model, part).state_dict().items():
                assert torch.equal(values, getattr(fitted, part).state_dict()[name])
    frames = torch.cat([batch.frames for batch in BatchSource(store, "train", recipe, ALONE, None).epoch(0)])
    pitch = {"pitch": torch.full((len(frames),), 60.0)}
    error = (run.model(frames, pitch).decoded - frames).square().mean()
    # The networks are new: they decode nearly the same whatever the pitch.
    scale = run.model.likelihood.log_scale.exp()  # type: ignore[union-attr, operator]
    assert scale.item() == pytest.approx(error.sqrt().item(), rel=0.02)


def test_a_prior_is_fitted_after_the_epoch_that_the_recipe_says(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[int] = []

    def noted(*_: object) -> None:
        lines = work / "history.jsonl"
        epochs.append(lines.read_text().count("\n") if lines.exists() else 0)

    monkeypatch.setattr("timbre_core.training.trainer.fit_to_notes", noted)
    for setting in ("null", "0", "1"):
        work = tmp_path / setting
        work.mkdir()
        train(mixture_recipe(f"training.fitted_after={setting}"), store, work, ALONE)
    assert epochs == [0, 1]


def test_only_a_mixture_is_fitted() -> None:
    with pytest.raises(TimbreError, match=r"fitted_after is for a model\.prior of kind mixture"):
        load_recipe("nsynth-cvae", ["training.fitted_after=0"])
