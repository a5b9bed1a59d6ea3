"""Instruments in the formats of samplers, opened by programs and readers that are not ours."""

from __future__ import annotations

import wave
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import soundfile

from tests.players import RATE, Player, fluidsynth, level_db, midi, sfizz
from tests.readers import played, regions
from timbre_core.analysis.inversion_measures import prediction_crests_db
from timbre_core.errors import TimbreError
from timbre_core.generation.formats.description import GUARD, RELEASE_DB, Sample, SampledInstrument, Zone
from timbre_core.generation.formats.packing import write_files
from timbre_core.generation.formats.registry import FORMATS, LICENCE, instrument_files

PERIODS = 300
Open = Callable[[SampledInstrument], Player]


def tone(hz: float, seconds: float, partials: tuple[float, ...]) -> np.ndarray:
    phase = 2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE
    return 0.1 * sum(share * np.sin(n * phase + n) for n, share in enumerate(partials, 1)).astype(np.float32)


def looped(root: int, partials: tuple[float, ...], cents: float = 0.0) -> Sample:
    """A tone that is off its root by `cents`, with a loop of so many periods that its length is a whole one, nearly."""
    hz = 440 * 2 ** ((root - 69 + cents / 100) / 12)
    length = round(PERIODS * RATE / hz)
    first = round(0.2 * RATE)
    audio = tone(PERIODS * RATE / length, (first + length + GUARD) / RATE, partials)
    return Sample(audio, RATE, root, (first, first + length))


def instrument() -> SampledInstrument:
    """Two zones of keys by two layers; the upper keys' samples are 30 cents flat, and the zone says so."""
    zones = []
    for root, keys, cents in ((48, (0, 53), 0.0), (60, (54, 127), 30.0)):
        for velocities, partials in (((1, 63), (1.0,)), ((64, 127), (0.7, 0.7, 0.14))):
            sample = looped(root, partials, -cents)
            zones.append(Zone(sample, f"tone_{root:03d}_v{velocities[1]:03d}", keys, velocities, cents))
    return SampledInstrument("tone", tuple(zones), 0.001, 0.2, note="Sines.\nNobody's.")


READ = ("dspreset", "multisample", "wav")
"""Formats whose players cannot be run here: read by their specifications, and what they say is played by sfizz."""


