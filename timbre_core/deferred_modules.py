"""Parts of torch that hearing a sound needs nothing of: imported once something of theirs is asked for, not with torch itself."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

OF_TORCH = (
    "torch._meta_registrations",  # shapes without values, for torch.compile and export: 18 MiB and half of torch's import
    "torch.export",
    "torch.quantization",
    "torch.nn.intrinsic",
    "torch.nn.qat",
    "torch.nn.quantizable",
    "torch.nn.quantized",
)
_FIRST = {
    f"torch.{name}": "torch._meta_registrations" for name in ("_decomp", "_prims", "_refs", "utils._content_store")
}
"""What must be there before a module that asks nothing of it, and that it imports itself: these import each other in circles,
which only this order goes through. So do packages here and their own modules: the package is always first."""
_KNOWN = "2.13."  # of torch: another one may need more of these than this one does
_importlib: Any = importlib._bootstrap
_unfilled: dict[str, _Later] = {}


class _Later(Loader):
    """Leaves a module empty until something of it is asked for (PEP 562). `importlib.util.LazyLoader` fills it at the first
    look at any attribute, so also when `inspect` goes through the files of all modules."""

    def __init__(self, real: Loader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        _let_generators_be()
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        def look(name: str) -> Any:
            if name.startswith("__") and name != "__all__":  # what is asked of any module, such as __wrapped__
                raise AttributeError(name)
            self.fill(module)
            if name in module.__dict__ or module.__dict__.get("__getattr__") is not look:
                return getattr(module, name)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = look
        _unfilled[module.__name__] = self

    def fill(self, module: ModuleType) -> None:
        """Have a module run that isn't yet; where another thread is at it, once that is done."""
        with _import_lock(module.__name__):
            if module.__loader__ is not self:
                return
            spec, look = module.__spec__, module.__dict__.get("__getattr__")
            assert spec is not None
            module.__loader__ = spec.loader = self._real
            try:
                self._real.exec_module(module)
            except BaseException:
                module.__loader__ = spec.loader = self
                raise
            _unfilled.pop(module.__name__, None)
            if module.__dict__.get("__getattr__") is look:
                del module.__dict__["__getattr__"]


@contextmanager
def _import_lock(name: str) -> Iterator[None]:
    """Hold the lock that Python holds while it imports a module: it sees when threads that import would wait for each other for
    ever, as long as they wait for such locks alone, and has one of them go on with what is there.

    Meanwhile others may import what this thread has not begun to run: this is before it, and mostly does so itself.
    """
    me, lock = threading.get_ident(), _importlib._get_module_lock(name)
    if lock.owner == me:
        yield
        return
    held = [found for found in (ref() for ref in [*_importlib._module_locks.values()]) if found and found.owner == me]
    let_go = [found for found in held if found.name not in sys.modules for _ in range(_let_go(found, me))]
    try:
        try:
            lock.acquire()
        except _importlib._DeadlockError:
            yield
            return
        try:
            yield
        finally:
            lock.release()
    finally:
        for found in let_go:
            found.acquire()


def _let_go(lock: Any, me: int) -> int:
    """Release a lock, however many times this thread holds it, and tell how many."""
    times = 0
    while lock.owner == me:
        lock.release()
        times += 1
    return times


class _After(Loader):
    """Fills a module that waits before another is imported. That is here and not in the finder, where Python holds the lock of
    all imports, for which others would wait that must go on."""

    def __init__(self, real: Loader, first: str) -> None:
        self._real, self._first = real, first
        self._is_there = False

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        later = _unfilled.get(self._first)
        if later is not None:
            later.fill(sys.modules[self._first])
        there = sys.modules.get(spec.name)
        self._is_there = there is not None
        return there or self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self._real
        if not self._is_there:
            self._real.exec_module(module)


class _Finder(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Finder) and other._names == self._names

    def __hash__(self) -> int:
        return hash(self._names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        first = _FIRST.get(fullname, fullname.rpartition(".")[0])
        is_later = fullname in self._names and _is_known()
        found = PathFinder.find_spec(fullname, path, target) if is_later or first in _unfilled else None
        if found is not None and found.loader is not None:
            found.loader = _Later(found.loader) if is_later else _After(found.loader, first)
        return found


def _is_known() -> bool:
    return str(getattr(sys.modules.get("torch"), "__version__", "")).startswith(_KNOWN)


@cache
def _let_generators_be() -> None:
    """torch.Generator wants its metaclass from `torch._prims.rng_prims`, which nothing else than what is deferred imports."""
    import torch
    from torch._opaque_base import OpaqueBaseMeta

    torch._C._set_generator_metaclass(OpaqueBaseMeta)


def defer(names: Sequence[str] = OF_TORCH) -> None:
    """Have modules of these names imported when they are used, in the whole process. To be called before they are imported."""
    finder = _Finder(names)
    if finder not in sys.meta_path:
        sys.meta_path.insert(0, finder)
