"""SoundFont renders: which notes, how they sound, the same whatever the number of workers, resumed after a stop."""

from __future__ import annotations

import ctypes.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre_core.__main__ import main
from timbre_core.datasets.general_midi import FAMILIES, PROGRAMS, SOURCES
from timbre_core.datasets.library import open_library
from timbre_core.datasets.soundfont import RenderSettings, plan_notes, render_soundfont
from timbre_core.datasets.soundfont_file import Preset, Zone, read_presets
from timbre_core.datasets.synthesizer import Synthesizer
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0

SOUNDFONT = Path(os.environ.get("TIMBRE_TEST_SOUNDFONT", "/usr/share/sounds/sf2/FluidR3_GM.sf2"))
needs_soundfont = pytest.mark.skipif(
    not (ctypes.util.find_library("fluidsynth") and SOUNDFONT.is_file()),
    reason=f"needs the FluidSynth library and {SOUNDFONT} (Debian: libfluidsynth3, fluid-soundfont-gm)",
)
FEW = RenderSettings(
    programs=(0, 40, 73),
    pitch_low=60,
    pitch_high=72,
    pitch_step=6,
    velocities=(50, 100),
    keep_doubles=True,
    sample_rate=16_000,
)
EVERYWHERE = tuple(Zone(0, 127, 0, 127, root, root, False) for root in range(24, 109, 12))
VELOCITIES = (25, 50, 75, 100, 127)


def presets(*programs: int) -> list[Preset]:
    """General MIDI programs, recorded at every octave."""
    return [Preset(0, program, "piano" if program < 8 else "violin", EVERYWHERE) for program in programs]


def plan(font: list[Preset] | None = None, **settings: object) -> list[tuple[int, int, int]]:
    settings = {"velocities": VELOCITIES} | settings
    notes = plan_notes(presets(*range(128)) if font is None else font, RenderSettings(**settings))  # type: ignore[arg-type]
    return [(note.program, note.pitch, note.velocity) for note in notes]


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- The plan --------------------------------------------------------------------------------------------------------


def test_programs_cover_all_families_within_midi() -> None:
    assert {program.family for program in PROGRAMS.values()} == set(FAMILIES)
    assert {program.source for program in PROGRAMS.values()} == set(SOURCES)
    assert all(p.low >= 21 and p.high <= 108 and p.high - p.low >= 12 for p in PROGRAMS.values())
    assert not set(PROGRAMS) & {55, 113, 115, 116, 117, 118, 119, *range(120, 128)}


def test_natural_ranges_and_all_velocities() -> None:
    notes = plan(programs=(40,))
    assert {number for number, _, _ in notes} == {40}
    assert sorted({pitch for _, pitch, _ in notes}) == list(range(55, 97))
    assert len(notes) == 42 * 5


@pytest.mark.parametrize("per_pitch", [1, 2, 3, 4, 5])
def test_velocities_in_turn_reach_all(per_pitch: int) -> None:
    notes = plan(programs=(0,), pitch_step=3, velocities_per_pitch=per_pitch)
    assert len(notes) == len(set(notes)) == 30 * per_pitch
    counts = [sum(v == velocity for _, _, v in notes) for velocity in VELOCITIES]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"programs": (128,)}, "programs"),
        ({"programs": (127,)}, "program 127 has no pitch"),
        ({"banks": (128,)}, "banks"),
        ({"banks": ()}, "banks"),
        ({"pitch_low": 128}, "pitch_low"),
        ({"pitch_low": 70, "pitch_high": 60}, "pitch_low 70"),
        ({"pitch_step": 0}, "pitch_step"),
        ({"velocities": (0,)}, "velocities"),
        ({"velocities": ()}, "velocities"),
        ({"velocities_per_pitch": 6}, "velocities_per_pitch"),
        ({"octave": "up"}, "octave"),
        ({"hold": 0.0}, "hold"),
        ({"ring": 0.0}, "ring"),
        ({"release": -1.0}, "release"),
        ({"sample_rate": 1000}, "sample_rate"),
    ],
)
def test_settings_out_of_range(settings: dict[str, object], field: str) -> None:
    with pytest.raises(TimbreError, match=field):
        plan(**settings)


# -- Errors that need no FluidSynth ----------------------------------------------------------------------------------


def test_without_fluidsynth_the_error_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    font = tmp_path / "font.sf2"
    font.write_bytes(b"RIFF\0\0\0\0sfbk")
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    with pytest.raises(TimbreError, match=r"libfluidsynth3.*brew install fluid-synth.*choco install fluidsynth"):
        Synthesizer(font, 16_000)


