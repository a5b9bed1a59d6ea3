"""Sounds along paths through a timbre space: morphs between notes, and random walks.

How each sound unfolds in time (attack, sustain, release) comes from the notes: their trajectories' departures from their means,
stretched to the length of the sound and blended along the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.decoding import stretch
from timbre_core.errors import TimbreError
from timbre_core.features.frames import spectrogram
from timbre_core.features.windows import turns, window_starts
from timbre_core.generation.paths import along_path, check_path, random_walk

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

MOST_NOTES = 16
MOST_STEPS = 64
_WINDOWS_A_SEGMENT = 4  # of a continuous morph between two notes at least, where windows can lie that close
_WINDOWS_A_WALK = 5  # points at least, however short the sound is
_FINEST = 8  # windows over each frame at most
_SOUNDING_DB = 20.0  # below a note's loudest window: what is softer has died away
_USUAL_SECONDS = 2.0


@dataclass(frozen=True)
class Journey:
    """A sound whose timbre moves: the latents z (n_windows, latent_dim) of its windows and the frames at which they begin.

    Where too few windows fit for a timbre to move, several take turns in one place, with `shares` (n_windows, T) as in
    `overlap_add`; otherwise these are None.
    """

    z: np.ndarray
    starts: np.ndarray
    shares: np.ndarray | None = None


@dataclass(frozen=True)
class _Moments:
    """Where a journey's windows begin, how many take turns in each place, and how far into the sound (0 to 1) each is."""

    starts: np.ndarray
    turns: int
    shares: np.ndarray | None
    places: np.ndarray

    def laid_out(self, trajectory: np.ndarray) -> np.ndarray:
        """A trajectory (n, latent_dim) laid out over the windows (n_windows, latent_dim), the same for those that take turns."""
        return np.repeat(stretch(trajectory, len(self.starts) // self.turns), self.turns, axis=0)


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

    departures: of the path's notes from their means, (n_windows, latent_dim) each. places, means: where on the path (n_windows,)
    each window is, and the path's point there (n_windows, latent_dim).
    """
    stretched = np.stack(departures)
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


def morph_journey(space: TimbreSpace, notes: Sequence[str], n_frames: int, path: str) -> Journey:
    """From the first of the map's `notes` to the last in `n_frames`.

    What comes after a note has died away is left out of it, so that the way to it and from it is heard.
    Raises TimbreError for an unknown note or path, and for fewer than two notes.
    """
    check_notes(notes)
    check_path(path)
    trajectories = [space.trajectory_of(note) for note in notes]
    moments = _moments(space, n_frames, _WINDOWS_A_SEGMENT * (len(notes) - 1) + 1)
    places = moments.places * (len(notes) - 1)
    middles = np.stack([space.mean_of(note) for note in notes])
    parts = [each[sounding_windows(space, note)] for note, each in zip(notes, trajectories, strict=True)]
    departures = [moments.laid_out(part - middle) for part, middle in zip(parts, middles, strict=True)]
    return Journey(blended(departures, places, along_path(middles, places, path)), moments.starts, moments.shares)


def step_latents(space: TimbreSpace, notes: Sequence[str], place: float, n_windows: int, path: str) -> np.ndarray:
    """Latents (n_windows, latent_dim) of one sound at `place` (0: the first note, 1: the second ...) of the path."""
    middles = np.stack([space.mean_of(note) for note in notes])
    departures = [stretch(space.departures_of(note), n_windows) for note in notes]
    means = along_path(middles, np.array([place]), path)
    return blended(departures, np.full(n_windows, place), np.repeat(means, n_windows, axis=0))


def walk_journey(
    space: TimbreSpace, start: np.ndarray, departures: np.ndarray, n_frames: int, pace: float, rng: np.random.Generator
) -> Journey:
    """A random walk from `start` (latent_dim,).

    departures: (n, latent_dim) of the note whose time course the sound takes, from its mean. pace: how far the walk gets in
    a second, as a share of the spread of notes. Raises TimbreError for a pace that is no step.
    """
    if not 0 < pace <= 10:
        raise TimbreError(f"a walk at pace {pace:g}: choose above 0 (still) and up to 10 (restless); 0.5 goes gently.")
    moments = _moments(space, n_frames, _WINDOWS_A_WALK)
    centre, spread = space.extent
    steps = max(1, len(moments.starts) - 1)
    seconds = n_frames / steps * space.recipe.features.hop_length / space.sample_rate
    walk = random_walk(start, steps + 1, min(1.0, pace * seconds**0.5), centre, spread, rng)
    here = along_path(walk, moments.places * steps, "linear")
    return Journey(here + moments.laid_out(departures), moments.starts, moments.shares)


def _moments(space: TimbreSpace, n_frames: int, wanted: int) -> _Moments:
    """Windows as the recipe has them, closer, or several in each place, so that there are at least `wanted`."""
    size, hop = space.recipe.window.frames, space.recipe.window.hop
    starts = window_starts(n_frames, size, hop)
    while len(starts) < wanted and hop > max(1, size // _FINEST):
        hop = max(1, hop // 2)
        starts = window_starts(n_frames, size, hop)
    if len(starts) >= wanted:
        return _Moments(starts, 1, None, starts / max(1, int(starts[-1])))
    # Between 2 and as many as are wanted: a window that is cut at the sound's end takes its turns before that.
    count = max(2, -(-wanted // len(starts)))
    heard = [min(size, n_frames - int(start)) for start in starts]
    shares = np.concatenate([turns(count, size, length) for length in heard])
    places = [start + np.linspace(0, length - 1, count) for start, length in zip(starts.tolist(), heard, strict=True)]
    return _Moments(np.repeat(starts, count), count, shares, np.concatenate(places) / max(1, n_frames - 1))


def usual_seconds(space: TimbreSpace) -> float:
    """The length of the recipe's notes where one window holds a whole note, such as a spoken digit; else 2."""
    features, window = space.recipe.features, space.recipe.window
    seconds = features.seconds
    if seconds is not None and features.n_frames(round(seconds * space.sample_rate)) <= window.frames:
        return seconds
    return _USUAL_SECONDS


def frames_in(space: TimbreSpace, seconds: float) -> int:
    """The frames of a sound of 0.05 to 60 seconds. Raises TimbreError for another length."""
    if not 0.05 <= seconds <= 60:
        raise TimbreError(f"seconds {seconds:g}: choose between 0.05 and 60.")
    return space.recipe.features.n_frames(round(seconds * space.sample_rate))
