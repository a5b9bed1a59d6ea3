"""The feature store: what is read is what was computed, and nothing that happens on the way spoils it."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from timbre_core.datasets import journal as journal_module
from timbre_core.datasets.library import open_library
from timbre_core.datasets.notes import note_table
from timbre_core.datasets.store import FeatureStore, build_store
from timbre_core.datasets.workers import Workers
from timbre_core.errors import TimbreError
from timbre_core.features.audio import AudioError
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings

SETTINGS = LogMelSettings(seconds=None)
ROOT = Path(__file__).resolve().parents[2]


class MadeUp:
    """A library of notes made up as they are read, each of its own length; some can be bad or slow."""

    def __init__(self, count: int, bad: tuple[int, ...] = (), name: str = "a", delay: float = 0.0) -> None:
        names = [f"{name}{index:03}" for index in range(count)]
        self.notes = note_table({"note_id": names, "audio": names, "pitch": [60.0] * count})
        self.bad, self.delay, self.log = set(bad), delay, os.environ.get("MADE_UP_LOG")

    def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray:
        time.sleep(self.delay)
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{index}\n")
        if index in self.bad:
            raise AudioError(f"{self.notes['audio'].iat[index]}.wav: corrupt: get it again.")
        rng = np.random.default_rng(index)
        return rng.uniform(-0.5, 0.5, 800 + 997 * index % 9000).astype(np.float32)

    def fingerprint(self) -> str:
        return "/".join(self.notes["note_id"])


class Fatal(MadeUp):
    """Its process dies at the tenth note."""

    def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray:
        if index == 10:
            os._exit(9)
        return super().load(index, sample_rate)


def build(library: Any, folder: Path, settings: LogMelSettings = SETTINGS, workers: int = 1) -> FeatureStore:
    return build_store(library, settings, folder, workers=workers, progress=False)


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("frames.f16", "notes.parquet", "store.json")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted build of 60 notes, two of them bad."""
    folder = tmp_path_factory.mktemp("stores") / "whole"
    build(MadeUp(60, bad=(3, 41)), folder)
    return folder


