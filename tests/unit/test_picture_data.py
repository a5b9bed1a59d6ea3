"""Pictures of digits: IDX files plain, gzipped, cut short and damaged, and those that come with scikit-learn."""

from __future__ import annotations

import argparse
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from timbre_core.checkpoint import open_checkpoint
from timbre_core.cli.evaluate import summary
from timbre_core.datasets.library import open_library
from timbre_core.datasets.pictures import picture_place, read_pictures
from timbre_core.datasets.settings import SplitSettings
from timbre_core.datasets.signals import read_signal
from timbre_core.errors import TimbreError
from timbre_core.features.frames import signal_frames
from timbre_core.features.kinds.image import ImageSettings
from timbre_core.generation.sounds import generate
from timbre_core.space import TimbreSpace
from timbre_core.training.pictures import picture_epochs

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


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint trained on MNIST-like pictures for an epoch, by the command."""
    from timbre_core.cli import train as command

    folder = tmp_path_factory.mktemp("pictures")
    data, out = write_mnist(folder / "mnist"), folder / "checkpoints" / "tiny"
    narrow = ["model.encoder.channels=[4,4,4]", "model.decoder.channels=[4,4,4]", "training.epochs=1"]
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    given = ["mnist-vae", "--data", str(data), "--out", str(out), "--maps", "pca", "--set", *narrow]
    assert command.run(parser.parse_args([*given, "training.batch_size=4"])) == 0
    return out


def test_a_space_of_pictures_trains_and_is_measured(space: Path) -> None:
    checkpoint = open_checkpoint(space)
    assert checkpoint.evaluation is not None
    assert checkpoint.evaluation["reconstruction"]["log_mel_mae_db"] is None
    assert checkpoint.evaluation["control"]["notes"] == 0
    assert "MSE" in summary(checkpoint.evaluation)
    assert checkpoint.latents is not None
    assert set(checkpoint.latents["family"]) == {str(digit) for digit in range(10)}
    assert picture_epochs(space) == [1]


def test_a_space_of_pictures_says_kindly_that_it_has_no_sound(space: Path, tmp_path: Path) -> None:
    opened = TimbreSpace(open_checkpoint(space))
    assert opened.decode_windows(np.zeros((2, 32))).shape == (2, 28, 28)
    for act in (lambda: generate(opened), lambda: opened.invert(np.zeros((28, 28)), 0.0), lambda: opened.sample_rate):
        with pytest.raises(TimbreError, match="Pictures have no sound"):
            act()


def test_pictures_stand_upright_with_their_lowest_row_first() -> None:
    picture = np.zeros((28, 28), dtype=np.float32)
    picture[0, 3] = 1.0
    frames, reference = signal_frames(picture, ImageSettings())
    assert frames[27, 3] == 1
    assert (frames == 1).sum() == 1
    assert frames.min() == -1
    assert reference == 0
    small, _ = signal_frames(np.eye(8, dtype=np.float32), ImageSettings())
    assert small.shape == (28, 28)
    assert np.argmax(small[27]) <= 3
    assert np.argmax(small[0]) >= 24


def test_sounds_are_no_pictures(tiny_nsynth: Path) -> None:
    with pytest.raises(TimbreError, match="a sound, not a picture"):
        read_signal(open_library([tiny_nsynth]), 0, ImageSettings())


def test_the_app_shows_pictures_without_sound(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.morph.engine import Asked, heard_pitch, sound
    from pages.server.catalog import note_map
    from pages.server.packing import frame_header
    from pages.server.studio import Studio
    from pages.server.warming import warm_up

    notes = note_map(open_checkpoint(space))
    assert notes is not None
    monkeypatch.setattr("pages.server.warming.share_cores", lambda: None)  # for the whole process
    warm_up(notes)
    studio = Studio(notes)
    original, decoded = (studio.frames(0, kind).values for kind in ("original", "reconstruction"))
    assert original.shape == decoded.shape == (28, 28)
    header = frame_header(original, studio.settings, 0.0)
    assert (header["seconds_per_frame"], header["bands"], header["unit"]) == (None, None, "")
    for kind in ("original", "reconstruction", "inversion"):
        with pytest.raises(TimbreError, match="Pictures have no sound"):
            studio.audio(0, kind)
    asked = Asked(tuple(notes.ids[:2]), "spherical", None, 1.0, None)
    for act in (sound, heard_pitch):
        with pytest.raises(TimbreError, match="makes pictures"):
            act(notes, asked)
