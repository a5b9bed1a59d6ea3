"""Writes the pieces that ship, from their notes: `python -m timbre_core.generation.midi.pieces.build`.

All are in the public domain: Johann Sebastian Bach (1685-1750), Johann Pachelbel (1653-1706), a French round of the
18th century, Ludwig van Beethoven (1770-1827). They were written down here, by no edition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido

TICKS = 480
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
Line = list[tuple[tuple[int, ...], float]]
"""Notes one after the other: MIDI keys that sound together (none: a rest), and how long, in quarters."""

# The five notes of each bar of the prelude in C, BWV 846; a bar is two bass notes and the other three twice, all repeated.
_PRELUDE = """
C4 E4 G4 C5 E5 | C4 D4 A4 D5 F5 | B3 D4 G4 D5 F5 | C4 E4 G4 C5 E5 | C4 E4 A4 E5 A5 | C4 D4 F#4 A4 D5 | B3 D4 G4 D5 G5
B3 C4 E4 G4 C5 | A3 C4 E4 G4 C5 | D3 A3 D4 F#4 C5 | G3 B3 D4 G4 B4 | G3 Bb3 E4 G4 C#5 | F3 A3 D4 A4 D5 | F3 Ab3 D4 F4 B4
E3 G3 C4 G4 C5 | E3 F3 A3 C4 F4 | D3 F3 A3 C4 F4 | G2 D3 G3 B3 F4 | C3 E3 G3 C4 E4 | C3 G3 Bb3 C4 E4 | F2 F3 A3 C4 E4
F#2 C3 A3 C4 Eb4 | Ab2 F3 B3 C4 D4 | G2 F3 G3 B3 D4 | G2 E3 G3 C4 E4 | G2 D3 G3 C4 F4 | G2 D3 G3 B3 F4 | G2 Eb3 A3 C4 F#4
G2 E3 G3 C4 G4 | G2 D3 G3 C4 F4 | G2 D3 G3 B3 F4 | C2 C3 G3 Bb3 E4
"""
_PRELUDE_END = (
    "C2/.25 C3/.25 F3/.25 A3/.25 C4/.25 F4/.25 C4/.25 A3/.25 C4/.25 A3/.25 F3/.25 A3/.25 F3/.25 D3/.25 F3/.25 D3/.25 "
    "C2/.25 B2/.25 G4/.25 B4/.25 D5/.25 F5/.25 D5/.25 B4/.25 D5/.25 B4/.25 G4/.25 B4/.25 D4/.25 F4/.25 E4/.25 D4/.25 "
    "C2+C3+E4+G4+C5/4"
)
_GROUND = "D3/2 A2/2 B2/2 F#2/2 G2/2 D2/2 G2/2 A2/2"
_CANON = """
F#5/2 E5/2 D5/2 C#5/2 B4/2 A4/2 B4/2 C#5/2
D5/2 C#5/2 B4/2 A4/2 G4/2 F#4/2 G4/2 E4/2
D4/1 F#4/1 A4/1 G4/1 F#4/1 D4/1 F#4/1 E4/1 D4/1 B3/1 D4/1 A4/1 G4/1 B4/1 A4/1 G4/1
F#4/1 D4/1 E4/1 C#5/1 D5/1 F#5/1 A5/1 A4/1 B4/1 G4/1 A4/1 F#4/1 D4/1 D5/1 D5/1.5 C#5/.5
D5/.5 C#5/.5 D5/.5 D4/.5 C#4/.5 A4/.5 E4/.5 F#4/.5 D4/.5 D5/.5 C#5/.5 B4/.5 C#5/.5 F#5/.5 A5/.5 B5/.5
G5/.5 F#5/.5 E5/.5 G5/.5 F#5/.5 E5/.5 D5/.5 C#5/.5 B4/.5 A4/.5 G4/.5 F#4/.5 E4/.5 G4/.5 F#4/.5 E4/.5
"""
_ROUND = """
F4/1 G4/1 A4/1 F4/1 F4/1 G4/1 A4/1 F4/1 A4/1 Bb4/1 C5/2 A4/1 Bb4/1 C5/2
C5/.5 D5/.5 C5/.5 Bb4/.5 A4/1 F4/1 C5/.5 D5/.5 C5/.5 Bb4/.5 A4/1 F4/1 F4/1 C4/1 F4/2 F4/1 C4/1 F4/2
"""
_FORM = "{0} {1} {0} {3} {2} {0} {3}"
_JOY = {
    "soprano": """F#4/1 F#4/1 G4/1 A4/1 A4/1 G4/1 F#4/1 E4/1 D4/1 D4/1 E4/1 F#4/1 F#4/1.5 E4/.5 E4/2
        F#4/1 F#4/1 G4/1 A4/1 A4/1 G4/1 F#4/1 E4/1 D4/1 D4/1 E4/1 F#4/1 E4/1.5 D4/.5 D4/2
        E4/1 E4/1 F#4/1 D4/1 E4/1 F#4/.5 G4/.5 F#4/1 D4/1 E4/1 F#4/.5 G4/.5 F#4/1 E4/1 D4/1 E4/1 A3/1 F#4/2
        F#4/1 G4/1 A4/1 A4/1 G4/1 F#4/1 E4/1 D4/1 D4/1 E4/1 F#4/1 E4/1.5 D4/.5 D4/2""",
    "alto": _FORM.format(
        "D4/2 D4/2 D4/2 D4/1 C#4/1 A3/2 A3/2",
        "D4/1.5 C#4/.5 C#4/2",
        "C#4/2 D4/1 A3/1 C#4/2 D4/1 A3/1 C#4/2 D4/1 C#4/1 A3/1 C#4/1 A3/1 D4/1",
        "C#4/1.5 D4/.5 D4/2",
    ),
    "tenor": _FORM.format(
        "A3/2 B3/2 A3/2 A3/2 F#3/2 G3/2",
        "A3/2 A3/2",
        "A3/2 A3/1 F#3/1 A3/2 A3/1 F#3/1 A3/2 A3/1 A3/1 F#3/1 E3/1 E3/1 A3/1",
        "G3/1.5 F#3/.5 F#3/2",
    ),
    "bass": _FORM.format(
        "D3/2 G2/2 A2/2 A2/2 B2/2 G2/2",
        "A2/2 A2/2",
        "A2/2 D3/1 D3/1 A2/2 D3/1 D3/1 A2/2 D3/1 A2/1 B2/1 A2/1 C#3/1 D3/1",
        "A2/1.5 D3/.5 D3/2",
    ),
}


