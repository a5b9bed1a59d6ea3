"""What is done of an unfinished feature store: frames, a fingerprint and a line for each note, on disk in step.

Frames are appended to `frames.partial`, fingerprints to `marks.partial`; only once they are on disk, a line for each note
is appended to `journal.jsonl`. A run killed at any moment, even by a power cut, is continued from the last line whose
frames are there.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from timbre_core.datasets.workers import Analysed
from timbre_core.features.recording import BANDS
from timbre_core.files import parse_json

PARTIAL, MARKS, JOURNAL = "frames.partial", "marks.partial", "journal.jsonl"
VERSION = 1

_FLUSH_SECONDS = 1.0
_MARK_BYTES = 2 * BANDS


class Journal:
    """The frames that are done and a line for each note, on disk in step.

    n_frames and ref_db hold a value per note done so far (0 and NaN for a skipped one), reasons why a note was skipped.
    """

    def __init__(self, directory: Path, fingerprint: str, n_bins: int) -> None:
        """Continue the unfinished store in `directory` if it has the same fingerprint, otherwise begin one."""
        self._row_bytes = 2 * n_bins
        self._fingerprint = fingerprint
        self.n_frames: list[int] = []
        self.ref_db: list[float] = []
        self.reasons: dict[int, str] = {}
        self._pending: list[str] = []
        self._flushed = time.monotonic()
        self._frames = _open_for_update(directory / PARTIAL)
        self._marks = _open_for_update(directory / MARKS)
        self._lines = _open_for_update(directory / JOURNAL)
        self._recover()

    def __len__(self) -> int:
        """Notes done."""
        return len(self.n_frames)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.flush()
        except OSError:
            if kind is None:  # otherwise that is what went wrong, and it is on its way to the user already
                raise
        finally:
            for file in (self._frames, self._marks, self._lines):
                try:
                    file.close()
                except OSError:
                    if kind is None:
                        raise

    def _recover(self) -> None:
        """Read the lines whose frames are on disk; cut both files back to them."""
        available = self._frames.seek(0, os.SEEK_END) // self._row_bytes
        marks = self._marks.seek(0, os.SEEK_END) // _MARK_BYTES
        good = 0
        for line in self._lines:
            value = _parse(line)
            if len(self) == marks and good:
                break
            match value:
                case dict() if good == 0 and value == self._header():
                    pass
                case [int(index), str(reason)] if good and index == len(self):
                    self._note(0, float("nan"), reason)
                case [int(index), int(n_frames), float(ref_db)] if good and index == len(self):
                    if not 0 < n_frames <= available:
                        break
                    available -= n_frames
                    self._note(n_frames, ref_db, "")
                case _:
                    break
            good += len(line)
        self._lines.seek(good)
        self._lines.truncate()
        self._frames.seek(sum(self.n_frames) * self._row_bytes)
        self._frames.truncate()
        self._marks.seek(len(self) * _MARK_BYTES)
        self._marks.truncate()
        if good == 0:
            self._pending.append(json.dumps(self._header()))

    def _header(self) -> dict[str, Any]:
        return {"version": VERSION, "fingerprint": self._fingerprint}

    def _note(self, n_frames: int, ref_db: float, reason: str) -> None:
        if reason:
            self.reasons[len(self)] = reason
        self.n_frames.append(n_frames)
        self.ref_db.append(ref_db)

    def add(self, note: Analysed) -> None:
        """Append the next note."""
        index = len(self)
        mark = np.zeros(BANDS) if note.mark is None else note.mark
        self._marks.write(mark.astype("<f2").tobytes())
        if note.frames is None:
            self._pending.append(json.dumps([index, note.reason]))
            self._note(0, float("nan"), note.reason)
        else:
            self._frames.write(note.frames.data.cast("B"))
            self._pending.append(json.dumps([index, len(note.frames), note.ref_db]))
            self._note(len(note.frames), note.ref_db, "")
        if time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Bring frames and fingerprints to disk, and only then the lines that speak of them."""
        for file in (self._frames, self._marks):
            file.flush()
            os.fsync(file.fileno())
        if self._pending:
            self._lines.write("".join(line + "\n" for line in self._pending).encode())
            self._pending.clear()
        self._lines.flush()
        os.fsync(self._lines.fileno())
        self._flushed = time.monotonic()

    def marks(self) -> np.ndarray:
        """The fingerprints of all notes done, float32 (n_notes, BANDS): zeros for what has none."""
        self._marks.flush()
        self._marks.seek(0)
        found = np.frombuffer(self._marks.read(), dtype="<f2").astype(np.float32).reshape(-1, BANDS)
        return found


def _parse(line: bytes) -> Any:
    """The value of a whole line of JSON; None for a part of one."""
    try:
        return parse_json(line) if line.endswith(b"\n") else None
    except ValueError:
        return None


def _open_for_update(path: Path) -> BinaryIO:
    """Open for reading and writing from the start, made if missing and not truncated."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b")
