"""Weights as safetensors files: written whole or not at all, read without executing anything."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from timbre_core.errors import TimbreError
from timbre_core.files import atomic_write

_SCALE = "#scale"
"""What follows the name of a tensor of bytes in the name of its scales: no module's name has this sign."""


def save_weights(path: Path, model: nn.Module, metadata: dict[str, str] | None = None) -> None:
    """Write a model's tensors as safetensors, atomically."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    write_tensors(path, tensors, metadata)


def load_weights(path: Path, model: nn.Module, but: tuple[str, ...] = ()) -> None:
    """Fill a model from a safetensors file; TimbreError names the file when it is damaged or of another model.

    but: parts of the model (such as "prior") that stay as they are where the file has nothing of them.
    """
    tensors = read_tensors(path)[0]
    expected = model.state_dict()
    absent = tuple(f"{part}." for part in but if not any(name.startswith(f"{part}.") for name in tensors))
    tensors |= {name: tensor for name, tensor in expected.items() if name.startswith(absent)}
    wrong = next((name for name in expected if name not in tensors), None)
    if wrong:
        raise TimbreError(f"{path}: weights {wrong!r} are missing: the file belongs to another recipe.")
    for name, tensor in tensors.items():
        if name not in expected:
            raise TimbreError(f"{path}: weights {name!r} are not part of this recipe's model.")
        if tensor.shape != expected[name].shape:
            raise TimbreError(
                f"{path}: weights {name!r} have shape {list(tensor.shape)} where the recipe makes "
                f"{list(expected[name].shape)}: recipe.yaml and the weights do not belong together."
            )
        if expected[name].is_floating_point() and not _are_numbers(tensor):
            raise TimbreError(
                f"{path}: weights {name!r} ({tensor.dtype}) are no finite real numbers: the file is damaged, or its training "
                "went wrong: copy it again, or train anew."
            )
    model.load_state_dict(tensors)


def _are_numbers(tensor: Tensor) -> bool:
    # A sum is quicker, where it is finite.
    real = tensor.is_floating_point()
    return real and (math.isfinite(float(tensor.float().sum())) or bool(torch.isfinite(tensor.float()).all()))


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None) -> None:
    """Write tensors on the CPU as a safetensors file, atomically."""
    with atomic_write(path) as temporary:
        try:
            save_file(tensors, temporary, metadata=metadata)
            temporary.chmod(0o644)  # the library makes files that nobody else may read
        except SafetensorError as error:
            # The library reports a full disk or a missing permission as an error of its own kind, with text alone.
            raise TimbreError(
                f"{path}: could not be written ({error}): free some space or choose another folder."
            ) from error


def read_tensors(path: Path, cure: str = "copy the checkpoint again") -> tuple[dict[str, Tensor], dict[str, str]]:
    """A safetensors file's tensors and metadata; TimbreError names the file when it is absent or damaged, and the cure.

    Tensors in bytes (see `in_bytes`) are float32 again.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return _whole(tensors), file.metadata() or {}
    except FileNotFoundError as error:
        raise TimbreError(f"{path}: it does not exist: the checkpoint is incomplete, copy it again.") from error
    except (SafetensorError, OSError) as error:
        raise TimbreError(f"{path}: damaged or truncated, or no safetensors file ({error}): {cure}.") from error


def in_bytes(tensors: dict[str, Tensor], smallest: int = 4096) -> dict[str, Tensor]:
    """A model's tensors with their matrices and kernels of at least `smallest` numbers in a byte each.

    Each row (an output's weights) has a scale of its own, kept beside the tensor: an error of at most 1/254 of the row's
    largest weight. Everything else stays as it is. `read_tensors` gives float32 again.
    """
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or tensor.ndim < 2 or tensor.numel() < smallest:
            found[name] = tensor
            continue
        rows = tensor.float().flatten(1)
        scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny) / 127
        found[name] = (rows / scale).round().to(torch.int8).view(tensor.shape)
        found[name + _SCALE] = scale[:, 0].contiguous()
    return found


def _whole(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {name: tensor for name, tensor in tensors.items() if not name.endswith(_SCALE)}
    for name, scale in tensors.items():
        quantised = found.get(name.removesuffix(_SCALE)) if name.endswith(_SCALE) else None
        if quantised is not None and quantised.ndim and len(quantised) == len(scale):
            shape = (-1, *[1] * (quantised.ndim - 1))
            found[name.removesuffix(_SCALE)] = quantised.float() * scale.view(shape)
    return found
