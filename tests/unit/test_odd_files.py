"""What lies in a folder and is no file that could be read: told, and passed over."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.synthetic import encoded, harmonic_note
from timbre_core.__main__ import main
from timbre_core.datasets.audio_files import list_folder
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError, load_audio, write_wav
from timbre_core.features.uploads import decode_upload


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "notes"
    root.mkdir()
    write_wav(root / "oboe_60.wav", harmonic_note(60, 0.5, 0.8), 16_000)
    return root


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_are_told_and_not_waited_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("oboe_62.wav", "metadata.csv", "map.sfz"):
        os.mkfifo(folder / name)
    os.symlink("oboe_62.wav", folder / "oboe_64.wav")
    assert main(["prepare", "folder", str(folder), str(folder.with_suffix(".csv"))]) == 0
    said = capsys.readouterr()
    assert said.err.count("it is no ordinary file: leave it out") == 4
    assert "1 note of 1 instrument" in said.out


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_are_no_text_are_told(folder: Path) -> None:
    for name in (b"f\xf6_62.wav", b"tab\xff.csv"):
        (folder / os.fsdecode(name)).write_bytes((folder / "oboe_60.wav").read_bytes())
    (folder / os.fsdecode(b"h\xf6rner")).mkdir()
    listing = list_folder(folder)
    assert listing.files == ["oboe_60.wav"]
    assert listing.tables == []
    assert len(listing.skipped) == 3
    assert {why for _, why in listing.skipped} == {"its name is no UTF-8: rename it"}
    for path, _ in listing.skipped:
        path.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,pitch,Pitch \noboe_60.wav,60,61\n", "two columns 'pitch'"),
        ('file,instrument\noboe_60.wav,"oboe\nx.wav,oboe\n', "a quote before it is not closed"),
        ("PK\x03\x04 and more", "a spreadsheet, not text"),
        ("\0" * 300, "bytes without text"),
    ],
)
def test_tables_that_would_be_misread(folder: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "metadata.csv").write_text(text, encoding="utf-8")
    assert main(["prepare", "folder", str(folder), str(folder.with_suffix(".csv"))]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len(error) < 300


def test_of_a_damaged_stream_what_comes_before_is_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 32_000)
    soundfile.write(folder / "noise_62.flac", noise, 16_000)
    whole = (folder / "noise_62.flac").read_bytes()
    (folder / "noise_62.flac").write_bytes(whole[: len(whole) // 2])
    remarks: list[str] = []
    audio = load_audio(folder / "noise_62.flac", 16_000, remarks=remarks)
    np.testing.assert_allclose(audio, noise[: len(audio)], atol=1e-4)
    assert 10_000 < len(audio) < 16_100
    assert remarks[0].startswith("damaged, the last 6")
    with pytest.raises(AudioError, match="damaged"):
        decode_upload(whole[: len(whole) // 2], 16_000)
    assert len(decode_upload(whole[: len(whole) // 2], 16_000, remarks=remarks)) == len(audio)
    assert main(["prepare", "folder", str(folder), str(folder.with_suffix(".csv"))]) == 0
    assert "noise_62.flac: damaged" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_what_follows_the_first_sound_of_a_chained_ogg_is_told(kind: str) -> None:
    def ogg(pitch: int) -> bytes:
        file = io.BytesIO()
        soundfile.write(file, harmonic_note(pitch, 0.5, 0.5), 16_000, format="OGG", subtype=kind)
        return file.getvalue()

    remarks: list[str] = []
    assert len(load_audio(ogg(60), 16_000, remarks=remarks)) == 8_000
    assert not remarks
    assert len(load_audio(ogg(60) + ogg(64), 16_000, remarks=remarks)) == 8_000
    assert remarks == [
        "another sound follows the first one in it (chained Ogg): the first is used, save each as a file of its own"
    ]
    with pytest.raises(AudioError, match="2 other sounds follow"):
        decode_upload(ogg(60) * 3, 16_000)


def test_a_constant_is_silence_everywhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "oboe_60.wav").unlink()
    soundfile.write(folder / "flat_60.wav", np.full(16_000, 0.5), 16_000)
    assert main(["prepare", "folder", str(folder), str(folder.with_suffix(".csv"))]) == 1
    error = capsys.readouterr().err
    assert "silent (nothing in it moves)" in error
    assert "no usable note" in error


def test_a_row_without_its_sound_is_told_and_the_others_are_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = (folder / "oboe_60.wav").read_bytes()
    (folder / "oboe_60.wav").unlink()
    rows = [{"bytes": sound, "path": "a.wav"}, {"bytes": None, "path": "gone.wav"}]
    pd.DataFrame({"audio": rows, "pitch": [60, 61], "instrument": ["oboe", "oboe"]}).to_parquet(
        folder / "train.parquet"
    )
    assert main(["prepare", "folder", str(folder), str(folder.with_suffix(".csv"))]) == 0
    said = capsys.readouterr()
    assert "names 'gone.wav' and holds no bytes" in said.err
    assert "1 note of 1 instrument" in said.out


def test_archives_are_named(folder: Path) -> None:
    names = ["a.zip", "more/b.7z", "more/c.rar", "d.tar.gz", "e.7z.001", "f.r00"]
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"packed")
    skipped = dict(open_library([folder]).skipped)
    assert {str(folder / name) for name in names} == set(skipped)
    assert all(reason.endswith("unpack it") for reason in skipped.values())
    (folder / "oboe_60.wav").unlink()
    with pytest.raises(TimbreError, match=r"a\.zip cannot be read: an archive.* d\.tar\.gz"):
        open_library([folder])


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "W64", "CAF"])
def test_what_stands_behind_the_audio_leaves_it_whole_in_files_and_uploads(tmp_path: Path, kind: str) -> None:
    whole = encoded(kind)
    expected = load_audio(whole, 16_000)
    for rest in (bytes(64), b"ID3\4\0\0\0\0\1\0" + bytes(128), b"some words, no chunk"):
        (tmp_path / "a.wav").write_bytes(whole + rest)
        for source in (tmp_path / "a.wav", whole + rest):
            audio = load_audio(source, 16_000, remarks=[])
            np.testing.assert_array_equal(audio[: len(expected)], expected)
            assert len(audio) - len(expected) <= len(rest), "AU and CAF may promise nothing of their length"


@pytest.mark.parametrize("tag", [b"ID3\4\0\0\0\0\x10\0" + b"x" * 3000, b"TAG" + bytes(125), b"APETAGEX" + bytes(24)])
def test_tags_behind_a_wav_file_are_no_sound(folder: Path, tag: bytes) -> None:
    content = (folder / "oboe_60.wav").read_bytes()
    np.testing.assert_array_equal(load_audio(content + tag, 16_000), load_audio(content, 16_000))
