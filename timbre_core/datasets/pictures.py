"""Pictures of digits as notes without sound: MNIST's IDX files, or the small set that comes with scikit-learn.

A check of the machinery that needs no audio: a digit is a note's family. LeCun, Cortes and Burges, "The MNIST database of
handwritten digits", describe the format: big-endian numbers, a magic number, the sizes, then bytes.
"""

from __future__ import annotations

import re
import struct
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.datasets.notes import UNKNOWN, note_table
from timbre_core.errors import TimbreError, os_errors

BUNDLED = "sklearn-digits"
"""The root that stands for scikit-learn's digits."""

_PLACE = re.compile(r"(?P<file>.*)#(?P<number>[0-9]+)")
_IMAGES = re.compile(r"(?P<stem>.*?)[-._]?images[-._]idx3[-._]ubyte(?:\.gz)?")
_MAGIC = {"images": 0x803, "labels": 0x801}
_LARGEST_SIDE = 4096
_CHUNK = 2**20
# MNIST has no validation split: one in so many of its training pictures.
_VALID_EVERY = 10
_OFFICIAL = {"train": "train", "t10k": "test"}

Skipped = list[tuple[str, str]]


def picture_files(root: Path) -> list[Path]:
    """The IDX files with pictures that a root stands for: the file itself, or those in the folder; [] for other roots."""
    if root.is_file():
        return [root] if _IMAGES.fullmatch(root.name) else []
    if not root.is_dir():
        return []
    with os_errors(root):
        return sorted(path for path in root.iterdir() if _IMAGES.fullmatch(path.name) and path.is_file())


def read_pictures(root: Path) -> tuple[pd.DataFrame, Skipped]:
    """The note table of a folder of IDX files or of one of them, plain or gzipped, and what cannot be used.

    `audio` is FILE#NUMBER. A file that is cut short gives the pictures that are whole. Raises TimbreError when none is.
    """
    tables, skipped = [], []
    for path in picture_files(root):
        try:
            columns, bad = _read_file(path)
        except TimbreError as error:
            where, _, reason = str(error).partition(": ")
            bad = [(where, reason.rstrip("."))]
        else:
            tables.append(note_table(columns))
        skipped += bad
    notes = pd.concat(tables, ignore_index=True) if tables else note_table({"note_id": [], "audio": []})
    if notes.empty:
        raise TimbreError(f"{skipped[0][0]}: {skipped[0][1]}.")
    if not {"test", "train"} <= set(notes["split"]):
        notes["split"] = ""
    return notes, skipped


def read_bundled() -> tuple[pd.DataFrame, Skipped]:
    """The note table of scikit-learn's 1,797 digits."""
    labels = _bundled()[1]
    numbers = range(len(labels))
    columns = {
        "note_id": [f"digit-{number:04}" for number in numbers],
        "family": [str(label) for label in labels],
        "audio": [f"#{number}" for number in numbers],
    }
    return note_table(columns | _labels_in_common(len(labels))), []


def bundled_path() -> Path:
    """Where scikit-learn keeps its digits, which is found without importing it: that takes 60 MB."""
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise TimbreError(
            "scikit-learn is not installed, whose digits these are: `pip install scikit-learn` brings them."
        )
    return Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"


def picture_place(audio: str) -> tuple[str, int] | None:
    """The file and the number in it, of a note that is a picture; None for a sound, whose file has an ending."""
    found = _PLACE.fullmatch(audio)
    return (found["file"], int(found["number"])) if found else None


def picture_path(root: Path, file: str) -> Path:
    """A root's IDX file, the root being its folder or itself."""
    return root / file if root.is_dir() else root


class PictureReader:
    """Reads single pictures; a file is unpacked once."""

    def __init__(self) -> None:
        self._files: dict[Path, np.ndarray] = {}

    def read(self, root: Path, file: str, number: int) -> np.ndarray:
        """A picture (height, width) float32 in [0, 1], the top row first. Raises TimbreError when it is not there any more."""
        path = picture_path(root, file)
        if path not in self._files:
            self._files[path] = _bundled()[0] if path == bundled_path() else _read_idx(path, "images")[0]
        if number >= len(self._files[path]):
            raise TimbreError(f"{path}: has no picture {number} any more: open the data again.")
        return self._files[path][number].astype(np.float32) / 255


