"""What a library of one's own reads of a folder, and tells of what it leaves out."""

from __future__ import annotations

from pathlib import Path

from tests.synthetic import record
from tests.unit.test_own_libraries import update
from timbre_core.catalogue import jobs
from timbre_core.catalogue.libraries import create_library, find_library, notes_of, skipped_of


def test_each_kind_of_unread_file_is_told(tmp_path: Path, tiny_checkpoint: Path) -> None:
    record(tmp_path / "sounds" / "oboe_60.wav")
    for name in ("a.m4a", "b.m4a", "c.npy", "d.sf2"):
        (tmp_path / "sounds" / name).write_bytes(b"x")
    library = create_library("mine", tmp_path / "sounds", tiny_checkpoint, {"octave": "off"})
    assert update(library).skipped == 3
    assert [(path, reason.partition(":")[0]) for path, reason in skipped_of(library)] == [
        ("*.m4a", "2 files cannot be read"),
        ("*.npy", "1 file cannot be read"),
        ("*.sf2", "1 file cannot be read"),
    ]


def test_doubles_are_counted_where_work_is_told(tmp_path: Path, tiny_checkpoint: Path) -> None:
    record(tmp_path / "sounds" / "oboe_60.wav")
    (tmp_path / "sounds" / "copy_60.wav").write_bytes((tmp_path / "sounds" / "oboe_60.wav").read_bytes())
    library = create_library("doubled", tmp_path / "sounds", tiny_checkpoint, {"octave": "off"})
    job = jobs.ask("update", library.id, {"workers": 0})
    assert jobs.work(until=job.id)
    assert jobs.job_of_id(job.id).message == "2 notes (2 new); 1 of them the recording of another one"


def test_spoken_digits_are_read_as_elsewhere(tmp_path: Path, tiny_checkpoint: Path) -> None:
    for digit in (7, 8):
        record(tmp_path / "digits" / f"{digit}_jackson_0.wav", 45 + digit)
    library = create_library("digits", tmp_path / "digits", tiny_checkpoint, {"octave": "off"})
    assert "read as spoken digits" in update(library).said[0]
    assert notes_of(library)[["family", "instrument"]].to_numpy().tolist() == [["7", "jackson"], ["8", "jackson"]]


def test_a_file_that_was_cut_short_is_remarked_on_as_long_as_it_is(tmp_path: Path, tiny_checkpoint: Path) -> None:
    cut = tmp_path / "sounds" / "oboe_60.wav"
    record(cut)
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    told = "oboe_60.wav: truncated, the last 50% are missing: what is there is used"
    library = create_library("cut", tmp_path / "sounds", tiny_checkpoint, {"octave": "off"})
    assert any(sentence.startswith(told) for sentence in update(library).said)
    assert any(sentence.startswith(told) for sentence in update(find_library("cut")).said), "again, without reading it"
    cut.write_bytes(whole)
    assert not any("truncated" in sentence for sentence in update(find_library("cut")).said)
