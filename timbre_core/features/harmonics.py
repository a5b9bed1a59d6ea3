"""Harmonic analysis of held notes: the fundamental and the amplitude and phase of each harmonic, frame by frame.

The pitch is known from the label; in every frame the fundamental is refined from where the strongest low harmonics lie
(as the harmonic model of Serra & Smith, "Spectral modeling synthesis", 1990, with peaks interpolated by parabolas in dB:
Smith & Serra, "PARSHL", 1987). All frames of all notes go through one pass of array operations.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from timbre_core.errors import TimbreError
from timbre_core.features.kinds.envelope import EnvelopeSettings
from timbre_core.features.pitch import hz_to_midi

_LOBE = 3  # bins of the window's own length from the middle of a Blackman window's main lobe to its first zero
_NOISE_BANDWIDTH = 1.73  # such bins of white noise that one of them gathers

_FIRST_PARTIALS = 8  # that a frame's fundamental is first found from, beginning at the label
_PARTIALS = 20  # that it is then refined from: higher ones of struck and plucked strings are stretched
_HEARD = 40  # that are looked at to tell whether a frame has harmonics at all
_DETUNING = 0.06  # share of its frequency that a partial may lie off the label's harmonic: a semitone
_REACH = 2  # FFT bins around a harmonic of the refined fundamental in which its peak is looked for
_FIT_DEGREE = 3  # of the polynomial in the squared distance that stands for the top of the window's main lobe

_VOICED_SHARE = 0.3  # of a frame's energy in its harmonics, beyond what noise has there by chance

# Frames in one pass: enough that the calls do not count; and frames transformed together: few enough that what is worked on
# stays in the cache.
_PASS_FRAMES = 768
_TRANSFORMED = 64


class Harmonics(NamedTuple):
    """Harmonics 1, 2, ... n_harmonics of notes, in frames centred a hop apart, the first one at the first sample.

    f0: (batch, n_frames) Hz. magnitude, phase: (batch, n_frames, n_harmonics), peak amplitude (full scale 1) and phase
    in radians of a cosine at the frame's centre; the magnitude is 0 where a harmonic would lie above half the sample
    rate. energy: (batch, n_frames), mean square of the audio under the window. share: (batch, n_frames), how much of
    that lies in harmonics, 0 (noise) to 1.
    """

    f0: Tensor
    magnitude: Tensor
    phase: Tensor
    energy: Tensor
    share: Tensor

    @property
    def voiced(self) -> Tensor:
        """(batch, n_frames): where harmonics of the fundamental are heard."""
        return self.share >= _VOICED_SHARE


def lowest_f0(settings: EnvelopeSettings) -> float:
    """Hz of the lowest fundamental whose harmonics the window tells apart."""
    return _LOBE * settings.sample_rate / settings.win_length


def check_f0(f0: float, settings: EnvelopeSettings) -> None:
    """Raises TimbreError for a fundamental (Hz) that cannot be analysed with these settings."""
    lowest, highest = lowest_f0(settings), settings.sample_rate / 4
    if not math.isfinite(f0):
        raise TimbreError(
            "it has no pitch, which harmonic analysis needs: give it one, in metadata.csv, with --pattern or with --pitch."
        )
    if f0 < lowest:
        raise TimbreError(
            f"its f0 of {f0:.1f} Hz (MIDI {hz_to_midi(f0):.0f}) is too low for a window of {settings.win_length} samples, "
            f"which tells harmonics apart from {lowest:.0f} Hz on: raise features.win_length and features.n_fft."
        )
    if f0 > highest:
        raise TimbreError(
            f"its f0 of {f0:.0f} Hz leaves fewer than two harmonics below half of {settings.sample_rate} Hz: "
            "correct its pitch, or raise features.sample_rate."
        )


@torch.no_grad()
def analyse_harmonics(audio: Tensor, f0: Tensor, settings: EnvelopeSettings, phases: bool = True) -> Harmonics:
    """Harmonics of notes.

    Args:
        audio: (batch, n_samples) at `settings.sample_rate`; frames reach over its ends into silence.
        f0: (batch,) Hz, where the label says that the notes are; within a semitone of where they sound.
        phases: whether to measure them; without, `phase` is (batch, n_frames, 0).

    Raises TimbreError for a fundamental outside what the window and the sample rate can hold.
    """
    for value in f0.tolist():
        check_f0(value, settings)
    win, hop = settings.win_length, settings.hop_length
    n_frames = settings.n_frames(audio.shape[-1])
    padded = torch.nn.functional.pad(audio.float(), (win // 2, win - win // 2 + hop))
    views = padded.unfold(-1, win, hop)[:, :n_frames]
    label = f0.to(views)[:, None].expand(-1, n_frames)
    parts = []
    for note in range(len(views)):
        for first in range(0, n_frames, _PASS_FRAMES):
            part = slice(first, first + _PASS_FRAMES)
            parts.append(_analyse(views[note, part], label[note, part], settings, phases))
    joined = (torch.cat(each) for each in zip(*parts, strict=True))
    return Harmonics(*(each.unflatten(0, (len(views), n_frames)) for each in joined))


def _analyse(frames: Tensor, label: Tensor, settings: EnvelopeSettings, phases: bool) -> Harmonics:
    """Harmonics (n, ...) of frames of audio (n, win_length) near the fundamentals `label` (n,) Hz."""
    power, energy, spectrum = _spectra(frames, settings, phases)
    bin_hz = settings.sample_rate / settings.n_fft
    position = label[:, None] / bin_hz * torch.arange(1.0, _FIRST_PARTIALS + 1)
    found, strength = _peaks(power, position, math.ceil(3 * _REACH / 2), (_DETUNING * position).clamp(min=1.0))
    f0 = _fundamental(found, strength, label / bin_hz)
    count = min(settings.n_harmonics, int(settings.n_fft / 2 / float(f0.min())) + 1)
    numbers = torch.arange(1.0, count + 1)
    found, strength = _peaks(power, f0[:, None] * numbers, _REACH)
    f0 = _fundamental(found[:, :_PARTIALS], strength[:, :_PARTIALS], f0)
    position = torch.lerp(f0[:, None] * numbers, found, (strength > 0).float())
    missing = (0, settings.n_harmonics - count)
    magnitude = _magnitudes(power, position, settings)
    phase = magnitude[:, :0] if spectrum is None else _phases(spectrum, position, settings)
    return Harmonics(
        f0 * bin_hz,
        torch.nn.functional.pad(magnitude, missing),
        torch.nn.functional.pad(phase, missing) if phases else phase,
        energy,
        _share(power, f0, numbers[:_HEARD], energy, settings),
    )


def _spectra(frames: Tensor, settings: EnvelopeSettings, phases: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    """Power (n, n_bins), mean square under the window (n,), and spectra (n, n_bins) of frames, or None without `phases`."""
    window = _window(settings)
    power = torch.empty(len(frames), settings.n_fft // 2 + 1)
    padded = torch.zeros(min(_TRANSFORMED, len(frames)), settings.n_fft)
    spectra = []
    for first in range(0, len(frames), _TRANSFORMED):
        part = frames[first : first + _TRANSFORMED]
        torch.mul(part, window, out=padded[: len(part), : settings.win_length])
        spectrum = torch.fft.rfft(padded[: len(part)])
        if phases:
            spectra.append(spectrum.clone())
        # Not |x|^2 nor x conj(x), which take more than twice as long.
        real, imaginary = torch.view_as_real(spectrum).square_().unbind(dim=-1)
        torch.add(real, imaginary, out=power[first : first + _TRANSFORMED])
    # Parseval: all bins stand for two, but for the first and, where their number is even, the last.
    total = power.sum(dim=1).mul_(2) - power[:, 0] - (1 - settings.n_fft % 2) * power[:, -1]
    return power, total / (settings.n_fft * window.square().sum()), torch.cat(spectra) if phases else None


def _peaks(power: Tensor, position: Tensor, width: int, reach: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Peaks of `power` (n, n_bins) near fractional bins `position` (n, count): where they lie, and their power.

    Looked for in the bins at most `width` from the nearest one, and within `reach` (n, count) bins. The power is 0 where
    there is no local maximum.
    """
    last = power.shape[1] - 1
    before = (position.round() - (width + 1)).clamp_(0, last - 2 * (width + 1))
    corner = before.long()
    highest, step, higher = torch.zeros_like(position), torch.ones_like(position), torch.empty_like(position)
    shifts = range(1, 2 * width + 2)
    if reach is not None:
        inside = ((torch.tensor(shifts)[:, None, None] + (before - position)).abs_() <= reach).float()
    # Shift by shift: an argmax over few values at each of many places takes ten times as long.
    for shift in shifts:
        value = power[:, shift:].gather(1, corner)
        if reach is not None:
            value *= inside[shift - 1]
        # As floats: choosing by booleans takes three times as long. The last shift that is higher is the highest's.
        step = torch.maximum(step, torch.gt(value, highest, out=higher).mul_(shift))
        highest = torch.maximum(highest, value)
    peak = before + step
    beside = peak.long() - 1
    left, right = power.gather(1, beside), power[:, 2:].gather(1, beside)
    sound = (highest >= torch.maximum(left, right)) & (position < last)
    return peak + _vertex(*((value + 1e-30).log_() for value in (left, highest, right))), highest * sound


