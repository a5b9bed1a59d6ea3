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
from timbre_core.datasets import general_midi
from timbre_core.datasets.general_midi import FAMILIES, PROGRAMS, SOURCES
from timbre_core.datasets.library import open_library
from timbre_core.datasets.soundfont import RenderSettings, plan_notes, render_soundfont
from timbre_core.datasets.starter import build_starter
from timbre_core.datasets.synthesizer import Synthesizer
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0

SOUNDFONT = Path(os.environ.get("TIMBRE_TEST_SOUNDFONT", "/usr/share/sounds/sf2/FluidR3_GM.sf2"))
needs_soundfont = pytest.mark.skipif(
    not (ctypes.util.find_library("fluidsynth") and SOUNDFONT.is_file()),
    reason=f"needs the FluidSynth library and {SOUNDFONT} (Debian: libfluidsynth3, fluid-soundfont-gm)",
)
FEW = RenderSettings(programs=(0, 40, 73), pitch_low=60, pitch_high=72, pitch_step=6, velocities=(50, 100))


class Names:
    """Stands for a SoundFont that has the programs 0 to 60."""

    def program_name(self, bank: int, program: int) -> str | None:
        return f"program {program}" if program <= 60 and bank == 0 else None


def plan(**settings: object) -> list[tuple[int, int, int]]:
    notes = plan_notes(Names(), RenderSettings(**settings))  # type: ignore[arg-type]
    return [(note.number, note.pitch, note.velocity) for note in notes]


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- The plan --------------------------------------------------------------------------------------------------------


def test_programs_cover_all_families_within_midi() -> None:
    assert {program.family for program in PROGRAMS.values()} == set(FAMILIES)
    assert {program.source for program in PROGRAMS.values()} == set(SOURCES)
    assert all(p.low >= 21 and p.high <= 108 and p.high - p.low >= 12 for p in PROGRAMS.values())
    assert not set(PROGRAMS) & {55, 113, 115, 116, 117, 118, 119, *range(120, 128)}


def test_natural_ranges_and_all_velocities() -> None:
    notes = plan(programs=(40, 99))
    assert {number for number, _, _ in notes} == {40}
    assert sorted({pitch for _, pitch, _ in notes}) == list(range(55, 97))
    assert len(notes) == 42 * 5


@pytest.mark.parametrize("per_pitch", [1, 2, 3, 4, 5])
def test_velocities_in_turn_reach_all(per_pitch: int) -> None:
    notes = plan(programs=(0,), pitch_step=3, velocities_per_pitch=per_pitch)
    assert len(notes) == len(set(notes)) == 30 * per_pitch
    counts = [sum(v == velocity for _, _, v in notes) for velocity in (25, 50, 75, 100, 127)]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"programs": (128,)}, "programs"),
        ({"programs": (127,)}, "program 127 has no pitch"),
        ({"programs": (99,)}, "none of the programs"),
        ({"banks": (128,)}, "banks"),
        ({"banks": ()}, "banks"),
        ({"pitch_low": 128}, "pitch_low"),
        ({"pitch_low": 70, "pitch_high": 60}, "pitch_low 70"),
        ({"pitch_step": 0}, "pitch_step"),
        ({"velocities": (0,)}, "velocities"),
        ({"velocities": ()}, "velocities"),
        ({"velocities_per_pitch": 6}, "velocities_per_pitch"),
        ({"hold": 0.0}, "hold"),
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
    assert counts == {"notes": 18, "instruments": 3, "silent": 0, "kept": 0}
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
    settings = RenderSettings(programs=(40,), pitch_low=92, pitch_high=95, velocities=(100,))
    counts = render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    assert counts == {"notes": 3, "instruments": 1, "silent": 1, "kept": 0}
    assert len(list((tmp_path / "audio").iterdir())) == 3
    assert [note["pitch"] for note in json.loads((tmp_path / "examples.json").read_text()).values()] == [92, 93, 95]
    only = RenderSettings(programs=(40,), pitch_low=94, pitch_high=94)
    with pytest.raises(TimbreError, match="all 5 notes are silent"):
        render_soundfont(SOUNDFONT, tmp_path / "silent", only, workers=1, progress=False)


@needs_soundfont
@pytest.mark.skipif(os.name == "nt", reason="sends the signal of Ctrl-C to a process group")
def test_ctrl_c_leaves_a_render_that_can_be_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "timbre_core", "prepare", "soundfont", str(SOUNDFONT), str(out)]
    command += ["--programs", "0", "48", "--velocities", "100", "--workers", "2"]
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
    assert {f"{name}.wav" for name in names} == set(read_all(out / "audio"))
    for name, content in interrupted.items():
        assert (out / "audio" / name).read_bytes() == content


@needs_soundfont
def test_starter_can_be_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(general_midi, "PROGRAMS", {number: PROGRAMS[number] for number in (0, 40, 73)})
    path = tmp_path / "small.parquet"
    counts = build_starter(SOUNDFONT, path, "made by Frank Wen", progress=False)
    assert counts["notes"] + counts["silent"] == 48
    assert counts["instruments"] == 3
    assert counts["bytes"] == path.stat().st_size
    library = open_library([path])
    shipped = open_library(["starter"])
    synthesizer = Synthesizer(SOUNDFONT, 16_000)
    for i in range(0, len(library), 7):
        note = library.notes.iloc[i]
        audio = library.load(i, 16_000)
        # The audio is where it belongs: neither shifted nor exchanged by its compression.
        original = synthesizer.render(0, int(note["instrument"][-3:]), int(note["pitch"]), int(note["velocity"]), 3, 1)
        assert audio.shape == original.shape
        assert np.corrcoef(audio, original)[0, 1] > 0.99
        np.testing.assert_allclose(audio, shipped.load(shipped.find(note["note_id"]), 16_000), atol=1e-3)


@needs_soundfont
def test_rendered_rate(tmp_path: Path) -> None:
    settings = RenderSettings(programs=(73,), pitch_low=72, pitch_high=72, velocities=(100,), sample_rate=44_100)
    render_soundfont(SOUNDFONT, tmp_path, settings, workers=1, progress=False)
    [path] = (tmp_path / "audio").iterdir()
    information = soundfile.info(path)
    assert (information.samplerate, information.frames, information.channels) == (44_100, 176_400, 1)
