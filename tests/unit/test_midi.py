"""MIDI files read and performed: what sounds when, how high and how loud; hostile files refused in one sentence."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0
from timbre_core.generation.instrument import PlayedNote
from timbre_core.generation.midi import reading
from timbre_core.generation.midi.performance import RATE, Band, Performance
from timbre_core.generation.midi.piece import Note, Piece, values_at
from timbre_core.generation.midi.pieces import TITLES, piece_file
from timbre_core.generation.midi.pieces.build import pieces, written
from timbre_core.generation.midi.reading import read_midi
from timbre_core.generation.midi.voices import MOST_VOICES, stolen
from timbre_core.space import TimbreSpace

Told = tuple[float, str, dict[str, int]]


def midi(*told: Told, type: int = 1) -> bytes:
    """A file of messages at seconds (two beats each)."""
    file = mido.MidiFile(type=type, ticks_per_beat=480)
    track, last = file.add_track(), 0
    for seconds, kind, values in sorted(told, key=lambda each: each[0]):
        now = round(960 * seconds)
        track.append(mido.Message(kind, **values, time=now - last))
        last = now
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def note(start: float, end: float, key: int, velocity: int = 100, channel: int = 0) -> list[Told]:
    on = (start, "note_on", {"note": key, "velocity": velocity, "channel": channel})
    return [on, (end, "note_off", {"note": key, "channel": channel})]


def control(seconds: float, number: int, value: int, channel: int = 0) -> Told:
    return seconds, "control_change", {"control": number, "value": value, "channel": channel}


@dataclass
class Sine:
    """An instrument of a sine, looped, or of one second that dies away."""

    sustained: bool = True

    def note(self, key: int) -> PlayedNote:
        hz, rate = 440 * 2 ** ((key - 69) / 12), 16_000
        period = rate / hz
        behind = 4000 + round(round(8000 / period) * period)
        audio = (0.2 * np.sin(2 * np.pi * hz * np.arange(behind) / rate)).astype(np.float32)
        return PlayedNote(key, audio, (4000, behind) if self.sustained else None, audio[None], rate)


def performed(data: bytes, instrument: Sine | None = None) -> Performance:
    performance = Performance(read_midi(data), lambda program: instrument or Sine())  # type: ignore[arg-type, return-value]
    performance.sounds = {program: instrument or Sine() for program in range(128)}.__getitem__  # type: ignore[assignment]
    performance.prepare()
    return performance


def heard(audio: np.ndarray, start: float, end: float) -> np.ndarray:
    return audio[round(start * RATE) : round(end * RATE)]


def level(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(audio**2)))


class TestReading:
    def test_notes_have_seconds_whatever_the_tempo(self) -> None:
        file = mido.MidiFile(ticks_per_beat=100)
        conductor, track = file.add_track(), file.add_track()
        conductor += [
            mido.MetaMessage("set_tempo", tempo=500_000),
            mido.MetaMessage("set_tempo", tempo=1_000_000, time=200),
        ]
        track += [mido.Message("note_on", note=60, time=100), mido.Message("note_off", note=60, time=200)]
        buffer = io.BytesIO()
        file.save(file=buffer)
        (only,) = read_midi(buffer.getvalue()).notes
        assert (only.start, only.end) == (0.5, 2.0), "a beat of half a second, then one of them and one of a second"

    def test_sustain_holds_notes_and_sostenuto_those_that_are_down(self) -> None:
        held = read_midi(midi(*note(0, 1, 60), control(0.5, 64, 127), control(3, 64, 0)))
        assert held.notes[0].end == 3.0
        some = read_midi(midi(*note(0, 1, 60), control(0.5, 66, 127), *note(0.7, 1.2, 64), control(2, 66, 0)))
        assert {each.key: round(each.end, 3) for each in some.notes} == {60: 2.0, 64: 1.2}

    def test_a_key_that_is_struck_again_ends_what_it_sounded(self) -> None:
        again = read_midi(midi(*note(0, 3, 60), *note(1, 2, 60)))
        assert [(each.start, each.end) for each in again.notes] == [(0, 1), (1, 2)]

    def test_programs_channels_and_bends(self) -> None:
        told = [*note(0, 1, 60), *note(0, 1, 64, channel=3), *note(0, 1, 35, channel=9)]
        told += [(0.0, "program_change", {"program": 40, "channel": 3})]
        told += [control(0, 101, 0), control(0, 100, 0), control(0, 6, 12), (0.5, "pitchwheel", {"pitch": 4096})]
        piece = read_midi(midi(*sorted(told, key=lambda each: (each[0], each[1] == "note_on"))))
        assert [(each.channel, each.program) for each in piece.notes] == [(0, 0), (3, 40)]
        assert piece.courses[0].bend == [(0.5, 600.0)], "an octave to either side, half of it up"
        assert piece.remarks == ("1 note of percussion (channel 10) left out.",)
        assert values_at(piece.courses[0].bend, np.array([0.4, 0.5, 9.0]), 0.0).tolist() == [0, 600, 600]

    def test_what_lies_behind_the_tracks_is_told(self) -> None:
        piece = read_midi(midi(*note(0, 1, 60)) + midi(*note(0, 1, 72)))
        assert [played.key for played in piece.notes] == [60]
        assert any("behind those that its header counts left out" in remark for remark in piece.remarks)

    def test_film_time(self) -> None:
        data = bytearray(midi(*note(0, 1, 60)))
        data[12:14] = bytes([256 - 25, 40])  # 25 frames a second, 40 ticks each: a thousand to the second
        (only,) = read_midi(bytes(data)).notes
        assert only.end == pytest.approx(0.96)

    @pytest.mark.parametrize(
        "event", [b"\xff\x59\x02\x20\x05", b"\xff\x59\x01\x00", b"\xff\x58\x01\x04", b"\xff\x54\x01\xff"]
    )
    def test_an_impossible_signature_is_left_out_and_told(self, event: bytes) -> None:
        data = bytearray(midi(*note(0, 1, 60), *note(1, 2, 62)))
        start = data.index(b"MTrk") + 8
        data[start:start] = b"\x00" + event
        data[start - 4 : start] = (int.from_bytes(data[start - 4 : start]) + 1 + len(event)).to_bytes(4)
        piece = read_midi(bytes(data))
        assert [(each.start, each.end, each.key) for each in piece.notes] == [(0, 1, 60), (1, 2, 62)]
        assert piece.remarks == ("A key or time signature in it cannot be: signatures are left out.",)

    @pytest.mark.parametrize("cut", [3, 12, 20, 30, 42])
    def test_truncated_files(self, cut: int) -> None:
        with pytest.raises(TimbreError) as error:
            read_midi(midi(*note(0, 1, 60), *note(1, 2, 62))[:cut], "song.mid")
        assert str(error.value).startswith("song.mid: ")
        assert "\n" not in str(error.value)

    def test_noise_in_a_file_never_is_another_error(self) -> None:
        rng, good = np.random.default_rng(0), midi(*note(0, 1, 60), *note(1, 2, 62), control(1, 64, 127))
        for _ in range(200):
            data = np.frombuffer(good, np.uint8).copy()
            data[rng.integers(0, len(data), 4)] = rng.integers(0, 256, 4)
            try:
                piece = read_midi(data.tobytes())
            except TimbreError:
                continue
            assert 0 <= piece.seconds <= reading.LONGEST

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "not a MIDI file"),
            (b"RIFF....WAVE", "not a MIDI file"),
            (midi(), "no notes to play"),
            (midi(*note(0, 1, 35, channel=9)), "no notes to play in it but percussion"),
            (midi(*note(0, 1, 60), *note(4000, 4001, 60)), "more than 30 minutes"),
            (midi(*note(0, 1, 60), type=2), "MIDI type 2"),
            (b"MThd" + b" " * (reading.LARGEST + 1), "larger than 4 MB"),
        ],
    )
    def test_what_is_no_piece_is_refused(self, data: bytes, said: str) -> None:
        with pytest.raises(TimbreError, match=f"^piece.mid: .*{said}"):
            read_midi(data, "piece.mid")

    def test_ten_thousand_notes_at_once_are_bounded(self) -> None:
        told = [event for channel in range(9) for key in range(128) for event in note(0, 1, key, channel=channel)]
        piece = read_midi(midi(*told * 9))
        assert len(piece.notes) == 9 * 128
        early = stolen(piece.notes, 0.2)
        assert len(piece.notes) - len(early) == MOST_VOICES


class TestPerforming:
    def test_keys_sound_when_they_are_struck_at_their_pitch_and_velocity(self) -> None:
        audio = performed(midi(*note(0.5, 2.5, 57, 127), *note(4, 6, 69, 64))).mix()
        assert level(heard(audio, 0, 0.45)) < 1e-4
        assert level(heard(audio, 3.2, 3.9)) < 1e-3 * level(heard(audio, 1, 2))
        assert estimate_f0(heard(audio, 1, 2.4), RATE).midi == pytest.approx(57, abs=0.02)
        assert estimate_f0(heard(audio, 4.5, 5.9), RATE).midi == pytest.approx(69, abs=0.02)
        softer = 20 * np.log10(level(heard(audio, 4.5, 5.5)) / level(heard(audio, 1, 2)))
        assert softer == pytest.approx(40 * np.log10(64 / 127), abs=0.5)
        assert np.abs(audio).max() == pytest.approx(10 ** (-1 / 20), rel=0.02)

    def test_bend_vibrato_and_volume_are_followed(self) -> None:
        told = [*note(0, 6, 60), (1.0, "pitchwheel", {"pitch": 8191}), (2.0, "pitchwheel", {"pitch": 0})]
        audio = performed(midi(*told, control(3, 1, 127), control(4, 1, 0), control(5, 7, 64))).mix()
        assert estimate_f0(heard(audio, 1.1, 1.9), RATE).midi == pytest.approx(62, abs=0.05)
        assert estimate_f0(heard(audio, 2.1, 2.9), RATE).midi == pytest.approx(60, abs=0.05)
        steps = np.arange(3.1, 3.9, 0.045)
        wobble = [estimate_f0(heard(audio, at, at + 0.045), RATE).midi for at in steps]
        assert 0.5 < np.ptp(wobble) < 1.2, "half a semitone to either side"
        quieter = 20 * np.log10(level(heard(audio, 5.3, 5.9)) / level(heard(audio, 4.2, 4.8)))
        assert quieter == pytest.approx(40 * np.log10(64 / 127), abs=0.5)

    def test_pressure_and_brightness_are_followed(self) -> None:
        told = [*note(0, 3, 81), control(1, 74, 0), (2, "aftertouch", {"value": 127, "channel": 0}), control(2, 74, 64)]
        audio = performed(midi(*told)).mix()
        plain, dark, pressed = (level(heard(audio, at + 0.2, at + 0.8)) for at in range(3))
        assert dark < 0.1 * plain, "880 Hz, six octaves below half the rate at 125 Hz"
        assert pressed == pytest.approx(2 * plain, rel=0.05)

    def test_a_file_that_is_mpe_bends_its_notes_further(self) -> None:
        def bend(channel: int) -> float:
            zone = [control(0, 101, 0), control(0, 100, 6), control(0, 6, 3)]
            told = [*zone, (0.1, "pitchwheel", {"pitch": 4096, "channel": channel}), *note(0.1, 1, 60, channel=channel)]
            return read_midi(midi(*told)).courses[channel].bend[-1][1]

        assert [bend(channel) for channel in (0, 1, 3, 4)] == [100, 2400, 2400, 100]

    def test_what_dies_away_is_not_looped(self) -> None:
        audio = performed(midi(*note(0, 4, 60)), Sine(sustained=False)).mix()
        assert level(heard(audio, 1.5, 3.9)) == 0

    def test_stems_add_up_to_the_mix(self) -> None:
        performance = performed(midi(*note(0, 1, 60), *note(0.5, 2, 67, channel=4)))
        mix, stems = performance.mix(), dict(performance.stems())
        assert list(stems) == [0, 4]
        assert np.abs(mix - sum(stems.values())).max() < 1e-4

    def test_more_voices_than_there_are_end_early_and_without_a_click(self) -> None:
        told = [event for key in range(80) for event in note(0.02 * key, 4, key + 20, 60)]
        performance = performed(midi(*told))
        assert "16 notes ended early" in " ".join(performance.remarks)
        assert np.isfinite(performance.mix()).all()

    def test_programs_are_played_by_their_families(self, tiny_space: TimbreSpace) -> None:
        band = Band(tiny_space, programs={5: "brass"})
        assert band(73) is not band(56)
        assert band(56) is band(57) is band(5), "trumpet, trombone: brass, and what was asked for"
        one = Band(tiny_space, like=str(tiny_space.map_notes["note_id"].iloc[0]))
        assert one(0) is one(90)
        with pytest.raises(TimbreError, match="no note 'kazoo'"):
            Band(tiny_space, programs={1: "kazoo"})


@pytest.fixture
def tiny_space(tiny_checkpoint: Path) -> TimbreSpace:
    from timbre_core.checkpoint import open_checkpoint

    return TimbreSpace(open_checkpoint(tiny_checkpoint))


@pytest.mark.parametrize("name", TITLES)
def test_the_pieces_that_ship_are_those_of_their_script(name: str) -> None:
    buffer = io.BytesIO()
    written(*pieces()[name]).save(file=buffer)
    assert buffer.getvalue() == piece_file(name)
    piece = read_midi(piece_file(name))
    assert 30 < piece.seconds < 240
    assert len(piece.channels) in (1, 4)


def test_perform_command(tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from timbre_core.__main__ import main

    (tmp_path / "song.mid").write_bytes(midi(*note(0, 0.5, 60), *note(0.5, 1, 62, channel=1)))
    command = ["perform", str(tiny_checkpoint), str(tmp_path / "song.mid"), "--out", str(tmp_path / "song.wav")]
    assert main([*command, "--stems"]) == 0
    audio, rate = soundfile.read(tmp_path / "song.wav")
    assert rate == RATE
    assert 1 < len(audio) / rate < 2
    assert {path.name for path in tmp_path.glob("*.wav")} == {"song.wav", "song-stem-01.wav", "song-stem-02.wav"}
    for options, said in (
        (["--program", "128=brass"], "0 to 127"),
        (["--program", "1=kazoo"], "kazoo"),
        (["--release", "nan"], "--release"),
        (["--like", "nobody"], "nobody"),
    ):
        assert main([*command, *options]) == 1
        assert said in capsys.readouterr().err
    (tmp_path / "song.mid").write_bytes(b"MThd")
    assert main(command) == 1
    assert "song.mid: damaged" in capsys.readouterr().err


def test_a_piece_is_plain_data() -> None:
    piece = Piece((Note(2, 0, 60, 64, 0.0, 1.0), Note(0, 0, 60, 64, 0.5, 1.0)), {}, 1.0)
    assert piece.channels == [0, 2]
