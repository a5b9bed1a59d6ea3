"""Short-time Fourier transform and its inverse, frames last in memory order: made for Griffin-Lim's iterations.

The same analysis as the features': periodic Hann window, centred frames, zero padding.
"""

from __future__ import annotations

import torch
from torch import Tensor

from timbre_core.features.settings import LogMelSettings

# Where windows overlap by less than half, the sum of their squares falls to zero between frames. The inverse divides by
# this share of its largest value at least: it fades there instead of blowing up rounding noise.
_LEAST_WEIGHT = 0.05


class Stft:
    """Transforms between audio (batch, n_samples) and complex spectra (batch, n_frames, 1 + n_fft // 2)."""

    def __init__(self, settings: LogMelSettings, n_samples: int, device: torch.device) -> None:
        self.n_fft, self.hop, self.n_samples = settings.n_fft, settings.hop_length, n_samples
        self.n_frames = settings.n_frames(n_samples)
        self._window = torch.hann_window(self.n_fft, periodic=True, dtype=torch.float64).float().to(device)
        squares = self._window.square().expand(1, self.n_frames, -1)
        weight = self._overlap_add(squares)
        self._weight = weight.clamp_(min=_LEAST_WEIGHT * float(weight.max()))

    def forward(self, audio: Tensor) -> Tensor:
        """Spectra of audio. The inverse of `inverse` for consistent spectra."""
        half = self.n_fft // 2
        padded = torch.nn.functional.pad(audio, (half, half))
        return torch.fft.rfft(padded.unfold(-1, self.n_fft, self.hop) * self._window)

    def inverse(self, spectra: Tensor) -> Tensor:
        """The audio whose spectra are nearest (Griffin & Lim, 1984): windowed overlap-add, normalised."""
        frames = torch.fft.irfft(spectra, self.n_fft).mul_(self._window)
        return self._overlap_add(frames).div_(self._weight)

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """Sum (batch, n_samples) of frames (batch, n_frames, n_fft), each `hop` after the one before."""
        shifts = -(-self.n_fft // self.hop)
        frames = torch.nn.functional.pad(frames, (0, shifts * self.hop - self.n_fft))
        blocks = frames.unflatten(-1, (shifts, self.hop))
        # One addition per shift over all frames at once; rows of `total` are hops.
        total = frames.new_zeros((frames.shape[0], self.n_frames + shifts, self.hop))
        for shift in range(shifts):
            total[:, shift : shift + self.n_frames] += blocks[:, :, shift]
        first = self.n_fft // 2
        return total.flatten(1)[:, first : first + self.n_samples].contiguous()
