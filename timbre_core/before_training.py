"""What a run does before its first step: is there enough data, what should the user know of it, what does it begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbre_core.checkpoint import (
    WEIGHTS,
    list_checkpoints,
    open_checkpoint,
)
from timbre_core.errors import TimbreError
from timbre_core.models.tasks import InverterTask
from timbre_core.recipes.schema import Recipe
from timbre_core.version import __version__
from timbre_core.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from timbre_core.datasets.feature_store import FeatureStore
    from timbre_core.datasets.library import Library
    from timbre_core.models.vae import VAE
    from timbre_core.training.distributed import Team

_FEWEST_NOTES = 2  # of which the usual shares leave one to validate on
_SCARCE = 20  # of fewer notes any split may be left with none
_FEW_NOTES = 300  # with fewer, a model that begins with nothing learns little but silence


def start_weights(recipe: Recipe) -> Path | None:
    """The weights to begin with, where the recipe names a checkpoint for them."""
    name = recipe.training.start_from
    return open_checkpoint(name).path / WEIGHTS if name else None


def blurring_space(recipe: Recipe) -> VAE | None:
    """The timbre space that an inverter's inputs go through, where the recipe names one."""
    if not isinstance(recipe.task, InverterTask) or recipe.task.blur is None:
        return None
    checkpoint = open_checkpoint(recipe.task.blur.checkpoint)
    if checkpoint.recipe.features != recipe.features:
        raise TimbreError(
            f"task.blur.checkpoint: {checkpoint.path} has other features than this recipe: choose another."
        )
    if checkpoint.recipe.window.frames != recipe.window.frames:
        raise TimbreError(f"window.frames must be the {checkpoint.recipe.window.frames} of {checkpoint.path}.")
    return checkpoint.model()


def shared_instruments(library: Library, recipe: Recipe) -> Iterator[str]:
    """Few instruments are divided by note, and folders without labels are one instrument: the user should know."""
    instruments = library.notes.groupby("split")["instrument"].unique()
    shared = set(instruments.get("train", [])) & set(instruments.get("valid", []))
    if recipe.data.split.by == "instrument" and shared:
        yield (
            f"{', '.join(library.roots)}: too few instruments to hold one out, so single notes are. Instruments come from "
            "metadata.csv or --pattern; without them a folder is one instrument."
        )


def _usable(store: FeatureStore, recipe: Recipe) -> pd.Series:
    """How many notes each split has to train or measure with."""
    notes = store.notes[store.notes["pitch"].notna()] if recipe.uses_pitch else store.notes
    return notes["split"].value_counts()


def check_enough(store: FeatureStore, recipe: Recipe) -> None:
    """Raises TimbreError, before anything is written, where a split that is needed has no note."""
    counts = _usable(store, recipe)
    trained, validated = int(counts.get("train", 0)), int(counts.get("valid", 0))
    if trained and validated:
        return
    pitched = " with a pitch" if recipe.uses_pitch else ""
    if int(counts.sum()) < _FEWEST_NOTES:
        raise TimbreError(
            f"data: too few to train and to validate on ({counted(int(counts.sum()), 'note')}{pitched}): give at least "
            f"{_FEWEST_NOTES} notes, better hundreds; of few, begin with a trained model (--from CHECKPOINT)."
        )
    more = "give more notes, or " if int(counts.sum()) < _SCARCE else ""
    lacking = "training" if not trained else "validation"
    raise TimbreError(
        f"data: no note{pitched} is in the {lacking} split ({counted(int(counts.sum()), 'note')} in all): {more}change "
        "data.split, or the split column of metadata.csv."
    )


def few_notes(store: FeatureStore, recipe: Recipe) -> Iterator[str]:
    """A model of few notes, trained from nothing, ends near silence: the user should know before the hours, and what helps."""
    trained = int(_usable(store, recipe).get("train", 0))
    if not recipe.makes_a_space or recipe.training.start_from or trained >= _FEW_NOTES:
        return
    fitting = [path.name for path in list_checkpoints() if _has_the_same_model(path, recipe)]
    cure = f"begin with a trained one: --from {fitting[0]}" if fitting else "give some hundreds, or more"
    yield (
        f"{counted(trained, 'note')} to train on are few: a model that begins with nothing ends near silence with fewer than "
        f"about {_FEW_NOTES}; {cure}."
    )


def _has_the_same_model(folder: Path, recipe: Recipe) -> bool:
    """Whether a checkpoint's weights fit a recipe."""
    try:
        other = open_checkpoint(folder).recipe
    except TimbreError:
        return False
    if not other.makes_a_space or (other.features, other.window) != (recipe.features, recipe.window):
        return False
    parts = ("latent_dim", "encoder", "decoder", "conditions", "sampling")
    return all(getattr(other.model, part) == getattr(recipe.model, part) for part in parts)


def missing_pitches(store: FeatureStore, recipe: Recipe) -> Iterator[str]:
    unknown = int(store.notes["pitch"].isna().sum()) if recipe.uses_pitch else 0
    if unknown:
        yield (
            f"{unknown} of {len(store.notes)} notes have no pitch, which {recipe.name} is told, and are not trained on: "
            "label them in metadata.csv or with --pattern."
        )


def with_provenance(recipe: Recipe, library: Library, store: FeatureStore, members: Team) -> Recipe:
    """The recipe with what the run is made from: versions, data fingerprint, and which instruments are trained on."""
    import platform

    import torch

    from timbre_core.models.vae import count_parameters
    from timbre_core.recipes.networks import build_network

    notes = store.notes
    provenance: dict[str, Any] = {
        "timbre_explorer": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "device": str(members.device.type),
        "processes": members.size,
        "threads": torch.get_num_threads(),
        "parameters": count_parameters(build_network(recipe)),
        "data_fingerprint": store.fingerprint,
        "notes": {name: int(count) for name, count in notes["split"].value_counts().items()},
        "skipped": len(library.skipped) + len(store.skipped),
        "train_instruments": sorted(notes.loc[notes["split"] == "train", "instrument"].unique().tolist()),
    }
    return recipe.model_copy(update={"provenance": provenance})
