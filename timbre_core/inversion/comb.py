"""Where the partials of a note of known pitch lie, and whether its frames agree."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.mel import mel_bands

_BETWEEN = 1e-3  # of a partial's power: what a comb has elsewhere, so that nothing is ruled out
_DETUNINGS = (0.0, -0.1, 0.1, -0.2, 0.2, -0.3, 0.3, -0.4, 0.4)  # semitones off the pitch that was told
_STIFFNESSES = (0.0, 1e-4, 3e-4, 1e-3)  # of strings: what pianos and guitars have in their low and middle octaves
_DETUNED, _STRETCHED = 1.02, 1.1  # how much smoother an envelope these combs must leave than the one that was told
# A flat spectrum must leave this much smoother an envelope than a comb. A model's frames are blurred, and what is left of
# their harmonics says less than the pitch that the model was told: at 1.0 one low note in five loses its pitch. A wrong
# pitch is still found out: of recordings told one four semitones off, one in ten suffers.
_FLAT = 1.5
_FRAMES = 16  # looked at for the choice
_QUIET = 1e-3  # frames of less than this share of the loudest one's power are not
_EMPHASIS = 0.25  # exponent of a band's power in its weight: loud bands say more, soft ones are not silent
_SOFTEST = 1e-8  # mel power relative to the note's maximum that is told apart from nothing
_LOBE = 2.0  # bins of n_fft = window_length from a partial to the ends of a Hann window's main lobe
_TINY = 1e-30


class Source(NamedTuple):
    """What each note of a batch is taken to be before its frames shape it."""

    spectra: Tensor  # (batch, n_bins) or, along contours, (batch, n_frames, n_bins): power, flat or a comb of partials
    partials: Tensor  # of that shape: where the partial nearest to a bin lies, in bins; NaN for a flat spectrum
    exact: bool = False  # the sound is to have these partials and no others nearby: they were asked for, not measured


def fitting_source(mel: Tensor, pitch: Tensor | None, settings: LogMelSettings, in_tune: bool = False) -> Source | None:
    """What to start the inversion of `mel` (batch, n_mels, n_frames) from; none: flat spectra for all notes.

    Of a flat spectrum, combs within 40 cents of the `pitch` (batch,) MIDI (NaN: unknown) and combs of stiff strings, each
    note gets the one that leaves the smoothest spectral envelope, which is what remains of the log-mel when the
    source's is taken off: a comb that does not fit leaves its own teeth and the note's. Notes without pitch, or told a
    wrong one, keep the flat spectrum; the cents by which recordings, players and estimates are off are found. With
    `in_tune` the pitch is no label but what is to sound: of combs exactly there, stiff or not, one is taken in any case,
    as blurred frames of low notes look like noise.

    A contour, `pitch` (batch, n_frames), is taken as it is: what follows one was made to follow it. Its frames that are NaN
    have flat spectra.
    """
    if pitch is None or bool(pitch.isnan().all()):
        return None
    if pitch.ndim == 2:
        return _along_contour(pitch, settings, in_tune)
    chosen = []
    for note, told in zip(mel, pitch.tolist(), strict=True):
        # Without a pitch all candidates are one: the flat spectrum.
        choice = _candidates(0.0 if math.isnan(told) else told, settings, mel.device, in_tune)
        index = 0 if math.isnan(told) else int((_roughness(note, choice.envelopes) * choice.handicap).argmin())
        chosen.append((choice.spectra[index], choice.partials[index]))
    spectra, partials = zip(*chosen, strict=True)
    return Source(torch.stack(spectra), torch.stack(partials), in_tune)


def _along_contour(pitch: Tensor, settings: LogMelSettings, in_tune: bool) -> Source:
    """Combs of harmonics of each frame's own pitch (batch, n_frames)."""
    partials = nearest_partials(pitch, settings)
    spectra = torch.where(partials.isnan(), 1.0, partial_comb(partials, settings))
    return Source(spectra * mel_bands(settings, pitch.device).covered, partials, in_tune)


class _Candidates(NamedTuple):
    spectra: Tensor  # (n, n_bins)
    partials: Tensor  # (n, n_bins)
    envelopes: Tensor  # (n, n_mels): their mel power in nats
    handicap: (
        Tensor  # (n,): how much smoother than the comb at the told pitch, the second one, it must leave an envelope
    )


