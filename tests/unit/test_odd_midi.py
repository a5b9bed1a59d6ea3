"""MIDI files as careless programs write them: what can be played of them is."""

from __future__ import annotations

import io

import mido
import pytest

from tests.unit.test_midi import midi, note
from timbre_core.errors import TimbreError
from timbre_core.generation.midi.reading import read_midi


def test_what_is_never_let_go_sounds_to_the_end_of_the_file() -> None:
    drone = (0.0, "note_on", {"note": 40, "velocity": 100, "channel": 2})
    ends = {each.key: each.end for each in read_midi(midi(drone, *note(0.5, 3, 60))).notes}
    assert ends == {40: 3.0, 60: 3.0}
    file = mido.MidiFile(ticks_per_beat=480)
    file.add_track().extend([mido.Message("note_on", note=60), mido.MetaMessage("end_of_track", time=1920)])
    buffer = io.BytesIO()
    file.save(file=buffer)
    assert read_midi(buffer.getvalue()).notes[0].end == 2.0


def test_chunks_of_other_names_are_passed_over() -> None:
    data, other = midi(*note(0, 1, 60)), b"XFIH\x00\x00\x00\x03abc"
    for with_it in (data[:14] + other + data[14:], data + other, data[:14] + other * 3 + data[14:]):
        piece = read_midi(with_it)
        assert [(each.key, each.end) for each in piece.notes] == [(60, 1.0)]
        assert piece.remarks == ()


def test_a_tempo_without_duration_is_left_out_and_told() -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    track = file.add_track()
    track += [mido.MetaMessage("set_tempo", tempo=0), mido.Message("note_on", note=60)]
    track += [mido.Message("note_off", note=60, time=960)]
    buffer = io.BytesIO()
    file.save(file=buffer)
    piece = read_midi(buffer.getvalue())
    assert piece.notes[0].end == 1.0
    assert piece.remarks == ("A tempo in it has no duration: it is left out.",)


def test_notes_behind_the_tracks_that_the_header_counts_are_told_where_there_are_no_others() -> None:
    data = bytearray(midi(*note(0, 1, 60)))
    data[10:12] = b"\0\0"
    with pytest.raises(TimbreError, match=r"no notes to play in it: choose another file\. 1 track behind those"):
        read_midi(bytes(data))
