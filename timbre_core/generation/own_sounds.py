"""Sounds of one's own as an instrument: one recorded note, or several of one instrument, at every key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.audio import check_timbre_length, load_audio
from timbre_core.features.heard_pitch import heard_pitch
from timbre_core.generation.recorded import RecordedInstrument
from timbre_core.space import TimbreSpace

_LONGEST = 60.0  # seconds of a note
_ONSET_DB = -40.0  # of the peak: what is softer before the note is left out
_BEFORE = 0.005  # seconds kept ahead of the onset


@dataclass(frozen=True)
class OwnNote:
    """A recorded note: its name, audio (n_samples,) from its onset on at the space's sample rate, MIDI pitch."""

    name: str
    audio: np.ndarray
    pitch: float


def own_note(source: Path | str | bytes, space: TimbreSpace, name: str = "", pitch: float | None = None) -> OwnNote:
    """A sound file, or its bytes, as a note; without a `pitch` (MIDI) the one that is heard.

    Raises TimbreError, naming the file, for what is no sound, longer than a minute, too short to hear a timbre in, and, where
    no pitch is given, for chords, melodies and sounds without a pitch.
    """
    name = name or Path(str(source)).name
    audio = load_audio(source, space.sample_rate, name, _LONGEST)
    loud = np.abs(audio) > np.abs(audio).max() * 10 ** (_ONSET_DB / 20)
    audio = audio[max(0, int(np.argmax(loud)) - round(_BEFORE * space.sample_rate)) :]
    check_timbre_length(audio, space.sample_rate, name)
    if pitch is None:
        heard = heard_pitch(audio, space.sample_rate, space.recipe.features.hop_length)
        if heard.notes:
            what = "a chord" if heard.together else "several notes"
            raise TimbreError(f"{name}: {what} ({len(heard.notes)} pitches), not one note: cut it, or say its pitch.")
        if not math.isfinite(heard.midi):
            raise TimbreError(f"{name}: no pitch is heard in it: say at which key it is to sound as it is.")
        pitch = heard.midi
    return OwnNote(name, audio, pitch)


def own_instrument(space: TimbreSpace, notes: Sequence[OwnNote]) -> RecordedInstrument:
    """The notes, of one instrument, as an instrument: each key is made of the recording nearest in pitch.

    Its place in the space is that of the map note nearest to the first of them. Raises TimbreError for no notes.
    """
    if not notes:
        raise TimbreError("an instrument needs at least one sound: give a sound file.")
    first = notes[0]
    frames, _ = space.analyse(first.audio, first.pitch)
    like = str(space.neighbours(space.encode(frames, first.pitch).mu.mean(axis=0), 1)["note_id"].iloc[0])
    audio = {f"{place} {note.name}": note.audio for place, note in enumerate(notes)}
    pitches = [(key, note.pitch) for key, note in zip(audio, notes, strict=True)]
    return RecordedInstrument(space, like, pitches, audio.__getitem__, tuple(note.name for note in notes))
