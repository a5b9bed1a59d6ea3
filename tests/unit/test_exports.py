"""Sets of sounds as files: WAV, FLAC, a data set that trainings read back, an SFZ instrument."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.synthetic import harmonic_note
from timbre_core.catalogue.exports import Item, write_set
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError


def stereo(pitch: float, kind: str = "WAV", subtype: str = "PCM_24") -> bytes:
    note = harmonic_note(pitch, 0.5, 0.3, 1, 44_100)
    content = io.BytesIO()
    soundfile.write(content, np.stack([note, 0.5 * note], axis=1), 44_100, subtype, format=kind)
    return content.getvalue()


def item(name: str, pitch: float | None, instrument: str = "violin", **more: Any) -> Item:
    labels = {"instrument": instrument, "family": "string", "source": "acoustic", "pitch": pitch, "velocity": None}
    content = more.pop("content", None) or stereo(pitch or 60)
    return Item(name, labels | more, lambda: content)


def written(tmp_path: Path, items: list[Item], kind: str) -> tuple[zipfile.ZipFile, list[tuple[str, str]]]:
    left_out = write_set(items, kind, tmp_path / "set.zip", "my set")
    return zipfile.ZipFile(tmp_path / "set.zip"), left_out


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_sounds_keep_their_rate_and_channels(tmp_path: Path, kind: str) -> None:
    other = {"wav": "FLAC", "flac": "WAV"}[kind]
    same, changed = stereo(60, kind.upper()), stereo(64, other)
    items = [
        item('a "b",\n/c', 60, content=same),
        item('a "b",\n/c', 64, content=changed),
        item("bad", 60, content=b"no"),
    ]
    archive, left_out = written(tmp_path, items, kind)
    assert [name for name, _ in left_out] == ["bad"]
    rows = list(csv.DictReader(io.StringIO(archive.read("notes.csv").decode())))
    assert [row["pitch"] for row in rows] == ["60", "64"]
    assert rows[0]["name"] == 'a "b",\n/c'
    assert archive.read(rows[0]["file"]) == same, "what is of the kind already is not touched"
    sound, rate = soundfile.read(io.BytesIO(archive.read(rows[1]["file"])))
    original, _ = soundfile.read(io.BytesIO(changed))
    assert rate == 44_100
    assert sound.shape == original.shape
    assert np.abs(sound - original).max() < 2**-22


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    archive, _ = written(tmp_path, [item("=1+1", 60, instrument="@sum"), item("-3", 62), item("'=a", 64)], "wav")
    rows = list(csv.DictReader(io.StringIO(archive.read("notes.csv").decode())))
    assert [row["name"] for row in rows] == ["'=1+1", "-3", "''=a"], "numbers stay numbers"
    assert rows[0]["instrument"] == "'@sum"
    archive, _ = written(tmp_path, [item("good", 60), item("=cmd()", 60, content=b"no")], "wav")
    assert archive.read("left-out.csv").decode().splitlines()[1].startswith("'=cmd()")


def test_a_data_set_is_read_back(tmp_path: Path) -> None:
    items = [item(f"note {n}", 60 + n, velocity=90.0) for n in range(3)] + [item("drum", None)]
    archive, left_out = written(tmp_path, items, "nsynth")
    assert [name for name, _ in left_out] == ["drum"]
    archive.extractall(tmp_path / "read")
    library = open_library([tmp_path / "read"], octave="off")
    assert sorted(library.notes["pitch"]) == [60, 61, 62]
    assert set(library.notes["instrument"]) == {"violin"}
    assert set(library.notes["velocity"]) == {90}
    assert np.abs(library.load(0, 16_000)).max() > 0.1


def test_one_instruments_notes_lie_over_the_keys(tmp_path: Path) -> None:
    archive, _ = written(tmp_path, [item(f"n{pitch}", pitch) for pitch in (67, 60, 64)], "sfz")
    text = archive.read("my-set.sfz").decode()
    regions = [dict(part.split("=") for part in line.split()[1:]) for line in text.splitlines() if "<region>" in line]
    by_key = {int(region["pitch_keycenter"]): region for region in regions}
    assert {key: (r["lokey"], r["hikey"]) for key, r in by_key.items()} == {
        60: ("0", "62"),
        64: ("63", "65"),
        67: ("66", "127"),
    }
    assert all(region["sample"] in archive.namelist() for region in regions)
    again = open_library([_unpacked(archive, tmp_path / "sfz")], octave="off")
    assert sorted(again.notes["pitch"]) == [60, 64, 67]


def test_notes_of_one_pitch_are_layers_from_soft_to_loud(tmp_path: Path) -> None:
    notes = [item("loud", 60, velocity=110.0), item("soft", 60, velocity=30.0), item("high", 72, velocity=100.0)]
    archive, _ = written(tmp_path, notes, "sfz")
    lines = [line for line in archive.read("my-set.sfz").decode().splitlines() if "<region>" in line]
    loud, soft, high = (dict(part.split("=") for part in line.split()[1:]) for line in lines)
    assert (soft["lovel"], soft["hivel"], loud["lovel"], loud["hivel"]) == ("1", "63", "64", "127")
    assert {each["pitch_keycenter"] for each in (loud, soft)} == {"60"}
    assert (high["pitch_keycenter"], "lovel" in high) == ("72", False)


def test_unlike_sounds_are_a_kit(tmp_path: Path) -> None:
    archive, _ = written(tmp_path, [item("kick", None, "kick"), item("snare", 60, "snare")], "sfz")
    text = archive.read("my-set.sfz").decode()
    assert "key=36 " in text
    assert "key=37 " in text


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match="no export"):
        write_set([item("a", 60)], "exe", tmp_path / "x.zip")
    with pytest.raises(TimbreError, match="none of these"):
        write_set([item("a", 60, content=b"no sound")], "wav", tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_a_rate_that_flac_has_not_is_said(tmp_path: Path) -> None:
    content = io.BytesIO()
    soundfile.write(content, np.sin(np.arange(8000) / 50), 768_000, format="WAV")
    fast = Item("fast", {}, content.getvalue)
    _, left_out = written(tmp_path, [fast, item("a", 60)], "flac")
    assert left_out[0][0] == "fast"
    assert "take WAV" in left_out[0][1]


def _unpacked(archive: zipfile.ZipFile, folder: Path) -> Path:
    archive.extractall(folder)
    return folder


def test_names_can_be_unpacked_everywhere(tmp_path: Path) -> None:
    content = stereo(60, "WAV")
    names = ["Kick", "kick", "KICK", "CON", "nul.1", "Straße", "STRASSE"]
    archive, _ = written(tmp_path, [item(name, 60, content=content) for name in names], "wav")
    stems = [name.removesuffix(".wav") for name in archive.namelist() if name.endswith(".wav")]
    assert len({stem.casefold() for stem in stems}) == len(names)
    assert stems[:5] == ["Kick", "kick-2", "KICK-3", "CON_", "nul_.1"]
