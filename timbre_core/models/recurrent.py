"""Recurrent encoder and decoder: windows read and written frame by frame."""

from __future__ import annotations

from torch import Tensor, nn

from timbre_core.recipes import parts


class LstmEncoder(nn.Module):
    """What LSTM layers (Hochreiter & Schmidhuber, 1997) remember of a window when they have read its last frame."""

    def __init__(self, settings: parts.LstmEncoder, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.directions = 2 if settings.bidirectional else 1
        self.layers = nn.LSTM(
            n_bins, settings.units, settings.layers, batch_first=True, bidirectional=settings.bidirectional
        )
        self.out_features = settings.units * self.directions

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, n_bins, T) -> (batch, out_features): the last layer's states, each direction at its own end."""
        _, (states, _) = self.layers(frames.transpose(1, 2))
        return states[-self.directions :].transpose(0, 1).flatten(1)


class LstmDecoder(nn.Module):
    """LSTM layers that are shown the latent at every frame; each state is a frame by one linear map."""

    def __init__(self, settings: parts.LstmDecoder, in_features: int, n_bins: int, n_frames: int) -> None:
        super().__init__()
        self.n_frames = n_frames
        self.layers = nn.LSTM(in_features, settings.units, settings.layers, batch_first=True)
        self.frame = nn.Linear(settings.units, n_bins)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, in_features) -> (batch, n_bins, T)."""
        states, _ = self.layers(features[:, None].expand(-1, self.n_frames, -1))
        return self.frame(states).transpose(1, 2)
