"""Files as people have them: linked folders, other endings, wrong sizes, tables with other headers, data sets of others."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from tests.synthetic import harmonic_note
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.features.audio import load_audio
from timbre_core.features.uploads import decode_upload

NOTE = harmonic_note(60, 0.5, 0.5)


def record(path: Path, pitch: float = 60, **how: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, harmonic_note(pitch, 0.5, 0.5), 16_000, **how)
    return path


def encoded(kind: str = "WAV", subtype: str = "PCM_16") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, NOTE, 16_000, format=kind, subtype=subtype)
    return buffer.getvalue()


# -- Which files -----------------------------------------------------------------------------------------------------


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
    reasons = [reason for _, reason in library.skipped]
    assert any(reason.startswith("3 files *.m4a cannot be read: convert them") for reason in reasons)
    assert any(reason.startswith("1 file *.wma cannot be read") for reason in reasons)
    for path in tmp_path.glob("a.*"):
        path.unlink()
    with pytest.raises(TimbreError, match=r"3 files \*\.m4a cannot be read"):
        open_library([tmp_path])


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


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "W64"])
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


@pytest.mark.parametrize(("disk", "table"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_unicode_written_in_two_ways(tmp_path: Path, disk: str, table: str) -> None:
    record(tmp_path / normalize(disk, "Flöte.wav"))
    (tmp_path / "metadata.csv").write_text(f"file,pitch\n{normalize(table, 'Flöte.wav')},72\n", encoding="utf-8")
    assert open_library([tmp_path]).notes["pitch"].tolist() == [72]


# -- Data sets of others ---------------------------------------------------------------------------------------------


def write_nsynth(folder: Path, pitch: int = 60, ending: str = "wav") -> None:
    name = f"flute_acoustic_000-{pitch:03d}-100"
    record(folder / "audio" / f"{name}.{ending}", pitch)
    entry = {"instrument_str": "flute_acoustic_000", "instrument_family_str": "flute", "pitch": pitch, "velocity": 100}
    (folder / "examples.json").write_text(json.dumps({name: entry | {"instrument_source_str": "acoustic"}}))


@pytest.mark.parametrize("places", [["a/b/nsynth-test"], ["test"], ["train", "test"], ["."]])
def test_nsynth_wherever_it_lies(tmp_path: Path, places: list[str]) -> None:
    for number, place in enumerate(places):
        write_nsynth(tmp_path / place, 60 + number, "mp3" if place == "." else "wav")
    library = open_library([tmp_path])
    assert library.notes["source"].tolist() == ["acoustic"] * len(places)
    if len(places) == 2:
        assert library.notes["split"].tolist() == ["train", "test"]
    assert len(library.load(0, 16_000)) > 0


def test_shards_of_a_data_set(tmp_path: Path) -> None:
    about = {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["viola", "oboe"]}}}}
    for shard, split in enumerate(("train", "train", "validation")):
        table = pa.table(
            {
                "audio": pa.array([{"bytes": encoded(), "path": f"n{shard}{row}.wav"} for row in range(2)]),
                "label": [0, 1],
                "midi": [60 + shard, 61 + shard],
                "text": ["a", "b"],
            }
        ).replace_schema_metadata({"huggingface": json.dumps(about)})
        name = f"{split}-{shard % 2:05d}-of-00002.parquet"
        (tmp_path / "data").mkdir(exist_ok=True)
        pq.write_table(table, tmp_path / "data" / name)
    library = open_library([tmp_path])
    assert library.notes["instrument"].tolist() == ["viola", "oboe"] * 3
    assert sorted(library.notes["pitch"]) == [60, 61, 61, 62, 62, 63]
    assert set(library.notes["split"]) == {"train", "valid"}
    assert any("pitch from 'midi'" in line and "'text'" in line for line in library.said)
    np.testing.assert_allclose(library.load(5, 16_000), NOTE, atol=1e-3)
    one = open_library([tmp_path / "data" / "train-00000-of-00002.parquet"])
    assert one.notes["note_id"].tolist() == ["n00", "n01"]


def test_bytes_are_never_told(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"audio": pa.array([{"bytes": b"\1\2" * 5000, "path": "n.wav"}]), "pitch": [60]}), path)
    library = open_library([path])
    with pytest.raises(TimbreError) as caught:
        library.load(0, 16_000)
    assert len(str(caught.value)) < 300


def test_takes_of_an_instrument_are_no_spoken_digits(tmp_path: Path) -> None:
    for take in range(10):
        record(tmp_path / "notes" / f"{take}_velvet_{60 + take}.wav", 60 + take)
        record(tmp_path / "spoken" / "07" / f"{take}_07_0.wav", 45)
        record(tmp_path / "spoken" / "12" / f"{take}_12_0.wav", 57)
    notes = open_library([tmp_path / "notes"]).notes
    assert sorted(notes["pitch"]) == list(range(60, 70))
    assert not notes["pitch_estimated"].any()
    spoken = open_library([tmp_path / "spoken"])
    assert set(spoken.notes["instrument"]) == {"07", "12"}
    assert set(spoken.notes["source"]) == {"speech"}
    assert any("spoken digits" in line for line in spoken.said)
