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
from timbre_core.features.envelope_settings import EnvelopeSettings
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

# Frames in one pass: their spectra together stay in a core's own cache.
_PASS_FRAMES = 128


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
        raise TimbreError("it has no pitch, which harmonic analysis needs: label it.")
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
def analyse_harmonics(audio: Tensor, f0: Tensor, settings: EnvelopeSettings) -> Harmonics:
    """Harmonics of notes.

    Args:
        audio: (batch, n_samples) at `settings.sample_rate`; frames reach over its ends into silence.
        f0: (batch,) Hz, where the label says that the notes are; within a semitone of where they sound.

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
            parts.append(_analyse(views[note, part], label[note, part], settings))
    joined = (torch.cat(each) for each in zip(*parts, strict=True))
    return Harmonics(*(each.unflatten(0, (len(views), n_frames)) for each in joined))


def _analyse(frames: Tensor, label: Tensor, settings: EnvelopeSettings) -> Harmonics:
    """Harmonics (n, ...) of frames of audio (n, win_length) near the fundamentals `label` (n,) Hz."""
    window, turn, lobe = _window(settings)
    spectrum = torch.fft.rfft(frames * window, settings.n_fft) * turn
    power = spectrum.real.square() + spectrum.imag.square()
    bin_hz = settings.sample_rate / settings.n_fft
    position = label[:, None] / bin_hz * torch.arange(1, _FIRST_PARTIALS + 1)
    found, strength = _peaks(power, position, (_DETUNING * position).clamp(min=1.0), math.ceil(3 * _REACH / 2))
    f0 = _fundamental(found, strength, label / bin_hz)
    count = min(settings.n_harmonics, int(settings.n_fft / 2 / float(f0.min())) + 1)
    numbers = torch.arange(1, count + 1)
    found, strength = _peaks(power, f0[:, None] * numbers, _REACH + 0.5, _REACH)
    f0 = _fundamental(found[:, :_PARTIALS], strength[:, :_PARTIALS], f0)
    position = torch.where(strength > 0, found, f0[:, None] * numbers)
    amplitude = _amplitudes(spectrum, position, lobe, settings)
    amplitude = torch.nn.functional.pad(amplitude, (0, settings.n_harmonics - count))
    energy = (frames * window).square().sum(dim=1) / window.square().sum()
    return Harmonics(
        f0 * bin_hz,
        amplitude.abs(),
        amplitude.angle(),
        energy,
        _share(spectrum, f0, numbers[:_HEARD], lobe, energy, settings),
    )


def _peaks(power: Tensor, position: Tensor, reach: Tensor | float, width: int) -> tuple[Tensor, Tensor]:
    """Peaks of `power` (n, n_bins) near fractional bins `position` (n, count): where they lie, and their power.

    Looked for within `reach` (n or 1, count or 1) bins and at most `width` bins away. The power is 0 where there is no
    local maximum.
    """
    nearest = position.round().long()
    highest, peak = torch.zeros_like(position), nearest
    # Shift by shift: an argmax over few values at each of many places takes ten times as long.
    for shift in range(-width, width + 1):
        place = (nearest + shift).clamp(1, power.shape[1] - 2)
        value = power.gather(1, place) * ((place - position).abs() <= reach)
        higher = value > highest
        highest, peak = torch.where(higher, value, highest), torch.where(higher, place, peak)
    return _interpolated(power, peak)


def _interpolated(power: Tensor, peak: Tensor) -> tuple[Tensor, Tensor]:
    """Where the peaks at bins `peak` (n, count) lie between bins, by a parabola in dB, and their power; 0 if they are none."""
    peak = peak.clamp(1, power.shape[1] - 2)
    left, middle, right = (power.gather(1, peak + shift) for shift in (-1, 0, 1))
    sound = (middle >= left) & (middle >= right)
    left, log_middle, right = ((value + 1e-30).log() for value in (left, middle, right))
    shift = 0.5 * (left - right) / (left - 2 * log_middle + right).clamp(max=-1e-6)
    return peak + shift.clamp(-0.5, 0.5), torch.where(sound, middle, 0.0)


def _fundamental(found: Tensor, strength: Tensor, fallback: Tensor) -> Tensor:
    """Fundamentals (n,) in bins that fit partials 1, 2, ... found at (n, count) best, weighted by their power."""
    weight = strength * torch.arange(1, found.shape[1] + 1)
    total = (weight * torch.arange(1, found.shape[1] + 1)).sum(dim=1)
    return torch.where(total > 0, (weight * found).sum(dim=1) / total.clamp(min=1e-30), fallback)


def _amplitudes(spectrum: Tensor, position: Tensor, lobe: tuple[float, ...], settings: EnvelopeSettings) -> Tensor:
    """Complex amplitudes (n, count) of cosines at fractional bins `position`, 0 from half the sample rate on.

    The bin nearest to each, divided by the window's transform at its distance.
    """
    nearest = position.round()
    distance = (nearest - position).square()
    weight = torch.full_like(distance, lobe[-1])
    for coefficient in lobe[-2::-1]:
        weight = weight * distance + coefficient
    near = spectrum.gather(1, nearest.long().clamp(0, spectrum.shape[1] - 1))
    amplitude = 2 * near / weight
    return torch.where(position < settings.n_fft / 2 - _LOBE, amplitude, 0.0)


def _share(
    spectrum: Tensor,
    f0: Tensor,
    numbers: Tensor,
    lobe: tuple[float, ...],
    energy: Tensor,
    settings: EnvelopeSettings,
) -> Tensor:
    """How much of the energy (n,) of frames lies at exact multiples of f0 (n,) bins, beyond what noise has there."""
    amplitude = _amplitudes(spectrum, f0[:, None] * numbers, lobe, settings)
    share = amplitude.abs().square().sum(dim=1) / 2 / energy.clamp(min=1e-20)
    by_chance = _NOISE_BANDWIDTH * settings.n_fft / settings.win_length / f0
    return ((share - by_chance) / (1 - by_chance)).clamp(0, 1)


@lru_cache(maxsize=8)
def _window(settings: EnvelopeSettings) -> tuple[Tensor, Tensor, tuple[float, ...]]:
    """The Blackman window; what turns a spectrum's phases from those at the first sample to those at the middle; and the
    window's transform near its middle as a polynomial in the squared distance in FFT bins."""
    size = settings.win_length
    window = torch.blackman_window(size, periodic=True, dtype=torch.float64)
    distance = np.linspace(0, 0.5, 200)
    steps = np.arange(size) - size // 2
    lobe = np.cos(2 * np.pi / settings.n_fft * np.outer(distance, steps)) @ window.numpy()
    fit = np.polynomial.Polynomial.fit(distance**2, lobe, _FIT_DEGREE).convert()
    turns = np.arange(1 + settings.n_fft // 2) * (size // 2) / settings.n_fft % 1
    turn = torch.from_numpy(np.exp(2j * np.pi * turns)).to(torch.complex64)
    return window.float(), turn, tuple(fit.coef.tolist())
