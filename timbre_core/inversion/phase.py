"""A first guess of the phases of a magnitude spectrogram, from which few Griffin-Lim iterations suffice."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from timbre_core.features.settings import LogMelSettings

_FAR = 10**7
_TINY = 1e-12


def initial_phase(magnitude: Tensor, settings: LogMelSettings, seed: int = 0) -> Tensor:
    """Phases (batch, n_frames, n_bins) in radians for magnitudes of that shape.

    Single-pass spectrogram inversion (Beauregard, Harish & Wyse, "Single pass spectrogram inversion", DSP 2015), written
    without a loop over frames: each peak of a frame's spectrum is a sinusoid whose frequency a parabola gives; every bin
    follows the peak nearest to it; along time the phase advances at that frequency. The phases of the first frame are
    random, by `seed`, and the same for each note of a batch.
    """
    n_bins = magnitude.shape[-1]
    bins = torch.arange(n_bins, device=magnitude.device)
    padded = torch.nn.functional.pad(magnitude, (1, 1))
    below, above = padded[..., :-2], padded[..., 2:]
    is_peak = (magnitude > below) & (magnitude >= above)
    low, mid, high = (torch.log(values + _TINY) for values in (below, magnitude, above))
    offset = (0.5 * (low - high) / (low - 2 * mid + high).clamp(max=-1e-6)).clamp_(-0.5, 0.5)

    left = torch.cummax(torch.where(is_peak, bins, -_FAR), dim=-1).values
    right = n_bins - 1 - torch.cummax(torch.where(is_peak.flip(-1), bins, -_FAR), dim=-1).values.flip(-1)
    peak = torch.where(bins - left <= right - bins, left, right)
    peak = torch.where((peak >= 0) & (peak < n_bins), peak, bins)  # a frame without peaks: each bin for itself

    frequency = bins + torch.where(is_peak, offset, offset.new_zeros(())).gather(-1, peak)
    advance = frequency * (2 * math.pi * settings.hop_length / settings.n_fft)
    random = torch.rand(n_bins, generator=torch.Generator().manual_seed(seed)) * (2 * math.pi)
    # The turns add up to thousands: float32 would lose the phase at the end of a note.
    wide = torch.float32 if magnitude.device.type == "mps" else torch.float64
    turned = torch.cumsum(advance.to(wide), dim=1).remainder_(2 * math.pi).to(magnitude.dtype)
    centre = (turned + random.to(magnitude)).gather(-1, peak)
    # Phases are counted from a frame's first sample, its centre is n_fft // 2 later.
    return centre - bins * (2 * math.pi * (settings.n_fft // 2) / settings.n_fft)