@lru_cache(maxsize=128)  # every key of an instrument
def _candidates(pitch: float, settings: LogMelSettings, device: torch.device, in_tune: bool) -> _Candidates:
    bands = mel_bands(settings, device)
    detunings = (0.0,) if in_tune else _DETUNINGS
    offsets = torch.tensor(detunings, device=device).repeat(len(_STIFFNESSES))
    stiffness = torch.tensor(_STIFFNESSES, device=device).repeat_interleave(len(detunings))
    partials = nearest_partials(pitch + offsets, settings, stiffness)
    partials = torch.cat([torch.full_like(partials[:1], torch.nan), partials])
    spectra = torch.where(partials.isnan(), 1.0, partial_comb(partials, settings)) * bands.covered
    teeth = bands.bins.to_mel.product(spectra.T.contiguous(), spectra.new_empty((settings.n_mels, len(spectra))))
    handicap = torch.where(stiffness > 0, _STRETCHED, _DETUNED)
    handicap[0] = 1.0
    handicap = torch.cat([handicap.new_tensor([math.inf if in_tune else _FLAT]), handicap])
    return _Candidates(spectra, partials, teeth.clamp_(min=_TINY).log_().T.contiguous(), handicap)


def nearest_partials(pitch: Tensor, settings: LogMelSettings, stiffness: Tensor | float = 0.0) -> Tensor:
    """Where the partial of `pitch` (...,) MIDI that is nearest to each bin lies (..., 1 + n_fft // 2), in bins.

    Partial n lies at n f0 sqrt(1 + stiffness n^2) (Fletcher, Blackham & Stratton, "Quality of piano tones", JASA 34,
    1962; 0: harmonics).
    """
    bins = torch.arange(1 + settings.n_fft // 2, device=pitch.device, dtype=torch.float32)
    f0 = 440 * torch.exp2((pitch.float()[..., None] - 69) / 12) * (settings.n_fft / settings.sample_rate)
    stiffness = torch.as_tensor(stiffness, dtype=torch.float32, device=pitch.device)[..., None]
    ratio = bins / f0
    # bin / f0 = n sqrt(1 + B n^2) solved for n, in a form that holds for B = 0 too.
    number = ratio * torch.sqrt(2 / (1 + torch.sqrt(1 + 4 * stiffness * ratio.square())))
    number = torch.round(number).clamp_(min=1)
    return f0 * number * torch.sqrt(1 + stiffness * number.square())


def partial_comb(partials: Tensor, settings: LogMelSettings) -> Tensor:
    """Power spectra (..., n_bins) of equally strong `partials` (..., n_bins; see nearest_partials) through a Hann window.

    1 at a partial, 0.001 between them.
    """
    distance = (torch.arange(partials.shape[-1], device=partials.device) - partials).abs()
    distance = distance * (settings.window_length / settings.n_fft)
    # The main lobe of a Hann window's transform: sinc(x) / (1 - x^2), whose limit at 1 is 1/2.
    at_one = (distance - 1).abs() < 1e-3
    lobe = torch.where(at_one, 0.5, torch.sinc(distance) / (1 - distance.square()).where(~at_one, torch.ones(())))
    return torch.where(distance < 2, lobe.square(), 0.0) + _BETWEEN


def partial_groups(partials: Tensor, settings: LogMelSettings) -> Tensor:
    """Numbers (..., n_bins), int64 from 0, of the groups of bins that belong to one partial; each other bin is alone.

    A partial's are those of its main lobe, and as far beside it as a band that reads the lobe reaches: what lies between
    two partials can be told from a log-mel only where both are further away.
    """
    bins = torch.arange(partials.shape[-1], device=partials.device)
    lobe = _LOBE * settings.n_fft / settings.window_length
    near = (bins - partials).abs() < lobe + mel_bands(settings, partials.device).reach
    begins = torch.ones_like(near)
    # NaN, of a flat spectrum, is near nothing.
    begins[..., 1:] = ~(near[..., 1:] & near[..., :-1] & (partials[..., 1:] == partials[..., :-1]))
    return begins.cumsum(dim=-1) - 1


def _roughness(mel: Tensor, envelopes: Tensor) -> Tensor:
    """Mean step (n,) in nats between neighbouring bands of the log-mel (n_mels, n_frames) less `envelopes` (n, n_mels).

    On some loud frames, spread over the note; louder bands weigh more.
    """
    level = mel.sum(dim=0)
    loud = (level > _QUIET * level.max()).nonzero().flatten()
    if not len(loud):
        return torch.ones(len(envelopes), device=mel.device)
    count = min(_FRAMES, len(loud))
    note = mel[:, loud[torch.linspace(0, len(loud) - 1, count, device=mel.device).round().long()]]
    filled = (envelopes[0] > math.log(_TINY)).nonzero().flatten()  # of many bands, those between two bins are empty
    note = note[filled]
    steps = note.clamp(min=_SOFTEST).log_().diff(dim=0)[None] - envelopes[:, filled].diff(dim=1)[:, :, None]
    weight = note / note.amax(dim=0)
    weight = torch.maximum(weight[1:], weight[:-1]).pow_(_EMPHASIS)
    return torch.einsum("nmt,mt->n", steps.abs_(), weight) / weight.sum().clamp(min=_TINY)
