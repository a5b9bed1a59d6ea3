"""The axes of a map's latent space, in order of how much they say. Imports no torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.server.catalog import NoteMap
from pages.server.memo import Memo
from timbre_core.analysis.axes import LatentAxes, dimension_axes, principal_axes
from timbre_core.errors import TimbreError

# Axes that are offered or drawn: nobody looks through more.
MOST_AXES = 64
_PERCENTILES = (5, 25, 50, 75, 95)
_axes = Memo(8)
_described = Memo(8)


def axes(notes: NoteMap) -> dict[str, LatentAxes]:
    """The map's axes by name: `dimensions` and `principal`."""
    return _axes.get((notes.checkpoint.path, notes.version), lambda: _find_axes(notes))


def _find_axes(notes: NoteMap) -> dict[str, LatentAxes]:
    return {
        "dimensions": dimension_axes(notes.means, kl_per_dimension(notes)),
        "principal": principal_axes(notes.means),
    }


def kl_per_dimension(notes: NoteMap) -> list[float] | None:
    """KL of each latent dimension in nats, as `evaluate` measured it; None where it was not, or the model has no KL."""
    if not notes.checkpoint.recipe.model.sampling:
        return None
    try:
        evaluation = notes.checkpoint.evaluation or {}
    except TimbreError:
        return None
    found = (evaluation.get("latent") or {}).get("kl_per_dim")
    size = notes.checkpoint.recipe.model.latent_dim
    if not isinstance(found, list) or len(found) != size:
        return None
    return [float(value) for value in found] if all(isinstance(value, int | float) for value in found) else None


def described_latents(notes: NoteMap) -> dict[str, Any]:
    """The map's dimensions, the one that says most first, at most MOST_AXES of them.

    numbers: of the dimensions; weight: how much each says, in `unit` ("nats" of KL, or "share" of the variance); spread:
    the 5th, 25th, 50th, 75th and 95th percentile of the notes' mean latents; dimensions: how many there are.
    """
    return _described.get((notes.checkpoint.path, notes.version), lambda: _describe(notes))


def _describe(notes: NoteMap) -> dict[str, Any]:
    axis = axes(notes)["dimensions"]
    numbers = axis.directions.argmax(axis=1)[:MOST_AXES]
    return {
        "numbers": numbers.tolist(),
        "weight": axis.weight[:MOST_AXES].round(5).tolist(),
        "unit": "share" if kl_per_dimension(notes) is None else "nats",
        "spread": np.percentile(notes.means[:, numbers], _PERCENTILES, axis=0).T.round(4).tolist(),
        "dimensions": int(notes.means.shape[1]),
    }
