"""New sounds of a timbre space: generated, walked, morphed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.windows import window_starts
from timbre_core.generation.contours import Contour, pitch_for
from timbre_core.generation.drawing import draw_mean
from timbre_core.generation.journeys import (
    Journey,
    check_notes,
    frames_in,
    morph_journey,
    step_latents,
    step_places,
    stretch,
    usual_seconds,
    walk_journey,
)
from timbre_core.generation.levels import faded
from timbre_core.generation.paths import check_path
from timbre_core.generation.performing import check_playing, performed
from timbre_core.generation.played import Played, blended

if TYPE_CHECKING:
    from timbre_core.features.performance import Performance
    from timbre_core.space import TimbreSpace


@dataclass(frozen=True)
class Generated:
    """A generated note.

    Attributes
    ----------
    audio : ndarray (n_samples,)
        In [-1, 1], at `sample_rate` Hz.
    frames : ndarray (n_bins, n_frames)
        As the model decoded them, in [-1, 1] where the recipe says so.
    z : ndarray (n_windows, latent_dim)
        The latents of its windows.
    pitch : float
        MIDI; of a note that follows a contour, the contour's median.
    sample_rate : int
    contour : ndarray (n_frames,) or None
        The MIDI pitch of each frame, of a note that follows a contour.

    Examples
    --------
    >>> import timbre_core
    >>> note = timbre_core.generate(timbre_core.open_space("nsynth-cvae"), 60, seconds=0.5, family="brass")
    >>> note.pitch, note.audio.shape, note.z.shape[1]
    (60.0, (8000,), 32)
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
    playing: float = 1.0,
) -> Generated:
    """A new note.

    How it unfolds in time (attack, sustain, release) comes from the library note whose mean latent is nearest: its trajectory,
    moved to the drawn mean and stretched; without a map the timbre is held.

    Parameters
    ----------
    space : TimbreSpace
    pitch : float or Contour, optional
        MIDI, 0 to 127; by default that of `like`, or 60. A model that is told the pitch follows a `Contour`.
    seconds : float, optional
        0.05 to 60; by default a note's whole length where the model's windows hold one, or else 2.
    seed : int
        The same seed gives the same note.
    family : str, optional
        Draws from between the notes of a family instead of from the prior.
    like : str, optional
        The id of the map note whose timbre it has.
    level_db : float
        The peak of the audio in dB full scale.
    walk : float, optional
        The timbre walks at random, so fast that it gets about that share of the notes' spread in a second.
    spread : float, optional
        Draws around the family's mean, at so many times the deviation of its notes; 0 is the mean itself.
    playing : float
        How much of a performance drawn for it (onset, vibrato, breath, an unsteady hand) it has, 0 to 1, where the checkpoint
        keeps how its training notes were played (see `generation.performance_prior`); 0 is even. Along a contour the pitch is
        the contour's.

    Returns
    -------
    Generated

    Raises
    ------
    TimbreError
        An unknown family or note, a value out of range, or a draw from a plain autoencoder, which has no prior.

    Examples
    --------
    >>> import timbre_core
    >>> space = timbre_core.open_space("nsynth-cvae")
    >>> timbre_core.generate(space, 60, seconds=1, family="flute", seed=3).audio.shape
    (16000,)
    """
    if not space.recipe.model.sampling and family is None and like is None:
        raise TimbreError(
            f"{space.checkpoint.name} is a plain autoencoder without a prior: choose a --family or a note with --like."
        )
    if spread is not None and family is None:
        raise TimbreError("spread is around the mean of a family: name one with --family.")
    seconds = usual_seconds(space) if seconds is None else seconds
    n_frames = frames_in(space, seconds)
    told = pitch_for(space, pitch, like)
    check_playing(playing)
    rng = np.random.default_rng(seed)
    mean, departures = draw_mean(space, rng, family, like, spread)
    if walk is not None:
        journey = walk_journey(space, mean, departures, n_frames, walk, rng)
    else:
        starts = window_starts(n_frames, space.recipe.window.frames, space.recipe.window.hop)
        journey = Journey(mean + stretch(departures, len(starts)), starts)
    return sounded(space, journey, seconds, told, seed, level_db, playing=playing)


