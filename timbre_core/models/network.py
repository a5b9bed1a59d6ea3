"""Networks in files that are read without torch, because a recipe's settings stand beside them.

`Network` is `torch.nn.Module` for whoever makes one, and for type checkers; defining a class below it imports nothing. `torch` is
torch, imported when something of it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch as torch
    from torch.nn import Module as Network
else:
    from functools import cache

    class _Torch:
        def __getattr__(self, name):
            import torch

            return getattr(torch, name)

    torch = _Torch()

    @cache
    def _as_module(network):
        """The same class, with torch.nn.Module behind it."""
        import torch

        names = {name: getattr(network, name) for name in ("__module__", "__qualname__", "__doc__")}
        return type(network.__name__, (network, torch.nn.Module), names)

    class Network:
        """A `torch.nn.Module` whose class needs no torch until one is made."""

        def __new__(cls, *_, **__):
            import torch

            return object.__new__(cls if issubclass(cls, torch.nn.Module) else _as_module(cls))


__all__ = ["Network", "torch"]
