"""A first guess of the phases of a magnitude spectrogram, from which few Griffin-Lim iterations suffice."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from timbre_core.features.settings import SpectralSettings
from timbre_core.inversion.comb import Source
from timbre_core.inversion.runs import places, repeated, running_sum_

_TINY = 1e-12
_PASS = 64  # frames multiplied at once: real numbers are made complex for it, which is to stay in a core's own cache
_SEMITONE = 1 / (2 ** (1 / 12) - 1)  # the bin that is as wide as a semitone
_REACH = 1.0  # bins between a sinusoid and the partial it may be
_EXACT_REACH = 2.0  # the same where the partial is known to be there: half the lobe of a Hann window as long as a frame


def sinusoidal_spectra(
    magnitude: Tensor,
    settings: SpectralSettings,
    seed: int = 0,
    source: Source | None = None,
    before: Tensor | None = None,
    sized: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Complex spectra of magnitudes (batch, n_frames, n_bins) with phases that suit them, and turns, both of that shape.

    Single-pass spectrogram inversion (Beauregard, Harish & Wyse, "Single pass spectrogram inversion", DSP 2015), written
    without a loop over frames: each peak of a frame's spectrum is a sinusoid whose frequency a parabola gives; every bin
    follows the peak nearest to it; along time the phase advances at that frequency. The phases of the first frame that
    sounds are random, by `seed`, one for each of its peaks, and the same for each note of a batch.

    The partials of a `source` tell where those of a known pitch lie: where bins are wider than a semitone they say more
    about a sinusoid's frequency than its neighbour bins do, and where they are exact they are its frequency. The turns of
    a frame, given as `before` (batch, n_bins), continue a note at the frame after it. `sized`: magnitudes that the spectra
    are to have in place of those that tell the phases.
    """
    n_frames, n_bins = magnitude.shape[1:]
    place = _peaks(magnitude)
    frame = torch.div(place, n_bins, rounding_mode="floor")
    peak = place - frame * n_bins
    reach = _reach(place, frame, n_bins, magnitude.numel())
    frequency = peak + _offset(magnitude.flatten(), place, peak, n_bins)
    if source is not None:
        row = frame if source.partials.ndim == 3 else torch.div(frame, n_frames, rounding_mode="floor")
        partial = source.partials.flatten().index_select(0, row * n_bins + peak)
        frequency = _at_partials(frequency, partial, source.exact)
    if before is None:
        before = _first_turns(frame, peak, magnitude.shape, seed)
    # Whole turns of a hop do not count: what remains adds up in float32 without losing the phase.
    turns = repeated((frequency * (settings.hop_length / settings.n_fft)).frac_(), reach).view(magnitude.shape)
    turns[:, 0] += before
    running_sum_(turns)
    angle = turns.flatten().index_select(0, place).frac_().mul_(2 * math.pi)
    spectra = repeated(torch.complex(angle.cos(), angle.sin()), reach).view(magnitude.shape)
    wanted, centred = magnitude if sized is None else sized, _centred(n_bins, settings.n_fft, magnitude.device)
    for first in range(0, n_frames, _PASS):
        part = slice(first, first + _PASS)
        spectra[:, part].mul_(wanted[:, part] * centred)
    return spectra, turns


@lru_cache(maxsize=16)
def _centred(n_bins: int, n_fft: int, device: torch.device) -> Tensor:
    """What makes phases at a frame's first sample of those at its centre, n_fft // 2 later: (n_bins,), real if n_fft is even."""
    turn = torch.arange(n_bins, device=device, dtype=torch.float64) * ((n_fft // 2) / n_fft)
    if n_fft % 2 == 0:
        return (1 - 4 * turn.frac()).float()
    return torch.polar(torch.ones_like(turn), -2 * math.pi * turn.frac()).to(torch.complex64)


def _at_partials(frequency: Tensor, partial: Tensor, exact: bool) -> Tensor:
    """Frequencies in bins, those that are near the partial at it; without `exact` partials, those that are low too."""
    reach = (partial < _SEMITONE) & ((frequency - partial).abs() < _REACH)
    if exact:
        reach = (frequency - partial).abs() < _EXACT_REACH
    return torch.where(reach, partial, frequency)


def _peaks(magnitude: Tensor) -> Tensor:
    """Places (n,) of spectral peaks among the bins of all frames, one after the other; at least one.

    Every frame that is not silent has a peak.
    """
    rises = magnitude[..., 1:] > magnitude[..., :-1]
    top = torch.empty_like(magnitude, dtype=torch.bool)
    torch.gt(rises[..., :-1], rises[..., 1:], out=top[..., 1:-1])
    top[..., 0] = (magnitude[..., 0] > 0) & ~rises[..., 0]
    top[..., -1] = rises[..., -1]
    place = places(top)
    return place if len(place) else place.new_zeros(1)


def _reach(place: Tensor, frame: Tensor, n_bins: int, total: int) -> Tensor:
    """How many bins are nearest to each peak: all bins are in order of the peaks.

    Silent frames, whose phases do not count, go with their neighbours.
    """
    # A peak's bins begin half way to the one before, or with its frame.
    half = torch.div(place[1:] + place[:-1], 2, rounding_mode="floor").add_(1)
    begins = torch.where(frame[1:] == frame[:-1], half, frame[1:] * n_bins)
    begins = torch.nn.functional.pad(begins, (1, 1))
    begins[-1] = total
    return begins.diff()


def _first_turns(frame: Tensor, peak: Tensor, shape: torch.Size, seed: int) -> Tensor:
    """Random turns (batch, n_bins) by `seed`; the bins around a peak of a note's first frame that sounds have the peak's."""
    batch, n_frames, n_bins = shape
    random = torch.rand(n_bins, generator=torch.Generator().manual_seed(seed)).to(peak.device)
    turns = random.repeat(batch, 1)
    bins = torch.arange(n_bins, device=peak.device)
    for note in range(batch):
        first = int(torch.searchsorted(frame, note * n_frames))
        if first < len(frame):
            here = peak[first : int(torch.searchsorted(frame, frame[first], right=True))]
            middle = torch.div(here[1:] + here[:-1], 2, rounding_mode="floor")
            turns[note] = random[here[torch.bucketize(bins, middle)]]
    return turns


def _offset(magnitude: Tensor, place: Tensor, peak: Tensor, n_bins: int) -> Tensor:
    """How far beside its bin the sinusoid of each peak lies: the top of a parabola through log-magnitudes."""
    around = torch.stack([(place - 1).clamp_(min=0), place, (place + 1).clamp_(max=len(magnitude) - 1)])
    low, mid, high = magnitude.index_select(0, around.flatten()).add_(_TINY).log_().view(3, -1)
    offset = (0.5 * (low - high) / (low + high - 2 * mid).clamp_(max=-1e-6)).clamp_(-0.5, 0.5)
    return offset.mul_((peak > 0) & (peak < n_bins - 1))