def test_holds_what_was_computed(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = FeatureStore.open(whole)
    library = MadeUp(60, bad=(3, 41))
    good = [index for index in range(60) if index not in (3, 41)]
    assert len(store) == 58
    assert store.notes["note_id"].tolist() == [f"a{index:03}" for index in good]
    assert list(store.notes.columns[-3:]) == ["start", "n_frames", "ref_db"]
    first = 0
    for row, index in enumerate(good):
        frames, ref_db = note_frames(library.load(index, 16_000), SETTINGS)
        assert store.notes["start"][row] == first
        assert store.notes["n_frames"][row] == frames.shape[1]
        assert store.notes["ref_db"][row] == pytest.approx(ref_db, abs=1e-4)
        np.testing.assert_allclose(store.note(row), frames, atol=5e-4)  # half of a float16's last place, near 1
        first += frames.shape[1]
    assert store.frames.shape == (first, 80)
    assert store.frames.dtype == np.float16
    assert store.settings == SETTINGS
    assert store.skipped == [(f"a{i:03}", f"a{i:03}.wav: corrupt: get it again.") for i in (3, 41)]


def test_bad_notes_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(MadeUp(12, bad=(2, 5)), tmp_path)
    said = capsys.readouterr().err
    assert "skipped a002: a002.wav: corrupt" in said
    assert "2 of 12 notes were skipped" in said
    build(MadeUp(50, bad=tuple(range(40))), tmp_path)
    said = capsys.readouterr().err
    assert said.count("skipped a") == 20
    assert "(20 more than named above)" in said


def test_a_store_that_is_reused_says_again_how_much_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        build_store(MadeUp(12, bad=(2, 5)), SETTINGS, tmp_path, workers=1)
        assert "2 of 12 notes were skipped" in capsys.readouterr().err


def test_no_good_note(tmp_path: Path) -> None:
    with pytest.raises(
        TimbreError, match=r"None of the 3 notes could be used; the first one, a000: a000\.wav: corrupt"
    ):
        build(MadeUp(3, bad=(0, 1, 2)), tmp_path)
    with pytest.raises(TimbreError, match="no notes"):
        build(MadeUp(0), tmp_path)
    with pytest.raises(TimbreError, match="workers is 0"):
        build(MadeUp(3), tmp_path, workers=0)


def test_real_library(tiny_nsynth: Path, tmp_path: Path) -> None:
    settings = LogMelSettings(seconds=1.0)
    library = open_library([tiny_nsynth])
    store = build(library, tmp_path, settings)
    assert len(store) == 48
    np.testing.assert_allclose(store.note(7), note_frames(library.load(7, 16_000), settings)[0], atol=5e-4)


def test_crops_are_slices(whole: Path) -> None:
    store = FeatureStore.open(whole)
    rng = np.random.default_rng(0)
    for T in (1, 5, 20, 64):
        notes = rng.integers(0, len(store), 200)
        starts = rng.integers(0, store.notes["n_frames"].to_numpy()[notes])
        crops = store.crops(notes, starts, T)
        assert crops.shape == (200, 80, T)
        assert crops.dtype == np.float32
        assert crops.flags.c_contiguous
        for crop, note, start in zip(crops, notes, starts, strict=True):
            expected = store.note(note)[:, start : start + T]
            np.testing.assert_array_equal(crop[:, : expected.shape[1]], expected)
            assert (crop[:, expected.shape[1] :] == -1).all()


def test_crop_longer_than_the_store(tmp_path: Path) -> None:
    store = build(MadeUp(2), tmp_path)
    crop = store.crops(np.array([1]), np.array([0]), 5000)[0]
    length = store.notes["n_frames"][1]
    np.testing.assert_array_equal(crop[:, :length], store.note(1))
    assert (crop[:, length:] == -1).all()


def test_no_crops(whole: Path) -> None:
    assert FeatureStore.open(whole).crops(np.array([], int), np.array([], int), 8).shape == (0, 80, 8)


@pytest.mark.parametrize(("note", "start"), [(-1, 0), (58, 0), (0, -1), (0, 10_000)])
def test_crops_out_of_range(whole: Path, note: int, start: int) -> None:
    with pytest.raises(IndexError):
        FeatureStore.open(whole).crops(np.array([0, note]), np.array([0, start]), 8)


def test_note_out_of_range(whole: Path) -> None:
    with pytest.raises(IndexError):
        FeatureStore.open(whole).note(58)


def test_release_keeps_the_data(whole: Path) -> None:
    store = FeatureStore.open(whole)
    before = store.frames.copy()
    store.release()
    np.testing.assert_array_equal(store.frames, before)


def test_device(whole: Path) -> None:
    store = FeatureStore.open(whole)
    assert store.to_device("cpu") is None
    if torch.cuda.is_available():
        on_gpu = store.to_device("cuda")
        assert on_gpu is not None
        np.testing.assert_array_equal(on_gpu.cpu().numpy(), store.frames)
        assert store.to_device("cuda", max_fraction=0.0) is None


def test_workers_agree(whole: Path, tmp_path: Path) -> None:
    build(MadeUp(60, bad=(3, 41)), tmp_path, workers=2)
    assert content(tmp_path) == content(whole)


def test_dead_worker_is_told(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match="worker process ended unexpectedly"):
        build(Fatal(40), tmp_path, workers=2)
    assert len(build(MadeUp(40), tmp_path)) == 40


def test_workers_can_be_left_early() -> None:
    with Workers(MadeUp(60), SETTINGS, 2) as workers:  # type: ignore[arg-type]
        first = next(workers.analyse())
        again = list(workers.analyse())
    assert len(again) == 60
    assert first.frames is not None
    np.testing.assert_array_equal(first.frames, again[0].frames)


def test_reused_when_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(MadeUp(9), tmp_path)
    before = content(tmp_path)
    monkeypatch.setattr(MadeUp, "load", lambda *_: pytest.fail("analysed again"))
    build(MadeUp(9), tmp_path)
    assert content(tmp_path) == before


def test_rebuilt_when_not(tmp_path: Path) -> None:
    first = build(MadeUp(9), tmp_path)
    other = build(MadeUp(9, name="b"), tmp_path)
    assert other.notes["note_id"][0] == "b000"
    narrow = build(MadeUp(9, name="b"), tmp_path, LogMelSettings(seconds=None, n_mels=40))
    assert narrow.frames.shape == (len(other.frames), 40)
    assert len({first.fingerprint, other.fingerprint, narrow.fingerprint}) == 3
    assert first.note(0).shape[0] == 80  # an open store keeps what it had


def test_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_CACHE", str(tmp_path))
    store = build_store(MadeUp(3), SETTINGS, progress=False)  # type: ignore[arg-type]
    assert store.directory.parent == tmp_path / "stores"
    assert store.fingerprint.startswith(store.directory.name)


def interrupted(folder: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """A build of the 60 notes that is interrupted at note `at`, as by Ctrl-C."""

    class Interrupted(MadeUp):
        def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray:
            if index == at:
                raise KeyboardInterrupt
            return super().load(index, sample_rate)

    with pytest.raises(KeyboardInterrupt):
        build(Interrupted(60, bad=(3, 41)), folder)


@pytest.mark.parametrize("at", [0, 1, 8, 33, 59])
def test_continued_after_ctrl_c(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    interrupted(tmp_path, monkeypatch, at)
    with pytest.raises(TimbreError, match="no finished feature store"):
        FeatureStore.open(tmp_path)
    log = tmp_path / "log"
    monkeypatch.setenv("MADE_UP_LOG", str(log))
    build(MadeUp(60, bad=(3, 41)), tmp_path)
    assert content(tmp_path) == content(whole)
    assert min(map(int, log.read_text().split())) >= at - 8  # what was done is not done again (8 notes are one task)


def test_continued_from_any_state_of_the_files(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of either file reached the disk: cut anywhere, or with nonsense at the end."""
    interrupted(tmp_path, monkeypatch, 50)
    frames, lines = (tmp_path / "frames.partial").read_bytes(), (tmp_path / "journal.jsonl").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(25):
        for path in tmp_path.iterdir():
            path.unlink()
        cut = lines[: rng.integers(0, len(lines) + 1)]
        (tmp_path / "frames.partial").write_bytes(frames[: rng.integers(0, len(frames) + 1)])
        (tmp_path / "journal.jsonl").write_bytes(cut + rng.choice([b"", b"\0\0\0\0", b"[9999, 3, 1.0]\n", b"\xff\n"]))
        build(MadeUp(60, bad=(3, 41)), tmp_path)
        assert content(tmp_path) == content(whole)


def test_killed_before_the_last_file(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames and notes have their names already, store.json is missing, the journal is there."""
    library = MadeUp(60, bad=(3, 41))
    with monkeypatch.context() as patch:
        patch.setattr("timbre_core.datasets.store.write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            build(library, tmp_path)
    monkeypatch.setattr(MadeUp, "load", lambda *_: pytest.fail("analysed again"))
    build(library, tmp_path)
    assert content(tmp_path) == content(whole)


def test_unfinished_store_of_other_data_is_begun_anew(whole: Path, tmp_path: Path, monkeypatch: Any) -> None:
    interrupted(tmp_path, monkeypatch, 50)
    store = build(MadeUp(60, name="b"), tmp_path)
    assert len(store) == 60
    assert not (tmp_path / "journal.jsonl").exists()


SCRIPT = """
import sys
from pathlib import Path
from test_store import MadeUp, build, journal_module
journal_module._FLUSH_SECONDS = 0.05
if __name__ == "__main__":
    build(MadeUp(60, bad=(3, 41), delay=0.03), Path(sys.argv[1]), workers=int(sys.argv[2]))
"""


def start(folder: Path, workers: int, script: Path) -> subprocess.Popen[bytes]:
    script.write_text(SCRIPT)
    path = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, script, folder, str(workers)], env=environment, stderr=subprocess.PIPE)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("workers", [1, 2])
def test_continued_after_kill(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    psutil = pytest.importorskip("psutil")
    folder, script = tmp_path / "store", tmp_path / "script.py"
    sizes = []
    for _ in range(3):
        process = start(folder, workers, script)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and journal_size(folder) <= sum(sizes[-1:]):
            time.sleep(0.01)
        time.sleep(0.2)
        sizes.append(journal_size(folder))
        children = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=20)
        assert not alive  # workers end with the process that started them
    assert sizes == sorted(set(sizes))  # each run went on where the one before it was killed
    monkeypatch.setenv("MADE_UP_LOG", str(tmp_path / "log"))
    build(MadeUp(60, bad=(3, 41)), folder)
    assert content(folder) == content(whole)
    assert len((tmp_path / "log").read_text().split()) <= 57


def journal_size(folder: Path) -> int:
    path = folder / "journal.jsonl"
    return path.stat().st_size if path.exists() else 0


def test_two_processes_at_once(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    processes = [start(folder, 1, tmp_path / f"{number}.py") for number in range(2)]
    said = [process.communicate(timeout=120)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert content(folder) == content(whole)
    assert sum("waiting for it" in text for text in said) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_disk_full(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    calls = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 9:
            raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(journal_module.os, "fsync", fsync)
        patch.setattr(journal_module, "_FLUSH_SECONDS", 0.0)
        with pytest.raises(TimbreError, match="free some space and run the same command again"):
            build(MadeUp(60, bad=(3, 41)), tmp_path)
    monkeypatch.setenv("MADE_UP_LOG", str(tmp_path / "log"))
    build(MadeUp(60, bad=(3, 41)), tmp_path)
    assert content(tmp_path) == content(whole)
    assert "0" not in (tmp_path / "log").read_text().split()  # what was done before the disk was full is kept


def test_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TimbreError, match="check the path"):
        build(MadeUp(3), tmp_path / "file" / "store")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_not_writable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(TimbreError, match="no permission"):
        build(MadeUp(3), tmp_path / "store")
    tmp_path.chmod(0o700)


def damage(folder: Path, name: str, how: str) -> None:
    path = folder / name
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "half":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        path.write_text(json.dumps(json.loads(data) | json.loads(how)))


@pytest.mark.parametrize("name", ["frames.f16", "notes.parquet", "store.json"])
@pytest.mark.parametrize("how", ["missing", "half", "empty"])
def test_damaged_store_is_told_and_mended(whole: Path, tmp_path: Path, name: str, how: str) -> None:
    build(MadeUp(60, bad=(3, 41)), tmp_path)
    damage(tmp_path, name, how)
    with pytest.raises(TimbreError, match=f"{name}|no finished feature store"):
        FeatureStore.open(tmp_path)
    build(MadeUp(60, bad=(3, 41)), tmp_path)
    assert content(tmp_path) == content(whole)


@pytest.mark.parametrize(
    "change",
    [
        '{"version": 99}',
        '{"features": {"n_mels": "many"}}',
        '{"features": {"n_mels": 40}}',
        '{"notes": 3}',
        '{"notes": null}',
        '{"frames": 7}',
        '{"skipped": 5}',
    ],
)
def test_store_json_that_does_not_fit(tmp_path: Path, change: str) -> None:
    build(MadeUp(4), tmp_path)
    damage(tmp_path, "store.json", change)
    with pytest.raises(TimbreError, match=r"delete the folder and prepare the store again\.$"):
        FeatureStore.open(tmp_path)


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match="no finished feature store"):
        FeatureStore.open(tmp_path / "nowhere")
