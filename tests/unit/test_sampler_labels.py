"""Labels from SFZ files beside the samples, and from the keys inside sound files."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.synthetic import record
from timbre_core.datasets.library import open_library


def test_an_sfz_file_beside_the_samples(tmp_path: Path) -> None:
    for number, pitch in enumerate((60, 64, 67)):
        record(tmp_path / "Samples" / f"take {number}.wav", pitch)
    (tmp_path / "Velvet.sfz").write_text(
        "// a comment\n<control> default_path=Samples\\ octave_offset=1\n<global> ampeg_release=1\n<group> lovel=1 hivel=63\n"
        "<region> sample=take 0.wav pitch_keycenter=48 lokey=47 hikey=49\n<region> sample=take 1.WAV key=e3\n"
        "<group> lovel=64 hivel=127\n<region> sample=take 2.wav key=67 transpose=12\n<region> sample=gone.wav key=40\n"
    )
    library = open_library([tmp_path])
    notes = library.notes.set_index("audio")
    assert notes["pitch"].tolist() == [60, 64, 67]
    assert notes["velocity"].tolist() == [32, 32, 96]
    assert set(notes["instrument"]) == {"Velvet"}
    assert ("1 sample of its regions not in the folder") in library.skipped[0][1]


def test_samples_of_an_sfz_file_lie_beside_its_folder_and_in_another_format(tmp_path: Path) -> None:
    record(tmp_path / "Samples" / "v one.flac", 60)
    record(tmp_path / "Samples" / "v two.ogg", 62)
    (tmp_path / "Programs").mkdir()
    (tmp_path / "Programs" / "Viola.sfz").write_text(
        "<region> sample=../Samples/v one.wav key=60\n<region> sample=..\\Samples\\V Two.wav key=62\n"
        "<region> sample=../../Samples/v one.wav key=64\n"
    )
    library = open_library([tmp_path])
    assert library.notes["pitch"].tolist() == [60, 62]
    assert set(library.notes["instrument"]) == {"Viola"}
    assert [reason for _, reason in library.skipped] == ["1 sample of its regions not in the folder"]


def test_release_samples_of_an_sfz_file_are_no_notes(tmp_path: Path) -> None:
    for name in ("x.wav", "rel.wav"):
        record(tmp_path / name, 62)
    (tmp_path / "a.sfz").write_text(
        "<group> trigger=release\n<region> sample=rel.wav key=62\n<group>\n<region> sample=x.wav key=62"
    )
    library = open_library([tmp_path])
    assert library.notes["audio"].tolist() == ["x.wav"]
    assert library.skipped == [(str(tmp_path / "rel.wav"), "no note: it sounds when a key is let go, as SFZ says")]


def test_sfz_files_of_other_programs_and_those_that_differ(tmp_path: Path) -> None:
    record(tmp_path / "x.wav", 62)
    (tmp_path / "a.SFZ").write_bytes("\r<REGION> SAMPLE=X.WAV KEY=62\r".encode("utf-16"))
    (tmp_path / "empty.sfz").write_text("nothing")
    library = open_library([tmp_path])
    assert library.notes["pitch"].tolist() == [62]
    assert [reason for _, reason in library.skipped] == ["no <region> in it: it says nothing of sounds"]
    (tmp_path / "b.sfz").write_text("<region> sample=x.wav key=74")
    assert any("x.wav has 62 in a.SFZ, 74 in b.sfz; 62 is taken" in said for said in open_library([tmp_path]).said)


def test_a_key_of_zero_is_none(tmp_path: Path) -> None:
    with_key(record(tmp_path / "a.wav", 62), 0)
    with_key(record(tmp_path / "b.wav", 64), 64)
    assert open_library([tmp_path]).notes["pitch"].tolist() == [62, 64]


def with_key(path: Path, key: int) -> None:
    """Append a sampler chunk with its key."""
    content = path.read_bytes()
    chunk = b"smpl" + struct.pack("<I9I", 36, 0, 0, 62500, key, 0, 0, 0, 0, 0)
    path.write_bytes(content[:4] + struct.pack("<I", len(content) + len(chunk) - 8) + content[8:] + chunk)


def test_keys_inside_files_are_labels_and_set_against_names(tmp_path: Path) -> None:
    for number, pitch in enumerate((60, 64, 67)):
        with_key(record(tmp_path / "plain" / f"flute {'abc'[number]}.wav", pitch), pitch)
        with_key(record(tmp_path / "named" / f"flute_{'CEG'[number]}3.wav", pitch), pitch)
        with_key(record(tmp_path / "same" / f"flute {'abc'[number]}.wav", pitch), 60)
    plain = open_library([tmp_path / "plain"])
    assert plain.notes["pitch"].tolist() == [60, 64, 67]
    assert not plain.notes["pitch_estimated"].any()
    named = open_library([tmp_path / "named"])
    assert named.notes["pitch"].tolist() == [48, 52, 55]
    assert any("sampler keys in the files says +12 semitones" in line for line in named.said)
    assert open_library([tmp_path / "same"]).notes["pitch_estimated"].all()