@dataclass(frozen=True)
class Part:
    """A voice: its notes, the General MIDI program that plays it, where it begins (quarters), how loud it is."""

    line: Line
    program: int
    begin: float = 0.0
    velocity: int = 84


def pieces() -> dict[str, tuple[float, list[Part]]]:
    """Each piece by its file's name: quarters a minute, and its parts."""
    canon, ground, song = _line(_CANON), _line(_GROUND), _line(_ROUND)
    turns = 9
    return {
        "bach-prelude-in-c": (66, [Part([*_broken(_PRELUDE), *_line(_PRELUDE_END)], 6)]),
        "pachelbel-canon": (
            54,
            [
                *(Part(canon, program, 16.0 * (turn + 1), 88) for turn, program in enumerate((40, 73, 68))),
                Part([*ground * turns, ((38, 50), 4.0)], 42, velocity=76),
            ],
        ),
        "frere-jacques": (
            112,
            [Part(song * 2, program, 8.0 * turn) for turn, program in enumerate((73, 71, 56, 58))],
        ),
        "ode-to-joy": (
            100,
            [Part(_line(_JOY[voice]), program) for voice, program in zip(_JOY, (73, 71, 68, 70), strict=True)],
        ),
    }


def written(tempo: float, parts: list[Part]) -> mido.MidiFile:
    """A piece as a MIDI file of type 1: a track and a channel for each part."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.add_track().append(mido.MetaMessage("set_tempo", tempo=round(60e6 / tempo)))
    for channel, part in enumerate(parts):
        track, last = file.add_track(), 0
        track.append(mido.Message("program_change", channel=channel, program=part.program))
        for when, on, key in sorted(_events(part)):
            kind = "note_on" if on else "note_off"
            velocity = part.velocity if on else 0
            track.append(mido.Message(kind, channel=channel, note=key, velocity=velocity, time=when - last))
            last = when
    return file


def _events(part: Part) -> Iterator[tuple[int, bool, int]]:
    now = part.begin
    for keys, length in part.line:
        for key in keys:
            yield round(now * TICKS), True, key
            yield round((now + 0.95 * length) * TICKS), False, key
        now += length


def _line(text: str) -> Line:
    notes: Line = []
    for word in text.split():
        keys, _, length = word.partition("/")
        notes.append((tuple(map(_key, keys.split("+"))), float(length)))
    return notes


def _broken(text: str) -> Line:
    line: Line = []
    for bar in text.replace("\n", "|").split("|"):
        keys = [_key(name) for name in bar.split()]
        line += [((key,), 0.25) for key in (*keys, *keys[2:]) * 2]
    return line


def _key(name: str) -> int:
    sharp = name.count("#") - name.count("b")
    return 12 * (int(name[-1]) + 1) + _STEPS[name[0]] + sharp


if __name__ == "__main__":
    for name, piece in pieces().items():
        written(*piece).save(Path(__file__).with_name(f"{name}.mid"))
