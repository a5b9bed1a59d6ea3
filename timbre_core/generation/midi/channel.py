"""One MIDI channel: its messages in, its notes and their course out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from timbre_core.generation.midi.piece import Course, Note

if TYPE_CHECKING:
    import mido

_BEND_RANGE = 2.0  # semitones, until the file says otherwise
MPE_BEND = 48.0
"""The same where each note has a channel of its own."""
_VIBRATO = 50.0  # cents of depth with the mod wheel all up
_SHORTEST = 0.001  # seconds
_DOWN = 64


@dataclass
class _Sounding:
    program: int
    key: int
    velocity: int
    start: float
    let_go: bool = False
    caught: bool = False  # by the sostenuto pedal


@dataclass
class Channel:
    """Takes a channel's messages in order of time; `notes` and `course` are what they come to."""

    number: int
    notes: list[Note] = field(default_factory=list)
    course: Course = field(default_factory=Course)
    program: int = 0
    sustain: bool = False
    sostenuto: bool = False
    volume: int = 127
    expression: int = 127
    pressure: int = 0
    zone: int = 0
    """Channels that play a note each, by MPE: told by the first or last channel, until somebody has read it."""
    bend_range: float = _BEND_RANGE
    now: float = 0.0
    _sounding: list[_Sounding] = field(default_factory=list)
    _parameter: tuple[int, int] = (127, 127)

    def receive(self, message: mido.Message, seconds: float) -> None:
        """Take a message at its time."""
        self.now = seconds
        if message.type == "note_on" and message.velocity > 0:
            self._strike(message.note, message.velocity)
        elif message.type in ("note_on", "note_off"):
            self._let_go(message.note)
        elif message.type == "program_change":
            self.program = message.program
        elif message.type == "pitchwheel":
            self.course.bend.append((seconds, 100 * self.bend_range * message.pitch / 8192))
        elif message.type == "aftertouch":
            self.pressure = message.value
            self._tell_loudness()
        elif message.type == "control_change":
            self._control(message.control, message.value)

    def finish(self, seconds: float) -> None:
        """Everything that still sounds ends with the file."""
        self.now = max(self.now, seconds)
        self._end(lambda note: True)

    def _strike(self, key: int, velocity: int) -> None:
        # A key that is struck again ends what it sounded; of several strikes at one moment the last one counts.
        self._sounding = [note for note in self._sounding if note.key != key or note.start < self.now]
        self._end(lambda note: note.key == key)
        self._sounding.append(_Sounding(self.program, key, velocity, self.now))

    def _let_go(self, key: int) -> None:
        for note in self._sounding:
            if note.key == key:
                note.let_go = True
        self._end_unheld()

    def _end_unheld(self) -> None:
        self._end(lambda note: note.let_go and not note.caught and not self.sustain)

    def _end(self, which: Callable[[_Sounding], bool]) -> None:
        ended = [note for note in self._sounding if which(note)]
        self._sounding = [note for note in self._sounding if not which(note)]
        for note in ended:
            end = max(self.now, note.start + _SHORTEST)
            self.notes.append(Note(self.number, note.program, note.key, note.velocity, note.start, end))

    def _control(self, control: int, value: int) -> None:
        if control == 64:
            self.sustain = value >= _DOWN
            self._end_unheld()
        elif control == 66:
            if (value >= _DOWN) != self.sostenuto:  # the pedal catches what is held at the moment it goes down
                self.sostenuto = value >= _DOWN
                for note in self._sounding:
                    note.caught = self.sostenuto and not note.let_go
            self._end_unheld()
        elif control == 1:
            self.course.vibrato.append((self.now, _VIBRATO * value / 127))
        elif control in (7, 11):
            self.volume, self.expression = (value, self.expression) if control == 7 else (self.volume, value)
            self._tell_loudness()
        elif control == 74:
            self.course.brightness.append((self.now, value / 127))
        elif control in (100, 101):
            self._parameter = (self._parameter[0], value) if control == 100 else (value, self._parameter[1])
        elif control == 6 and self._parameter == (0, 0):
            self.bend_range = float(min(value, 96))
        elif control == 6 and self._parameter == (0, 6):
            self.zone = min(value, 15)
        elif control in (120, 123):
            self._end(lambda note: control == 120 or not (self.sustain or note.caught))
            for note in self._sounding:
                note.let_go = True
        elif control == 121:
            self._reset()

    def _tell_loudness(self) -> None:
        loudness = (self.volume * self.expression / 127**2) ** 2
        self.course.loudness.append((self.now, loudness * (1 + self.pressure / 127)))

    def _reset(self) -> None:
        self.sustain, self.sostenuto, self.expression, self.pressure = False, False, 127, 0
        self._parameter = (127, 127)
        self.course.bend.append((self.now, 0.0))
        self.course.vibrato.append((self.now, 0.0))
        self.course.brightness.append((self.now, 0.5))
        self._tell_loudness()
        for note in self._sounding:
            note.caught = False
        self._end_unheld()
