"""Vectors of one's own as a map: read, refused, seen and heard."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest

from pages.server.catalog import find_map
from tests.app.asgi import get
from timbre_core.__main__ import main
from timbre_core.catalogue.vectors import add_vectors, list_vectors, read_vectors
from timbre_core.errors import TimbreError


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))


def vectors(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 12)).astype(np.float32)


def test_vectors_with_sounds_are_a_map(tiny_nsynth: Path, tmp_path: Path, checkpoints: Path) -> None:
    names = sorted(path.name for path in (tiny_nsynth / "audio").iterdir())[:8]
    table = pd.DataFrame({"id": [name[:-4] for name in names], "file": names, "mood": list("abababab")})
    table.assign(embedding=list(vectors(8))).to_parquet(tmp_path / "clap.parquet")
    add = ["library", "add-vectors", str(tmp_path / "clap.parquet"), "--name", "clap", "--methods", "pca"]
    assert main([*add, "--sounds", str(tiny_nsynth / "audio")]) == 0
    assert main(add) == 1, "nothing is written over"
    notes = find_map("clap@+vectors")
    assert notes.ids == [name[:-4] for name in names]
    assert "mood" in notes.label_columns
    assert notes.means.shape == (8, 12)
    query = f"checkpoint={quote('clap@+vectors')}&note={notes.ids[0]}"
    assert get("/api/audio", f"{query}&kind=original").body[:4] == b"RIFF"
    answer = get("/api/audio", f"{query}&kind=reconstruction")
    assert answer.status == 404
    assert "without a model" in json.loads(answer.body)["error"]
    assert get("/api/map", query).status == get("/api/note", query).status == 200
    assert main(["library", "remove", "clap"]) == 0
    assert not list_vectors()


def test_an_npz_without_sounds_is_a_map(tmp_path: Path, checkpoints: Path) -> None:
    ids, families = np.array([b"a", b"b", b"c"]), np.array(["brass", "reed", "reed"])
    np.savez(tmp_path / "mert.npz", ids=ids, vectors=vectors(3), family=families)
    assert main(["library", "add-vectors", str(tmp_path / "mert.npz"), "--name", "mert", "--methods", "pca"]) == 0
    answer = get("/api/audio", f"checkpoint={quote('mert@+vectors')}&note=a&kind=original")
    assert "--sounds" in json.loads(answer.body)["error"]
    assert read_vectors(tmp_path / "mert.npz")[2]["family"].tolist() == ["brass", "reed", "reed"]


def test_sounds_outside_the_folder_are_not_read(tiny_nsynth: Path, tmp_path: Path, checkpoints: Path) -> None:
    (tmp_path / "empty").mkdir()
    outside = sorted((tiny_nsynth / "audio").iterdir())[0]
    for number, place in enumerate((str(outside), f"../{outside.name}")):
        table = pd.DataFrame({"id": ["x"], "file": [place], "vector": list(vectors(1))})
        table.to_parquet(tmp_path / "bad.parquet")
        add = ["library", "add-vectors", str(tmp_path / "bad.parquet"), "--name", f"bad{number}", "--methods", "pca"]
        assert main([*add, "--sounds", str(tmp_path / "empty")]) == 0
        answer = get("/api/audio", f"checkpoint={quote(f'bad{number}@+vectors')}&note=x&kind=original")
        assert answer.status == 404


def test_what_cannot_be_understood_is_refused(tmp_path: Path) -> None:
    good = vectors(2)
    tables = {
        "twice": {"id": ["a", "a"], "vector": list(good)},
        "nan": {"id": ["a", "b"], "vector": list(good * np.nan)},
        "ragged": {"id": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]},
        "huge": {"id": ["a", "b"], "vector": list(good * 1e30)},
        "nameless": {"what": ["a", "b"], "vector": list(good)},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_parquet(tmp_path / f"{name}.parquet")
        with pytest.raises(TimbreError, match=name):
            read_vectors(tmp_path / f"{name}.parquet")
    np.savez(tmp_path / "pickled.npz", ids=np.array([object()]), vectors=good)
    np.savez(tmp_path / "single.npz", ids=np.array("a"), vectors=good[:1])
    np.savez(tmp_path / "complex.npz", ids=np.array(["a", "b"]), vectors=good * 1j)
    np.savez(tmp_path / "labels.npz", ids=np.array(["a", "b"]), vectors=good, family=np.array(["x"]))
    with open(tmp_path / "array.npz", "wb") as stream:
        np.save(stream, good)
    (tmp_path / "damaged.npz").write_bytes(b"PK no archive")
    for name in (
        "pickled.npz",
        "single.npz",
        "complex.npz",
        "labels.npz",
        "array.npz",
        "damaged.npz",
        "absent.npz",
        "table.csv",
    ):
        with pytest.raises(TimbreError, match=name):
            read_vectors(tmp_path / name)


def test_columns_of_another_map_are_left_out_and_missing_sounds_told(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": ["a", "b"], "vector": list(vectors(2)), "pca_1": [1.0, 2.0], "mood": ["x", "y"]})
    table.to_parquet(tmp_path / "v.parquet")
    with pytest.raises(TimbreError, match="no such folder"):
        add_vectors(tmp_path / "v.parquet", "v", tmp_path / "gone", ["pca"])
    assert add_vectors(tmp_path / "v.parquet", "v", methods=["pca"], progress=False) == 2