@pytest.fixture(params=[("sf2", fluidsynth, 16), ("sf2", fluidsynth, 24), ("sfz", sfizz, 24)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens an instrument in one format and one program."""
    kind, player, bits = request.param

    def open_it(made: SampledInstrument) -> Player:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        write_files(instrument_files(replace(made, bits=bits), kind), folder)
        return player(folder / f"{made.name}{FORMATS[kind].ending}")

    open_it.hides_clicks = kind == "sfz"  # type: ignore[attr-defined]  # sfizz crossfades loops over a millisecond
    return open_it


class TestPlayers:
    def test_keys_are_in_tune_and_even_at_every_velocity(self, opened: Open) -> None:
        play = opened(instrument())
        loudest = level_db(play(48, 127, 0.5)[4410:])
        for key, velocity in ((36, 127), (48, 40), (53, 127), (54, 40), (60, 127), (72, 40)):
            audio = play(key, velocity, 0.5)
            assert midi(audio) == pytest.approx(key, abs=0.05), (key, velocity)
            wanted = loudest + 40 * np.log10(velocity / 127)
            assert level_db(audio[4410:]) == pytest.approx(wanted, abs=1.0), (key, velocity)

    def test_velocities_choose_the_layer(self, opened: Open) -> None:
        def brightness(audio: np.ndarray) -> float:
            power = np.abs(np.fft.rfft(audio[4410:26460])) ** 2
            return float((power * np.arange(len(power))).sum() / power.sum())

        play = opened(instrument())
        assert brightness(play(48, 64, 0.6)) > 1.2 * brightness(play(48, 63, 0.6))

    def test_a_loop_of_ten_seconds_does_not_click(self, opened: Open) -> None:
        def clicks(off: int) -> float:
            first, behind = instrument().zones[1].sample.loop or (0, 0)
            sample = replace(instrument().zones[1].sample, loop=(first, behind + off))
            made = replace(instrument(), zones=(Zone(sample, "tone_048"),))
            return float(np.nanmax(prediction_crests_db(opened(made)(48, 127, 10.0)[4410:])))

        assert clicks(0) < 6
        if not opened.hides_clicks:  # type: ignore[attr-defined]
            assert min(clicks(1), clicks(-1)) > 15, "a loop that is off by one frame clicks: the measure would tell"

    def test_attack_and_release_are_as_set(self, opened: Open) -> None:
        made = replace(instrument(), attack=0.5, release=0.2)
        audio = opened(made)(48, 127, 2.0, 1.0)
        held = level_db(audio[44100:66150])
        assert level_db(audio[2205:4410]) < held - 8
        assert level_db(audio[round(2.3 * RATE) : round(2.4 * RATE)]) < held - 40
        # Let go of, it fades evenly in dB, by 43 in the time that is set, as on the page Play.
        slow = opened(replace(made, release=1.0))(48, 127, 1.0, 1.0)
        for seconds in (0.3, 0.6, 0.9):
            part = slow[round((1 + seconds - 0.02) * RATE) : round((1 + seconds + 0.02) * RATE)]
            assert level_db(part) == pytest.approx(held - RELEASE_DB * seconds, abs=2.5), seconds
        quick = opened(replace(made, attack=0.001))(48, 127, 1.0)
        assert level_db(quick[2205:4410]) == pytest.approx(held, abs=1)

    def test_a_one_shot_sounds_to_its_end(self, opened: Open) -> None:
        sample = Sample(tone(261.63, 2.0, (1.0,)), RATE, 60)
        made = SampledInstrument("shot", (Zone(sample, "shot_060"),), release=0.05, one_shot=True)
        held = level_db(sample.audio)
        audio = opened(made)(60, 127, 0.1, 2.5)
        heard = [level_db(audio[start : start + 8820]) for start in (4410, 70_000, 100_000)]
        assert heard[0] - 4 < heard[1], "let go of, it sounds on"
        assert heard[2] < held - 60, "and ends where its sample does"


@pytest.mark.parametrize("kind", READ)
def test_what_is_read_of_other_formats_is_played_in_tune_and_loops(kind: str, tmp_path: Path) -> None:
    write_files(instrument_files(replace(instrument(), bits=24), kind), tmp_path / kind)
    found = regions(tmp_path / kind, kind)
    player = played(found, tmp_path / "sfz")
    for key, velocity in ((48, 127), (53, 60), (54, 60), (66, 127)):
        audio = player(key, velocity, 1.0)
        assert midi(audio) == pytest.approx(key, abs=0.05), (key, velocity)
        fundamental = np.abs(np.fft.rfft(audio[4410:] * np.hanning(len(audio) - 4410)))
        hz = 440 * 2 ** ((key - 69) / 12)
        at = [round(number * hz * (len(audio) - 4410) / RATE) for number in (1, 2)]
        one, two = (fundamental[max(0, place - 5) : place + 5].max() for place in at)
        assert (two > one / 2) == (velocity == 127), "the layer of the velocity sounds"
    for each in found:
        assert each.loop is not None
        once = each.audio[each.loop[0] : each.loop[1]]
        held = np.concatenate([each.audio[: each.loop[1]], np.tile(once, 10 * RATE // len(once))])
        assert np.nanmax(prediction_crests_db(held[8820:])) < 0
        torn = np.concatenate([each.audio[: each.loop[1]], np.tile(once[:-1], 10 * RATE // len(once))])
        assert np.nanmax(prediction_crests_db(torn[8820:])) > 10, "a frame too few would be heard"


def test_the_soundfont_is_laid_out_as_its_specification_wants(tmp_path: Path) -> None:
    made = instrument()
    short = Zone(Sample(np.ones(20, np.float32), RATE, 60, (2, 18)), "a-name-that-is-far-too-long_060_v127")
    write_files(instrument_files(replace(made, zones=(*made.zones, short), bits=24), "sf2"), tmp_path)
    data = (tmp_path / "tone.sf2").read_bytes()

    def chunk(name: bytes) -> bytes:
        at = data.index(name)
        return data[at + 8 : at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")]

    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    words = np.frombuffer(chunk(b"smpl"), "<i2")
    assert len(chunk(b"sm24")) == len(words), "a lower byte for each word"
    headers = [chunk(b"shdr")[at : at + 46] for at in range(0, len(chunk(b"shdr")), 46)]
    assert len(headers) == 6
    assert headers[-1].startswith(b"EOS\0")
    names = [header[:20].split(b"\0")[0] for header in headers]
    assert all(len(name) <= 19 for name in names)
    assert len(set(names)) == 6
    for header in headers[:-1]:
        start, end, first, behind = np.frombuffer(header[20:36], "<u4")
        assert end - start >= 48
        assert not words[end : end + 46].any()
        if header != headers[4]:
            assert start + 8 <= first
            assert behind - first >= 32
            assert behind + 8 <= end
            assert np.abs(words[behind : behind + 8] - words[first : first + 8].astype(int)).max() < 400, "it goes on"
    igen = np.frombuffer(chunk(b"igen"), "<u2").reshape(-1, 2)
    assert igen[igen[:, 0] == 54, 1].tolist() == [1, 1, 1, 1, 0], "a loop of 16 frames is none"


def test_multisample_is_stored_and_follows_its_schema() -> None:
    files = instrument_files(instrument(), "multisample")
    archive = zipfile.ZipFile(BytesIO(files["tone.multisample"]))
    assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    root = Xml.fromstring(archive.read("multisample.xml"))
    order = [child.tag for child in root]
    assert order == ["generator", "category", "creator", "description", "group", "group", *["sample"] * 4]
    for sample, zone in zip(root.iter("sample"), instrument().zones, strict=True):
        assert [child.tag for child in sample] == ["key", "velocity", "select", "loop"]
        with wave.open(archive.open(sample.get("file", ""))) as file:
            assert float(sample.get("sample-stop", 0)) == file.getnframes()
        key, velocity, loop = sample.find("key"), sample.find("velocity"), sample.find("loop")
        assert key is not None
        assert velocity is not None
        assert loop is not None
        assert (int(key.get("low", -1)), int(key.get("high", -1))) == zone.keys
        assert (int(velocity.get("low", -1)), int(velocity.get("high", -1))) == zone.velocities
        assert float(key.get("tune", 0)) == pytest.approx(zone.cents / 100)
        assert (float(loop.get("start", 0)), float(loop.get("stop", 0))) == zone.sample.loop, (
            "stop lies behind the loop"
        )


def test_decent_sampler_finds_samples_and_loops() -> None:
    files = instrument_files(replace(instrument(), attack=0.25), "dspreset")
    root = Xml.fromstring(files["tone.dspreset"])
    groups = root.find("groups")
    assert groups is not None
    assert (float(groups.get("attack", 0)), float(groups.get("release", 0))) == (0.25, 0.2)
    samples = list(root.iter("sample"))
    assert len(samples) == 4
    for sample, zone in zip(samples, instrument().zones, strict=True):
        audio, rate = soundfile.read(BytesIO(files[sample.get("path", "")]))
        assert rate == RATE
        assert zone.sample.loop is not None
        assert int(sample.get("loopEnd", 0)) == zone.sample.loop[1] - 1 < len(audio), "the loop's last frame"
        assert (sample.get("loNote"), sample.get("hiVel")) == (str(zone.keys[0]), str(zone.velocities[1]))
        assert float(sample.get("tuning", 0)) == pytest.approx(zone.cents / 100)


@pytest.mark.parametrize("bits", [16, 24])
def test_wav_files_say_their_key_and_loop(bits: int) -> None:
    files = instrument_files(replace(instrument(), bits=bits), "wav")
    assert list(files) == [*(f"{zone.name}.wav" for zone in instrument().zones), LICENCE]
    for zone in instrument().zones:
        with soundfile.SoundFile(BytesIO(files[f"{zone.name}.wav"])) as file:
            assert file.subtype == f"PCM_{bits}"
            assert np.abs(file.read(dtype="float32") - zone.sample.audio).max() < 2.0 ** (1 - bits)
            log = " ".join(file.extra_info.split())
        first, behind = zone.sample.loop or (0, 0)
        flat = zone.cents > 0
        assert f"Midi Note : {zone.sample.root - flat}" in log
        assert "Pitch Fract. : " + ("0.7" if flat else "0") in log
        assert f"Start : {first} End : {behind - 1}" in log, "the last frame of the loop"
        at = files[f"{zone.name}.wav"].index(b"inst") + 8
        said = np.frombuffer(files[f"{zone.name}.wav"][at : at + 7], np.uint8).tolist()
        assert said == [zone.sample.root, round(zone.cents), 0, *zone.keys, *zone.velocities]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_says_what_its_sounds_were_made_from(kind: str) -> None:
    files = instrument_files(instrument(), kind)
    assert files[LICENCE].decode() == "Sines.\nNobody's.\n"
    assert files == instrument_files(instrument(), kind), "the same instrument gives the same bytes"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(TimbreError, match="choose from sfz, sf2"):
        instrument_files(instrument(), "nki")