@pytest.mark.parametrize("content", [None, b"", b"MThd, a MIDI file"])
def test_what_is_no_soundfont(tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    font = tmp_path / "font.sf2"
    if content is not None:
        font.write_bytes(content)
    assert main(["prepare", "soundfont", str(font), str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {font}: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


# -- Rendering -------------------------------------------------------------------------------------------------------


@needs_soundfont
def test_truncated_soundfont(tmp_path: Path) -> None:
    font = tmp_path / "font.sf2"
    with open(SOUNDFONT, "rb") as file:
        font.write_bytes(file.read(2_000_000))
    with pytest.raises(TimbreError, match=r"font\.sf2: FluidSynth cannot load"):
        Synthesizer(font, 16_000)


@needs_soundfont
@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_notes_have_length_pitch_and_release(rate: int) -> None:
    synthesizer = Synthesizer(SOUNDFONT, rate)
    for program, pitch in ((0, 48), (40, 69), (56, 70), (73, 84)):
        note = synthesizer.render(0, program, pitch, 100, hold=1.0, release=0.5)
        assert note.shape == (round(1.5 * rate),)
        assert note.dtype == np.float32
        assert estimate_f0(note, rate).midi == pytest.approx(pitch, abs=0.3)
        held, tail = note[int(0.8 * rate) : rate], note[int(1.4 * rate) :]
        assert np.abs(tail).max() < 0.5 * np.abs(held).max()
    synthesizer.close()


@needs_soundfont
def test_a_note_does_not_depend_on_the_notes_before() -> None:
    synthesizer = Synthesizer(SOUNDFONT, 16_000)
    keys = [(0, 14, 60, 127), (0, 80, 72, 100), (0, 16, 48, 25), (8, 14, 67, 25), (0, 48, 60, 50)]
    alone = [Synthesizer(SOUNDFONT, 16_000).render(*key, 0.5, 0.2) for key in keys]
    for order in (range(5), (4, 2, 0, 3, 1), (1, 1, 3, 3, 0)):
        for i in order:
            np.testing.assert_array_equal(synthesizer.render(*keys[i], 0.5, 0.2), alone[i])
    # No tail of a loud bell at the start of a soft note.
    synthesizer.render(0, 14, 60, 127, 0.1, 0.0)
    soft = synthesizer.render(0, 48, 60, 25, 0.5, 0.2)
    assert np.abs(soft[:16]).max() < 0.2 * np.abs(soft).max()


@needs_soundfont
def test_render_is_nsynth_and_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    counts = render_soundfont(SOUNDFONT, one, FEW, workers=1, progress=False)
    render_soundfont(SOUNDFONT, two, FEW, workers=2, progress=False)
    assert counts == {"notes": 18, "instruments": 3, "silent": 0, "doubles": 0, "kept": 0}
    assert read_all(one) == read_all(two)
    examples = json.loads((one / "examples.json").read_text())
    note = examples["string_acoustic_gm040-066-050"]
    assert note.pop("program_name")
    assert note.pop("note") in range(18)
    assert note.pop("instrument") in range(3)
    assert note == {
        "instrument_family": 8,
        "instrument_family_str": "string",
        "instrument_source": 0,
        "instrument_source_str": "acoustic",
        "instrument_str": "string_acoustic_gm040",
        "note_str": "string_acoustic_gm040-066-050",
        "pitch": 66,
        "qualities": [0] * 10,
        "qualities_str": [],
        "sample_rate": 16_000,
        "velocity": 50,
    }
    library = open_library([one])
    assert len(library) == 18
    assert library.skipped == []
    for i in range(18):
        audio = library.load(i, 16_000)
        assert audio.shape == (64_000,)
        assert np.abs(audio).max() == pytest.approx(0.9, abs=1e-3)
        assert estimate_f0(audio, 16_000).midi == pytest.approx(library.notes["pitch"].iat[i], abs=0.5)


@needs_soundfont
def test_resumed_render_keeps_complete_files_only(tmp_path: Path) -> None:
    render_soundfont(SOUNDFONT, tmp_path, FEW, workers=1, progress=False)
    whole = read_all(tmp_path)
    files = sorted((tmp_path / "audio").iterdir())
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:5000])
    (tmp_path / "audio" / ".note.tmp").write_bytes(b"left behind")
    (tmp_path / "examples.json").unlink()
    counts = render_soundfont(SOUNDFONT, tmp_path, FEW, workers=2, progress=False)
    assert counts["kept"] == 16
    assert read_all(tmp_path) == whole
    with pytest.raises(TimbreError, match="other settings"):
        render_soundfont(SOUNDFONT, tmp_path, RenderSettings(hold=1.0), progress=False)


@needs_soundfont
def test_folders_of_other_origin_are_left_alone(tiny_nsynth: Path) -> None:
    before = read_all(tiny_nsynth)
    with pytest.raises(TimbreError, match="another origin"):
        render_soundfont(SOUNDFONT, tiny_nsynth, FEW, progress=False)
    assert read_all(tiny_nsynth) == before


@needs_soundfont
@pytest.mark.skipif(SOUNDFONT.name != "FluidR3_GM.sf2", reason="which notes are silent depends on the SoundFont")
def test_silent_notes_are_dropped(tmp_path: Path) -> None:
    # Key 94 has no recording in this font, and the softest notes are below what is taken for silence.
    settings = RenderSettings(programs=(40,), pitch_low=92, pitch_high=95, velocities=(1, 100))
    counts = render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    assert counts == {"notes": 3, "instruments": 1, "silent": 3, "doubles": 0, "kept": 0}
    assert len(list((tmp_path / "audio").iterdir())) == 3
    assert [note["pitch"] for note in json.loads((tmp_path / "examples.json").read_text()).values()] == [92, 93, 95]
    only = RenderSettings(programs=(40,), pitch_low=92, pitch_high=92, velocities=(1,))
    with pytest.raises(TimbreError, match="all 1 notes are silent"):
        render_soundfont(SOUNDFONT, tmp_path / "silent", only, workers=1, progress=False)


@needs_soundfont
@pytest.mark.skipif(os.name == "nt", reason="sends the signal of Ctrl-C to a process group")
def test_ctrl_c_leaves_a_render_that_can_be_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "timbre_core", "prepare", "soundfont", str(SOUNDFONT), str(out)]
    command += ["--programs", "0", "48", "--velocities", "100", "--workers", "2", "--keep-doubles"]
    repository = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("audio/*.wav")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    interrupted = read_all(out / "audio")
    assert interrupted
    assert not [name for name in interrupted if name.endswith(".tmp")]
    assert not (out / "examples.json").exists()
    finished = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120, check=True)
    assert f"{len(interrupted)} kept from before" in finished.stdout
    names = json.loads((out / "examples.json").read_text())
    assert names
    assert {f"{name}.wav" for name in names} == set(read_all(out / "audio"))
    for name, content in interrupted.items():
        assert (out / "audio" / name).read_bytes() == content


