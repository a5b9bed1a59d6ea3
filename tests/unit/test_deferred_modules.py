"""Modules that are imported when something of theirs is used."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from timbre_core.deferred_modules import OF_TORCH, _Finder, defer

_TORCH = """
import sys
from timbre_core.deferred_modules import OF_TORCH, defer
defer()
import torch
waits = [name for name in OF_TORCH if "__getattr__" in vars(sys.modules[name])]
print(waits == list(OF_TORCH), "torch._decomp" in sys.modules, "torch._prims" in sys.modules)
torch.Generator().manual_seed(1)
print(torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 3)).shape)
import torch._refs
print(type(torch._refs.__spec__.loader).__name__, "meta_mm" in vars(torch._meta_registrations), torch.export.Dim.__name__)
"""

_EXPORT = """
from timbre_core.deferred_modules import defer
defer()
import torch
from torch.quantization import QConfig
from torch.nn.intrinsic import *
import torch.export.unflatten
told = torch.export.export(torch.nn.Linear(2, 3), (torch.ones(1, 2),)).module()(torch.ones(1, 2))
print(QConfig.__name__, ConvBn1d.__name__, torch.export.unflatten.FlatArgsAdapter.__name__, told.shape)
"""

_CIRCLE = """
import builtins, sys, threading, time
from timbre_core import deferred_modules
deferred_modules._is_known = lambda: True
deferred_modules._let_generators_be = lambda: None
deferred_modules._FIRST = {"family.prims": "family.shapes"}
deferred_modules.defer(["family.shapes", "family.other"])
builtins.begun, builtins.runs = threading.Event(), []
import family.shapes, family.other
def other():
    begun.wait()
    told.append(__import__(sys.argv[2], fromlist=["x"]).x)
told, thread = [], threading.Thread(target=other)
thread.start()
print(getattr(family, sys.argv[1]).all_of_it)
thread.join()
print(told, runs)
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that is deferred; `builtins.seen` tells whenever it is run."""
    name = f"later_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(
        "import builtins\nbuiltins.seen.append(__name__)\nanswer = 42\n__all__ = ['answer']\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("builtins.seen", [], raising=False)
    monkeypatch.setattr("timbre_core.deferred_modules._is_known", lambda: True)
    monkeypatch.setattr("timbre_core.deferred_modules._let_generators_be", lambda: None)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    defer([name])
    return name


def _seen() -> list[str]:
    import builtins

    return builtins.seen  # type: ignore[attr-defined,no-any-return]


def test_a_module_is_run_once_when_something_of_it_is_asked_for(made: str) -> None:
    module = __import__(made)
    assert _seen() == []
    assert module.answer == 42
    assert module.answer == 42
    assert _seen() == [made]
    assert "__getattr__" not in vars(module)


def test_asked_for_twice_it_is_done_once(made: str) -> None:
    finders = [*sys.meta_path]
    defer([made])
    assert sys.meta_path == finders


def test_looking_through_all_modules_runs_none(made: str) -> None:
    module = __import__(made)
    assert inspect.getmodule(lambda: None) is not None
    assert not hasattr(module, "__wrapped__")
    assert _seen() == []


def test_all_that_a_module_exports_is_there(made: str) -> None:
    found: dict[str, object] = {}
    exec(f"from {made} import *", found)
    assert found["answer"] == 42
    assert "builtins" not in found, "it has __all__"


def test_what_is_not_there_is_no_attribute(made: str) -> None:
    module = __import__(made)
    with pytest.raises(AttributeError, match="other"):
        module.other  # noqa: B018
    assert module.answer == 42


def test_another_torch_is_imported_as_it_is(made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert _Finder([made]).find_spec(made, None) is None
    monkeypatch.setattr("torch.__version__", "9.0")
    assert _Finder(OF_TORCH).find_spec("torch.export", sys.modules["torch"].__path__) is None


def test_torch_makes_sounds_without_them_and_has_them_when_asked() -> None:
    done = subprocess.run([sys.executable, "-c", _TORCH], capture_output=True, text=True, timeout=200)
    told = done.stdout.splitlines()
    assert told == ["True False False", "torch.Size([2, 4])", "SourceFileLoader True Dim"], done.stdout + done.stderr


def test_torch_exports_a_model_with_them_deferred() -> None:
    done = subprocess.run([sys.executable, "-c", _EXPORT], capture_output=True, text=True, timeout=200)
    assert done.stdout.split(maxsplit=3) == ["QConfig", "ConvBn1d", "FlatArgsAdapter", "torch.Size([1, 3])\n"], (
        done.stderr
    )


@pytest.mark.parametrize("imported", ["family.prims", "family.prims.context", "family.user"])
@pytest.mark.parametrize("filled", ["shapes", "other"])
def test_threads_that_import_do_not_wait_for_each_other_for_ever(tmp_path: Path, filled: str, imported: str) -> None:
    """One fills what waits, `shapes` that another's import must have first or another module, and imports the same itself."""
    package = tmp_path / "family"
    (package / "prims").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name in ("shapes", "other"):
        (package / f"{name}.py").write_text(
            "import time\nbegun.set()\ntime.sleep(0.2)\nfrom family.prims import x\nfrom family.prims.context import x as y\n"
            "import family.user\nall_of_it = x + y\n"
        )
    (package / "prims" / "__init__.py").write_text("runs.append(__name__)\nx = 1\n")
    (package / "prims" / "context.py").write_text("runs.append(__name__)\nfrom family.prims import x\n")
    (package / "user.py").write_text("from family.prims import x\n")
    done = subprocess.run(
        [sys.executable, "-c", _CIRCLE, filled, imported],
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert done.stdout.splitlines() == ["2", "[1] ['family.prims', 'family.prims.context']"], done.stdout + done.stderr