def morph(
    space: TimbreSpace,
    notes: Sequence[str],
    seconds: float = 4.0,
    path: str = "spherical",
    pitch: float | Contour | None = None,
    seed: int = 0,
    level_db: float = -3.0,
    performances: Sequence[Performance] | None = None,
) -> Generated:
    """One sound that changes from the first of the map's notes into the second, and so on to the last.

    Parameters
    ----------
    space : TimbreSpace
    notes : sequence of str
        At least two ids of notes on the map.
    seconds : float
        0.05 to 60.
    path : str
        How latents move from note to note, window by window: one of `generation.paths.PATHS`. "spherical" is Shoemake's slerp
        ("Animating rotation with quaternion curves", 1985).
    pitch : float or Contour, optional
        MIDI, by default that of the first note.
    seed : int
    level_db : float
        The peak of the audio in dB full scale.
    performances : sequence of Performance, optional
        How each note was played, for a space that `performs`: see `generation.played.performances_of`.

    Returns
    -------
    Generated

    Raises
    ------
    TimbreError
        An unknown note or path, or a value out of range.

    Examples
    --------
    >>> import timbre_core
    >>> space = timbre_core.open_space("nsynth-cvae")
    >>> first, second = space.map_notes["note_id"].iloc[[0, -1]]
    >>> timbre_core.morph(space, [first, second], seconds=1, pitch=60).audio.shape
    (16000,)
    """
    n_frames = frames_in(space, seconds)
    journey = morph_journey(space, notes, n_frames, path)
    played = None if performances is None else Played(performances, np.linspace(0, len(notes) - 1, n_frames))
    return sounded(space, journey, seconds, pitch_for(space, pitch, notes[0]), seed, level_db, played)


def morph_step(
    space: TimbreSpace,
    notes: Sequence[str],
    place: float,
    seconds: float = 2.0,
    path: str = "spherical",
    pitch: float | Contour | None = None,
    seed: int = 0,
    level_db: float = -3.0,
    performances: Sequence[Performance] | None = None,
) -> Generated:
    """The sound at one `place` (0: the first note, 1: the second, and so on) of the path through the map's `notes`."""
    check_notes(notes)
    check_path(path)
    if not 0 <= place <= len(notes) - 1:
        raise TimbreError(f"place {place:g} on a path through {len(notes)} notes: choose from 0 to {len(notes) - 1}.")
    n_frames = frames_in(space, seconds)
    starts = window_starts(n_frames, space.recipe.window.frames, space.recipe.window.hop)
    journey = Journey(step_latents(space, notes, place, len(starts), path), starts)
    played = None if performances is None else Played(performances, np.full(n_frames, place))
    return sounded(space, journey, seconds, pitch_for(space, pitch, notes[0]), seed, level_db, played)


def morph_steps(
    space: TimbreSpace,
    notes: Sequence[str],
    steps: int = 8,
    seconds: float = 2.0,
    path: str = "spherical",
    pitch: float | Contour | None = None,
    seed: int = 0,
    level_db: float = -3.0,
    performances: Sequence[Performance] | None = None,
) -> Iterator[Generated]:
    """Sounds at even distances on the path through the map's notes, one after the other, both ends included.

    Parameters
    ----------
    space, notes, path, pitch, seed, level_db, performances
        As for `morph`.
    steps : int
        How many sounds.
    seconds : float
        Of each sound, 0.05 to 60.

    Yields
    ------
    Generated

    Raises
    ------
    TimbreError
        An unknown note or path, or a value out of range.

    Examples
    --------
    >>> import timbre_core
    >>> space = timbre_core.open_space("nsynth-cvae")
    >>> first, second = space.map_notes["note_id"].iloc[[0, -1]]
    >>> len(list(timbre_core.morph_steps(space, [first, second], steps=3, seconds=0.5, pitch=60)))
    3
    """
    check_notes(notes)
    for place in step_places(len(notes), steps):
        yield morph_step(space, notes, float(place), seconds, path, pitch, seed, level_db, performances)


def sounded(
    space: TimbreSpace,
    journey: Journey,
    seconds: float,
    pitch: float | Contour,
    seed: int = 0,
    level_db: float = -3.0,
    played: Played | None = None,
    playing: float = 0.0,
) -> Generated:
    """The latents of a journey decoded and inverted, their peak at `level_db`; as `played`, where that is told, else with so
    much of a drawn performance as `playing` says (0 to 1)."""
    n_frames, n_samples = frames_in(space, seconds), round(seconds * space.sample_rate)
    told = pitch.at(np.arange(n_frames) / space.recipe.features.frame_rate) if isinstance(pitch, Contour) else pitch
    moves = bool(np.ptp(journey.z, axis=0).any())
    if space.recipe.whole_notes:
        frames = space.decode_held(journey.z, n_frames, told, always=moves)
    else:
        frames = space.decode(journey.z, journey.starts, n_frames, told, journey.shares)
    if played is not None:
        performance = blended(played.performances, played.places, told, n_samples, always=moves)
        audio = space.perform(frames, 0.0, performance, n_samples, seed)
    else:
        # A model that is not told the pitch does not sound it, so its notes are inverted without one.
        audio = space.invert(frames, 0.0, told if space.recipe.uses_pitch else None, n_samples, seed, in_tune=True)
        audio = performed(space, frames, audio, journey.z.mean(axis=0), told, seed, playing)
    audio = faded(audio, space.sample_rate)  # a note is as long as is asked for, mostly in the middle of its sound
    if (peak := float(np.abs(audio).max())) > 0:
        audio = audio * np.float32(10 ** (level_db / 20) / peak)
    contour = told if isinstance(told, np.ndarray) else None
    return Generated(audio, frames, journey.z, float(np.median(told)), space.sample_rate, contour)