def _bundled() -> tuple[np.ndarray, np.ndarray]:
    with os_errors(bundled_path()):
        rows = np.loadtxt(bundled_path(), delimiter=",")  # as scikit-learn's `load_digits` does
    images = rows[:, :-1].reshape(-1, 8, 8)
    return np.round(images * (255 / 16)).astype(np.uint8), rows[:, -1].astype(int)


def _read_file(path: Path) -> tuple[dict[str, Any], Skipped]:
    images, promised = _read_idx(path, "images")
    skipped: Skipped = []
    if len(images) < promised:
        skipped.append((str(path), f"truncated, {len(images)} of {promised} pictures are there: get it again"))
    labels, reason = _labels_of(path)
    count = len(images)
    if reason:
        skipped.append(reason)
    if labels is not None and len(labels) < count:
        skipped.append((str(path), f"{count - len(labels)} of its pictures have no label and are left out"))
        count = len(labels)
    found = _IMAGES.fullmatch(path.name)
    stem = (found["stem"] if found else "") or "picture"
    split = _OFFICIAL.get(stem, "")
    splits = [split] * count
    if split == "train":
        splits = ["valid" if number % _VALID_EVERY == 0 else "train" for number in range(count)]
    columns: dict[str, Any] = {
        "note_id": [f"{stem}-{number:05}" for number in range(count)],
        "family": [UNKNOWN if labels is None else str(labels[number]) for number in range(count)],
        "split": splits,
        "audio": [f"{path.name}#{number}" for number in range(count)],
    }
    return columns | _labels_in_common(count), skipped


def _labels_in_common(count: int) -> dict[str, list[str]]:
    return {"instrument": ["handwriting"] * count, "source": ["picture"] * count}


def _labels_of(path: Path) -> tuple[np.ndarray | None, tuple[str, str] | None]:
    """The labels (count,) that belong to a file of pictures; None, with the reason, where there are none."""
    plain = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    for labels in (path.with_name(plain), path.with_name(f"{plain}.gz")):
        if labels.is_file():
            try:
                found, promised = _read_idx(labels, "labels")
            except TimbreError as error:
                where, _, reason = str(error).partition(": ")
                return None, (where, f"{reason.rstrip('.')} (its pictures have no labels)")
            short = f"truncated, {len(found)} of {promised} labels are there: get it again"
            return found, (str(labels), short) if len(found) < promised else None
    return None, (str(path), f"there is no {plain} beside it, so its pictures have no labels")


def _read_idx(path: Path, what: str) -> tuple[np.ndarray, int]:
    """The whole items of an IDX file of bytes, (count, ...), and how many its header promises."""
    content = _content(path)
    sides = 2 if what == "images" else 0
    header = struct.calcsize(f">{2 + sides}I")
    if len(content) < header or struct.unpack_from(">I", content)[0] != _MAGIC[what]:
        raise TimbreError(f"{path}: no IDX file of {what}, or damaged at its start: get it again.")
    promised, *shape = struct.unpack_from(f">{1 + sides}I", content, 4)
    if not all(1 <= side <= _LARGEST_SIDE for side in shape):
        raise TimbreError(f"{path}: pictures of {' x '.join(map(str, shape))} cannot be right: get it again.")
    size = int(np.prod(shape, dtype=np.int64))
    count = min(promised, (len(content) - header) // size)
    if not count:
        raise TimbreError(f"{path}: truncated, none of its {promised} {what} is whole: get it again.")
    return np.frombuffer(content, np.uint8, count * size, header).reshape(count, *shape), promised


def _content(path: Path) -> bytes:
    """A file's bytes, unpacked where it is gzipped: as far as it goes."""
    with os_errors(path):
        packed = path.read_bytes()
    if not path.name.endswith(".gz"):
        return packed
    unpack, parts = zlib.decompressobj(wbits=31), []
    try:
        for first in range(0, len(packed), _CHUNK):
            parts.append(unpack.decompress(packed[first : first + _CHUNK]))
    except zlib.error:
        pass  # what came before the damage is there, and is told to be too little
    return b"".join(parts)
