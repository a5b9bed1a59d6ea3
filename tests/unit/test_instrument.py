"""A point of the latent space as an instrument: keys, loops, samples for other programs, presets."""

from __future__ import annotations

import json
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.synthetic import apart
from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.settings import LogMelSettings
from timbre_core.generation.formats.packing import file_name, zipped
from timbre_core.generation.formats.registry import LICENCE, instrument_files
from timbre_core.generation.instrument import Instrument, PlayedNote, starting_point
from timbre_core.generation.looping import find_loop, steady_part
from timbre_core.generation.presets import LARGEST, Preset, preset_to_json, read_preset
from timbre_core.generation.sampler import Sampling, key_ranges, looped_wav, sampled, sampled_keys, velocity_layers
from timbre_core.space import TimbreSpace

RATE = 16_000


def tone(hz: float = 220.0, seconds: float = 3.0, decay: float = 0.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hz * time + np.sin(2 * np.pi * 2 * hz * time)) * np.exp(-decay * time)).astype(
        np.float32
    )


@pytest.fixture
def space(tiny_checkpoint: Path) -> TimbreSpace:
    return TimbreSpace(open_checkpoint(tiny_checkpoint))


class TestLooping:
    def test_a_loop_of_a_steady_tone_repeats_it_without_a_click(self) -> None:
        audio = tone(233.0)
        found = find_loop(audio, RATE, 8_000, 32_000)
        assert found is not None
        looped, (start, end) = found
        assert len(looped) == end
        assert end - start >= 0.45 * RATE
        played = np.concatenate([looped, *[looped[start:end]] * 3])
        # A click is a step that the tone itself never takes.
        assert np.abs(np.diff(played)).max() <= 1.02 * np.abs(np.diff(audio)).max()
        level = np.sqrt(np.convolve(played.astype(np.float64) ** 2, np.ones(800) / 800, "valid"))
        assert level.min() > 0.93 * level.max(), "the crossfade may not dip"
        assert abs(1200 * np.log2(estimate_f0(played[start:], RATE).hz / 233.0)) < 3

    def test_noise_and_short_sounds_have_no_loop(self) -> None:
        noise = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)
        assert find_loop(noise, RATE, 8_000, 32_000) is None
        assert find_loop(tone(seconds=0.4), RATE, 1_000, 6_400) is None

    def test_a_loop_does_not_pump_where_the_sound_dies_away(self) -> None:
        audio = tone(233.0, decay=0.4)
        found = find_loop(audio, RATE, 8_000, 32_000)
        assert found is not None
        looped, (start, end) = found
        played = np.concatenate([looped, *[looped[start:end]] * 3])[start:]
        level = np.sqrt(np.convolve(played.astype(np.float64) ** 2, np.ones(800) / 800, "valid"))
        assert level.min() > 0.93 * level.max()
        assert np.abs(np.diff(played)).max() <= 1.02 * np.abs(np.diff(audio)).max()

    @pytest.mark.parametrize(("decay", "drift"), [(0.0, 0.0), (0.1, -1.0), (0.4, -4.2)])
    def test_the_steady_part_says_how_it_drifts(self, decay: float, drift: float) -> None:
        settings = LogMelSettings()
        from timbre_core.features.frames import note_frames

        frames, _ = note_frames(tone(decay=decay, seconds=4.0), settings)
        found = steady_part(frames, settings)
        assert found is not None
        assert found.first * settings.hop_length >= 0.2 * RATE
        assert found.last < frames.shape[1]
        assert found.drift_db == pytest.approx(drift, abs=0.3)

    def test_what_dies_away_at_once_and_silence_have_no_steady_part(self) -> None:
        settings = LogMelSettings()
        from timbre_core.features.frames import note_frames

        frames, _ = note_frames(tone(decay=5.0, seconds=4.0), settings)
        assert steady_part(frames, settings) is None
        assert steady_part(np.full((80, 3), -1.0, np.float32), settings) is None


