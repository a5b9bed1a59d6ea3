"""Modules that are imported when something of theirs is used."""

from __future__ import annotations

import inspect
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


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that is deferred; `builtins.seen` tells whenever it is run."""
    name = f"later_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text("import builtins\nbuiltins.seen.append(__name__)\nanswer = 42\n")
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
