"""Parts of torch that hearing a sound needs nothing of: imported once something of theirs is asked for, not with torch itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
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
_FIRST = {f"torch.{name}": "torch._meta_registrations" for name in ("_decomp", "_prims", "_refs")}
"""What must be there before a module that asks nothing of it, and that it imports itself."""
_KNOWN = "2.13."  # of torch: another one may need more of these than this one does
_importing = threading.RLock()


class _Later(Loader):
    """Leaves a module empty until something of it is asked for (PEP 562). `importlib.util.LazyLoader` fills it at the first
    look at any attribute, so also when `inspect` goes through the files of all modules."""

    def __init__(self, real: Loader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        def fill(name: str) -> Any:
            if name.startswith("__"):  # what is asked of any module, such as __wrapped__
                raise AttributeError(name)
            with _importing:
                if module.__loader__ is self:
                    self._fill(module, fill)
                if module.__dict__.get("__getattr__") is not fill:
                    return getattr(module, name)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = fill

    def _fill(self, module: ModuleType, fill: object) -> None:
        spec = module.__spec__
        assert spec is not None
        module.__loader__ = spec.loader = self._real
        try:
            self._real.exec_module(module)
        except BaseException:
            module.__loader__ = spec.loader = self
            raise
        if module.__dict__.get("__getattr__") is fill:
            del module.__dict__["__getattr__"]


class _There(Loader):
    """Of a module that is there already: another that was filled first imported it."""

    def __init__(self, real: Loader | None) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = self._real


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
        first = sys.modules.get(_FIRST.get(fullname, ""))
        if first is not None and isinstance(first.__loader__, _Later):
            getattr(first, "any", None)
            spec = getattr(sys.modules.get(fullname), "__spec__", None)
            if isinstance(spec, ModuleSpec):
                spec.loader = _There(spec.loader)  # Python takes this one, see importlib._bootstrap._find_spec
            return spec
        found = PathFinder.find_spec(fullname, path, target) if fullname in self._names and _is_known() else None
        if found is not None and found.loader is not None:
            found.loader = _Later(found.loader)
            _let_generators_be()
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
