"""What a note sounds like in four numbers: brightness, attack, noisiness, inharmonicity.

After Peeters, Giordano, Susini, Misdariis & McAdams, "The Timbre Toolbox: Extracting audio descriptors from musical
signals" (JASA 130, 2011).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import lru_cache

import numpy as np

from timbre_core.features.long_spectrum import low_spectrum
from timbre_core.features.pitch import midi_to_hz
from timbre_core.features.recording import bin_power

DESCRIPTORS = ("brightness", "attack", "noisiness", "inharmonicity")

_FRAME = 0.064  # seconds
_ENVELOPE_HOP = 0.0025  # seconds
_ATTACK = (0.1, 0.9)  # share of the loudest level that an attack goes from and to
_LONG = 0.5  # seconds of the spectrum that partials are looked for in
_PARTIALS = 20
_REACH = 0.04  # how far a partial may lie from its harmonic, as a share of its frequency
_BLOCK = 128  # samples that are summed up at once where the loudest ones are looked for
_ROUNDING = 2e-5  # of a block's energy in float32
_LOBE = 3  # bins on each side that a Blackman window spreads a sinusoid over


def describe(
    audio: np.ndarray, sample_rate: int, pitch: float | None, names: Collection[str] = DESCRIPTORS
) -> dict[str, float]:
    """DESCRIPTORS, or those of `names`, of one note's audio (n_samples,), NaN where one cannot be measured.

    - brightness: spectral centroid in Hz, frames weighted by their level;
    - attack: seconds from a tenth to nine tenths of the loudest level;
    - noisiness: share of energy that lies between the partials, 0 to 1; needs the MIDI `pitch`;
    - inharmonicity: how far the partials lie from the harmonics, in shares of the fundamental; needs the `pitch`.
    """
    audio = np.asarray(audio)
    if not np.issubdtype(audio.dtype, np.floating):  # whose squares and negatives overflow
        audio = audio.astype(np.float32)
    peak = max(audio.max(), -audio.min()) if len(audio) else math.nan  # NaN where a sample is
    if not 1e-5 <= peak < math.inf:
        return dict.fromkeys(names, math.nan)
    measured = dict.fromkeys(DESCRIPTORS, math.nan)
    if pitch is not None and math.isfinite(pitch) and {"noisiness", "inharmonicity"} & set(names):
        measured["noisiness"], measured["inharmonicity"] = _partials(audio, sample_rate, float(midi_to_hz(pitch)))
    if "brightness" in names:
        measured["brightness"] = _centroid(audio, sample_rate)
    if "attack" in names:
        measured["attack"] = _attack(audio, sample_rate)
    return {name: measured[name] for name in names}


def _centroid(audio: np.ndarray, sample_rate: int) -> float:
    size = max(2, round(_FRAME * sample_rate))
    padded = np.pad(audio, (0, max(0, size - len(audio))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)).sum(axis=0)
    return float(magnitude @ np.fft.rfftfreq(size, 1 / sample_rate) / magnitude.sum())


def _attack(audio: np.ndarray, sample_rate: int) -> float:
    hop = max(1, round(_ENVELOPE_HOP * sample_rate))
    before = _energy_before(audio, hop)
    # Four hops wide: two periods of the lowest notes would hide fast attacks, one hop alone would follow the waveform.
    begins = np.arange(max(1, len(before) - 5))
    level = np.sqrt(before[np.minimum(begins + 4, len(before) - 1)] - before[begins])
    low, high = (int(np.argmax(level >= share * level.max())) for share in _ATTACK)
    return max(high - low, 1) * hop / sample_rate


def _energy_before(audio: np.ndarray, size: int) -> np.ndarray:
    """Energy of all samples before each block of `size` samples, and before the sound's end: (n_blocks + 1,) float64."""
    whole = len(audio) - len(audio) % size
    blocks, rest = audio[:whole].reshape(-1, size), audio[whole:]
    energies = [[0.0], np.einsum("ij,ij->i", blocks, blocks), [np.vdot(rest, rest)] if len(rest) else []]
    return np.cumsum(np.concatenate(energies), dtype=np.float64)


def _loudest(audio: np.ndarray, size: int) -> int:
    """Where the loudest `size` samples of audio begin: sample by sample only amid blocks in which that can be."""
    before, last = _energy_before(audio, _BLOCK), len(audio) - size
    firsts = np.arange(last // _BLOCK + 1)
    after = (firsts * _BLOCK + size) // _BLOCK
    least = (before[after] - before[firsts]).max()
    most = before[np.minimum(after + 2, len(before) - 1)] - before[firsts]
    likely = np.flatnonzero(most >= least * (1 - _ROUNDING))
    begin, end = int(likely[0]) * _BLOCK, min(int(likely[-1] + 1) * _BLOCK, last + 1)
    gained, lost = (np.square(audio[at : at + end - begin - 1], dtype=np.float64) for at in (begin + size, begin))
    return begin + int(np.argmax(np.concatenate([[0.0], np.cumsum(gained - lost)])))


@lru_cache(maxsize=16)
def _window(size: int) -> np.ndarray:
    return np.blackman(size)


def _partials(audio: np.ndarray, sample_rate: int, f0: float) -> tuple[float, float]:
    size = min(round(_LONG * sample_rate), len(audio))
    n_fft = 1 << (2 * size - 1).bit_length()
    bin_hz = sample_rate / n_fft
    lobe = math.ceil(_LOBE * n_fft / size)
    count = min(_PARTIALS, int(0.98 * sample_rate / 2 / f0))
    if count < 1 or f0 / bin_hz < 2 * lobe:
        return math.nan, math.nan
    number = np.arange(1, count + 1)
    reach = np.minimum(_REACH * number * f0, 0.45 * f0)
    low = np.maximum(1, np.rint((number * f0 - reach) / bin_hz).astype(int))
    high = np.minimum(n_fft // 2 - 1, np.rint((number * f0 + reach) / bin_hz).astype(int))
    audible = min(n_fft // 2 + 1, round((count + 0.5) * f0 / bin_hz))
    loudest = _loudest(audio, size)
    sound = (audio[loudest : loudest + size] * _window(size)).astype(np.float32)
    needed = min(n_fft // 2 + 1, max(audible, int(high[-1]) + lobe + 2))
    power = bin_power(low_spectrum(sound, n_fft, needed)).astype(np.float64)
    peaks = np.array([a + int(power[a : b + 1].argmax()) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
    explained = np.zeros(len(power), dtype=bool)
    explained[np.clip(peaks[:, None] + np.arange(-lobe, lobe + 1), 0, len(power) - 1)] = True
    left, middle, right = np.log(power[peaks + np.array([[-1], [0], [1]])] + 1e-20)
    curve = left - 2 * middle + right
    curved = curve < 0
    shift = np.where(curved, 0.5 * (left - right) / np.where(curved, curve, 1.0), 0.0)
    found, weights = (peaks + shift) * bin_hz, power[peaks]
    if weights.sum() <= 0:
        return math.nan, math.nan
    tuned = float(np.sum(weights * found / number) / weights.sum())
    inharmonicity = 2 / tuned * float(np.sum(weights * np.abs(found - number * tuned)) / weights.sum())
    heard = power[:audible]
    return 1 - float(heard[explained[:audible]].sum() / heard.sum()), inharmonicity
