"""Backbones of inverter networks, frames and a hint per window to features per frame. Registered in BACKBONES."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from timbre_core.models.cbhg import Cbhg
from timbre_core.models.convnext import ConvNeXt

BACKBONES: dict[str, Callable[..., nn.Module]] = {"convnext": ConvNeXt, "cbhg": Cbhg}
