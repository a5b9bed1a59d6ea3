"""Where timbres lie in a space, to move other sounds there: notes and families of the map."""

from __future__ import annotations

import math
import weakref
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

UNKNOWN_KEY = 60.0
"""The MIDI pitch that a model is told of a sound without pitch."""

_NEAR = 4.0  # semitones: notes of a family this far off the sound's pitch count 0.6 times those at it
_LEAST = 0.01  # what counts less than this times the most is left out


def target_mean(space: TimbreSpace, toward: str, pitch: float = math.nan) -> np.ndarray:
    """Where a map's note id or family lies on the map, as a latent (latent_dim,).

    A family's is the mean of its notes, those near `pitch` (MIDI, NaN: all alike) counting more: low and high notes of an
    instrument differ in timbre. Raises TimbreError for what is neither.
    """
    rows, weights = _target_notes(space, toward, pitch)
    return np.average(space.means[rows], axis=0, weights=weights).astype(np.float32)


def target_trajectory(space: TimbreSpace, toward: str, pitch: float = math.nan) -> np.ndarray:
    """Latents (n_windows, latent_dim), not to be written to, that decode to the timbre of a map's note id or family while it
    is held: from its onset to the middle of its windows, after which notes are let go. Arguments and errors as `target_mean`.

    One step of analysis by synthesis makes up for what is lost when they are decoded and encoded again.
    """
    return _target_trajectory(weakref.ref(space), toward, pitch)


@lru_cache(maxsize=256)  # every step of a slider asks for the same one
def _target_trajectory(opened: weakref.ref[TimbreSpace], toward: str, pitch: float) -> np.ndarray:
    space = opened()
    assert space is not None  # its caller holds it
    rows, weights = _target_notes(space, toward, pitch)
    count = weights > _LEAST * weights.max()
    rows, weights = rows[count], weights[count]
    notes = [_held(space, int(row)) for row in rows]
    longest = max(len(note) for note in notes)
    places = [np.minimum(np.arange(longest), len(note) - 1) for note in notes]
    held = np.stack([note[place] for note, place in zip(notes, places, strict=True)])
    wanted = np.average(held, axis=0, weights=weights).astype(np.float32)
    key = None
    if space.recipe.uses_pitch:
        keys = space.map_notes["pitch"].iloc[rows].to_numpy(np.float64) if "pitch" in space.map_notes else np.empty(0)
        known = ~np.isnan(keys)
        key = float(np.average(keys[known], weights=weights[known])) if known.any() else UNKNOWN_KEY
    again = space.encode_many(list(space.decode_windows(wanted, key)), [key] * len(wanted))
    trajectory: np.ndarray = 2 * wanted - np.stack([each.mean for each in again])
    trajectory.setflags(write=False)
    return trajectory


def _held(space: TimbreSpace, row: int) -> np.ndarray:
    """A map note's windows (n, latent_dim) up to the middle one, those that hold sound; at least one."""
    trajectory, sounding = space.trajectory_in(row), space.sounding_in(row)
    half = (len(trajectory) + 1) // 2
    return trajectory[:half][sounding[:half]] if sounding[:half].any() else trajectory[sounding][:1]


def _target_notes(space: TimbreSpace, toward: str, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n,) of the map that are meant, and how much each counts (n,)."""
    latents = space.map_notes
    rows = np.flatnonzero((latents["note_id"] == toward).to_numpy())
    if not len(rows):
        try:
            rows = space.rows_of_family(toward)
        except TimbreError as error:
            told = str(error).replace("no family", "no family or note", 1).rstrip(".")
            raise TimbreError(f"{told}, or give a note's id.") from None
    weights = np.ones(len(rows))
    if "pitch" in latents and not math.isnan(pitch):
        distance = np.abs(latents["pitch"].iloc[rows].to_numpy(np.float64) - pitch)
        known = ~np.isnan(distance)
        if known.any():
            # Relative to the nearest note, so that a family far away has its nearest notes.
            weights = np.where(known, np.exp(-0.5 * ((distance**2 - np.nanmin(distance) ** 2) / _NEAR**2)), 0)
    return rows, weights
