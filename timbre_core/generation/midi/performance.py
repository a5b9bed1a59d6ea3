"""A piece performed with a space's sounds: every key is sounded once, and every note is made of its key."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from timbre_core.datasets.general_midi import PROGRAMS
from timbre_core.datasets.instrument_words import family_like
from timbre_core.errors import TimbreError
from timbre_core.generation.instrument import Instrument, PlayedNote, starting_point
from timbre_core.generation.macros import PLAIN, Shape
from timbre_core.generation.midi.piece import Course, Note, Piece
from timbre_core.generation.midi.voices import MOST_VOICES, stolen, voice
from timbre_core.space import TimbreSpace
from timbre_core.wording import counted

RATE = 44_100
"""Hz of what is performed."""
_PEAK = 10 ** (-1 / 20)


class Band:
    """Which instrument plays a General MIDI program: one for all, or one for each program's family.

    A family that is not on the map is played by the first one that is.
    """

    def __init__(
        self,
        space: TimbreSpace,
        like: str | None = None,
        programs: Mapping[int, str] | None = None,
        shape: Shape = PLAIN,
    ) -> None:
        """`like` is a note's id, for all programs that `programs` (program to a family or a note's id) leaves out;
        `shape` holds the macros that all are shaped by.

        Raises TimbreError for a note or family that is not on the map.
        """
        self.space = space
        self._shape = shape
        self._instruments: dict[str, Instrument] = {}
        self._opening = threading.Lock()  # pieces are performed side by side, and share instruments
        self._like = like
        self._families = sorted(set(space.map_notes["family"].dropna())) if "family" in space.map_notes else []
        self._programs = dict(programs or {})
        for name in {*self._programs.values(), *([like] if like else [])}:
            self._instrument(name)

    def __call__(self, number: int) -> Instrument:
        """The instrument of program `number`, 0-127."""
        if number in self._programs:
            return self._instrument(self._programs[number])
        if self._like is not None:
            return self._instrument(self._like)
        known = PROGRAMS.get(number)
        family = family_like(known.family, self._families) if known is not None else ""
        return self._instrument(family or (self._families[0] if self._families else ""))

    def _instrument(self, name: str) -> Instrument:
        with self._opening:
            if name not in self._instruments:
                self._instruments[name] = Instrument(self.space, self._start(name)).with_shape(self._shape)
            return self._instruments[name]

    def _start(self, name: str) -> np.ndarray:
        if family_like(name, self._families):
            return starting_point(self.space, family=name)
        return starting_point(self.space, like=name or str(self.space.map_notes["note_id"].iloc[0]))


@dataclass(frozen=True)
class Solo:
    """One instrument that plays every program."""

    instrument: Instrument

    def __call__(self, number: int) -> Instrument:
        """The instrument, whatever the program."""
        return self.instrument


@dataclass
class Performance:
    """A piece on its way to sound. `mix` is the whole, `stems` its channels, which add up to it.

    tuning: the MIDI pitch of each key 0-127, None where it plays nothing; as pianos are tuned without one.
    """

    piece: Piece
    sounds: Callable[[int], Instrument]
    attack: float = 0.002
    release: float = 0.25
    tuning: Sequence[float | None] | None = None
    _keys: dict[tuple[int, int], PlayedNote] = field(default_factory=dict)

    def prepare(self, progress: Callable[[int, int], None] = lambda done, of: None) -> None:
        """Sound every key that the piece needs; `progress(done, of)` is called before each."""
        # Programs that share an instrument share its keys.
        pitches = self.tuning or range(128)
        playing = [note for note in self.piece.notes if (pitch := pitches[note.key]) is not None and 0 <= pitch <= 127]
        if not playing:
            raise TimbreError("in this tuning none of the piece's keys has a pitch: choose another one.")
        self._silent = len(self.piece.notes) - len(playing)
        self.piece = replace(self.piece, notes=tuple(playing))
        wanted = {(id(self.sounds(note.program)), note.key): note for note in playing}
        for done, (where, note) in enumerate(wanted.items()):
            progress(done, len(wanted))
            if where not in self._keys:
                self._keys[where] = self.sounds(note.program).note(pitches[note.key] or 0.0)
        progress(len(wanted), len(wanted))
        self._stolen = stolen(self.piece.notes, self.release)

    @property
    def remarks(self) -> list[str]:
        """What is to be told of it."""
        told = list(self.piece.remarks)
        if self._silent:
            told.append(f"{counted(self._silent, 'note')} without a pitch in this tuning: left out.")
        if self._stolen:
            told.append(f"{counted(len(self._stolen), 'note')} ended early: no more than {MOST_VOICES} sound at once.")
        return told

    def mix(self) -> np.ndarray:
        """The whole (n_samples,) float32 at `RATE`, its highest peak at -1 dB full scale."""
        sum_of_all = self._sum(range(16))
        peak = float(np.abs(sum_of_all).max())
        self._gain = _PEAK / peak if peak > 0 else 1.0
        return _resampled(self._gain * sum_of_all, self._rate)

    def stems(self) -> Iterator[tuple[int, np.ndarray]]:
        """Each channel that has notes, and its part of the mix (n_samples,); to be asked for after the mix."""
        for channel in self.piece.channels:
            yield channel, _resampled(self._gain * self._sum([channel]), self._rate)

    @property
    def _rate(self) -> int:
        return next(iter(self._keys.values())).sample_rate

    def _sum(self, channels: range | list[int]) -> np.ndarray:
        rate = self._rate
        total = np.zeros(round((self.piece.seconds + 2 * self.release + 0.1) * rate) + 1, dtype=np.float32)
        for place, note in enumerate(self.piece.notes):
            if note.channel in channels:
                audio = self._voice(note, self._stolen.get(place))
                start = round(note.start * rate)
                audio = audio[: len(total) - start]
                total[start : start + len(audio)] += audio
        return total

    def _voice(self, note: Note, end: float | None) -> np.ndarray:
        sound = self._keys[id(self.sounds(note.program)), note.key]
        course = self.piece.courses.get(note.channel, Course())
        return voice(sound, note, course, self.attack, self.release, end)


def _resampled(audio: np.ndarray, rate: int) -> np.ndarray:
    import soxr

    return audio if rate == RATE else np.asarray(soxr.resample(audio, rate, RATE), dtype=np.float32)
