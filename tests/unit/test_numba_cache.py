"""Where numba finds no folder for what it compiles, it is given one; a map that fails costs neither others nor the training."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import train_cli
from timbre_core.analysis import projections
from timbre_core.checkpoint import open_checkpoint
from timbre_core.numba_cache import numba_can_cache


@pytest.fixture
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder that cannot be made, whoever tries."""
    (tmp_path / "file").write_text("")
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "file" / "home"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    numba_can_cache.cache_clear()
    yield tmp_path
    numba_can_cache.cache_clear()


def test_numba_keeps_its_own_folder_where_it_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    numba_can_cache.cache_clear()
    assert numba_can_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path)
    numba_can_cache.cache_clear()


@pytest.mark.parametrize("told", ["cache", "file/cache", None])
def test_numba_is_given_a_folder_where_it_has_none(
    no_home: Path, monkeypatch: pytest.MonkeyPatch, told: str | None
) -> None:
    if told is None:
        monkeypatch.delenv("TIMBRE_CACHE", raising=False)
    else:
        monkeypatch.setenv("TIMBRE_CACHE", str(no_home / told))
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    assert numba_can_cache()
    given = Path(os.environ["NUMBA_CACHE_DIR"])
    assert str(given) == numba.config.CACHE_DIR
    assert given.is_dir()
    assert (given == no_home / "cache" / "numba") == (told == "cache")
    assert given.stat().st_mode & 0o022 == 0, "what numba keeps there is unpickled: nobody else may write it"


def test_numba_does_without_where_nothing_can_be_written(no_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMBRE_CACHE", raising=False)
    monkeypatch.setattr("tempfile.mkdtemp", _no_disk)
    assert not numba_can_cache()


def _no_disk(*_: object, **__: object) -> str:
    raise OSError("read-only")


def _broken(_: object) -> np.ndarray:
    raise RuntimeError("cannot cache function 'f': no locator available")


def test_a_map_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    mu = np.random.default_rng(0).standard_normal((30, 4))
    monkeypatch.setitem(projections._COMPUTE, "umap", _broken)
    assert list(projections.project(mu, ["umap"], progress=False)) == ["pca_1", "pca_2", "pca_3"]
    assert list(projections.project(mu, ["umap", "tsne"], progress=False)) == ["tsne_1", "tsne_2"]
    said = capsys.readouterr().err
    assert "the map umap is left out (RuntimeError: cannot cache function 'f'" in said
    assert "`project`" in said


@pytest.mark.parametrize("broken", ["latents.compute_latents", "evaluation.evaluate"])
def test_what_fails_after_the_training_does_not_cost_it(
    tiny_nsynth: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    broken: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no locator available")

    monkeypatch.setattr(f"timbre_core.analysis.{broken}", fail)
    out = tmp_path / "out"
    small = [
        "features.seconds=0.3",
        "window.frames=16",
        "training.epochs=1",
        "training.pictures=0",
        "model.latent_dim=4",
    ]
    sizes = ["model.encoder={kind: dense, units: [8]}", "model.decoder={kind: dense, units: [8]}"]
    command = ["nsynth-cvae", "--data", str(tiny_nsynth), "--out", str(out), "--workers", "1", "--maps", "pca"]
    assert train_cli.main([*command, "--device", "cpu", "--set", *small, *sizes]) == 0
    error = capsys.readouterr().err
    assert "could not be made (RuntimeError: no locator available): the checkpoint is kept" in error
    assert f"{out}" in error.split("python -m timbre_core")[1]
    checkpoint = open_checkpoint(out)
    assert (checkpoint.latents is None) == broken.startswith("latents")
    assert (checkpoint.evaluation is None) == broken.startswith("evaluation")
    if checkpoint.latents is not None:
        assert "pca_1" in pq.read_schema(out / "latents.parquet").names
