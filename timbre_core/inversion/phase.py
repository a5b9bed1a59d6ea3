"""A first guess of the phases of a magnitude spectrogram, from which few Griffin-Lim iterations suffice."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from timbre_core.features.settings import SpectralSettings
from timbre_core.inversion.comb import Source

_TINY = 1e-12
_NOTHING = math.log(_TINY)
_SEMITONE = 1 / (2 ** (1 / 12) - 1)  # the bin that is as wide as a semitone
_REACH = 1.0  # bins between a sinusoid and the partial it may be
_EXACT_REACH = 2.0  # the same where the partial is known to be there: half the lobe of a Hann window as long as a frame


def sinusoidal_phase(
    magnitude: Tensor,
    settings: SpectralSettings,
    seed: int = 0,
    source: Source | None = None,
    before: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Phases (batch, n_frames, n_bins) in radians for magnitudes of that shape, and turns of that shape.

    Single-pass spectrogram inversion (Beauregard, Harish & Wyse, "Single pass spectrogram inversion", DSP 2015), written
    without a loop over frames: each peak of a frame's spectrum is a sinusoid whose frequency a parabola gives; every bin
    follows the peak nearest to it; along time the phase advances at that frequency. The phases of the first frame are
    random, by `seed`, and the same for each note of a batch.

    The partials of a `source` tell where those of a known pitch lie: where bins are wider than a semitone they say more
    about a sinusoid's frequency than its neighbour bins do, and where they are exact they are its frequency. The turns of
    a frame, given as `before` (batch, n_bins), continue a note at the frame after it.
    """
    n_bins, device = magnitude.shape[-1], magnitude.device
    if before is None:
        before = torch.rand(n_bins, generator=torch.Generator().manual_seed(seed)).to(device)
    logs = torch.nn.functional.pad(torch.log(magnitude + _TINY), (1, 1), value=_NOTHING)
    frame, peak, reach = _peaks(logs)
    # Whole turns of a hop do not count: what remains adds up in float32 without losing the phase.
    frequency = peak + _offset(logs, frame, peak)
    if source is not None:
        row = frame if source.partials.ndim == 3 else frame // magnitude.shape[1]
        frequency = _at_partials(frequency, source.partials.flatten(0, -2)[row, peak], source.exact)
    advance = (frequency * (settings.hop_length / settings.n_fft)).frac_()
    advance = torch.repeat_interleave(advance, reach, output_size=magnitude.numel()).view_as(magnitude)
    advance[:, 0] += before
    turns = torch.cumsum(advance, dim=1).frac_()
    phase = torch.repeat_interleave(turns.flatten()[frame * n_bins + peak], reach, output_size=magnitude.numel())
    # Phases are counted from a frame's first sample, its centre is n_fft // 2 later.
    centre = torch.arange(n_bins, device=device) * ((settings.n_fft // 2) / settings.n_fft)
    return phase.view_as(magnitude).sub_(centre.frac_()).mul_(2 * math.pi), turns


def _at_partials(frequency: Tensor, partial: Tensor, exact: bool) -> Tensor:
    """Frequencies in bins, those that are near the partial at it; without `exact` partials, those that are low too."""
    reach = (partial < _SEMITONE) & ((frequency - partial).abs() < _REACH)
    if exact:
        reach = (frequency - partial).abs() < _EXACT_REACH
    return torch.where(reach, partial, frequency)


def _peaks(logs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Spectral peaks of log-magnitudes with a bin of nothing on either side: frame, bin, and the number of bins nearest.

    The bins of all frames, one after the other, are in order of the peaks. Every frame that is not silent has a peak;
    silent frames, whose phases do not count, go with their neighbours.
    """
    n_bins = logs.shape[-1] - 2
    rises = logs[..., 1:] > logs[..., :-1]
    place = rises[..., :-1].logical_and(rises[..., 1:].logical_not()).flatten().nonzero().flatten()
    if not len(place):
        place = place.new_zeros(1)
    frame = place // n_bins
    # A peak's bins begin half way to the one before, or with its frame.
    begins = torch.where(frame[1:] == frame[:-1], (place[1:] + place[:-1]) // 2 + 1, frame[1:] * n_bins)
    begins = torch.nn.functional.pad(begins, (1, 1))
    begins[-1] = logs[..., 1:-1].numel()
    return frame, place - frame * n_bins, begins.diff()


def _offset(logs: Tensor, frame: Tensor, peak: Tensor) -> Tensor:
    """How far beside its bin the sinusoid of each peak lies: the top of a parabola through log-magnitudes."""
    before = frame * logs.shape[-1] + peak
    low, mid, high = (logs.flatten()[before + step] for step in range(3))
    return (0.5 * (low - high) / (low + high - 2 * mid).clamp_(max=-1e-6)).clamp_(-0.5, 0.5)