class TestInstrument:
    def test_starts_from_a_note_a_family_and_the_prior(self, space: TimbreSpace) -> None:
        latents = space.checkpoint.latents
        note = latents["note_id"].iloc[3]
        assert np.allclose(starting_point(space, like=note), latents["mu"].iloc[3], atol=1e-5)
        brass = np.stack(latents["mu"][latents["family"] == "brass"].tolist())
        assert np.allclose(starting_point(space, family="brass"), brass.mean(axis=0), atol=1e-5)
        assert np.array_equal(starting_point(space, seed=5), starting_point(space, seed=5))
        assert apart(starting_point(space, seed=5), starting_point(space, seed=6)) > 0.1
        with pytest.raises(TimbreError, match="choose from bass, brass, flute, guitar"):
            starting_point(space, family="tuba")

    def test_the_time_course_is_the_nearest_notes_moved_to_the_point(self, space: TimbreSpace) -> None:
        note = space.checkpoint.latents["note_id"].iloc[7]
        mean = starting_point(space, like=note)
        instrument = Instrument(space, mean + 0.001)
        assert instrument.nearest == note
        assert np.allclose(instrument.trajectory, space.trajectory_of(note) + 0.001, atol=1e-5)

    def test_keys_sound_at_an_even_level(self, space: TimbreSpace) -> None:
        instrument = Instrument(space, starting_point(space, seed=1))
        for key in (40, 60, 80):
            note = instrument.note(key)
            assert note.audio.dtype == np.float32
            assert 0.02 < np.abs(note.audio).max() <= 10 ** (-1.5 / 20) + 1e-4
            assert len(note.audio) >= 0.25 * RATE - 256
        assert apart(instrument.frames(40), instrument.frames(80)) > 1e-3, "the model is told the key"

    @pytest.mark.parametrize("mean", [np.zeros(3), np.full(32, np.nan), np.float32(1)])
    def test_points_of_other_spaces_are_refused(self, space: TimbreSpace, mean: np.ndarray) -> None:
        with pytest.raises(TimbreError, match="32 finite numbers"):
            Instrument(space, mean)

    def test_keys_outside_of_midi_are_refused(self, space: TimbreSpace) -> None:
        with pytest.raises(TimbreError, match="0-127"):
            Instrument(space, np.zeros(32)).note(128)

    def test_one_sound_is_resampled_where_the_model_is_not_told_the_pitch(
        self, space: TimbreSpace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Instrument, "conditioned", False)
        monkeypatch.setattr(Instrument, "_root_frames", np.zeros((80, 126), np.float32))
        monkeypatch.setattr(Instrument, "_root_audio", tone(440.0, 2.0, decay=2.0))
        instrument = Instrument(space, np.zeros(32))
        assert instrument.root % 12 == pytest.approx(69 % 12, abs=0.05)
        for key in (57, 64, 76):
            assert estimate_f0(instrument.whole(key), RATE).midi == pytest.approx(key, abs=0.1)


