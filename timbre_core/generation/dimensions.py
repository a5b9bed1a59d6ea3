"""What the dimensions of a latent space do: one of them moved, and some of them swapped between two notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.generation.journeys import Journey
from timbre_core.generation.sounds import Generated, sounded

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

MOST_STEPS = 64
CENTRES = ("note", "instrument", "family")
"""Whose means notes can swap: their own, or those of all notes of their instrument (their speaker), or of their family."""


def traversed(
    space: TimbreSpace, note: str, dimension: int, reach: float = 2.0, steps: int = 7, seed: int = 0
) -> Iterator[tuple[float, Generated]]:
    """A map note with one dimension moved, from -reach to +reach in even steps: (by how much, the sound), one by one.

    All its windows are moved alike, the other dimensions stay. The unit is the prior's deviation of 1; a plain autoencoder has
    no prior, so there it is the deviation of the map's notes. Higgins et al., "beta-VAE" (2017) look at latents in this way.
    Raises TimbreError for an unknown note or dimension, and for a reach or number of steps that makes no traversal.
    """
    checked_dimensions(space, [dimension])
    moves = step_moves(reach, steps)
    z = space.trajectory_of(note)
    unit = 1.0 if space.recipe.model.sampling else float(space.extent[1][dimension])
    for moved in moves:
        here = z.copy()
        here[:, dimension] += moved * unit
        yield float(moved), _whole(space, here, note, seed)


def swapped(
    space: TimbreSpace,
    notes: tuple[str, str],
    of: str = "note",
    dimensions: Sequence[int] | None = None,
    seed: int = 0,
) -> tuple[Generated, Generated]:
    """Two map notes whose means have changed places in `dimensions` (None: in all); their courses around these stay.

    of: one of CENTRES. With "instrument" what two speakers differ in on the whole is swapped, and what is said stays.
    Raises TimbreError for what is not on the map.
    """
    chosen = list(range(space.recipe.model.latent_dim)) if dimensions is None else list(dimensions)
    checked_dimensions(space, chosen)
    first, second = (_centre(space, note, of) for note in notes)
    shift = np.zeros_like(first)
    shift[chosen] = (second - first)[chosen]
    return (
        _whole(space, space.trajectory_of(notes[0]) + shift, notes[0], seed),
        _whole(space, space.trajectory_of(notes[1]) - shift, notes[1], seed),
    )


def step_moves(reach: float, steps: int) -> np.ndarray:
    """By how much a dimension is moved in each of `steps` steps (steps,). Raises TimbreError for what is no traversal."""
    if not 0 < reach <= 20:
        raise TimbreError(f"reach {reach:g}: choose above 0 and up to 20; 2 spans what the prior draws.")
    if not 2 <= steps <= MOST_STEPS:
        raise TimbreError(f"{steps} steps: choose from 2 (the ends alone) to {MOST_STEPS}.")
    return np.linspace(-reach, reach, steps)


def checked_dimensions(space: TimbreSpace, dimensions: Sequence[int]) -> None:
    """Raises TimbreError for a dimension that the space does not have."""
    count = space.recipe.model.latent_dim
    wrong = next((dimension for dimension in dimensions if not 0 <= dimension < count), None)
    if wrong is not None:
        raise TimbreError(f"dimension {wrong}: {space.checkpoint.name} has {count}, counted from 0 to {count - 1}.")


def _centre(space: TimbreSpace, note: str, of: str) -> np.ndarray:
    if of not in CENTRES:
        raise TimbreError(f"means of {of[:80]!r}: choose {', '.join(CENTRES)}.")
    if of == "note":
        return space.mean_of(note)
    row, labels = space.row_of(note), space.map_notes[of]
    return space.means[(labels == labels.iloc[row]).to_numpy()].mean(axis=0)


def _whole(space: TimbreSpace, z: np.ndarray, note: str, seed: int) -> Generated:
    """Latents of all of a note's windows as a sound, at the note's pitch where the model is told one."""
    window, features = space.recipe.window, space.recipe.features
    starts = np.arange(len(z)) * window.hop
    n_frames = int(starts[-1]) + window.frames
    seconds = (n_frames - 1) * features.hop_length / space.sample_rate
    return sounded(space, Journey(z, starts), seconds, space.checked_pitch(space.pitch_of(note)), seed)
