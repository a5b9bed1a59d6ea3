"""Whether the keys of a rendered SoundFont sound at the pitch they are labelled with."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from timbre_core.datasets.soundfont_plan import PlannedNote
from timbre_core.datasets.threads import in_threads
from timbre_core.wording import counted

_HEARD = 9  # notes of an instrument that are listened to
_FEWEST = 3  # of them that must be clear
_AGREE = 0.7  # share of them that must be shifted alike
_NEAR = 0.5  # semitones
_RATE = 16_000


def labelled_as_heard(audio: Path, notes: Sequence[PlannedNote], octave: str, progress: bool = True) -> dict[str, int]:
    """The MIDI pitch to label each note with, by id; instruments whose keys sound elsewhere are told on stderr.

    octave: "keys" labels notes with their keys, "auto" with the pitch at which an instrument's keys sound.
    """
    of: dict[str, list[PlannedNote]] = {}
    for note in notes:
        of.setdefault(note.instrument, []).append(note)
    shifts = heard_shifts(audio, of, progress)
    for name, shift in shifts.items():
        way = "lower" if shift < 0 else "higher"
        cure = (
            "labelled as they sound" if octave == "auto" else "--octave auto labels them as they sound, in a new folder"
        )
        print(
            f"{name} ({of[name][0].program_name}): its keys sound {counted(abs(shift), 'semitone')} {way} than they are called: "
            f"{cure}.",
            file=sys.stderr,
        )
    mend = shifts if octave == "auto" else {}
    return {note.note_id: min(127, max(0, note.pitch + mend.get(note.instrument, 0))) for note in notes}


def heard_shifts(audio: Path, notes: dict[str, list[PlannedNote]], progress: bool = True) -> dict[str, int]:
    """For instruments whose keys sound at another pitch, by how many semitones: the others are not there.

    notes: the notes of each instrument, which are files in `audio`. A few of each are listened to.
    """
    probes = [note for several in notes.values() for note in _spread(several)]
    heard: dict[str, list[float]] = {}
    for note, midi in in_threads(lambda note: _midi(audio, note), probes, "note", "pitch", progress):
        if math.isfinite(midi):
            heard.setdefault(note.instrument, []).append(midi - note.pitch)
    return {name: shift for name, offsets in heard.items() if (shift := common_shift(offsets))}


def common_shift(offsets: Sequence[float]) -> int:
    """The whole number of semitones that most of these `offsets` (heard - labelled) agree on, 0 where they do not."""
    if len(offsets) < _FEWEST:
        return 0
    shift = round(float(np.median(offsets)))
    return shift if np.mean(np.abs(np.asarray(offsets) - shift) < _NEAR) >= _AGREE else 0


def _spread(notes: Sequence[PlannedNote]) -> list[PlannedNote]:
    """Some of an instrument's notes, at even distances over its keys, the loudest of each key."""
    keys: dict[int, PlannedNote] = {}
    for note in notes:
        keys[note.pitch] = max(keys.get(note.pitch, note), note, key=lambda one: one.velocity)
    loud = [keys[key] for key in sorted(keys)]
    return [loud[i] for i in sorted({round(x) for x in np.linspace(0, len(loud) - 1, _HEARD)})]


def _midi(audio: Path, note: PlannedNote) -> float:
    from timbre_core.features.audio import AudioError, load_audio
    from timbre_core.features.pitch import estimate_f0

    try:
        return float(estimate_f0(load_audio(audio / f"{note.note_id}.wav", _RATE), _RATE).midi)
    except AudioError:
        return math.nan
