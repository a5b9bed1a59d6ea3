"""Sounds encoded in shards by Dask's workers, and taken into a library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_own_libraries import quiet, write
from timbre_core.catalogue import adding
from timbre_core.catalogue.libraries import create_library, notes_of
from timbre_core.catalogue.shards import encode_folder
from timbre_core.errors import TimbreError


def test_shards_are_read_once_and_taken(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed: Any = pytest.importorskip("distributed")
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    root, out, settings = tmp_path / "sounds", tmp_path / "shards", {"octave": "off"}
    for number in range(5):
        write(root / f"violin_{48 + 4 * number}.wav", 48 + 4 * number, 0.4, number)
    (root / "broken_60.wav").write_bytes(b"no sound")
    told: list[int] = []
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:

        def encode(checkpoint: Path = tiny_checkpoint) -> int:
            return encode_folder(root, checkpoint, settings, out, client, lambda *at: told.append(at[1]), size=2)

        assert encode() == 3
        (out / "read" / "00001.parquet").unlink()
        told.clear()
        encode()
        assert told == [2, 3], "what is there is not read again"
        with pytest.raises(TimbreError, match="another folder or checkpoint"):
            encode(tmp_path)
    write(root / "violin_48.wav", 48, 0.9, 7)  # another sound since
    library = create_library("mine", root, tiny_checkpoint, settings)
    asked: list[str] = []
    read = adding._read

    def watched(reader: Any, todo: Any, *how: Any) -> Any:
        asked.extend(each.path for each in todo)
        return read(reader, todo, *how)

    monkeypatch.setattr(adding, "_read", watched)
    outcome = adding.bring_up_to_date(library, quiet, workers=0, encoded=out)
    assert (outcome.notes, outcome.skipped) == (5, 1)
    assert asked == ["violin_48.wav"]
    assert notes_of(library)["brightness"].notna().all()