class TestSampler:
    @pytest.mark.parametrize(("low", "high", "step"), [(36, 84, 3), (60, 60, 1), (0, 127, 24), (21, 108, 7)])
    def test_every_key_has_exactly_one_sample(self, low: int, high: int, step: int) -> None:
        keys = sampled_keys(low, high, step)
        ranges = key_ranges(keys)
        assert [key for first, last in ranges for key in range(first, last + 1)] == list(range(128))
        assert all(first <= key <= last for key, (first, last) in zip(keys, ranges, strict=True))

    def test_known_ranges(self) -> None:
        assert sampled_keys(36, 45, 4) == [36, 40, 44]
        assert key_ranges([36, 40, 44]) == [(0, 38), (39, 42), (43, 127)]

    @pytest.mark.parametrize(
        ("low", "high", "step"), [(-1, 60, 3), (60, 59, 3), (0, 128, 1), (36, 84, 0), (36, 84, 25)]
    )
    def test_ranges_that_make_no_sense(self, low: int, high: int, step: int) -> None:
        with pytest.raises(TimbreError, match="choose"):
            sampled_keys(low, high, step)

    def test_a_loop_is_told_in_the_wav_file(self) -> None:
        note = PlayedNote(61.0, tone(seconds=1.0), (4_000, 16_000), np.zeros((80, 4)), RATE)
        wav = looped_wav(note)
        audio, rate = soundfile.read(BytesIO(wav), dtype="float32")
        assert rate == RATE
        assert np.abs(audio - note.audio).max() < 1e-4
        assert struct.unpack("<I", wav[4:8])[0] == len(wav) - 8
        chunk = wav.index(b"smpl")
        size, *fields = struct.unpack("<16I", wav[chunk + 4 : chunk + 68])
        assert size == 60
        assert (fields[2], fields[3], fields[7]) == (62_500, 61, 1), "sample period (ns), unity note, one loop"
        assert fields[11:13] == [4_000, 15_999], "the last sample of the loop is told, not the one behind it"
        still = looped_wav(PlayedNote(61.0, note.audio, None, note.frames, RATE))
        assert struct.unpack("<9I", still[still.index(b"smpl") + 8 :][:36])[7] == 0, "no loop"

    def test_sampled(self, space: TimbreSpace) -> None:
        seen: list[tuple[int, int]] = []
        instrument = Instrument(space, starting_point(space, seed=2))
        made = sampled(instrument, "my / sound", [48, 54], progress=lambda *told: seen.append(told))
        assert seen == [(0, 2), (1, 2), (2, 2)]
        files = instrument_files(made, "sfz")
        assert list(files) == ["my-sound.sfz", "samples/my-sound_048_C3.wav", "samples/my-sound_054_Fs3.wav", LICENCE]
        regions = [line for line in files["my-sound.sfz"].decode().splitlines() if line.startswith("<region>")]
        opcodes = [dict(part.split("=") for part in line.split()[1:]) for line in regions]
        assert [(o["lokey"], o["hikey"], o["pitch_keycenter"]) for o in opcodes] == [
            ("0", "51", "48"),
            ("52", "127", "54"),
        ]
        for told in opcodes:
            audio, rate = soundfile.read(BytesIO(files[told["sample"]]))
            assert rate == 44_100
            assert np.abs(audio).max() > 0.01
            if told["loop_mode"] == "loop_continuous":
                assert 0 < int(told["loop_start"]) < int(told["loop_end"]) < len(audio)
            else:
                assert told["loop_mode"] == "no_loop"
                assert "loop_start" not in told
        archive = zipped(files)
        assert archive == zipped(files)
        assert zipfile.ZipFile(BytesIO(archive)).namelist() == list(files)

    @pytest.mark.parametrize("loop", [True, False])
    def test_looped_or_one_shot(self, space: TimbreSpace, monkeypatch: pytest.MonkeyPatch, loop: bool) -> None:
        steady = tone(seconds=4.0, decay=0.5)
        monkeypatch.setattr(Instrument, "unlooped", lambda self, key: (steady[: 3 * RATE], (8_000, 32_000)))
        monkeypatch.setattr(Instrument, "whole", lambda self, key: steady)
        instrument = Instrument(space, np.zeros(32))
        made = sampled(instrument, "x", [57], Sampling(48_000, 24, loop=loop, attack=0.5, release=2.0))
        assert (made.bits, made.attack, made.release, made.one_shot) == (24, 0.5, 2.0, not loop)
        (zone,) = made.zones
        assert (zone.sample.loop is not None) is loop
        assert zone.sample.sample_rate == 48_000
        assert abs(len(zone.sample.audio) / 48_000 - (2.0 if loop else 4.0)) < 0.05
        assert estimate_f0(zone.sample.audio, 48_000).midi == pytest.approx(57, abs=0.03)

    def test_samples_are_brought_into_tune(self, space: TimbreSpace, monkeypatch: pytest.MonkeyPatch) -> None:
        flat = tone(440 * 2 ** ((57 - 69 - 0.4) / 12))
        monkeypatch.setattr(Instrument, "unlooped", lambda self, key: (flat, (8_000, 32_000)))
        (zone,) = sampled(Instrument(space, np.zeros(32)), "x", [57], Sampling(loop=True)).zones
        first, behind = zone.sample.loop or (0, 0)
        assert estimate_f0(zone.sample.audio[first:behind], 44_100).midi == pytest.approx(57, abs=0.03)

    def test_layers_differ_in_timbre_and_not_in_level(
        self, space: TimbreSpace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        audio = tone(261.63, 2.0, decay=1.0)
        monkeypatch.setattr(Instrument, "note", lambda self, key: PlayedNote(key, audio, None, audio[None], RATE))
        monkeypatch.setattr(Instrument, "sustained", False)
        soft, loud = sampled(Instrument(space, np.zeros(32)), "x", [60], Sampling(layers=2)).zones
        assert (soft.velocities, loud.velocities) == ((1, 63), (64, 127))
        assert (soft.name, loud.name) == ("x_060_C4_v063", "x_060_C4_v127")
        assert apart(soft.sample.audio[:44_100], loud.sample.audio[:44_100]) > 1e-3
        levels = [np.sqrt(np.mean(zone.sample.audio[:22_050] ** 2)) for zone in (soft, loud)]
        assert 20 * abs(np.log10(levels[0] / levels[1])) < 1

    def test_velocities_are_divided_among_the_layers(self) -> None:
        for count in (1, 2, 3, 4):
            layers = velocity_layers(count)
            assert [v for low, high in layers for v in range(low, high + 1)] == list(range(1, 128))
        assert velocity_layers(4) == [(1, 31), (32, 63), (64, 95), (96, 127)]

    @pytest.mark.parametrize(
        "wrong", [{"rate": 16_000}, {"bits": 8}, {"layers": 0}, {"layers": 5}, {"attack": -1.0}, {"release": 21.0}]
    )
    def test_settings_that_make_no_sense(self, wrong: dict[str, float]) -> None:
        with pytest.raises(TimbreError, match="choose"):
            Sampling(**wrong)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("text", "name"), [("a/../b c", "a-b-c"), ("", "instrument"), ("♯♯", "instrument"), ("Com1", "Com1_")]
    )
    def test_names(self, text: str, name: str) -> None:
        assert file_name(text) == name


