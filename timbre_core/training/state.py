"""The state of an unfinished training: written whole after every epoch, without pickle.

One safetensors file holds weights, averaged weights and optimiser moments; its metadata holds the counters. Nothing random
needs saving: every random draw is a function of the seed and the epoch or step.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from timbre_core.errors import TimbreError
from timbre_core.models.weights import read_tensors, write_tensors


@dataclass
class Progress:
    """How far a training has come. `best_epoch` is 0 before the first epoch.

    reductions: of the learning rate by a plateau schedule, the last one after `reduced_epoch`.
    """

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    best_epoch: int = 0
    reductions: int = 0
    reduced_epoch: int = 0

    def judge(self, figure: float, patience: int) -> bool:
        """Whether an epoch's validation figure is the best so far; after `patience` epochs without one the rate falls."""
        if figure < self.best:
            self.best, self.best_epoch = figure, self.epoch
            return True
        if self.epoch - max(self.best_epoch, self.reduced_epoch) >= patience:
            self.reductions, self.reduced_epoch = self.reductions + 1, self.epoch
        return False


def save_state(
    path: Path,
    model: nn.Module,
    averaged: AveragedModel | None,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    discriminator: nn.Module | None = None,
) -> None:
    """Write everything a resumed run needs, atomically."""
    tensors: dict[str, Tensor] = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    if averaged is not None:
        tensors |= {f"averaged.{name}": tensor for name, tensor in averaged.state_dict().items()}
    if discriminator is not None:
        tensors |= {f"discriminator.{name}": tensor for name, tensor in discriminator.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    write_tensors(path, plain, {"progress": json.dumps(asdict(progress))})


def load_state(
    path: Path,
    model: nn.Module,
    averaged: AveragedModel | None,
    optimizer: torch.optim.Optimizer,
    discriminator: nn.Module | None = None,
) -> Progress:
    """Restore what `save_state` wrote."""
    tensors, metadata = read_tensors(path, "delete its folder to begin the training again")
    try:
        progress = Progress(**json.loads(metadata["progress"]))
        if min(asdict(progress).values()) < 0:
            raise ValueError("it counts below zero")
        model.load_state_dict(_under(tensors, "model."))
        if averaged is not None:
            averaged.load_state_dict(_under(tensors, "averaged."))
        if discriminator is not None:
            discriminator.load_state_dict(_under(tensors, "discriminator."))
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in _under(tensors, "optimizer.").items():
            index, name = key.split(".", 1)
            moments.setdefault(int(index), {})[name] = tensor
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": moments, "param_groups": groups})
        _match_memory_formats(optimizer)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise TimbreError(
            f"{path}: does not fit the recipe ({str(error).splitlines()[0]}): use the recipe the training began with."
        ) from error
    return progress


def _match_memory_formats(optimizer: torch.optim.Optimizer) -> None:
    """Lay moments out like their parameters: another layout takes another kernel, and the last bit would differ."""
    for parameter, moments in optimizer.state.items():
        for name, tensor in moments.items():
            if tensor.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(tensor)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
