"""The pitch of a whole sound, for whoever asks: one note's, or that there are several, or none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from timbre_core.features.chord import notes_together
from timbre_core.features.pitch import F0, UNVOICED, estimate_f0, midi_to_hz
from timbre_core.features.pitch_track import PitchContour, track_pitch

_SHORTEST = 0.12  # seconds of a note in a melody
_APART = 1.5  # semitones between two notes: vibrato, glides and a speaking voice's turns are less
_FRAMES_A_SECOND = 62.5
_LONGEST = 30.0  # seconds


@dataclass(frozen=True)
class HeardPitch:
    """What is heard in a sound.

    Attributes:
        midi: fractional MIDI pitch of the one note, NaN where none or several are heard.
        notes: MIDI pitches of the notes where there are several, one after the other, or from the lowest up; otherwise empty.
        together: whether they are the notes of a chord.
        contour: pitch over time.
    """

    midi: float
    notes: tuple[float, ...]
    together: bool
    contour: PitchContour

    @property
    def several(self) -> bool:
        """Whether it is a melody or a chord: no single pitch is its own."""
        return bool(self.notes)


def heard_pitch(audio: np.ndarray, sample_rate: int, hop_length: int) -> HeardPitch:
    """Measure the pitch of mono samples (n_samples,), any level, by `track_pitch`: see `heard_along`."""
    return heard_along(track_pitch(audio, sample_rate, hop_length), audio, sample_rate)


def note_pitch(audio: np.ndarray, sample_rate: int) -> F0:
    """The pitch of mono samples (n_samples,) that are one note: what `heard_pitch` says, without the work where it is sure.

    Melodies and chords are not looked for. A sound of which nothing is sure has its contour's pitch.
    """
    audio = audio[: round(_LONGEST * sample_rate)]
    whole = estimate_f0(audio, sample_rate)
    if whole.sure:
        return whole
    told = track_pitch(audio, sample_rate, round(sample_rate / _FRAMES_A_SECOND), whole=whole).told
    return UNVOICED if math.isnan(told) else F0(float(midi_to_hz(told)), whole.confidence)


def heard_along(contour: PitchContour, audio: np.ndarray, sample_rate: int) -> HeardPitch:
    """What is heard in mono samples (n_samples,) whose pitch over time is known.

    One note has the pitch that its contour tells (`PitchContour.told`). The contour of a chord follows some pitch that explains
    it.
    """
    notes = _melody(contour)
    chord = () if notes else notes_together(audio, sample_rate)
    return HeardPitch(math.nan if notes or chord else contour.told, notes or chord, bool(chord), contour)


def _melody(contour: PitchContour) -> tuple[float, ...]:
    """The notes of a contour, repeated ones once; empty where there is but one."""
    if not contour.voiced.any() or contour.is_settled:
        return ()
    long_enough = (run for run in contour.notes() if run.stop - run.start >= _SHORTEST * contour.frame_rate)
    found: list[float] = []
    for run in long_enough:
        midi = float(np.median(contour.midi[run]))
        if not found or abs(midi - found[-1]) >= _APART:
            found.append(midi)
    return tuple(found) if len(found) > 1 else ()
