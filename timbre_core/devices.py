"""Which device models run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    import torch

AUTO = "auto"
HELP = "auto, cpu, cuda, cuda:N or mps (default auto: a CUDA GPU, else Apple's MPS, else the CPU)"
"""What `--device` says of itself."""


def best_device() -> str:
    """The first of "cuda", "mps" and "cpu" that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def chosen_device(device: torch.device | str | None = AUTO) -> torch.device:
    """The device asked for, or the best one for "auto" and None. Raises TimbreError when it cannot be used here.

    What Apple's MPS lacks is computed on the CPU: importing `timbre_core` before torch asks torch for that.
    """
    import torch

    name = best_device() if device is None or device == AUTO else device
    try:
        chosen = torch.device(name)
        torch.zeros(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise TimbreError(f"--device {device}: it cannot be used here ({reason}): use auto, cpu or cuda.") from error
    return chosen
