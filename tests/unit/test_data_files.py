"""Files as people have them: linked folders, other endings, wrong sizes, tables with other headers."""

from __future__ import annotations

import struct
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest

from tests.synthetic import encoded, harmonic_note, record
from timbre_core.cli.batch import files_in
from timbre_core.datasets.audio_files import list_folder
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError, load_audio
from timbre_core.features.uploads import decode_upload

NOTE = harmonic_note(60, 0.5, 0.5)


# -- Which files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("RF64", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("AU", "PCM_16"),
        ("CAF", "PCM_16"),
        ("OGG", "VORBIS"),
    ],
)
def test_a_sound_without_an_ending_is_told(tmp_path: Path, kind: str, subtype: str) -> None:
    record(tmp_path / "flute.wav")
    (tmp_path / "take 2").write_bytes(encoded(kind, subtype))
    (tmp_path / "notes").write_bytes(b"a\\.snd of words")
    assert [(Path(file).name, why) for file, why in list_folder(tmp_path).skipped] == [
        ("take 2", "it holds a sound and has no ending of sounds: rename it, .wav say")
    ]


def test_linked_folders_are_read_once_and_circles_end(tmp_path: Path) -> None:
    record(tmp_path / "disk" / "flute" / "a.wav")
    root = tmp_path / "root"
    record(root / "oboe" / "b.wav")
    (root / "linked").symlink_to(tmp_path / "disk" / "flute")
    (root / "again").symlink_to(root / "oboe")
    (root / "oboe" / "circle").symlink_to(root)
    (root / "lost").symlink_to(tmp_path / "nowhere")
    library = open_library([root])
    assert sorted(library.notes["audio"]) == ["linked/a.wav", "oboe/b.wav"]
    told = {Path(file).name: reason for file, reason in library.skipped}
    assert told.keys() == {"again", "circle", "lost"}
    assert "leads nowhere" in told["lost"]


def test_sounds_without_an_ending_and_links_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    record(tmp_path / "oboe_60.wav")
    (tmp_path / "oboe_62").write_bytes(encoded("FLAC"))
    (tmp_path / "oboe_64.wav.bak").write_bytes(encoded())
    (tmp_path / "read me").write_text("text")
    (tmp_path / "oboe_65.wav").symlink_to(tmp_path / "gone.wav")
    library = open_library([tmp_path])
    assert len(library) == 1
    told = {Path(file).name: reason for file, reason in library.skipped}
    assert sorted(told) == ["oboe_62", "oboe_64.wav.bak", "oboe_65.wav"]
    assert "rename it" in told["oboe_62"]
    assert "leads nowhere" in told["oboe_65.wav"]


