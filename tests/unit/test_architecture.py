"""How the house is built: imports run one way, and every package that is imported is declared."""

from __future__ import annotations

import ast
import importlib.util
import statistics
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SHIPPED = [
    ROOT / line.strip().strip("!/")
    for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    if line.startswith("!/checkpoints/")
]
# Modules that are imported under another name than their package's.
PACKAGES = {
    "yaml": "pyyaml",
    "pydantic_core": "pydantic",  # which pins it
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "PIL": "pillow",
    "fluidsynth": "pyfluidsynth",
    "parselmouth": "praat-parselmouth",
    "minify": "tdewolff-minify",
    "faiss": "faiss-cpu",
}


def test_imports_run_one_way(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The contracts of pyproject.toml; `lint-imports` shows the same."""
    monkeypatch.chdir(ROOT)
    code = lint_imports(no_cache=True)
    said = capsys.readouterr().out
    assert code == EXIT_STATUS_SUCCESS, said
    assert "0 broken" in said


def _requirements(*extras: str) -> dict[str, Requirement]:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {canonicalize_name(each.name): each for each in map(Requirement, lines)}


def _imported(*places: Path) -> Iterator[tuple[str, Path]]:
    for path in (path for place in places for path in sorted(place.rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name.partition(".")[0], path) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0], path


def test_what_ships_is_small() -> None:
    """6 MB a checkpoint: a copy of the project brings all of them."""
    sizes = {
        folder.name: sum(file.stat().st_size for file in folder.iterdir()) for folder in SHIPPED if folder.is_dir()
    }
    assert {name: size for name, size in sizes.items() if size > 6e6} == {}


def test_benchmarks_find_what_they_import() -> None:
    """They are run by hand and seldom: what is moved is missed here."""
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("timbre_core", "pages"):
                module = importlib.import_module(str(node.module))
                for name in (alias.name for alias in node.names):
                    there = hasattr(module, name) or importlib.util.find_spec(f"{node.module}.{name}")
                    assert there, f"{path.name}: {node.module} has no {name}"


@pytest.mark.parametrize("folder", ["timbre_core", "pages"])
def test_every_package_that_is_imported_is_declared(folder: str) -> None:
    declared = _requirements("train", "app", "yardsticks", "onnx", "cluster")
    for name, path in _imported(ROOT / folder):
        if name not in sys.stdlib_module_names and name not in ("timbre_core", "pages"):
            package = canonicalize_name(PACKAGES.get(name, name))
            assert package in declared, (
                f"{path.relative_to(ROOT)} imports {name}, which pyproject.toml does not declare"
            )


def test_pinned_versions_are_those_that_are_declared() -> None:
    declared = _requirements("train", "app", "yardsticks", "onnx", "cluster", "dev")
    pinned = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
        requirements = [Requirement(line) for line in lines if line and not line.startswith("-")]
        pinned |= {canonicalize_name(each.name): next(iter(each.specifier)).version for each in requirements}
    assert set(pinned) == set(declared) - {"timbre-explorer"}
    wrong = [name for name, version in pinned.items() if version not in declared[name].specifier]
    assert not wrong


@pytest.mark.parametrize("ending", ["py", "js"])
def test_files_fit_on_a_few_screens(ending: str) -> None:
    rooms = ("timbre_core", "pages", "tests", "benchmarks", "app.py", "train_cli.py")
    paths = [path for room in rooms for path in ([ROOT / room] if "." in room else (ROOT / room).rglob(f"*.{ending}"))]
    texts = {path: path.read_text("utf-8").splitlines() for path in paths if path.suffix == f".{ending}"}
    assert statistics.median(map(len, texts.values())) <= 120
    assert not {path: len(lines) for path, lines in texts.items() if len(lines) > 300}
    assert not [path for path, lines in texts.items() if any(len(line) > 130 for line in lines)]
