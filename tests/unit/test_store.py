"""The feature store: what is read is what was computed, and nothing that happens on the way spoils it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.made_up import SETTINGS, Fatal, MadeUp, build, content
from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.library import open_library
from timbre_core.datasets.store_build import build_store
from timbre_core.datasets.workers import Workers
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings


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
    with pytest.raises(TimbreError, match=r"None of 3 notes could be used; the first one, a000: a000\.wav: corrupt"):
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


@pytest.mark.parametrize("count", [1, 2])
def test_workers_can_be_left_early(count: int) -> None:
    threads = torch.get_num_threads()
    with Workers(MadeUp(60), SETTINGS, count) as workers:  # type: ignore[arg-type]
        left = workers.analyse()
        first = next(left)
        assert torch.get_num_threads() == threads
        left.close()
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
