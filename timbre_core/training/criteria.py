"""What the training loop minimises, by the kind of a recipe's task. The loop itself knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from timbre_core.features.settings import StoredFeatures, WaveformSettings, as_log_mel
from timbre_core.models.discriminator import discriminator_loss, total_correlation
from timbre_core.models.note_classifier import Answers
from timbre_core.models.vae import VAE
from timbre_core.recipes.schema import Recipe
from timbre_core.training.batches import Batch
from timbre_core.training.inverter_losses import mel_to_magnitude_loss, vocoder_loss
from timbre_core.training.note_shift_loss import note_shift_loss
from timbre_core.training.objective import loss
from timbre_core.training.step import Step as Step
from timbre_core.training.timbre_code_loss import timbre_code_loss

_UNKNOWN = -100  # label of a note whose family or pitch is not known: the error leaves it out


@dataclass(frozen=True)
class Criterion:
    """names: of the terms, in the history's words, `total` first. shown: two of them, for the progress bar. terms: (call the
    network, batch, step) -> the terms as scalars with their gradients. minimised: names of the terms that are; several
    have gradients to different networks."""

    names: tuple[str, ...]
    shown: tuple[str, str]
    terms: Callable[[Callable[..., Any], Batch, Step], tuple[Tensor, ...]]
    minimised: tuple[str, ...] = ("total",)

    def loss(self, terms: tuple[Tensor, ...]) -> Tensor:
        """What a step's gradients are taken of."""
        named = dict(zip(self.names, terms, strict=True))
        return torch.stack([named[name] for name in self.minimised]).sum()


def criterion_of(recipe: Recipe) -> Criterion:
    """What a recipe's training minimises."""
    criterion = _CRITERIA[recipe.task.kind]
    if recipe.makes_a_space and recipe.objective.total_correlation is not None:
        names = (*criterion.names, "total_correlation", "discriminator")
        return replace(criterion, names=names, minimised=("total", "discriminator"))
    return criterion


def stored_features(recipe: Recipe) -> StoredFeatures:
    """What the feature store holds for a recipe: its frames, or the audio where a network is to make some."""
    return WaveformSettings(level=as_log_mel(recipe.features)) if recipe.learns_from_audio else recipe.features


def _autoencode(network: Callable[..., Any], batch: Batch, step: Step) -> tuple[Tensor, ...]:
    assert isinstance(step.network, VAE)
    noise = step.draws.normal(step.recipe.model.latent_dim)
    wanted = batch.wanted or batch
    at = () if batch.wanted is None else (wanted.conditions,)
    output = network(_noisy(batch.frames, step), batch.conditions, noise, *at)
    terms = loss(step.recipe, step.network, output, wanted.frames, step.beta)
    settings = step.recipe.objective.total_correlation
    if settings is None or step.discriminator is None:
        return tuple(terms)
    dependence = total_correlation(step.discriminator, output.z)
    told_apart = discriminator_loss(step.discriminator, output.z, step.draws.orders(output.z.shape[1]))
    return terms.total + settings.weight * dependence, *terms[1:], dependence, told_apart


def _noisy(frames: Tensor, step: Step) -> Tensor:
    """Frames as the encoder sees them: with noise, where the recipe asks for it, while training.

    Vincent et al., "Stacked Denoising Autoencoders" (2010): what is to be decoded stays clean.
    """
    deviation = step.recipe.objective.input_noise
    if not deviation or not step.network.training:
        return frames
    return frames + deviation * step.draws.normal(frames[0].numel(), use=1).view_as(frames)


def _classify(network: Callable[..., Any], batch: Batch, step: Step) -> tuple[Tensor, ...]:
    answers: Answers = network(batch.frames)
    pitch = batch.conditions["pitch"]
    labels = (
        batch.conditions["family"].long(),
        torch.where(pitch.isnan(), _UNKNOWN, pitch.nan_to_num().round().clamp(0, answers.pitch.shape[1] - 1)).long(),
    )
    losses, right = [], []
    for logits, label in zip(answers, labels, strict=True):
        count = (label != _UNKNOWN).sum().clamp(min=1)
        losses.append(nn.functional.cross_entropy(logits, label, ignore_index=_UNKNOWN, reduction="sum") / count)
        right.append((logits.argmax(dim=-1) == label).sum() / count)
    return losses[0] + losses[1], *losses, *right


def _invert(
    objective: Callable[..., tuple[Tensor, ...]],
) -> Callable[[Callable[..., Any], Batch, Step], tuple[Tensor, ...]]:
    def terms(network: Callable[..., Any], batch: Batch, step: Step) -> tuple[Tensor, ...]:
        return objective(network, batch, step.recipe, step.draws, step.through)

    return terms


_CRITERIA = {
    "autoencode": Criterion(("total", "recon", "kl_raw", "kl_fb"), ("recon", "kl_raw"), _autoencode),
    "mel_to_magnitude": Criterion(
        ("total", "log_error", "convergence"), ("log_error", "convergence"), _invert(mel_to_magnitude_loss)
    ),
    "vocoder": Criterion(
        ("total", "log_error", "convergence", "mel_error"), ("total", "mel_error"), _invert(vocoder_loss)
    ),
    "note_shift": Criterion(("total", "shifted"), ("total", "shifted"), note_shift_loss),
    "timbre_code": Criterion(("total", "contrast", "family", "other"), ("contrast", "family"), timbre_code_loss),
    "note_classifier": Criterion(
        ("total", "family", "pitch", "family_accuracy", "pitch_accuracy"),
        ("family_accuracy", "pitch_accuracy"),
        _classify,
    ),
}
