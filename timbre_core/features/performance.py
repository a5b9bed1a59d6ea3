"""What differs from take to take of a note, without its spectrum: level, pitch and noise over time.

A model keeps what an instrument sounds like; how it was played comes from a recording, from a curve, or is left out. The
tracks hold `numbers_a_second` numbers a second, and nothing that tells one frequency from another but for the highest that
the recording has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from timbre_core.features.audio import SILENT_PEAK
from timbre_core.features.filters import high_pass
from timbre_core.features.harmonics import analyse_harmonics
from timbre_core.features.kinds.envelope import EnvelopeSettings
from timbre_core.features.numbers_given import pitch_given
from timbre_core.features.pitch import hz_to_midi, midi_to_hz
from timbre_core.features.preparation import checked_audio

LEVEL_STEP = 0.005
"""Seconds between two levels."""

USUAL_NOISE = 0.05
"""Share of noise among high frequencies where none is known."""

_QUIETEST_DB = -120.0
_SHORTEST, _LONGER = (
    0.010,
    0.060,
)  # seconds of a level's window at the onset and after; it holds two periods of a low note
_ATTACK = 0.08  # seconds that an onset lasts
_BEGUN_DB = 30.0
_LOWEST = 60.0  # Hz; what is lower counts only where the pitch is
_MOST_GAIN_DB, _LEAST_GAIN_DB = 30.0, -100.0
_ROUNDS = 3  # of a gain that changes within its window
_HEARD_DB = 45.0  # below the loudest: softer frames tell no pitch
_NOISE_FROM = 2000.0  # Hz; or the fourth harmonic
_NOISE_TO = 10_000.0
_APART = 12.0  # bins from one harmonic to the next
_FEWEST = 8  # of them: else noise between them cannot be told
_TOP_DB = 80.0  # below the loudest band of a recording, as far as frames reach: nothing is there


@dataclass(frozen=True)
class Performance:
    """How a note of audio was played.

    Attributes
    ----------
    level : ndarray (n_levels,) or None
        RMS in dB full scale, every LEVEL_STEP seconds; None: as the instrument has it.
    pitch : ndarray (n_frames,)
        MIDI, at the frames of `hop` samples.
    noise : ndarray (n_frames,)
        Share of noise among high frequencies, 0 to 1.
    top_hz : float
        The highest frequency that the recording has.
    sample_rate, hop : int
    """

    level: np.ndarray | None
    pitch: np.ndarray
    noise: np.ndarray
    top_hz: float
    sample_rate: int
    hop: int

    @property
    def numbers_a_second(self) -> int:
        """How many numbers the tracks hold."""
        levels = 0 if self.level is None else 1 / LEVEL_STEP
        return round(levels + 2 * self.sample_rate / self.hop)

    def moved(self, semitones: float) -> Performance:
        """The same playing at another pitch, as loud over time as the instrument is there."""
        return replace(self, level=None, pitch=np.clip(self.pitch + semitones, 0, 127))


def performance_of(audio: np.ndarray, sample_rate: int, pitch: float, hop: int) -> Performance:
    """The performance of a note (n_samples,) of MIDI `pitch`, whose frames are `hop` samples apart.

    Pitch is followed within a semitone of the label; where no harmonics are heard, it goes on. Raises TimbreError for audio or
    a pitch that cannot be used.
    """
    audio, pitch = checked_audio(audio).astype(np.float32, copy=False), pitch_given(pitch)
    n_frames = 1 + len(audio) // hop
    level = level_track(audio, sample_rate, pitch)
    steady = Performance(
        level, np.full(n_frames, pitch), np.full(n_frames, USUAL_NOISE), sample_rate / 2, sample_rate, hop
    )
    if np.abs(audio).max(initial=0) < SILENT_PEAK:
        return steady
    settings = _settings(sample_rate, pitch, hop)
    top = _highest(audio, sample_rate)
    if settings is None:
        return replace(steady, top_hz=top)
    found = analyse_harmonics(
        torch.from_numpy(audio)[None], torch.tensor([float(midi_to_hz(pitch))]), settings, phases=False
    )
    f0, energy = (part[0].double().numpy() for part in (found.f0, found.energy))
    heard = found.voiced[0].numpy() & (energy > energy.max() * 10 ** (-_HEARD_DB / 10))
    if not heard.any():
        return replace(steady, top_hz=top, noise=np.full(n_frames, 0.9))
    places = np.arange(n_frames)
    midi = np.interp(places, places[heard], np.asarray(hz_to_midi(f0[heard])))
    noise = _noise(audio, midi, sample_rate, hop, top, 1 - found.share[0].double().numpy())
    return replace(steady, pitch=midi, noise=noise, top_hz=top)


def level_track(audio: np.ndarray, sample_rate: int, pitch: float, onset: float | None = None) -> np.ndarray:
    """RMS (n_levels,) in dB full scale, every LEVEL_STEP seconds, of audio (n_samples,) of MIDI `pitch`.

    Windows are short for a while from the `onset` (seconds; None finds it) on and longer elsewhere, where a quicker level is the
    beating of partials and no playing. What is far below the pitch does not count.
    """
    energy = _energy(audio, sample_rate, pitch)
    short, long = (_levels(energy, sample_rate, pitch, least) for least in (_SHORTEST, _LONGER))
    begin = level_onset(short) if onset is None else onset
    after = np.arange(len(short)) * LEVEL_STEP - begin
    share = np.clip((after - _ATTACK) / _ATTACK, 0, 1)
    return (1 - share) * short + share * long


def _energy(audio: np.ndarray, sample_rate: int, pitch: float) -> np.ndarray:
    """Energy (n_samples + 1,) of what lies not far below the pitch, up to each sample."""
    heard = high_pass(audio, min(0.5 * float(midi_to_hz(pitch)), _LOWEST), sample_rate)
    return np.concatenate([np.zeros(1), np.cumsum(np.square(heard, dtype=np.float64))])


def _levels(energy: np.ndarray, sample_rate: int, pitch: float, least: float) -> np.ndarray:
    half = max(1, round(max(least, 2 / float(midi_to_hz(pitch))) * sample_rate / 2))
    total = np.concatenate([np.zeros(half), np.pad(energy, (0, half), mode="edge")])
    at = _places(len(energy) - 1, sample_rate)
    power = (total[at + 2 * half] - total[at]) / (2 * half)
    return 10 * np.log10(np.maximum(power, 10 ** (_QUIETEST_DB / 10)))


def level_onset(level: np.ndarray) -> float:
    """Seconds until a level track comes within 30 dB of its loudest."""
    return float(np.argmax(level > level.max() - _BEGUN_DB)) * LEVEL_STEP if len(level) else 0.0


def with_level(audio: np.ndarray, wanted: np.ndarray, sample_rate: int, pitch: float) -> np.ndarray:
    """Audio (n_samples,) with the `level_track` `wanted` (n_levels,). Nothing is made more than 30 dB louder."""
    at, places, onset = _places(len(audio), sample_rate), np.arange(len(audio)), level_onset(wanted)
    for _ in range(_ROUNDS):
        own = level_track(audio, sample_rate, pitch, onset)
        size = min(len(own), len(wanted))
        gain = np.clip(wanted[:size] - own[:size], _LEAST_GAIN_DB, _MOST_GAIN_DB)
        gain[own[:size] <= _QUIETEST_DB] = 0
        audio = audio * np.exp(np.interp(places, at[:size], gain * (math.log(10) / 20))).astype(np.float32)
    return audio


def _places(n_samples: int, sample_rate: int) -> np.ndarray:
    step = max(1, round(LEVEL_STEP * sample_rate))
    return np.arange(0, n_samples, step)


def _settings(sample_rate: int, pitch: float, hop: int) -> EnvelopeSettings | None:
    """How harmonics of a pitch are analysed; None for one that leaves fewer than two."""
    f0 = float(midi_to_hz(pitch))
    if f0 > sample_rate / 4.5:
        return None
    window = 2 ** max(round(math.log2(sample_rate * 0.046)), math.ceil(math.log2(3.6 * sample_rate / f0)))
    if window > 2**15:
        return None
    return EnvelopeSettings(
        sample_rate=sample_rate, win_length=window, n_fft=2 * window, hop_length=min(hop, window), n_harmonics=40
    )


def _highest(audio: np.ndarray, sample_rate: int) -> float:
    """Hz up to which a recording has something: above, every band of 250 Hz is 80 dB softer than the loudest."""
    fade = min(len(audio), round(0.01 * sample_rate))  # the end of a note that was cut is no sound of its own
    faded = np.concatenate([audio[: len(audio) - fade], audio[len(audio) - fade :] * np.linspace(1, 0, fade)])
    power = np.square(np.abs(np.fft.rfft(faded)))
    band = max(1, round(250 * len(audio) / sample_rate))
    bands = power[: len(power) // band * band].reshape(-1, band).sum(axis=1)
    loud = np.flatnonzero(bands > bands.max(initial=0) * 10 ** (-_TOP_DB / 10))
    return min(sample_rate / 2, 250.0 * (int(loud[-1]) + 2)) if len(loud) else sample_rate / 2


def _noise(
    audio: np.ndarray, midi: np.ndarray, sample_rate: int, hop: int, top: float, overall: np.ndarray
) -> np.ndarray:
    """Share of noise (n_frames,) above 2 kHz and the fourth harmonic: as loud throughout as it is between partials.

    That is told by the softest bins from one partial to the next, wherever partials are: those of strings are stretched. Where
    nothing is so high, it is the share of all frequencies, `overall` (n_frames,), or the usual if that is less.
    """
    otherwise = np.minimum(overall, USUAL_NOISE)
    f0 = float(midi_to_hz(np.median(midi)))
    size = 2 ** math.ceil(math.log2(np.clip(_APART * sample_rate / f0, 2048, 16_384)))
    apart = round(f0 * size / sample_rate)
    first = math.ceil(max(_NOISE_FROM, 4 * f0) * size / sample_rate)
    count = (math.floor(min(_NOISE_TO, top) * size / sample_rate) - first) // max(apart, 1)
    if apart < _FEWEST or count < 2:
        return otherwise
    spectrum = torch.stft(
        torch.from_numpy(audio), size, hop, window=torch.hann_window(size), pad_mode="constant", return_complex=True
    )[first : first + count * apart]
    power = (spectrum.real.square() + spectrum.imag.square()).T.numpy()[: len(midi)].reshape(-1, count, apart)
    quarter = apart // 4
    softest = np.partition(power, quarter, axis=2)[:, :, quarter].sum(axis=1)
    noise = softest * apart / -math.log(1 - (quarter + 0.5) / apart)  # power of noise is exponentially distributed
    return np.clip(noise / np.maximum(power.sum(axis=(1, 2)), 1e-20), 0, 1)
