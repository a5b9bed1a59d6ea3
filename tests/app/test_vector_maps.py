"""Vectors of one's own as a map: read, refused, seen and heard."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest

from pages.server.catalog import find_map
from tests.app.asgi import get, post
from timbre_core.__main__ import main
from timbre_core.catalogue.vectors import add_vectors, list_vectors, read_vectors
from timbre_core.errors import TimbreError


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))


def vectors(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 12)).astype(np.float32)


def test_vectors_with_sounds_are_a_map(
    tiny_nsynth: Path, tmp_path: Path, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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
    capsys.readouterr()
    assert main(["library", "list"]) == 0
    assert capsys.readouterr().out == "clap: a map of vectors\n"
    assert main(["library", "remove", "clap"]) == 0
    assert not list_vectors()
    assert main(["library", "list"]) == 0
    assert "no library yet" in capsys.readouterr().out


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
        "unnamed": {"id": ["a", None], "vector": list(good)},
        "blank": {"id": ["a", " "], "vector": list(good)},
        "endless": {"id": ["a", "b" * 600], "vector": list(good)},
        "void": {"id": ["a", "b"], "vector": [[1.0], None]},
        "words": {"id": ["a", "b"], "vector": ["1,2", "3,4"]},
        "many": {"id": ["a", "b"], "vector": list(good)} | {f"label {number}": ["x", "y"] for number in range(300)},
        "rowless": {"id": [], "vector": []},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_parquet(tmp_path / f"{name}.parquet")
        with pytest.raises(TimbreError, match=rf"{name}.*: .*\.$"):
            read_vectors(tmp_path / f"{name}.parquet")
    np.savez(tmp_path / "pickled.npz", ids=np.array([object()]), vectors=good)
    np.savez(tmp_path / "single.npz", ids=np.array("a"), vectors=good[:1])
    np.savez(tmp_path / "complex.npz", ids=np.array(["a", "b"]), vectors=good * 1j)
    np.savez(tmp_path / "labels.npz", ids=np.array(["a", "b"]), vectors=good, family=np.array(["x"]))
    with open(tmp_path / "array.npz", "wb") as stream:
        np.save(stream, good)
    (tmp_path / "damaged.npz").write_bytes(b"PK no archive")
    np.savez(tmp_path / "numbered.npz", ids=np.array([1.0, np.nan]), vectors=good)
    np.savez(tmp_path / "kinds.npz", ids=np.array(["a", "b"]), vectors=good, family=np.array([1j, 2j]))
    np.savez(tmp_path / "wide.npz", ids=np.array(["a", "b"]), vectors=np.zeros((2, 20_000), np.float16))
    with zipfile.ZipFile(tmp_path / "lies.npz", "w") as archive:
        for name, shape in (("ids", (2,)), ("vectors", (10**6, 10**7))):
            with archive.open(f"{name}.npy", "w") as stream:
                header = {"descr": "<f8" if name == "vectors" else "<U1", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, header)
                stream.write("ab".encode("utf-32-le"))
    for name in (
        "pickled.npz",
        "single.npz",
        "complex.npz",
        "labels.npz",
        "numbered.npz",
        "kinds.npz",
        "wide.npz",
        "lies.npz",
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


def test_labels_of_any_kind_are_seen_and_pitches_read(tmp_path: Path, checkpoints: Path) -> None:
    table = pd.DataFrame(
        {
            "vector": list(vectors(3)),
            "instrument": [None, "oboe", "oboe"],
            "family": [None, None, None],
            "pitch": ["C4", "440 Hz", "x"],
            "velocity": [100.0, np.inf, -3.0],
            "mood": [None, "calm", "calm"],
            "loud": [True, None, False],
            "raw": [b"\xff", b"b", None],
            "day": [date(2020, 1, 1), None, date(2020, 1, 1)],
            "energy": [np.inf, 1.0, 2.0],
            "tags": [None, ["a"], ["b"]],
            "recording": ["a", "a", "a"],
        },
        index=pd.Index(["a", "b", "c"], name="id"),
    )
    table.to_parquet(tmp_path / "v.parquet")
    assert add_vectors(tmp_path / "v.parquet", "v", methods=["pca"], progress=False) == 3
    notes = find_map("v@+vectors")
    assert notes.labels["pitch"].tolist()[:2] == [60, 69]
    assert notes.labels["instrument"].tolist() == ["unknown", "oboe", "oboe"]
    assert np.isnan([notes.labels["pitch"][2], notes.labels["velocity"][1], notes.labels["velocity"][2]]).all()
    assert {"mood", "loud", "day", "energy"} <= set(notes.label_columns)
    assert not {"tags", "recording"} & set(notes.labels)
    query = f"checkpoint={quote('v@+vectors')}"
    assert get("/api/map", query).status == 200
    for note in notes.ids:
        assert get("/api/note", f"{query}&note={note}").status == 200
    answer = post("/api/kept/export", f"{query}&kind=wav", json.dumps(notes.ids).encode())
    sentence = json.loads(answer.body)["error"]
    assert "be written: a: these" in sentence
    assert not sentence.endswith("..")


def test_a_map_without_a_model_is_not_played(tmp_path: Path, checkpoints: Path) -> None:
    np.savez(tmp_path / "v.npz", ids=np.array(["a", "b"]), vectors=vectors(2))
    add_vectors(tmp_path / "v.npz", "v", methods=["pca"], progress=False)
    query = f"checkpoint={quote('v@+vectors')}&note=a&seed=1&z=0&key=60"
    for path in ("play/space", "play/start", "play/about", "play/presets", "play/sound"):
        answer = get(f"/api/{path}", query)
        assert (answer.status, "without a model" in json.loads(answer.body)["error"]) == (404, True), path


def test_a_file_that_is_cut_short_says_so(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["a", "b"], "vector": list(vectors(2))}).to_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    middle = len(whole) // 4
    (tmp_path / "v.parquet").write_bytes(whole[:middle] + bytes(middle) + whole[2 * middle :])
    for name, told in (("v.parquet", "get it again"), ("absent.parquet", "does not exist")):
        with pytest.raises(TimbreError, match=rf"{name}.*{told}"):
            read_vectors(tmp_path / name)