def _vertex(left: Tensor, middle: Tensor, right: Tensor) -> Tensor:
    """Where the parabola through values at -1, 0 and 1 has its peak, at most half a step away."""
    return (0.5 * (left - right) / (left - 2 * middle + right).clamp_(max=-1e-6)).clamp_(-0.5, 0.5)


def _fundamental(found: Tensor, strength: Tensor, fallback: Tensor) -> Tensor:
    """Fundamentals (n,) in bins that fit partials 1, 2, ... found at (n, count) best, weighted by their power."""
    number = torch.arange(1.0, found.shape[1] + 1)
    total = strength @ number.square()
    return torch.where(total > 0, (strength * found) @ number / total.clamp(min=1e-30), fallback)


def _magnitudes(power: Tensor, position: Tensor, settings: EnvelopeSettings) -> Tensor:
    """Amplitudes (n, count) of cosines at fractional bins `position`, 0 from half the sample rate on.

    The bin nearest to each, divided by the window's transform at its distance.
    """
    nearest = position.round()
    distance = (nearest - position).square_()
    lobe = _lobe(settings)
    weight = distance * lobe[-1]
    for coefficient in lobe[-2:0:-1]:
        weight.add_(coefficient).mul_(distance)
    near = power.gather(1, nearest.clamp_(max=power.shape[1] - 1).long())
    return near.sqrt_().mul_(2).div_(weight.add_(lobe[0])) * (position < settings.n_fft / 2 - _LOBE)


