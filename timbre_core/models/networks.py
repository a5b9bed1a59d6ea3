"""The network that a recipe's task trains, by the task's kind."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from timbre_core.models.mel_to_magnitude import MelToMagnitude
from timbre_core.models.note_classifier import NoteClassifier
from timbre_core.models.vae import build_model
from timbre_core.models.vocoder import Vocoder
from timbre_core.recipes.schema import Recipe

_BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "mel_to_magnitude": MelToMagnitude,
    "vocoder": Vocoder,
    "note_classifier": NoteClassifier,
}


def build_network(recipe: Recipe) -> nn.Module:
    """The network a recipe describes, freshly initialised from torch's global random state."""
    if recipe.makes_a_space:
        return build_model(recipe)
    return _BUILDERS[recipe.task.kind](recipe.task, recipe.features)
