"""Additive synthesis: harmonics of a fundamental that moves as it likes, phases continuous.

McAulay & Quatieri, "Speech analysis/synthesis based on a sinusoidal representation" (IEEE TASSP 34, 1986), with the
harmonics of one fundamental in place of free partials.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Samples x harmonics of one pass: their sines stay in a core's own cache.
_PASS_ELEMENTS = 2**18


@torch.no_grad()
def additive(amplitude: Tensor, f0: Tensor, hop: int, sample_rate: int, phase: Tensor | None = None) -> Tensor:
    """Audio ((n_frames - 1) * hop + 1,) float32 of harmonics.

    Args:
        amplitude: (n_frames, n_harmonics) peak amplitudes of harmonics 1, 2, ...; between frames they change linearly.
        f0: (n_frames,) Hz; between frames it changes linearly.
        phase: (n_frames, n_harmonics), radians of cosines at the frames. The harmonics then follow these phases, by the
            shortest way from those that `f0` alone would lead to. None: harmonics begin with phases that keep the
            peaks of the waveform low (Schroeder, "Synthesis of low-peak-factor signals", 1970) and follow `f0`.
    """
    n_frames, count = amplitude.shape
    if n_frames == 1:
        amplitude, f0 = amplitude.expand(2, -1), f0.expand(2)
        phase = None if phase is None else phase.expand(2, -1)
    turns = _turns(f0.double(), hop, sample_rate)
    number = torch.arange(1, count + 1)
    if phase is None:
        offset = (-math.pi * number * (number - 1) / count).expand(len(turns) + 1, -1)
    else:
        steady = 2 * math.pi * (torch.cat([turns[:, 0], turns[-1:, -1]])[:, None] * number).remainder(1.0)
        offset = _unwrapped(phase - steady)
    ramp = torch.arange(hop + 1) / hop
    size = max(1, _PASS_ELEMENTS // (hop * count))
    out = torch.empty(len(turns), hop + 1)
    for first in range(0, len(turns), size):
        part = slice(first, min(first + size, len(turns)))
        following = slice(part.start + 1, part.stop + 1)
        # One turn of the fundamental is small enough for float32 to hold all of its harmonics' phases.
        angle = (2 * math.pi * turns[part].remainder(1.0)).float()[:, None] * number[:, None]
        angle += offset[part, :, None]
        if phase is not None:
            angle += (offset[following] - offset[part])[..., None] * ramp
        waves = angle.cos_()
        now, then = ((amplitude[frames, None] @ waves)[:, 0] for frames in (part, following))
        out[part] = torch.lerp(now, then, ramp)
    return torch.cat([out[:, :hop].flatten(), out[-1:, hop]])[: 1 if n_frames == 1 else None]


def _turns(f0: Tensor, hop: int, sample_rate: int) -> Tensor:
    """Turns of the fundamental since the first frame, (n_frames - 1, hop + 1) float64: a row for each frame and what comes
    until the next one, included."""
    time = torch.arange(hop + 1, dtype=torch.float64)
    rise = (f0[1:] - f0[:-1]) / hop
    within = f0[:-1, None] * time + rise[:, None] * time.square() / 2
    before = torch.cat([within.new_zeros(1), within[:-1, -1].cumsum(0)])
    return (before[:, None] + within) / sample_rate


def _unwrapped(phase: Tensor) -> Tensor:
    """Phases (n_frames, count) without jumps of more than half a turn from a frame to the next."""
    steps = phase.diff(dim=0)
    shortest = torch.remainder(steps + math.pi, 2 * math.pi) - math.pi
    return torch.cat([phase[:1], phase[:1] + shortest.cumsum(0)]).float()
