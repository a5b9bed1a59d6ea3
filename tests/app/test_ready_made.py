"""What a new start shows first is made before: it is what the page would tell now, or is left alone."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from pages import opening
from pages.explore import ready_made
from pages.server.catalog import find_map
from pages.server.map_data import packed_map
from tests.app.asgi import get, told
from tests.browser.harness import ROOT
from timbre_core.catalogue.libraries import create_library
from timbre_core.datasets.cache import cache_dir

FIRST, MAP = "/api/explore/first", "/api/map"


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TIMBRE_CACHE", str(tmp_path / "cache"))
    ready_made._found.cache_clear()


@pytest.fixture
def kept(checkpoints: Path) -> Path:
    """The file that was kept for the test's checkpoints."""
    ready_made.keep_for_next_start()
    ready_made._found.cache_clear()
    return cache_dir() / ready_made.FILE


@pytest.fixture
def new_server() -> Starlette:
    """As at the start: nothing is imported that answers."""
    for router in (opening._first_router, opening._router):
        router.cache_clear()
    return Starlette(routes=opening.API_ROUTES)


def test_the_one_that_ships_is_what_is_shown_now() -> None:
    shipped, made = ready_made.ready_made(), ready_made.make()
    assert shipped is not None, "make it again: python benchmarks/ship_first_map.py"
    assert made is not None
    assert (shipped.told, shipped.made_of) == (made.told, made.made_of)
    assert gzip.decompress(shipped.packed) == gzip.decompress(made.packed), (
        "make it again: benchmarks/ship_first_map.py"
    )


def test_answers_are_those_of_the_page_to_come(kept: Path, new_server: Starlette) -> None:
    ready = [get(FIRST, app=new_server), get(MAP, "checkpoint=alpha&v=1", app=new_server)]
    assert not any(router.cache_info().currsize for router in (opening._first_router, opening._router))
    later = [get(FIRST), get(MAP, "checkpoint=alpha&v=1")]
    assert [each.status for each in ready] == [200, 200]
    assert told(ready[0]) == told(later[0])
    assert ready[1].body == later[1].body
    for name in ("cache-control", "content-type"):
        assert [each.headers[name] for each in ready] == [each.headers[name] for each in later]
    packed = get(MAP, "checkpoint=alpha", {"accept-encoding": "gzip, br"}, app=new_server)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == later[1].body


@pytest.mark.parametrize(
    ("path", "query", "ready"),
    [
        (FIRST, "checkpoint=alpha&projection=tsne&colour=family", True),
        (FIRST, "projection=pca", False),
        (FIRST, "checkpoint=beta", False),
        (FIRST, "checkpoint=alpha&checkpoint=beta", False),
        (FIRST, "note=x", False),
        (FIRST, "embed=true", False),
        (MAP, "checkpoint=beta", False),
        (MAP, "checkpoint=../alpha", False),
        (MAP, "", False),
        ("/api/note", "checkpoint=alpha", False),
    ],
)
def test_what_else_is_asked_is_answered_later(
    kept: Path, new_server: Starlette, path: str, query: str, ready: bool
) -> None:
    answer = get(path, query, app=new_server)
    imported = sum(router.cache_info().currsize for router in (opening._first_router, opening._router))
    assert imported == (not ready)
    assert not ready or answer.status == 200


def change(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b" ")


CHANGES: dict[str, Callable[[Path], Any]] = {
    "recipe": change("beta/recipe.yaml"),
    "map": change("alpha/latents.parquet"),
    "no other map": lambda folder: (folder / "beta" / "latents.parquet").unlink(),
    "no map": lambda folder: (folder / "alpha" / "latents.parquet").unlink(),
    "no weights": lambda folder: (folder / "beta" / "model.safetensors").unlink(),
    "no checkpoint": lambda folder: shutil.rmtree(folder / "alpha"),
    "one more checkpoint": lambda folder: shutil.copytree(folder / "beta", folder / "gamma"),
    "one more map": lambda folder: shutil.copytree(folder / "beta", folder / "beta" / "maps" / "x"),
    "sounds of one's own": lambda folder: create_library("Mine", folder, folder / "alpha", {}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_where_anything_is_different_it_is_left_alone(checkpoints: Path, kept: Path, what: str) -> None:
    assert ready_made.ready_made() is not None
    ready_made._found.cache_clear()
    CHANGES[what](checkpoints)
    assert ready_made.ready_made() is None


def test_what_the_app_tells_of_a_map_is_part_of_it(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ready_made._MADE_BY:
        (tmp_path / "other" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "other" / name)
    monkeypatch.setattr(ready_made, "_PROJECT", tmp_path / "other")
    assert ready_made.ready_made() is not None
    ready_made._found.cache_clear()
    change("pages/server/colours.py")(tmp_path / "other")
    assert ready_made.ready_made() is None


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", b"[]\nx", b'{"made_of": 1}\n', b"\xff\n", b'{"checkpoint": "../alpha"}']
)
def test_a_damaged_one_is_none(checkpoints: Path, content: bytes) -> None:
    (checkpoints / ready_made.FILE).write_bytes(content)
    assert ready_made.ready_made() is None


def test_ids_in_it_never_become_paths(checkpoints: Path, kept: Path) -> None:
    head, _, packed = kept.read_bytes().partition(b"\n")
    shutil.move(checkpoints / "alpha", checkpoints.parent / "alpha")
    kept.write_bytes(json.dumps({**json.loads(head), "checkpoint": "../alpha"}).encode() + b"\n" + packed)
    assert ready_made.ready_made() is None


def test_one_is_kept_where_none_fits_and_no_second_time(checkpoints: Path) -> None:
    ready_made.keep_for_next_start()
    path = cache_dir() / ready_made.FILE
    ready_made._found.cache_clear()
    found = ready_made.ready_made()
    assert found is not None
    assert gzip.decompress(found.packed) == packed_map(find_map("alpha"))
    path.touch()
    before = path.stat().st_mtime_ns
    ready_made.keep_for_next_start()
    assert path.stat().st_mtime_ns == before
    change("beta/recipe.yaml")(checkpoints)
    ready_made._found.cache_clear()
    ready_made.keep_for_next_start()
    assert path.stat().st_mtime_ns != before


def test_nothing_is_kept_of_maps_with_sounds_of_ones_own(checkpoints: Path) -> None:
    create_library("Mine", checkpoints, checkpoints / "alpha", {})
    assert ready_made.make() is None


def test_it_needs_none_of_the_slow_imports() -> None:
    slow = "numpy pandas pyarrow pydantic yaml torch"
    told = (
        "import sys, pages.opening; from pages.explore.ready_made import ready_made; assert ready_made() is not None; "
        f"print([name for name in {slow!r}.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
