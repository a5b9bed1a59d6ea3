"""Pictures of digits: IDX files plain, gzipped, cut short and damaged, and those that come with scikit-learn."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from timbre_core.datasets.library import open_library
from timbre_core.datasets.pictures import picture_place, read_pictures
from timbre_core.errors import TimbreError
from timbre_core.recipes.schema import SplitSettings

COUNT = 20


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 6, 5), dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder: Path, packed: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for stem, count in (("train", COUNT), ("t10k", 10)):
        parts = {
            f"{stem}-images-idx3-ubyte": pictures(count),
            f"{stem}-labels-idx1-ubyte": np.arange(count, dtype=np.uint8) % 10,
        }
        for name, array in parts.items():
            if packed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
            else:
                (folder / name).write_bytes(idx(array))
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_pictures_labels_and_official_splits(tmp_path: Path, packed: bool) -> None:
    folder = write_mnist(tmp_path, packed)
    notes, skipped = read_pictures(folder)
    assert not skipped
    assert notes["split"].value_counts().to_dict() == {"train": 18, "test": 10, "valid": 2}
    assert list(notes["family"][notes["split"] == "test"]) == [str(digit) for digit in range(10)]
    assert notes["note_id"].is_unique
    library = open_library([folder])
    np.testing.assert_allclose(library.picture(library.find("train-00007")), pictures(COUNT)[7] / 255, atol=1e-6)
    with pytest.raises(TimbreError, match="a picture has no sound"):
        library.load(0, 16000)


def test_one_file_alone_is_divided_as_other_data_is(tmp_path: Path) -> None:
    library = open_library([write_mnist(tmp_path) / "train-images-idx3-ubyte"])
    assert len(library) == COUNT
    assert set(library.notes["split"]) == {"train", "valid"}
    assert library.picture(3).shape == (6, 5)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_short_gives_its_whole_pictures(tmp_path: Path, packed: bool) -> None:
    folder = write_mnist(tmp_path, packed)
    path = folder / ("train-images-idx3-ubyte" + (".gz" if packed else ""))
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])
    notes, skipped = read_pictures(folder)
    assert len(skipped) == 1
    assert skipped[0][0] == str(path)
    assert "truncated" in skipped[0][1]
    whole = int((notes["split"] != "test").sum())
    assert 0 < whole < COUNT
    library = open_library([folder])
    np.testing.assert_allclose(
        library.picture(library.find(f"train-{whole - 1:05}")), pictures(COUNT)[whole - 1] / 255, atol=1e-6
    )


def test_labels_missing_short_or_damaged_are_told(tmp_path: Path) -> None:
    folder = write_mnist(tmp_path)
    labels = folder / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:13])
    (folder / "t10k-labels-idx1-ubyte").unlink()
    notes, skipped = read_pictures(folder)
    reasons = " ".join(reason for _, reason in skipped)
    assert "5 of 20 labels are there" in reasons
    assert "15 of its pictures have no label" in reasons
    assert "no t10k-labels-idx1-ubyte beside it" in reasons
    assert notes["family"].value_counts()["unknown"] == 10
    labels.write_bytes(b"nonsense")
    assert "no IDX file of labels" in " ".join(reason for _, reason in read_pictures(folder)[1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no IDX file of images"),
        (b"PK\x03\x04" + bytes(40), "no IDX file of images"),
        (struct.pack(">4I", 0x803, 5, 0, 5) + bytes(50), "0 x 5 cannot be right"),
        (struct.pack(">4I", 0x803, 5, 2**31, 2**31), "cannot be right"),
        (struct.pack(">4I", 0x803, 5, 28, 28) + bytes(100), "none of its 5 images is whole"),
    ],
)
def test_damaged_files_are_told_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(TimbreError, match=words):
        read_pictures(tmp_path)


def test_digits_of_scikit_learn() -> None:
    library = open_library(["sklearn-digits"], split=SplitSettings(by="stratified"))
    assert len(library) == 1797
    assert set(library.notes["family"]) == {str(digit) for digit in range(10)}
    assert set(library.notes["split"]) == {"train", "valid", "test"}
    assert library.picture(17).shape == (8, 8)
    assert max(library.picture(row).max() for row in range(50)) == 1
    assert library.fingerprint() == open_library(["sklearn-digits"], split=SplitSettings(by="stratified")).fingerprint()


def test_sharps_in_file_names_are_no_pictures() -> None:
    assert picture_place("piano/C#4.wav") is None
    assert picture_place("train-images-idx3-ubyte#12") == ("train-images-idx3-ubyte", 12)
