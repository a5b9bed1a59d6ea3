"""A sound's place in a timbre space, and the space as yardsticks measure it."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.analysis.yardsticks.parts import AtPitch, Measured
from timbre_core.checkpoint import companion, open_checkpoint
from timbre_core.datasets.roots import without_root
from timbre_core.errors import TimbreError
from timbre_core.features.numbers_given import number_given
from timbre_core.features.preparation import checked_audio
from timbre_core.generation.note_at import NOTE_SHIFT, note_at
from timbre_core.learned_code import learned_code

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace

MIDDLE = 60.0
"""The MIDI pitch that a sound without one is taken to have."""


def timbre_code(space: TimbreSpace, audio: np.ndarray, pitch: float | None = None) -> np.ndarray:
    """A sound's place: Euclid's distance between places is the one that map, neighbours and listening tests use.

    With the distance timbre that is the code of the network `timbre-code`, which needs no pitch (see `learned_code`).

    Parameters
    ----------
    space : TimbreSpace
    audio : ndarray (n_samples,)
        At the space's sample rate.
    pitch : float, optional
        MIDI where it is known; a model that is told the pitch is told what is measured (`estimate_f0`), or middle C where nothing
        periodic is heard.

    Returns
    -------
    ndarray (dim,)

    Raises
    ------
    TimbreError
        Audio that cannot be used.

    Examples
    --------
    >>> import numpy as np, timbre_core
    >>> space, library = timbre_core.open_space("nsynth-cvae"), timbre_core.open_library(["starter"], progress=False)
    >>> codes = [timbre_core.timbre_code(space, library.load(row, space.sample_rate)) for row in (0, 1)]
    >>> float(np.linalg.norm(codes[0] - codes[1])) > 0
    True
    """
    audio = checked_audio(audio)
    pitch = None if pitch is None else number_given(pitch, "pitch")
    if space.distance == "timbre":
        return learned_code(space.checkpoint.path.parent, audio, space.sample_rate)
    if space.recipe.uses_pitch and (pitch is None or math.isnan(pitch)):
        from timbre_core.features.heard_pitch import note_pitch

        measured = note_pitch(audio, space.sample_rate).midi
        pitch = MIDDLE if math.isnan(measured) else float(np.clip(measured, 0, 127))
    frames, _ = space.analyse(audio, pitch)
    return space.place_of(space.encode(frames, pitch).mean)


def decoded_at(space: TimbreSpace, audio: np.ndarray, pitch: float, to_pitch: float) -> np.ndarray:
    """What the space's own model makes of a note at another pitch: audio (n_samples,) as long as the note.

    The note, audio (n_samples,) at the space's sample rate with its MIDI `pitch`, is encoded there and decoded at `to_pitch`,
    its latents unchanged; a space that performs keeps the note's glides, vibrato and noise. Raises TimbreError for a model that
    is not told the pitch: it cannot be asked for one.
    """
    if not space.recipe.uses_pitch:
        raise TimbreError(f"{space.checkpoint.name} is not told the pitch, so it cannot be asked for another one.")
    frames, ref_db = space.analyse(audio, pitch)
    trajectory = space.encode(frames, pitch)
    decoded = space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, to_pitch)
    if space.performs:
        performance = space.performance_of(audio, pitch).moved(to_pitch - pitch)
        return space.perform(decoded, ref_db, performance, len(audio))
    return space.invert(decoded, ref_db, to_pitch, len(audio))


def measured(space: TimbreSpace) -> Measured:
    """The space as `analysis.yardsticks` measures it.

    At other pitches that is its own model, where it is told the pitch ("model"), and `note_at`, where there is its network.
    """
    at_pitch: dict[str, AtPitch] = {}
    learned_from: list[str] = []
    if space.recipe.uses_pitch:
        at_pitch["model"] = lambda audio, pitch, to_pitch, velocity: decoded_at(space, audio, pitch, to_pitch)
    with suppress(TimbreError):  # there is no such network
        shift = open_checkpoint(companion(NOTE_SHIFT, space.checkpoint.path.parent))
        learned_from = shift.recipe.provenance.get("train_instruments", [])
        at_pitch["note_at"] = lambda audio, pitch, to_pitch, velocity: note_at(space, audio, pitch, to_pitch)
    return Measured(
        name=space.checkpoint.name,
        sample_rate=space.sample_rate,
        distance=space.distance,
        code=lambda audio, pitch: timbre_code(space, audio, pitch),
        at_pitch=at_pitch,
        both=lambda audio, pitch: _both(space, audio, pitch),
        learned_from=frozenset(map(without_root, learned_from)),
    )


def _both(space: TimbreSpace, audio: np.ndarray, pitch: float | None) -> tuple[np.ndarray, np.ndarray]:
    made = space.reconstruct(audio, pitch)
    return made.inversion, made.reconstruction
