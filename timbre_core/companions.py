"""Networks that serve timbre spaces, such as inverters and the one that shifts notes: each is opened once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from timbre_core.checkpoint import WEIGHTS, companion, open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.features.settings import LogMelSettings, as_log_mel
from timbre_core.recipes.schema import Recipe

if TYPE_CHECKING:
    import torch
    from torch import nn

_Kind = TypeVar("_Kind", bound="nn.Module")


def companion_network(name: str, folder: Path, kind: type[_Kind]) -> tuple[_Kind, LogMelSettings]:
    """The network of the checkpoint `name`, and the features that it reads.

    The one in `folder`, beside a space's own checkpoint, else the project's. Raises TimbreError where there is neither, or
    where it holds another kind of network.
    """
    found = companion(name, folder)
    network, recipe = opened_network(found)
    if not isinstance(network, kind):
        raise TimbreError(f"{found} holds no network for {name} but {recipe.task.kind}.")
    return network, as_log_mel(recipe.features)


def opened_network(folder: Path, device: torch.device | str = "cpu") -> tuple[nn.Module, Recipe]:
    """The network of a checkpoint in evaluation mode, and its recipe; kept until its weights change. Not to be written to."""
    weights = folder / WEIGHTS
    return _opened(folder, weights.stat().st_mtime_ns if weights.is_file() else 0, str(device))


@lru_cache(maxsize=6)
def _opened(folder: Path, changed: int, device: str) -> tuple[nn.Module, Recipe]:
    checkpoint = open_checkpoint(folder)
    return checkpoint.network(device), checkpoint.recipe