def _phases(spectrum: Tensor, position: Tensor, settings: EnvelopeSettings) -> Tensor:
    """Phases (n, count) at the middle of the window of cosines at fractional bins `position`, 0 from half the sample rate on."""
    nearest = position.round().long().clamp_(max=spectrum.shape[1] - 1)
    turns = nearest * (settings.win_length // 2) % settings.n_fft / settings.n_fft
    near = spectrum.gather(1, nearest) * torch.polar(torch.ones_like(turns), 2 * math.pi * turns)
    return torch.where(position < settings.n_fft / 2 - _LOBE, near.angle(), 0.0)


def _share(power: Tensor, f0: Tensor, numbers: Tensor, energy: Tensor, settings: EnvelopeSettings) -> Tensor:
    """How much of the energy (n,) of frames lies at exact multiples of f0 (n,) bins, beyond what noise has there."""
    magnitude = _magnitudes(power, f0[:, None] * numbers, settings)
    share = magnitude.square_().sum(dim=1) / 2 / energy.clamp(min=1e-20)
    by_chance = _NOISE_BANDWIDTH * settings.n_fft / settings.win_length / f0
    return ((share - by_chance) / (1 - by_chance)).clamp(0, 1)


@lru_cache(maxsize=8)
def _window(settings: EnvelopeSettings) -> Tensor:
    """The Blackman window."""
    return torch.blackman_window(settings.win_length, periodic=True, dtype=torch.float64).float()


@lru_cache(maxsize=8)
def _lobe(settings: EnvelopeSettings) -> tuple[float, ...]:
    """The window's transform near its middle: coefficients, the lowest first, of a polynomial in the squared distance in bins."""
    distance = np.linspace(0, 0.5, 200)
    steps = np.arange(settings.win_length) - settings.win_length // 2
    lobe = np.cos(2 * np.pi / settings.n_fft * np.outer(distance, steps)) @ _window(settings).double().numpy()
    fit = np.polynomial.Polynomial.fit(distance**2, lobe, _FIT_DEGREE).convert()
    return tuple(fit.coef.tolist())