def test_what_libsndfile_reads_is_read_and_the_rest_is_counted(tmp_path: Path) -> None:
    for ending, kind in (
        ("wav", "WAV"),
        ("w64", "W64"),
        ("au", "AU"),
        ("caf", "CAF"),
        ("voc", "VOC"),
        ("rf64", "RF64"),
    ):
        record(tmp_path / f"a.{ending}", format=kind, subtype="PCM_16")
    for number in range(3):
        (tmp_path / f"b{number}.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    (tmp_path / "c.wma").write_bytes(b"0&\xb2u")
    library = open_library([tmp_path])
    assert len(library) == 6
    reasons = {Path(file).name: reason for file, reason in library.skipped}
    assert reasons["*.m4a"].startswith("3 files cannot be read: convert to WAV")
    assert reasons["*.wma"].startswith("1 file cannot be read")
    for path in tmp_path.glob("a.*"):
        path.unlink()
    with pytest.raises(TimbreError, match=r"3 files \*\.m4a cannot be read"):
        open_library([tmp_path])


def test_files_of_arrays_beside_sounds_are_counted(tmp_path: Path) -> None:
    record(tmp_path / "oboe_60.wav")
    for name in ("x.npy", "y.NPY", "z.mat", "data.h5", "part.arrow"):
        (tmp_path / name).write_bytes(b"\x93NUMPY")
    told = [(Path(file).name, reason) for file, reason in open_library([tmp_path]).skipped]
    assert told == [
        ("*.arrow", "1 file cannot be read: save the data set as Parquet, with `to_parquet` say"),
        ("*.h5", "1 file cannot be read: if there are sounds inside, write them as WAV"),
        ("*.mat", "1 file cannot be read: if there are sounds inside, write them as WAV"),
        ("*.npy", "2 files cannot be read: if there are sounds inside, write them as WAV"),
    ]


def test_what_systems_leave_is_passed_over_and_hidden_sounds_are_told(tmp_path: Path) -> None:
    record(tmp_path / "oboe_60.wav")
    for name in ("__MACOSX/._oboe_60.wav", "__MACOSX/oboe_61.wav", "$RECYCLE.BIN/oboe_62.wav", "@eaDir/oboe_63.wav"):
        record(tmp_path / name)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "Icon\r", "._oboe_60.wav"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7")
    record(tmp_path / ".22 rifle_64.wav")
    library = open_library([tmp_path])
    assert [Path(audio).name for audio in library.notes["audio"]] == ["oboe_60.wav"]
    assert [(Path(file).name, reason) for file, reason in library.skipped] == [
        (".22 rifle_64.wav", "hidden, as its name begins with a dot: rename it")
    ]


@pytest.mark.parametrize(
    ("name", "head", "said"),
    [
        ("a.m4a", b"\0\0\0\x20ftypM4A ", "a.m4a: cannot be read: convert to WAV"),
        ("a.wav", b"\0\0\0\x20ftypM4A ", "a.wav: cannot be read: it is MP4, whatever its name: convert to WAV"),
        ("a", b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "a: cannot be read: it is WebM or Matroska"),
        ("a.sf2", b"RIFF\0\0\0\0sfbk", "a.sf2: cannot be read: render with `prepare soundfont`"),
        ("a.wav", b"no sound at all", "a.wav: not readable as audio"),
        ("a.wav", b"version https://git-lfs.github.com/spec/v1\n", "a.wav: cannot be read: it is a pointer of Git LFS"),
    ],
)
def test_what_is_no_sound_that_is_read_is_told_with_what_to_do(name: str, head: bytes, said: str) -> None:
    with pytest.raises(AudioError) as refused:
        decode_upload(head + bytes(64), 16_000, name)
    assert str(refused.value).startswith(said)


def test_an_empty_file_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    for source in (tmp_path / "a.wav", b""):
        with pytest.raises(AudioError, match=r"a\.wav: an empty file"):
            load_audio(source, 16_000, "a.wav")


# -- Sizes -----------------------------------------------------------------------------------------------------------


def sized(content: bytes, size: int, tag: bytes = b"data", kind: str = "<I") -> bytes:
    at = content.index(tag) + 4
    return content[:at] + struct.pack(kind, size) + content[at + struct.calcsize(kind) :]


WRONG_SIZES = {
    "a few bytes more": sized(encoded(), 2 * len(NOTE) + 36),
    "never filled in": sized(encoded(), 0),
    "filled in long ago": sized(encoded(), 1000),
    "streamed": sized(encoded(), 0xFFFFFFFF),
    "streamed by others": sized(encoded(), 0x7FFFF000),
    "AU": encoded("AU")[:8] + bytes(4) + encoded("AU")[12:],
    "CAF": sized(encoded("CAF"), -1, kind=">q"),
    "RF64": encoded("RF64").replace(struct.pack("<Q", 2 * len(NOTE)), bytes(8), 1),
    "a chunk of odd length unpadded": encoded()[:36] + b"LIST\5\0\0\0INFOx" + encoded()[36:],
    "a chunk behind": sized(encoded(), 0) + b"LIST" + struct.pack("<I", 8) + b"INFOISFT",
}


@pytest.mark.parametrize("case", WRONG_SIZES)
def test_wrong_sizes_hold_whole_sounds(case: str) -> None:
    remarks: list[str] = []
    audio = load_audio(WRONG_SIZES[case], 16_000, remarks=remarks)
    assert len(audio) == len(NOTE)
    assert remarks == []
    np.testing.assert_allclose(audio, NOTE, atol=1e-3)
    assert len(decode_upload(WRONG_SIZES[case], 16_000)) == len(NOTE)


def test_bw64_is_read_as_rf64_is() -> None:
    renamed = b"BW64" + encoded("RF64")[4:]
    np.testing.assert_array_equal(load_audio(renamed, 16_000), load_audio(encoded("RF64"), 16_000))


@pytest.mark.parametrize("kind", ["WAV", "RF64", "AIFF", "AU", "W64"])
def test_a_part_that_is_missing_is_told(kind: str) -> None:
    content = encoded(kind)
    remarks: list[str] = []
    audio = load_audio(content[: len(content) // 2], 16_000, remarks=remarks)
    assert len(audio) == pytest.approx(len(NOTE) / 2, rel=0.02)
    [remark] = remarks
    assert remark.startswith("truncated, the last ")
    assert load_audio(content[:-20], 16_000, remarks=remarks).size > 0.99 * len(NOTE)
    assert len(remarks) == 1


@pytest.mark.parametrize("subtype", ["GSM610", "G721_32", "IMA_ADPCM", "MS_ADPCM", "ULAW", "ALAW"])
def test_other_codecs_alike_in_folders_and_uploads(tmp_path: Path, subtype: str) -> None:
    path = record(tmp_path / "a.wav", subtype=subtype)
    library = open_library([tmp_path])
    np.testing.assert_array_equal(library.load(0, 16_000), decode_upload(path.read_bytes(), 16_000))


# -- Tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.csv", "file, instrument, pitch\na.wav, viola, 72\n"),
        ("Metadata.CSV", "\ufeffFile;Instrument;Pitch\na.wav;viola;72\n"),
        ("metadata.tsv", "FILE_NAME\tinstrument name\tMIDI note\na.wav\tviola\t72\n"),
        ("metadata.jsonl", '{"file_name": "a.wav", "instrument": "viola", "pitch": 72}\n'),
        ("metadata.csv", "sep=;\nPath;Instrument (in full);Pitch\nold/place/A.WAV;viola;C5\n"),
    ],
)
def test_tables_with_other_headers(tmp_path: Path, name: str, text: str) -> None:
    record(tmp_path / "a.wav")
    (tmp_path / name).write_text(text, encoding="utf-8")
    [note] = open_library([tmp_path]).notes.to_dict("records")
    assert (note["instrument"], note["pitch"], note["pitch_estimated"]) == ("viola", 72, False)


def test_what_of_a_table_is_not_used_is_told(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        record(tmp_path / f"{name}.wav")
    (tmp_path / "metadata.csv").write_text(
        "file,instrument,family,instrment,note\na.wav,viola,string,x,loud hall\nb.wav,viola,,x,\nc.wav,tuba,,x,windy,more\n"
    )
    (tmp_path / "labels.csv").write_text("file,pitch\na.wav,60\n")
    library = open_library([tmp_path])
    assert library.notes["family"].tolist() == ["string", "string"]
    said = "\n".join(library.said)
    assert "not used: columns 'instrment', 'note'" in said
    assert "column 'family' is empty in 1 of 2 lines" in said
    assert "labels.csv: not used" in said
    assert any("line 4" in file and "more cells" in reason for file, reason in library.skipped)


def test_blank_splits_are_filled_and_told(tmp_path: Path) -> None:
    lines = ["file,instrument,split"]
    for instrument in range(6):
        for take in range(2):
            record(tmp_path / f"i{instrument}_{take}.wav", 60 + take)
            split = {4: "valid", 5: "test" if take else ""}.get(instrument, "")
            lines.append(f"i{instrument}_{take}.wav,i{instrument},{split}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines) + "\n")
    library = open_library([tmp_path])
    by_instrument = library.notes.groupby("instrument")["split"].unique().map(list)
    assert by_instrument["i4"] == ["valid"]
    assert by_instrument["i5"] == ["test"]
    assert all(len(splits) == 1 for splits in by_instrument)
    assert "train" in set(library.notes["split"])
    assert any("9 of 12 notes have no split" in line for line in library.said)


def test_cells_without_a_value_are_empty(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        record(tmp_path / f"{name}.wav")
    table = "file,instrument,pitch,split\na.wav,viola,NaN,train\nb.wav,N/A,61,-\nc.wav,tuba,62,nan\n"
    (tmp_path / "metadata.csv").write_text(table)
    library = open_library([tmp_path])
    assert library.notes["instrument"].tolist() == ["viola", tmp_path.name, "tuba"]
    assert library.notes["pitch"].tolist() == [60, 61, 62]
    assert any("2 of 3 notes have no split" in line for line in library.said)
    assert not library.skipped


@pytest.mark.parametrize(("disk", "asked"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_files_and_folders_are_found_however_their_letters_are_composed(tmp_path: Path, disk: str, asked: str) -> None:
    record(tmp_path / normalize(disk, "Flöte é") / normalize(disk, "flöte_60.wav"), 60)
    folder = tmp_path / normalize(asked, "Flöte é")
    assert len(load_audio(folder / normalize(asked, "flöte_60.wav"), 16_000)) == 8_000
    assert files_in([str(folder)], [".wav"])[0].exists()
    assert open_library([folder]).notes["pitch"].tolist() == [60]
    with pytest.raises(AudioError, match="there is no such file"):
        load_audio(folder / normalize(asked, "flüte_60.wav"), 16_000)


@pytest.mark.parametrize(("disk", "table"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFC", "NFKC")])
def test_unicode_written_in_two_ways(tmp_path: Path, disk: str, table: str) -> None:
    record(tmp_path / normalize(disk, "Flöte Ａ.wav"))
    (tmp_path / "metadata.csv").write_text(f"file,pitch\n{normalize(table, 'Flöte Ａ.wav')},72\n", encoding="utf-8")
    assert open_library([tmp_path]).notes["pitch"].tolist() == [72]