@needs_soundfont
def test_rendered_at_full_bandwidth_unless_told_otherwise(tmp_path: Path) -> None:
    settings = RenderSettings(programs=(73,), pitch_low=72, pitch_high=72, velocities=(100,))
    render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    [path] = (tmp_path / "audio").iterdir()
    information = soundfile.info(path)
    assert (information.samplerate, information.frames, information.channels) == (44_100, 176_400, 1)


# -- What a font that is not laid out as General MIDI holds ----------------------------------------------------------


def test_names_and_families_are_the_presets_own_where_the_places_are_not_general_midi() -> None:
    font = [
        Preset(0, 0, "Solo Trumpet", EVERYWHERE),
        Preset(0, 1, "Alto Sax", EVERYWHERE),
        Preset(3, 1, "Alto Sax", EVERYWHERE),
        Preset(3, 2, "Zorgle", EVERYWHERE),
    ]
    notes = plan_notes(font, RenderSettings(pitch_low=60, pitch_high=60, velocities=(100,)))
    assert [(note.instrument, note.family, note.source) for note in notes] == [
        ("brass_acoustic_solo-trumpet", "brass", "acoustic"),
        ("reed_acoustic_alto-sax-0-1", "reed", "acoustic"),
        ("reed_acoustic_alto-sax-3-1", "reed", "acoustic"),
        ("zorgle", "unknown", "unknown"),
    ]


def test_programs_that_are_where_general_midi_has_them_are_called_so_in_any_bank() -> None:
    font = [Preset(5, 0, "Grand Piano", EVERYWHERE), Preset(5, 56, "Trumpet", EVERYWHERE)]
    notes = plan_notes(font, RenderSettings(pitch_low=60, pitch_high=60, velocities=(100,)))
    assert [note.instrument for note in notes] == ["keyboard_acoustic_gm640", "brass_acoustic_gm696"]


@pytest.mark.parametrize("settings", [{"programs": (40,)}, {"banks": (8,)}, {"pitch_low": 126}])
def test_what_is_not_there_is_answered_with_what_is(settings: dict[str, object]) -> None:
    zones = (Zone(30, 100, 0, 127, 0, 60, False),)
    font = [Preset(0, 0, "Grand Piano", zones), Preset(0, 56, "Trumpet", zones), Preset(128, 0, "Standard", zones)]
    with pytest.raises(TimbreError, match=r"2 presets .*0:0 Grand Piano, 0:56 Trumpet and 1 drum kit"):
        plan(font, **settings)


