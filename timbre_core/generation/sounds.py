"""New sounds of a timbre space: generated, walked, morphed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from timbre_core.errors import TimbreError
from timbre_core.features.windows import window_starts
from timbre_core.generation.contours import Contour
from timbre_core.generation.journeys import (
    Journey,
    check_notes,
    morph_journey,
    step_latents,
    step_places,
    stretch,
    walk_journey,
)
from timbre_core.generation.paths import check_path

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace


_SECONDS = 2.0
_WIDEST = 10  # times a family's deviation


@dataclass(frozen=True)
class Generated:
    """A generated note: audio (n_samples,), frames (n_bins, n_frames), the latents of its windows, its MIDI pitch.

    Of a note that follows a `contour` (n_frames,), the pitch is the contour's median.
    """

    audio: np.ndarray
    frames: np.ndarray
    z: np.ndarray
    pitch: float
    sample_rate: int
    contour: np.ndarray | None = None


def generate(
    space: TimbreSpace,
    pitch: float | Contour | None = None,
    seconds: float | None = None,
    seed: int = 0,
    family: str | None = None,
    like: str | None = None,
    level_db: float = -3.0,
    walk: float | None = None,
    spread: float | None = None,
) -> Generated:
    """A new note.

    The timbre is drawn from the prior, from between the notes of a `family`, or is that of the note `like`. With `spread` it
    is drawn around the family's mean, at so many times the deviation of its notes: 0 is the mean itself. `seconds` is, unless
    given, a note's whole length where the model's windows hold one, or else 2. How the
    sound unfolds in time (attack, sustain, release) comes from the library note whose mean latent is nearest: its
    trajectory, moved to the drawn mean and stretched to `seconds`; without a map the timbre is held. A model that is told
    the pitch follows a `Contour`. `level_db` is the peak of the audio in dB full scale. With `walk`, the timbre walks at
    random from there, so fast that it gets about that share of the notes' spread in a second.
    """
    if not space.recipe.model.sampling and family is None and like is None:
        raise TimbreError(
            f"{space.checkpoint.name} is a plain autoencoder without a prior: choose a --family or a note with --like."
        )
    if spread is not None and family is None:
        raise TimbreError("spread is around the mean of a family: name one with --family.")
    seconds = _usual_seconds(space) if seconds is None else seconds
    n_frames = _n_frames(space, seconds)
    told = _pitch_for(space, pitch, like)
    rng = np.random.default_rng(seed)
    mean, departures = _draw_mean(space, rng, family, like, spread)
    if walk is not None:
        journey = walk_journey(space, mean, departures, n_frames, walk, rng)
    else:
        starts = window_starts(n_frames, space.recipe.window.frames, space.recipe.window.hop)
        journey = Journey(mean + stretch(departures, len(starts)), starts)
    return sounded(space, journey, seconds, told, seed, level_db)


def morph(
    space: TimbreSpace,
    notes: Sequence[str],
    seconds: float = 4.0,
    path: str = "spherical",
    pitch: float | Contour | None = None,
    seed: int = 0,
    level_db: float = -3.0,
) -> Generated:
    """One sound that changes from the first of the map's `notes` into the second, and so on to the last.

    Its latents move along the path (one of `PATHS`) window by window. `pitch` is that of the first note unless given.
    """
    journey = morph_journey(space, notes, _n_frames(space, seconds), path)
    return sounded(space, journey, seconds, _pitch_for(space, pitch, notes[0]), seed, level_db)


def morph_step(
    space: TimbreSpace,
    notes: Sequence[str],
    place: float,
    seconds: float = 2.0,
    path: str = "spherical",
    pitch: float | Contour | None = None,
    seed: int = 0,
    level_db: float = -3.0,
) -> Generated:
    """The sound at one `place` (0: the first note, 1: the second, and so on) of the path through the map's `notes`."""
    check_notes(notes)
    check_path(path)
    if not 0 <= place <= len(notes) - 1:
        raise TimbreError(f"place {place:g} on a path through {len(notes)} notes: choose from 0 to {len(notes) - 1}.")
    n_frames = _n_frames(space, seconds)
    starts = window_starts(n_frames, space.recipe.window.frames, space.recipe.window.hop)
    journey = Journey(step_latents(space, notes, place, len(starts), path), starts)
    return sounded(space, journey, seconds, _pitch_for(space, pitch, notes[0]), seed, level_db)


