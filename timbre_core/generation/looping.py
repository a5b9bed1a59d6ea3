"""The part of a held note that can be repeated without being noticed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timbre_core.features.settings import FeatureSettings

_WITHIN_DB = 9.0  # of the loudest frames: the note still sounds
_MOST_DRIFT_DB = 9.0  # between the beginning and the end of what is held all the same; a loop evens it out
_SETTLED = 0.25  # seconds after the note has become loud: the attack is over
_RELEASE_FRAMES = 3  # an analysis window ahead of the release hears it already
_LONGEST = 1.6  # seconds of steady sound that a loop is looked for in
_SHORTEST = 0.45  # seconds of a loop: shorter ones sound frozen
_FADE = 0.06  # seconds
_ALIKE = 0.5  # least correlation of what is faded into each other: below, partials would cancel
_NEARLY = 0.05  # of correlation that a longer loop may cost
_PERIOD = 0.02  # seconds; a start is moved by less than this to where the waveforms match


@dataclass(frozen=True)
class SteadyPart:
    """The first frame of a note's sound after its attack, the one behind its last, and how its level drifts between, in dB."""

    first: int
    last: int
    drift_db: float


def steady_part(frames: np.ndarray, features: FeatureSettings) -> SteadyPart | None:
    """The part of a note (n_bins, n_frames) in which a loop could lie, or None where it is too short."""
    rate = features.sample_rate / features.hop_length
    level = 10 * np.log10(np.sum(10 ** ((frames - 1) / 20 * features.top_db), axis=0) + 1e-12)
    sounding = level >= np.percentile(level, 90) - _WITHIN_DB
    if not sounding.any():
        return None
    begin = int(np.argmax(sounding))
    quiet = np.flatnonzero(~sounding[begin:])
    end = begin + int(quiet[0]) if len(quiet) else len(level)
    first = begin + round(_SETTLED * rate)
    last = min(end - _RELEASE_FRAMES, first + round(_LONGEST * rate))
    if last - first < (_SHORTEST + 2 * _FADE) * rate:
        return None
    quarter = max(1, (last - first) // 4)
    drift = float(level[last - quarter : last].mean() - level[first : first + quarter].mean())
    return SteadyPart(first, last, drift) if abs(drift) <= _MOST_DRIFT_DB else None


def find_loop(audio: np.ndarray, rate: int, first: int, last: int) -> tuple[np.ndarray, tuple[int, int]] | None:
    """A loop within the steady part [first, last) of a note's audio (n_samples,), or None where nothing repeats.

    Returns the audio up to the loop's end, and the loop as [start, end). What precedes the end is faded into what precedes
    the start, so that the step from the end to the start is one that the audio itself takes; the gains keep the level for
    the correlation that both have. Of starts where they resemble each other about equally well, the earliest is taken. What
    the level drifts by over the loop is taken back within it, so that it does not pump.
    """
    last = min(last, len(audio))
    fade, shortest = round(_FADE * rate), round(_SHORTEST * rate)
    first = max(first, fade)
    if last - shortest - first < fade:
        return None
    ending = audio[last - fade : last].astype(np.float64)
    searched = audio[first - fade : last - shortest].astype(np.float64)
    size = 1 << (len(searched) + fade).bit_length()
    products = np.fft.irfft(np.fft.rfft(searched, size) * np.conj(np.fft.rfft(ending, size)), size)
    energy = np.concatenate([[0.0], np.cumsum(searched**2)])
    energy = energy[fade:] - energy[:-fade]
    alike = products[: len(energy)] / np.sqrt(np.maximum(energy * np.sum(ending**2), 1e-20))
    if alike.max() < _ALIKE:
        return None
    earliest = int(np.argmax(alike >= max(_ALIKE, alike.max() - _NEARLY)))
    best = earliest + int(np.argmax(alike[earliest : earliest + round(_PERIOD * rate)]))
    start = first + best
    weight = np.linspace(0, 1, fade + 1)[1:]
    level = np.sqrt(weight**2 + (1 - weight) ** 2 + 2 * alike[best] * weight * (1 - weight))
    before = audio[start - fade : start].astype(np.float64)
    looped = audio[:last].astype(np.float64)
    gain = np.sqrt(np.sum(before**2) / max(np.sum(ending**2), 1e-20))
    looped[start:] *= gain ** np.linspace(0, 1, last - start)
    looped[last - fade :] = ((1 - weight) * looped[last - fade :] + weight * before) / level
    return looped.astype(np.float32), (start, last)