def test_natural_range_ends_near_the_recordings() -> None:
    """Fonts stretch their outermost recordings over all keys that are left."""
    zones = (Zone(0, 62, 0, 127, 0, 55, False), Zone(63, 127, 0, 127, 1, 70, False))
    keys = sorted({key for _, key, _ in plan([Preset(1, 3, "Vielle", zones)])})
    assert keys == list(range(43, 83))


def test_one_note_of_each_layer_is_tried() -> None:
    zones = (Zone(48, 72, 0, 64, 0, 60, False), Zone(48, 72, 65, 127, 1, 60, False))
    found = sorted({velocity for _, _, velocity in plan([Preset(1, 3, "Vielle", zones)], velocities=None)})
    assert len([v for v in found if v <= 64]) >= 1 <= len([v for v in found if v >= 65])


@needs_soundfont
@pytest.mark.skipif(SOUNDFONT.name != "FluidR3_GM.sf2", reason="what presets share depends on the SoundFont")
def test_doubles_are_left_out_told_and_never_parted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    few = {"pitch_low": 60, "pitch_high": 72, "pitch_step": 6, "sample_rate": 16_000, "hold": 1.0}
    settings = RenderSettings(programs=(40, 56, 110), velocities=(100, 101), **few)  # type: ignore[arg-type]
    counts = render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    # Two velocities of one layer are one recording, and the Fiddle's samples are the Violin's.
    assert (counts["notes"], counts["instruments"], counts["doubles"]) == (6, 2, 12)
    assert (
        "string_acoustic_gm110 (Fiddle): 3 of its 3 notes are those of string_acoustic_gm040" in capfd.readouterr().err
    )
    assert json.loads((tmp_path / "linked.json").read_text()) == dict.fromkeys(
        ("string_acoustic_gm040", "string_acoustic_gm110"), "string_acoustic_gm040"
    )
    assert len(list((tmp_path / "audio").iterdir())) == 6
    again = render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    assert again == counts | {"kept": 6}


@needs_soundfont
@pytest.mark.skipif(SOUNDFONT.name != "FluidR3_GM.sf2", reason="where an organ's keys sound depends on the SoundFont")
@pytest.mark.parametrize("octave", ["keys", "auto"])
def test_keys_that_sound_at_another_octave_are_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], octave: str
) -> None:
    settings = RenderSettings(
        programs=(16, 40), pitch_low=84, pitch_high=92, pitch_step=4, velocities=(100,), hold=0.7, octave=octave
    )
    render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    said = capfd.readouterr().err
    assert "organ_electronic_gm016 (DrawbarOrgan): its keys sound 24 semitones lower than they are called" in said
    assert "gm040" not in said
    assert ("--octave auto" in said) == (octave == "keys")
    library = open_library([tmp_path])
    organ = library.notes[library.notes["instrument"].str.endswith("gm016")]
    assert sorted(organ["pitch"]) == ([84, 88, 92] if octave == "keys" else [60, 64, 68])


@needs_soundfont
def test_plucked_notes_ring_until_they_have_died_away(tmp_path: Path) -> None:
    settings = RenderSettings(
        programs=(13, 48), pitch_low=72, pitch_high=72, velocities=(100,), hold=1.0, release=0.5, sample_rate=16_000
    )
    render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    lengths = {path.name[:6]: soundfile.info(path).frames / 16_000 for path in (tmp_path / "audio").iterdir()}
    assert lengths["string"] == 1.5
    assert 1.0 <= lengths["mallet"] <= 4.0
    xylophone = soundfile.read(next((tmp_path / "audio").glob("mallet*")))[0]
    assert np.abs(xylophone[-80:]).max() < 0.01 * np.abs(xylophone).max()


@needs_soundfont
def test_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "soundfont", str(SOUNDFONT), "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = read_presets(SOUNDFONT)
    assert len(lines) == len(found) + 2
    assert lines[1].endswith(found[0].name)
    assert main(["prepare", "soundfont", str(SOUNDFONT)]) == 1
    assert "--list" in capsys.readouterr().err


def test_a_font_whose_headers_are_cut_off_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    font = tmp_path / "cut.sf2"
    font.write_bytes(b"RIFF\x40\0\0\0sfbkLIST\x10\0\0\0pdtaphdr\x26\0\0\0")
    assert main(["prepare", "soundfont", str(font), "--list"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {font}: the list of its presets is incomplete")
