"""CBHG (convolution bank, highway network, bidirectional GRU) along time: Wang et al., "Tacotron" (2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre_core.recipes.tasks import CbhgBackbone


class NormedConv(nn.Module):
    """A convolution over frames that keeps their number whatever its kernel, then batch normalisation."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.margins = ((kernel_size - 1) // 2, kernel_size // 2)
        self.convolution = nn.Conv1d(in_channels, out_channels, kernel_size, bias=False)
        self.norm = nn.BatchNorm1d(out_channels)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, in_channels, T) -> (batch, out_channels, T)."""
        return self.norm(self.convolution(F.pad(features, self.margins)))


class Highway(nn.Module):
    """Each value is passed on or replaced, as a gate decides (Srivastava, Greff & Schmidhuber, "Highway Networks", 2015)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.change = nn.Linear(units, units)
        self.gate = nn.Linear(units, units)
        nn.init.constant_(self.gate.bias, -1.0)  # at first most is passed on

    def forward(self, features: Tensor) -> Tensor:
        """(..., units) -> (..., units)."""
        return torch.lerp(features, F.relu(self.change(features)), torch.sigmoid(self.gate(features)))


class Cbhg(nn.Module):
    """Frames and a vector per window to features per frame, with all of the window in view."""

    def __init__(self, settings: CbhgBackbone, in_bins: int, hint_bins: int) -> None:
        super().__init__()
        channels, units = settings.channels, settings.units
        self.bank = nn.ModuleList([NormedConv(in_bins, channels, size) for size in range(1, settings.bank + 1)])
        self.narrow = NormedConv(settings.bank * channels, channels, settings.projection_kernel)
        self.back = NormedConv(channels, in_bins, settings.projection_kernel)
        self.enter = nn.Linear(in_bins, units)
        self.hint = nn.Linear(hint_bins, units, bias=False)
        self.highways = nn.Sequential(*[Highway(units) for _ in range(settings.highway_layers)])
        self.gru = nn.GRU(units, units, batch_first=True, bidirectional=True)
        self.out_features = 2 * units

    def forward(self, frames: Tensor, hint: Tensor) -> Tensor:
        """frames (batch, in_bins, T) and hint (batch, hint_bins), zeros for none -> (batch, T, out_features)."""
        banked = F.relu(torch.cat([convolution(frames) for convolution in self.bank], dim=1))
        # The greater of two neighbouring frames, as many as there were.
        pooled = F.max_pool1d(F.pad(banked, (0, 1)), 2, stride=1)
        residual = frames + self.back(F.relu(self.narrow(pooled)))
        features = self.enter(residual.transpose(1, 2)) + self.hint(hint)[:, None]
        return self.gru(self.highways(features))[0]
