"""Sounds of one's own as an instrument: one recorded note, or several of one instrument, at every key."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from timbre_core.datasets.name_labels import read_names
from timbre_core.datasets.pitch_names import read_pitch
from timbre_core.errors import TimbreError
from timbre_core.features.audio import check_timbre_length, load_audio
from timbre_core.features.heard_pitch import heard_pitch
from timbre_core.features.level_course import count_strikes
from timbre_core.features.pitch import estimate_f0
from timbre_core.generation.recorded import RecordedInstrument
from timbre_core.generation.timbre_code import timbre_code
from timbre_core.space import TimbreSpace

_LONGEST = 60.0  # seconds of a note
MOST_LAYERS = 4
"""Layers of velocity of one instrument."""
_ONSET_DB = -40.0  # of the peak: what is softer before the note is left out
_LOOP, _PITCHED = 4, 0.8  # strikes, and how sure a pitch is: a note that is struck anew has one, drums have not
_OCTAVE_OFF = 1.1  # semitones by which octaves that are heard of a note may be off
_BEFORE = 0.005  # seconds kept ahead of the onset


class PitchUnheard(TimbreError):
    """A sound in which no one pitch is heard: it can be played where its pitch is told."""


@dataclass(frozen=True)
class OwnNote:
    """A recorded note: its name, audio (n_samples,) from its onset on at the space's sample rate, MIDI pitch."""

    name: str
    audio: np.ndarray
    pitch: float

    @property
    def level(self) -> float:
        """How loud it was recorded: the RMS of its first 8,000 samples, half a second or less."""
        return float(np.sqrt(np.mean(np.square(self.audio[:8000], dtype=np.float64))))

    def file(self, rate: int) -> bytes:
        """A sound file's bytes that `own_note` reads as this note again: FLAC, or a WAV file of floats beyond full scale."""
        import soundfile

        kind = ("FLAC", "PCM_24") if np.abs(self.audio).max(initial=0) < 1 else ("WAV", "FLOAT")
        buffer = io.BytesIO()
        soundfile.write(buffer, self.audio, rate, format=kind[0], subtype=kind[1])
        return buffer.getvalue()


def own_note(
    source: Path | str | bytes,
    space: TimbreSpace,
    name: str = "",
    pitch: float | None = None,
    remarks: list[str] | None = None,
) -> OwnNote:
    """A sound file, or its bytes, as a note; without a `pitch` (MIDI) the one that is heard, of several octaves that of its name.

    remarks: takes what is to be told of a file that is damaged and read all the same (without it: logged).
    Raises TimbreError, naming the file, for what is no sound, longer than a minute, too short to hear a timbre in, and, where
    no pitch is given, PitchUnheard for chords, melodies and sounds without a pitch.
    """
    name = name or Path(str(source)).name
    audio = load_audio(source, space.sample_rate, name, _LONGEST, remarks=remarks)
    loud = np.abs(audio) > np.abs(audio).max() * 10 ** (_ONSET_DB / 20)
    audio = audio[max(0, int(np.argmax(loud)) - round(_BEFORE * space.sample_rate)) :]
    check_timbre_length(audio, space.sample_rate, name)
    if pitch is None:
        strikes = count_strikes(audio, space.sample_rate)
        if strikes >= _LOOP and estimate_f0(audio, space.sample_rate).confidence < _PITCHED:
            raise PitchUnheard(
                f"{name}: {strikes} strikes and no one pitch, a loop: cut it, or say at which key it is to sound as is."
            )
        heard = heard_pitch(audio, space.sample_rate, space.recipe.features.hop_length)
        named = _named_note(name, heard.notes)
        if heard.notes and named is None:
            what = "a chord" if heard.together else "several notes"
            raise PitchUnheard(f"{name}: {what} ({len(heard.notes)} pitches), not one note: cut it, or say its pitch.")
        if named is None and not math.isfinite(heard.midi):
            raise PitchUnheard(f"{name}: no pitch is heard in it: say at which key it is to sound as it is.")
        pitch = heard.midi if named is None else named
    return OwnNote(name, audio, pitch)


def _named_note(name: str, heard: Sequence[float]) -> float | None:
    """The one note that is meant where several pitches (MIDI) are heard: that of the file's name, as it is heard, where all of
    them are octaves of it, as trackers take one note for several while it dies away; None where the name says none such."""
    try:
        pitch = read_pitch(read_names([name], lambda *_: True).labels.get(name, {})["pitch"])
    except (KeyError, TimbreError):
        return None
    off = [(each - pitch + 6) % 12 - 6 for each in heard]
    if not heard or max(map(abs, off)) > _OCTAVE_OFF:
        return None
    return pitch + min(off, key=abs)


def layers_of(notes: Sequence[OwnNote]) -> list[list[OwnNote]]:
    """The notes as layers, softest first: where keys were recorded several times, the softer and the louder takes apart.

    As many as the key with the most takes has, at most `MOST_LAYERS`; a key with fewer is in several of them.
    """
    takes: dict[int, list[OwnNote]] = {}
    for note in notes:
        takes.setdefault(round(note.pitch), []).append(note)
    count = min(MOST_LAYERS, max(map(len, takes.values()), default=1))
    softest_first = [sorted(each, key=lambda note: note.level) for each in takes.values()]
    return [[each[min(len(each) - 1, layer * len(each) // count)] for each in softest_first] for layer in range(count)]


def own_instrument(space: TimbreSpace, notes: Sequence[OwnNote]) -> RecordedInstrument:
    """The notes, of one instrument, as an instrument: each key is made of the recording nearest in pitch.

    Of several takes of a key the loudest sounds; the softer ones are its `layers`. Its place in the space is that of the map
    note nearest to the first of them. Raises TimbreError for no notes.
    """
    if not notes:
        raise TimbreError("an instrument needs at least one sound: give a sound file.")
    layers = layers_of(notes)
    if len(layers) > 1:
        first, *others = (own_instrument(space, layer) for layer in reversed(layers))
        return first.with_softer(others)
    first_note = notes[0]
    place = timbre_code(space, first_note.audio, first_note.pitch)
    like = str(space.near(place, 1)["note_id"].iloc[0])
    audio = {f"{index} {note.name}": note.audio for index, note in enumerate(notes)}
    pitches = [(key, note.pitch) for key, note in zip(audio, notes, strict=True)]
    return RecordedInstrument(space, like, pitches, audio.__getitem__, tuple(note.name for note in notes))
