"""Folders that the app may read, and files that are sent to it."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre_core.catalogue.labels import propose_labels
from timbre_core.catalogue.roots import allowed_roots, checked_folder, may_hold_sounds, subfolders, upload_folder
from timbre_core.catalogue.uploads import Sent, UploadLimits, keep_uploads
from timbre_core.datasets.audio_files import list_folder
from timbre_core.datasets.nsynth import nsynth_folders
from timbre_core.errors import TimbreError


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "music" / "drums").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    monkeypatch.setenv("TIMBRE_ROOTS", str(tmp_path / "music"))
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))


def wav() -> bytes:
    content = io.BytesIO()
    soundfile.write(content, np.sin(np.arange(800) / 5), 16_000, format="WAV")
    return content.getvalue()


def archive(files: Mapping[str, bytes]) -> Sent:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    content.seek(0)
    return Sent("sounds.zip", content)


def test_folders_inside_the_roots_are_read(tmp_path: Path) -> None:
    (tmp_path / "music" / "kick.wav").write_bytes(wav())
    (tmp_path / "music" / ".hidden").mkdir()
    assert allowed_roots() == [tmp_path / "music"]
    assert checked_folder(tmp_path / "music" / "drums") == tmp_path / "music" / "drums"
    assert subfolders(tmp_path / "music") == (["drums"], 1)


def test_a_folder_without_sounds_is_known_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    music = tmp_path / "music"
    (music / "drums" / "around").symlink_to(music)
    (music / ".hidden").mkdir()
    (music / ".hidden" / "kick.wav").write_bytes(wav())
    (music / "words.txt").write_text("x")
    assert not may_hold_sounds(music), "a circle of links ends"
    deep = music / "drums" / "low" / "soft"
    deep.mkdir(parents=True)
    assert not may_hold_sounds(music)
    (deep / "kick.WAV").write_bytes(wav())
    assert may_hold_sounds(music)
    (deep / "kick.WAV").rename(deep / "kicks.parquet")
    assert may_hold_sounds(music), "a table may have sounds in it"
    (deep / "kicks.parquet").unlink()
    monkeypatch.setattr("timbre_core.catalogue.roots._MOST", 3)
    assert may_hold_sounds(music), "of a folder too large to be looked through it is not known"


@pytest.mark.parametrize("path", ["secret", "music/../secret", "music/link", "music/link/below", "", "music/\0"])
def test_folders_outside_are_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret" / "below").mkdir()
    (tmp_path / "music" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(TimbreError):
        checked_folder(f"{tmp_path}/{path}")


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "music" / "a").symlink_to(tmp_path / "music" / "b")
    (tmp_path / "music" / "b").symlink_to(tmp_path / "music" / "a")
    with pytest.raises(TimbreError):
        checked_folder(tmp_path / "music" / "a")


def test_files_and_archives_are_kept(tmp_path: Path) -> None:
    sent = [Sent("one.wav", io.BytesIO(wav())), archive({"kit/two.wav": wav(), "kit/readme.txt": b"x", "kit/": b""})]
    folder, skipped = keep_uploads("my sounds", sent)
    assert folder.is_relative_to(upload_folder())
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav")) == ["kit/two.wav", "one.wav"]
    assert not skipped
    assert (folder / "kit" / "two.wav").read_bytes() == wav()
    assert checked_folder(folder) == folder
    again, _ = keep_uploads("my sounds", [Sent("one.wav", io.BytesIO(wav()))])
    assert again != folder, "nothing is written over"


@pytest.mark.parametrize(
    "name", ["../escaped.wav", "/absolute.wav", "a/../../up.wav", "..\\up.wav", "C:\\up.wav", ".hidden.wav", "a\0b.wav"]
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    folder, _ = keep_uploads("safe", [archive({"good.wav": wav(), name: wav()}), Sent(name, io.BytesIO(wav()))])
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(folder) for path in new)


def test_links_in_circles_and_upwards_hide_no_sounds(tmp_path: Path) -> None:
    music = tmp_path / "music"
    (music / "drums" / "kick_36.wav").write_bytes(wav())
    (music / "a").symlink_to(music / "b")
    (music / "b").symlink_to(music / "a")
    (music / "all").symlink_to("/")
    assert subfolders(music) == (["all", "drums"], 0)
    listing = list_folder(music)
    assert listing.files == ["drums/kick_36.wav"]
    assert any("this one is in" in reason for path, reason in listing.skipped if path.endswith("all"))
    nsynth = music / "nsynth-train"
    (nsynth / "audio").mkdir(parents=True)
    (nsynth / "examples.json").write_text('{"a": {"instrument_str": "x", "pitch": 60}}')
    assert nsynth_folders(music) == [("nsynth-train", "train")]


def test_a_link_in_an_archive_is_left_out(tmp_path: Path) -> None:
    sent = archive({"good.wav": wav()})
    with zipfile.ZipFile(sent.content, "a") as made:
        link = zipfile.ZipInfo("link.wav")
        link.external_attr = 0o120777 << 16
        made.writestr(link, str(tmp_path / "secret"))
    sent.content.seek(0)
    folder, skipped = keep_uploads("links", [sent])
    assert [name for name, _ in skipped] == ["link.wav"]
    assert [path.name for path in folder.iterdir()] == ["good.wav"]


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        ({"bomb.wav": b"\0" * 8_000_000}, UploadLimits(ratio=10)),
        ({"large.wav": os.urandom(3000)}, UploadLimits(bytes_each=2000)),
        ({f"{n}.wav": os.urandom(1000) for n in range(4)}, UploadLimits(bytes=2500)),
        ({f"{n}.wav": wav() for n in range(4)}, UploadLimits(files=3)),
        ({"notes.txt": b"no sound"}, UploadLimits()),
    ],
)
def test_what_is_too_much_is_refused_and_leaves_nothing(files: dict[str, bytes], limits: UploadLimits) -> None:
    with pytest.raises(TimbreError):
        keep_uploads("too much", [archive(files)], limits)
    assert not list(upload_folder().glob("*"))


def test_a_damaged_archive_is_said() -> None:
    with pytest.raises(TimbreError, match="cannot be unpacked"):
        keep_uploads("bad", [Sent("x.zip", io.BytesIO(b"PK\3\4 no archive"))])


def damaged(method: int) -> bytes:
    """An archive of a sound whose packed bytes are none."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as made:
        made.writestr("a.wav", wav())
    data = bytearray(content.getvalue())
    data[45:140] = bytes(range(160, 255))
    return bytes(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_inside_an_archive_is_said(method: int) -> None:
    with pytest.raises(TimbreError, match="cannot be unpacked"):
        keep_uploads("bad", [Sent("x.zip", io.BytesIO(damaged(method)))])
    assert not list(upload_folder().glob("*"))


def test_a_name_in_an_archive_that_is_no_text_is_said() -> None:
    told = archive({"\u00e4\u00e4.wav": wav()}).content.read().replace("\u00e4\u00e4".encode(), b"\xff\xfe\xff\xfe")
    with pytest.raises(TimbreError, match="cannot be unpacked"):
        keep_uploads("bad", [Sent("x.zip", io.BytesIO(told))])


def test_what_is_left_out_of_what_was_sent_is_told() -> None:
    other = io.BytesIO()
    soundfile.write(other, np.cos(np.arange(900) / 5), 16_000, format="WAV")
    sent = [
        Sent("a.wav", io.BytesIO(wav())),
        archive({"a.wav": other.getvalue(), "a.wav/b.wav": wav(), "in.zip": b"PK", "read.txt": b"x"}),
        Sent("song.m4a", io.BytesIO(b"x")),
        Sent("\ud800.wav", io.BytesIO(wav())),
    ]
    folder, skipped = keep_uploads("kit", sent)
    assert [name for name, _ in skipped] == ["a.wav", "a.wav/b.wav", "in.zip", "song.m4a", "\ud800.wav"]
    assert (folder / "a.wav").read_bytes() == wav(), "the first one stays"


def test_a_folder_whose_name_is_no_text_is_not_offered(tmp_path: Path) -> None:
    os.mkdir(os.fsencode(tmp_path / "music") + b"/bad\xff")
    assert subfolders(tmp_path / "music") == (["drums"], 0)


def test_links_lead_out_of_no_folder_that_the_app_reads(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder, name in ((inside, "violin_60.wav"), (outside, "violin_64.wav")):
        folder.mkdir()
        (folder / name).write_bytes(wav())
    (inside / "violin_64.wav").symlink_to(outside / "violin_64.wav")
    (inside / "more").symlink_to(outside)
    assert len(propose_labels(inside, {"octave": "off"}).notes) > 1
    proposal = propose_labels(inside, {"octave": "off", "within": [str(inside)]})
    assert list(proposal.notes["audio"]) == ["violin_60.wav"]
    assert all("link out of the folders" in reason for _, reason in proposal.skipped)
    assert proposal.skipped


def test_what_systems_leave_is_no_skipped_file(tmp_path: Path) -> None:
    left = (
        "__MACOSX/kit/._a_60.wav",
        "kit/.DS_Store",
        "kit/Thumbs.db",
        "desktop.ini",
        "kit/._a_60.wav",
        "@eaDir/b.wav",
    )
    folder, skipped = keep_uploads("sent", [archive({"kit/a_60.wav": wav()} | dict.fromkeys(left, b"x"))])
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["a_60.wav"]
    assert skipped == []
    folder, skipped = keep_uploads("arrays", [archive({"a_60.wav": wav(), "b.npy": b"x", ".c.wav": wav()})])
    assert skipped == [
        ("b.npy", "cannot be read: if there are sounds inside, write them as WAV"),
        (".c.wav", "hidden, as its name begins with a dot: rename it"),
    ]


def test_a_damaged_archive_is_named_and_costs_itself_alone() -> None:
    sent = [
        archive({"c.wav": wav()}),
        Sent("bad.zip", io.BytesIO(b"PK\3\4 no archive")),
        Sent("half.zip", io.BytesIO(damaged(zipfile.ZIP_DEFLATED))),
        Sent("b.wav", io.BytesIO(wav())),
    ]
    folder, skipped = keep_uploads("kit", sent)
    assert sorted(path.name for path in folder.iterdir()) == ["b.wav", "c.wav"], "and nothing half unpacked"
    assert [name for name, _ in skipped] == ["bad.zip", "half.zip"]
    assert all("the archive cannot be unpacked" in reason for _, reason in skipped)
