"""The networks that a recipe trains."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from timbre_core.models.discriminator import Discriminator
from timbre_core.models.mel_to_magnitude import MelToMagnitude
from timbre_core.models.note_classifier import NoteClassifier
from timbre_core.models.note_shift import NoteShift
from timbre_core.models.timbre_encoder import TimbreEncoder
from timbre_core.models.vae import VAE
from timbre_core.models.vocoder import Vocoder
from timbre_core.recipes.schema import Recipe

_BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "mel_to_magnitude": MelToMagnitude,
    "vocoder": Vocoder,
    "note_classifier": NoteClassifier,
    "note_shift": NoteShift,
    "timbre_code": TimbreEncoder,
}


def build_model(recipe: Recipe) -> VAE:
    """The model of a timbre space, freshly initialised from torch's global random state."""
    return VAE(recipe.model, recipe.features.n_bins, recipe.window.frames)


def build_network(recipe: Recipe) -> nn.Module:
    """The network a recipe describes, freshly initialised from torch's global random state."""
    if recipe.makes_a_space:
        return build_model(recipe)
    return _BUILDERS[recipe.task.kind](recipe.task, recipe.features)


def build_discriminator(recipe: Recipe) -> Discriminator | None:
    """The discriminator of latents that a timbre space's objective trains beside it, where it does."""
    settings = recipe.objective.total_correlation
    return settings.build(recipe.model.latent_dim) if recipe.makes_a_space and settings is not None else None
