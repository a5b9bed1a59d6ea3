"""A feature store that is stopped, killed, begun twice, out of space or damaged: told, mended, and gone on with."""

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

from tests.made_up import MadeUp, build, content
from timbre_core.datasets import journal as journal_module
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.errors import TimbreError

ROOT = Path(__file__).resolve().parents[2]


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
        patch.setattr(
            "timbre_core.datasets.store_build.write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
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
from tests.made_up import MadeUp, build
from timbre_core.datasets import journal as journal_module
journal_module._FLUSH_SECONDS = 0.05
if __name__ == "__main__":
    build(MadeUp(60, bad=(3, 41), delay=0.03), Path(sys.argv[1]), workers=int(sys.argv[2]))
"""


def start(folder: Path, workers: int, script: Path) -> subprocess.Popen[bytes]:
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
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
