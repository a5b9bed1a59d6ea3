"""SoundFont renders: how notes sound, the same whatever the number of workers, resumed after a stop."""

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
from timbre_core.datasets.library import open_library
from timbre_core.datasets.soundfont import RenderSettings, render_soundfont
from timbre_core.datasets.soundfont_file import read_presets
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


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
