"""MIDI files to pieces. mido reads them; what is here gives its messages their meaning.

Standard MIDI Files 1.0 and General MIDI 1 (MIDI Manufacturers Association): controllers 1, 6, 7, 11, 64, 66, 74, 100, 101, 120,
121 and 123, pressure of a channel; MIDI Polyphonic Expression 1.0.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.errors import TimbreError, os_errors
from timbre_core.generation.midi.channel import MPE_BEND, Channel
from timbre_core.generation.midi.piece import PERCUSSION, Piece
from timbre_core.wording import counted

if TYPE_CHECKING:
    import mido

LARGEST = 4 * 2**20
"""Bytes of a MIDI file."""
LONGEST = 1800.0
"""Seconds of a piece."""
MOST_NOTES = 200_000
_TEMPO = 500_000  # microseconds to a beat, until something else is said
_UNPLAYED = re.compile(
    rb"\xff[\x54\x58\x59](?=[\x00-\x10])"
)  # meta events: SMPTE offset, time signature, key signature
_UNKNOWN = b"\xff\x60"  # a meta event that means nothing


def read_midi(source: Path | str | bytes, name: str = "") -> Piece:
    """A MIDI file, by its path or its bytes, as a piece.

    Percussion (channel 10) is left out, and told. Raises TimbreError, in one sentence that names the file, for one that is
    missing, damaged or truncated, has no notes, or is larger or longer than any piece is.
    """
    name = name or (str(source) if not isinstance(source, bytes) else "this file")
    if not isinstance(source, bytes):
        with os_errors(source):
            if Path(source).stat().st_size > LARGEST:
                raise TimbreError(f"{name}: {_too_large()}")
            source = Path(source).read_bytes()
    if len(source) > LARGEST:
        raise TimbreError(f"{name}: {_too_large()}")
    if source[:4] == b"RIFF" and source[8:12] == b"RMID":
        source = source[source.find(b"MThd") :]
    if source[:4] != b"MThd":
        raise TimbreError(f"{name}: not a MIDI file: choose one that ends in .mid.")
    channels = {number: Channel(number) for number in range(16)}
    notes, end = 0, 0.0
    try:
        file, remarks = _opened(_without_unknown_chunks(source), name)
        for seconds, message in _timed(file):
            if message.is_meta:  # a track ends
                end = max(end, min(seconds, LONGEST))
                continue
            notes += message.type == "note_on" and message.velocity > 0
            if seconds > LONGEST or notes > MOST_NOTES:
                raise TimbreError(
                    f"{name}: more than {LONGEST / 60:.0f} minutes or {MOST_NOTES:,} notes: the file is damaged, or cut it."
                )
            channels[message.channel].receive(message, seconds)
            _open_zone(channels, message.channel)
    except TimbreError:
        raise
    except Exception as error:  # mido answers damaged bytes with errors of a dozen kinds
        raise TimbreError(f"{name}: damaged or truncated as a MIDI file: get or export it again.") from error
    return _piece(channels.values(), name, remarks, end)


def _open_zone(channels: dict[int, Channel], manager: int) -> None:
    """Where a file says that each note has a channel of its own, bends on those go further until it says how far."""
    size, channels[manager].zone = channels[manager].zone, 0
    if manager not in (0, 15):
        return
    members = range(1, 1 + size) if manager == 0 else range(15 - size, 15)
    for number in members:
        channels[number].bend_range = MPE_BEND


def _too_large() -> str:
    return f"larger than {LARGEST // 2**20} MB, no MIDI file is: choose another one."


def _without_unknown_chunks(data: bytes) -> bytes:
    """The header and the tracks: chunks of other names are to be treated as if they were not there."""
    place = 8 + int.from_bytes(data[4:8], "big")
    kept = [data[:place]]
    while place < len(data):
        behind = place + 8 + int.from_bytes(data[place + 4 : place + 8], "big")
        unknown = re.fullmatch(rb"[ -~]{4}", data[place : place + 4]) and data[place : place + 4] != b"MTrk"
        if behind > len(data) or not (unknown or data[place : place + 4] == b"MTrk"):
            kept.append(data[place:])  # damaged: mido says so
            break
        if not unknown:
            kept.append(data[place:behind])
        place = behind
    return b"".join(kept)


def _opened(data: bytes, name: str) -> tuple[mido.MidiFile, list[str]]:
    """The file, and what of it is left out: signatures that say something impossible, which change nothing that sounds."""
    import mido

    remarks = []
    stream = io.BytesIO(data)
    try:
        file = mido.MidiFile(file=stream, clip=True)
    except Exception:  # of a dozen kinds, as above
        stream = io.BytesIO(_UNPLAYED.sub(_UNKNOWN, data))
        file = mido.MidiFile(file=stream, clip=True)
        remarks.append("A key or time signature in it cannot be: signatures are left out.")
    more = stream.read().count(b"MTrk")
    if more:
        remarks.append(f"{counted(more, 'track')} behind those that its header counts left out.")
    if file.type == 2:
        raise TimbreError(f"{name}: its tracks are pieces of their own (MIDI type 2): save it as type 1.")
    if any(message.type == "set_tempo" and not message.tempo for track in file.tracks for message in track):
        remarks.append("A tempo in it has no duration: it is left out.")
    return file, remarks


def _timed(file: mido.MidiFile) -> Iterator[tuple[float, mido.Message]]:
    """The messages to channels and the ends of tracks, of all tracks together, with their seconds."""
    import mido

    division, tempo, seconds, before = file.ticks_per_beat, _TEMPO, 0.0, 0
    frames = -(division >> 8) if division < 0 else 0
    for ticks, message in _merged(file):
        if frames:  # ticks of film time: so many frames a second, so many ticks a frame
            seconds += (ticks - before) / (frames * max(1, division & 0xFF))
        else:
            seconds += mido.tick2second(ticks - before, max(1, division), tempo)
        before = ticks
        if message.type == "set_tempo":
            tempo = message.tempo or tempo
        elif message.type == "end_of_track" or (not message.is_meta and hasattr(message, "channel")):
            yield seconds, message


def _merged(file: mido.MidiFile) -> list[tuple[int, mido.Message]]:
    """All tracks' messages with their ticks, in order of time, at one moment in that of the tracks. (mido's own copies each
    message twice: half of the time that a long file takes.)"""
    found: list[tuple[int, mido.Message]] = []
    for track in file.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            found.append((ticks, message))
    return sorted(found, key=itemgetter(0))


def _piece(channels: Iterable[Channel], name: str, remarks: list[str], end: float) -> Piece:
    channels = list(channels)
    for channel in channels:
        channel.finish(end)
    notes = sorted((note for channel in channels for note in channel.notes), key=lambda note: (note.start, note.key))
    played = tuple(note for note in notes if note.channel != PERCUSSION)
    if len(played) < len(notes):
        remarks.append(f"{counted(len(notes) - len(played), 'note')} of percussion (channel 10) left out.")
    if not played:
        also = f" {' '.join(remarks)}" if remarks and not notes else ""
        raise TimbreError(
            f"{name}: no notes to play in it{' but percussion' if notes else ''}: choose another file.{also}"
        )
    courses = {channel.number: channel.course for channel in channels}
    return Piece(played, courses, max(note.end for note in played), tuple(remarks))
