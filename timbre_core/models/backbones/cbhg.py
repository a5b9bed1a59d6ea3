"""CBHG (convolution bank, highway network, bidirectional GRU) along time: Wang et al., "Tacotron" (2017)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from timbre_core.models.contracts import Backbone, BackboneSettings
from timbre_core.models.network import Network, torch


class CbhgSettings(BackboneSettings):
    """Frames to features: a bank of convolutions, highway layers and a bidirectional GRU, as in Tacotron (Wang, 2017)."""

    kind: Literal["cbhg"] = "cbhg"
    bank: Annotated[int, Field(ge=1, le=64, description="convolutions, of 1 to this many frames")] = 16
    channels: Annotated[
        int, Field(ge=1, le=4096, description="of each convolution of the bank, and of the projection")
    ] = 128
    projection_kernel: Annotated[int, Field(ge=1, le=63, description="frames")] = 3
    highway_layers: Annotated[int, Field(ge=0, le=64)] = 4
    units: Annotated[int, Field(ge=1, le=4096, description="of highway layers and of each direction of the GRU")] = 128

    def build(self, in_bins: int, hint_bins: int) -> Cbhg:
        return Cbhg(self, in_bins, hint_bins)


class NormedConv(Network):
    """A convolution over frames that keeps their number whatever its kernel, then batch normalisation."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.margins = ((kernel_size - 1) // 2, kernel_size // 2)
        self.convolution = torch.nn.Conv1d(in_channels, out_channels, kernel_size, bias=False)
        self.norm = torch.nn.BatchNorm1d(out_channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, in_channels, T) -> (batch, out_channels, T)."""
        return self.norm(self.convolution(torch.nn.functional.pad(features, self.margins)))


class Highway(Network):
    """Each value is passed on or replaced, as a gate decides (Srivastava, Greff & Schmidhuber, "Highway Networks", 2015)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.change = torch.nn.Linear(units, units)
        self.gate = torch.nn.Linear(units, units)
        torch.nn.init.constant_(self.gate.bias, -1.0)  # at first most is passed on

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(..., units) -> (..., units)."""
        return torch.lerp(features, torch.nn.functional.relu(self.change(features)), torch.sigmoid(self.gate(features)))


class Cbhg(Backbone):
    """Frames and a vector per window to features per frame, with all of the window in view."""

    def __init__(self, settings: CbhgSettings, in_bins: int, hint_bins: int) -> None:
        super().__init__()
        channels, units = settings.channels, settings.units
        self.bank = torch.nn.ModuleList([NormedConv(in_bins, channels, size) for size in range(1, settings.bank + 1)])
        self.narrow = NormedConv(settings.bank * channels, channels, settings.projection_kernel)
        self.back = NormedConv(channels, in_bins, settings.projection_kernel)
        self.enter = torch.nn.Linear(in_bins, units)
        self.hint = torch.nn.Linear(hint_bins, units, bias=False)
        self.highways = torch.nn.Sequential(*[Highway(units) for _ in range(settings.highway_layers)])
        self.gru = torch.nn.GRU(units, units, batch_first=True, bidirectional=True)
        self.out_features = 2 * units

    def forward(self, frames: torch.Tensor, hint: torch.Tensor) -> torch.Tensor:
        """frames (batch, in_bins, T) and hint (batch, hint_bins), zeros for none -> (batch, T, out_features)."""
        banked = torch.nn.functional.relu(torch.cat([convolution(frames) for convolution in self.bank], dim=1))
        # The greater of two neighbouring frames, as many as there were.
        pooled = torch.nn.functional.max_pool1d(torch.nn.functional.pad(banked, (0, 1)), 2, stride=1)
        residual = frames + self.back(torch.nn.functional.relu(self.narrow(pooled)))
        features = self.enter(residual.transpose(1, 2)) + self.hint(hint)[:, None]
        return self.gru(self.highways(features))[0]