def morph_steps(
    space: TimbreSpace,
    notes: Sequence[str],
    steps: int = 8,
    seconds: float = 2.0,
    path: str = "spherical",
    pitch: float | Contour | None = None,
    seed: int = 0,
    level_db: float = -3.0,
) -> Iterator[Generated]:
    """`steps` sounds, one after the other, at even distances on the path through the map's `notes`, both ends included."""
    check_notes(notes)
    for place in step_places(len(notes), steps):
        yield morph_step(space, notes, float(place), seconds, path, pitch, seed, level_db)


def sounded(
    space: TimbreSpace,
    journey: Journey,
    seconds: float,
    pitch: float | Contour,
    seed: int = 0,
    level_db: float = -3.0,
) -> Generated:
    """The latents of a journey decoded and inverted, their peak at `level_db`."""
    n_frames, n_samples = _n_frames(space, seconds), round(seconds * space.sample_rate)
    told = pitch.at(np.arange(n_frames) / space.recipe.features.frame_rate) if isinstance(pitch, Contour) else pitch
    frames = space.decode(journey.z, journey.starts, n_frames, told, journey.shares)
    # A model that is not told the pitch does not sound it, so its notes are inverted without one.
    audio = space.invert(frames, 0.0, told if space.recipe.uses_pitch else None, n_samples, seed, in_tune=True)
    peak = float(np.abs(audio).max())
    if peak > 0:
        audio = audio * np.float32(10 ** (level_db / 20) / peak)
    contour = told if isinstance(told, np.ndarray) else None
    return Generated(audio, frames, journey.z, float(np.median(told)), space.sample_rate, contour)


def _draw_mean(
    space: TimbreSpace, rng: np.random.Generator, family: str | None, like: str | None, spread: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """A mean latent (latent_dim,), and how the windows of the map note nearest to it depart from theirs, (n, latent_dim)."""
    if like is not None:
        return space.means[space.row_of(like)], space.departures_of(like)
    if family is None:
        mean = space.model.prior.sample(1, torch.Generator().manual_seed(int(rng.integers(2**31)))).numpy()[0]
        if not space.has_map:
            return mean, np.zeros_like(mean)[None]
        rows = np.arange(len(space.means))
    else:
        rows = space.rows_of_family(family)
        points = space.means[rows]
        mean = _draw_near(rng, points) if spread is None else _draw_around(rng, points, spread)
    nearest = rows[np.argmin(np.linalg.norm(space.means[rows] - mean, axis=1))]
    return mean, space.departures_of(str(space.map_notes["note_id"].iloc[int(nearest)]))


def _draw_near(rng: np.random.Generator, points: np.ndarray) -> np.ndarray:
    """A point between three random ones of `points` (n, latent_dim): inside the family's cloud, whatever its shape."""
    chosen = points[rng.choice(len(points), size=min(3, len(points)), replace=False)]
    return (rng.dirichlet(np.ones(len(chosen))) @ chosen).astype(np.float32)


def _draw_around(rng: np.random.Generator, points: np.ndarray, spread: float) -> np.ndarray:
    """A Gaussian draw around the mean of `points` (n, latent_dim), `spread` times as wide as they are in each dimension."""
    if not 0 <= spread <= _WIDEST:
        raise TimbreError(f"spread {spread:g}: choose between 0 and {_WIDEST}.")
    noise = rng.standard_normal(points.shape[1], dtype=np.float32)
    return points.mean(axis=0) + np.float32(spread) * points.std(axis=0) * noise


def _pitch_for(space: TimbreSpace, pitch: float | Contour | None, like: str | None) -> float | Contour:
    if isinstance(pitch, Contour):
        if not space.recipe.uses_pitch:
            raise TimbreError(
                f"{space.checkpoint.name} is not told the pitch, so it cannot follow a contour: choose a checkpoint that is."
            )
        return pitch
    if pitch is None and like is not None:
        pitch = space.pitch_of(like)
    return space.checked_pitch(60.0 if pitch is None or np.isnan(pitch) else pitch)


def _usual_seconds(space: TimbreSpace) -> float:
    """The length of the recipe's notes where one window holds a whole note, such as a spoken digit; else 2."""
    features, window = space.recipe.features, space.recipe.window
    seconds = features.seconds
    if seconds is not None and features.n_frames(round(seconds * space.sample_rate)) <= window.frames:
        return seconds
    return _SECONDS


def _n_frames(space: TimbreSpace, seconds: float) -> int:
    if not 0.05 <= seconds <= 60:
        raise TimbreError(f"seconds {seconds:g}: choose between 0.05 and 60.")
    return space.recipe.features.n_frames(round(seconds * space.sample_rate))
