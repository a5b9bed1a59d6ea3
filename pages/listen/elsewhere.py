"""A note of the starter library at another pitch of its instrument: as recorded there, and as each method makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    import pandas as pd

    from timbre_core.space import TimbreSpace

WANTED, NOTE_AT, MODEL, PITCH_SHIFT, SAMPLER = "wanted", "note_at", "model", "pitch_shift", "sampler"
BASELINE = "nsynth-cvae"
"""The published model that others are heard beside."""
_FARTHEST = 12.0  # semitones
_USUAL = 7.0


def other_pitch(notes: pd.DataFrame, row: int) -> int:
    """The row of the note that a note is set against: one of its instrument about a fifth away, up rather than down, at a
    velocity as near as there is. Itself, where its instrument has no other pitch within an octave."""
    pitch, velocity = (notes[name].to_numpy(np.float64) for name in ("pitch", "velocity"))
    apart = pitch - pitch[row]
    same = (notes["instrument"] == notes["instrument"].iloc[row]).to_numpy()
    there = np.flatnonzero(same & (np.abs(apart) >= 1) & (np.abs(apart) <= _FARTHEST))
    if not len(there):
        return row
    louder = np.nan_to_num(np.abs(velocity - velocity[row])[there])
    off = np.abs(np.abs(apart[there]) - _USUAL) + (apart[there] < 0)
    return int(there[np.lexsort((there, off, louder))[0]])


def methods(conditioned: bool, baseline: bool = False) -> list[str]:
    """What a note can be heard as at the other pitch; `conditioned`: whether the checkpoint's model can be asked for one;
    `baseline`: whether there is another model to hear beside it."""
    models = [MODEL] * conditioned + [BASELINE] * baseline
    return [WANTED, NOTE_AT, *models, PITCH_SHIFT, SAMPLER]


def by_another(space: TimbreSpace, audio: np.ndarray, rate: int, pitch: float, to_pitch: float) -> np.ndarray:
    """A recording (n_samples,) at `rate` as the model of a space, which has a rate of its own, makes it at another pitch."""
    import soxr

    from timbre_core.analysis.yardsticks.loudness_units import matched
    from timbre_core.generation.timbre_code import decoded_at

    heard = np.asarray(soxr.resample(audio, rate, space.sample_rate), dtype=np.float32)
    made = np.asarray(soxr.resample(decoded_at(space, heard, pitch, to_pitch), space.sample_rate, rate))[: len(audio)]
    return matched(np.pad(made, (0, len(audio) - len(made))).astype(np.float32), audio, rate)


def moved(space: TimbreSpace, method: str, audio: np.ndarray, pitch: float, to_pitch: float) -> np.ndarray:
    """A recording (n_samples,) of MIDI `pitch` at another one, by one of `methods`, as loud as it was.

    Raises TimbreError for another method, and where the networks are missing.
    """
    from timbre_core.analysis.yardsticks.loudness_units import matched
    from timbre_core.analysis.yardsticks.shifters import shifters
    from timbre_core.generation.note_at import note_at
    from timbre_core.generation.timbre_code import decoded_at

    if method == NOTE_AT:
        return note_at(space, audio, pitch, to_pitch)
    rate, shifted = space.sample_rate, shifters()
    if method == MODEL:
        made = decoded_at(space, audio, pitch, to_pitch)
    elif method in (PITCH_SHIFT, SAMPLER):
        made = shifted[method](audio, rate, pitch, to_pitch)[: len(audio)]
    else:
        raise TimbreError(f"no method {method[:80]!r}: choose from {', '.join(methods(space.recipe.uses_pitch)[1:])}.")
    return matched(np.pad(made, (0, len(audio) - len(made))).astype(np.float32), audio, rate)
