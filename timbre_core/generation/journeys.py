"""Sounds along paths through a timbre space: morphs between notes, and random walks.

How each sound unfolds in time (attack, sustain, release) comes from the notes: their trajectories' departures from their means,
stretched to the length of the sound and blended along the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.decoding import stretch
from timbre_core.errors import TimbreError
from timbre_core.features.frames import spectrogram
from timbre_core.features.windows import window_starts
from timbre_core.generation.paths import along_path, check_path, random_walk

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

MOST_NOTES = 16
MOST_STEPS = 64
_WINDOWS_A_SEGMENT = 4  # of a continuous morph between two notes at least, where windows can lie that close
_FINEST = 8  # windows over each frame at most
_SOUNDING_DB = 20.0  # below a note's loudest window: what is softer has died away


def check_notes(notes: Sequence[str]) -> None:
    """Raises TimbreError unless there are two notes or more to morph between."""
    if not 2 <= len(notes) <= MOST_NOTES:
        raise TimbreError(f"a morph between {len(notes)} notes: give from 2 to {MOST_NOTES} notes of the map.")


def step_places(count: int, steps: int) -> np.ndarray:
    """Places (steps,) on the path through `count` notes, evenly spaced, both ends included.

    Raises TimbreError for a number of steps that makes no path.
    """
    if not 2 <= steps <= MOST_STEPS:
        raise TimbreError(f"{steps} steps: choose from 2 (the ends alone) to {MOST_STEPS}.")
    return np.linspace(0, count - 1, steps)


def blended(departures: Sequence[np.ndarray], places: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Latents (n_windows, latent_dim): of each window the point of `means`, and the notes' departures around its place.

    departures: of the path's notes from their means, (n, latent_dim) each. places, means: where on the path (n_windows,) each
    window is, and the path's point there (n_windows, latent_dim).
    """
    stretched = np.stack([stretch(each, len(places)) for each in departures])
    below = np.clip(np.floor(places).astype(int), 0, len(departures) - 1)
    above = np.minimum(below + 1, len(departures) - 1)
    share = (places - below)[:, None].astype(np.float32)
    window = np.arange(len(places))
    latents: np.ndarray = means + (1 - share) * stretched[below, window] + share * stretched[above, window]
    return latents.astype(np.float32)


def sounding_windows(space: TimbreSpace, note: str) -> slice:
    """The windows of a map note's trajectory from the first to the last that is not much softer than its loudest."""
    trajectory, features = np.array(space.trajectory_of(note)), space.recipe.features
    told = (space.pitch_of(note) or 60.0) if space.recipe.uses_pitch else None
    windows = space.decode_windows(trajectory, told)
    level = np.array([spectrogram(window, features).max(axis=0).mean() for window in windows])
    heard = np.flatnonzero((level - level.max()) * features.top_db / 2 >= -_SOUNDING_DB)
    return slice(int(heard[0]), int(heard[-1]) + 1)


def morph_latents(space: TimbreSpace, notes: Sequence[str], n_frames: int, path: str) -> tuple[np.ndarray, np.ndarray]:
    """Latents (n_windows, latent_dim) that go from the first of the map's `notes` to the last in `n_frames`, and their starts.

    What comes after a note has died away is left out of it, so that the way to it and from it is heard.
    Raises TimbreError for an unknown note or path, and for fewer than two notes.
    """
    check_notes(notes)
    check_path(path)
    trajectories = [space.trajectory_of(note) for note in notes]
    starts = _close_starts(space, n_frames, _WINDOWS_A_SEGMENT * (len(notes) - 1) + 1)
    last = max(1, int(starts[-1]))
    places = starts / last * (len(notes) - 1)
    middles = np.stack([each.mean(axis=0) for each in trajectories])
    parts = [each[sounding_windows(space, note)] for note, each in zip(notes, trajectories, strict=True)]
    departures = [part - middle for part, middle in zip(parts, middles, strict=True)]
    return blended(departures, places, along_path(middles, places, path)), starts


def step_latents(space: TimbreSpace, notes: Sequence[str], place: float, n_windows: int, path: str) -> np.ndarray:
    """Latents (n_windows, latent_dim) of one sound at `place` (0: the first note, 1: the second ...) of the path."""
    trajectories = [space.trajectory_of(note) for note in notes]
    middles = np.stack([each.mean(axis=0) for each in trajectories])
    departures = [each - middle for each, middle in zip(trajectories, middles, strict=True)]
    means = along_path(middles, np.array([place]), path)
    return blended(departures, np.full(n_windows, place), np.repeat(means, n_windows, axis=0))


def walk_latents(
    space: TimbreSpace, start: np.ndarray, near: np.ndarray, n_frames: int, pace: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Latents (n_windows, latent_dim) of a random walk from `start` (latent_dim,), and their starts.

    near: trajectory (n, latent_dim) of the note whose time course the sound takes. pace: how far the walk gets in a second,
    as a share of the spread of notes. Raises TimbreError for a pace that is no step.
    """
    if not 0 < pace <= 10:
        raise TimbreError(f"a walk at pace {pace:g}: choose above 0 (still) and up to 10 (restless); 0.5 goes gently.")
    starts = _close_starts(space, n_frames, 2)
    centre, spread = space.extent
    hop = space.recipe.window.hop if len(starts) < 2 else int(starts[1] - starts[0])
    seconds = hop * space.recipe.features.hop_length / space.sample_rate
    walk = random_walk(start, len(starts), min(1.0, pace * seconds**0.5), centre, spread, rng)
    return walk + stretch(near - near.mean(axis=0), len(starts)), starts


def _close_starts(space: TimbreSpace, n_frames: int, wanted: int) -> np.ndarray:
    """Starts of windows as the recipe has them, or closer, so that there are at least `wanted` where that is possible."""
    size, hop = space.recipe.window.frames, space.recipe.window.hop
    starts = window_starts(n_frames, size, hop)
    while len(starts) < wanted and hop > max(1, size // _FINEST):
        hop = max(1, hop // 2)
        starts = window_starts(n_frames, size, hop)
    return starts
