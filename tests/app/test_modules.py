"""The browser side's modules: how they are served, and what each may import."""

from __future__ import annotations

import graphlib
import shutil
import statistics
import subprocess
from pathlib import Path

import pytest

from pages.browser import modules
from tests.app.asgi import get

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = (
    "explore/map.js",
    "explore/note.js",
    "play/play.js",
    "morph/morph.js",
    "transfer/transfer.js",
    "listen/listen.js",
    "compare/models.js",
    "compare/linked_maps.js",
    "browser/growing_plot.js",
)
# Of the glued scripts that Explore had before there were modules (commit 1300a5e), in bytes.
EXPLORE_BEFORE = 72_954 + 50_675


def test_a_module_is_kept_by_browsers_for_good() -> None:
    answer = get(f"/api/js/{modules.version()}/explore/map.js")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert b"export default mounted(" in answer.body
    assert b"\n//" not in answer.body


@pytest.mark.parametrize(
    "path", ["0000/explore/map.js", "{}/explore/nothing.js", "{}/../app.py", "{}/explore/map.css", "{}/"]
)
def test_nothing_else_is_served(path: str) -> None:
    assert get(f"/api/js/{path.format(modules.version())}").status == 404


def test_another_content_is_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    before = modules.version()
    changed = {**modules._sources(), "explore/map.js": "export default 1;\n"}
    monkeypatch.setattr(modules, "_sources", lambda: changed)
    modules.version.cache_clear()
    assert modules.version() != before
    monkeypatch.undo()
    modules.version.cache_clear()


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_component_asks_for_all_it_needs_beside_the_page(entry: str) -> None:
    script = modules.script(entry)
    assert script.startswith(f'const modules = ["{entry}"')
    assert all(f'"{name}"' in script for name in modules.needed(entry))
    assert f"new URL(`api/js/{modules.version()}/" in script, "an address relative to the page's own"


def test_every_module_is_needed() -> None:
    asked = [names for entry in ENTRIES for names in (modules.needed(entry), modules.later(entry))]
    assert set().union(*asked) == set(modules.modules())
    assert "play/presets.js" in modules.later("play/play.js")
    assert "play/presets.js" not in modules.needed("play/play.js")


def test_rooms_import_what_is_shared_and_nothing_of_each_other() -> None:
    for name in modules.modules():
        room = name.split("/")[0]
        assert {each.split("/")[0] for each in modules.needed(name)} <= {room, "browser"}, name


def test_no_import_goes_in_a_circle() -> None:
    graph = {name: set(modules.imported(name)) for name in modules.modules()}
    assert set().union(*graph.values()) <= set(graph)
    graphlib.TopologicalSorter(graph).prepare()


def test_explore_loads_less_than_before_there_were_modules() -> None:
    explore = {*modules.needed("explore/map.js"), *modules.needed("explore/note.js")}
    assert sum(len(modules.modules()[name]) for name in explore) <= 0.8 * EXPLORE_BEFORE


def test_text_is_sent_as_it_is_written() -> None:
    """A minifier that takes template literals within template literals for code would take its spaces out."""
    assert b"`: ${" in modules.modules()["browser/note_search.js"]


def test_modules_are_short() -> None:
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in (ROOT / "pages").rglob("*.js")}
    assert max(map(len, lines.values())) <= 300
    assert statistics.median(map(len, lines.values())) <= 120
    assert max(len(line) for each in lines.values() for line in each) <= 130


def test_what_browsers_get_is_linked_and_run(tmp_path: Path) -> None:
    """Every import finds its export, also without comments and white space."""
    if not shutil.which("node"):
        pytest.skip("no Node here: install the package `nodejs`")
    for name, text in modules.modules().items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    imports = "".join(f"await import('./{name}');" for name in modules.modules())
    done = subprocess.run(
        ["node", "--input-type=module", "-e", imports], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