class TestPresets:
    def test_there_and_back(self, space: TimbreSpace) -> None:
        preset = Preset(checkpoint="tiny", name="ünï", z=[0.25] * 32, key=64, attack=0.1, release=1.0)
        assert read_preset(preset_to_json(preset).encode(), space.checkpoint) == preset
        assert (
            read_preset(preset_to_json(preset).encode("utf-8-sig"), space.checkpoint) == preset
        )  # as Notepad saves it
        newer = preset_to_json(preset).replace('"version": 1', '"version": 2').encode()
        with pytest.raises(TimbreError, match="preset is of version 2, 1 is read"):
            read_preset(newer, space.checkpoint)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"z": [0.0] * 31}, "31 latent values, the checkpoint has 32"),
            ({"z": [0.0] * 31 + [float("nan")]}, r"z\[32\] makes no sense"),
            ({"z": [0.0] * 31 + [1e9]}, r"z\[32\] makes no sense"),
            ({"z": [0.0] * 31 + ["1"]}, r"z\[32\] makes no sense"),
            ({"z": "all"}, "z makes no sense"),
            ({"z": None}, "z makes no sense"),
            ({"key": 128}, "key makes no sense"),
            ({"release": float("inf")}, "release makes no sense"),
            ({"checkpoint": "other"}, "belongs to the checkpoint 'other'"),
            ({"format": "x"}, "not a preset"),
        ],
    )
    def test_nonsense_is_refused_in_one_sentence(
        self, space: TimbreSpace, change: dict[str, object], said: str
    ) -> None:
        told = json.loads(preset_to_json(Preset(checkpoint="tiny", z=[0.0] * 32))) | change
        with pytest.raises(TimbreError, match=said) as error:
            read_preset(json.dumps(told).encode(), space.checkpoint)
        assert len(str(error.value)) < 250
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[1]", b"{", b"[" * 100_000, b"nan", b" " * (LARGEST + 1)])
    def test_other_files_are_refused(self, space: TimbreSpace, data: bytes) -> None:
        with pytest.raises(TimbreError, match="preset"):
            read_preset(data, space.checkpoint)
