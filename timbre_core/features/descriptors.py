"""What a note sounds like in four numbers: brightness, attack, noisiness, inharmonicity.

After Peeters, Giordano, Susini, Misdariis & McAdams, "The Timbre Toolbox: Extracting audio descriptors from musical
signals" (JASA 130, 2011).
"""

from __future__ import annotations

import math

import numpy as np

from timbre_core.features.pitch import midi_to_hz

DESCRIPTORS = ("brightness", "attack", "noisiness", "inharmonicity")

_FRAME = 0.064  # seconds
_ENVELOPE_HOP = 0.0025  # seconds
_ATTACK = (0.1, 0.9)  # share of the loudest level that an attack goes from and to
_LONG = 0.5  # seconds of the spectrum that partials are looked for in
_PARTIALS = 20
_REACH = 0.04  # how far a partial may lie from its harmonic, as a share of its frequency
_LOBE = 3  # bins on each side that a Blackman window spreads a sinusoid over


def describe(audio: np.ndarray, sample_rate: int, pitch: float | None) -> dict[str, float]:
    """DESCRIPTORS of one note's audio (n_samples,), NaN where one cannot be measured.

    - brightness: spectral centroid in Hz, frames weighted by their level;
    - attack: seconds from a tenth to nine tenths of the loudest level;
    - noisiness: share of energy that lies between the partials, 0 to 1; needs the MIDI `pitch`;
    - inharmonicity: how far the partials lie from the harmonics, in shares of the fundamental; needs the `pitch`.
    """
    audio = np.asarray(audio, dtype=np.float64)
    if not len(audio) or not np.isfinite(audio).all() or np.abs(audio).max() < 1e-5:
        return dict.fromkeys(DESCRIPTORS, math.nan)
    noisiness = inharmonicity = math.nan
    if pitch is not None and math.isfinite(pitch):
        noisiness, inharmonicity = _partials(audio, sample_rate, float(midi_to_hz(pitch)))
    return {
        "brightness": _centroid(audio, sample_rate),
        "attack": _attack(audio, sample_rate),
        "noisiness": noisiness,
        "inharmonicity": inharmonicity,
    }


def _centroid(audio: np.ndarray, sample_rate: int) -> float:
    size = max(2, round(_FRAME * sample_rate))
    padded = np.pad(audio, (0, max(0, size - len(audio))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)).sum(axis=0)
    return float(magnitude @ np.fft.rfftfreq(size, 1 / sample_rate) / magnitude.sum())


def _attack(audio: np.ndarray, sample_rate: int) -> float:
    hop = max(1, round(_ENVELOPE_HOP * sample_rate))
    energy = np.concatenate([[0.0], np.cumsum(audio**2)])
    # Four hops wide: two periods of the lowest notes would hide fast attacks, one hop alone would follow the waveform.
    at = np.arange(0, max(1, len(audio) - 4 * hop), hop)
    level = np.sqrt(energy[np.minimum(at + 4 * hop, len(audio))] - energy[at])
    low, high = (int(np.argmax(level >= share * level.max())) for share in _ATTACK)
    return max(high - low, 1) * hop / sample_rate


def _partials(audio: np.ndarray, sample_rate: int, f0: float) -> tuple[float, float]:
    size = min(round(_LONG * sample_rate), len(audio))
    energy = np.concatenate([[0.0], np.cumsum(audio**2)])
    loudest = int(np.argmax(energy[size:] - energy[:-size]))
    n_fft = 1 << (2 * size - 1).bit_length()
    power = np.abs(np.fft.rfft(audio[loudest : loudest + size] * np.blackman(size), n_fft)) ** 2
    bin_hz = sample_rate / n_fft
    lobe = math.ceil(_LOBE * n_fft / size)
    count = min(_PARTIALS, int(0.98 * sample_rate / 2 / f0))
    if count < 1 or f0 / bin_hz < 2 * lobe:
        return math.nan, math.nan
    explained = np.zeros(len(power), dtype=bool)
    found, weights = np.empty(count), np.empty(count)
    for index in range(count):
        target = (index + 1) * f0
        reach = min(_REACH * target, 0.45 * f0)
        low, high = max(1, round((target - reach) / bin_hz)), min(len(power) - 2, round((target + reach) / bin_hz))
        peak = low + int(np.argmax(power[low : high + 1]))
        explained[max(0, peak - lobe) : peak + lobe + 1] = True
        left, middle, right = np.log(power[peak - 1 : peak + 2] + 1e-20)
        curve = left - 2 * middle + right
        found[index] = (peak + (0.5 * (left - right) / curve if curve < 0 else 0.0)) * bin_hz
        weights[index] = power[peak]
    if weights.sum() <= 0:
        return math.nan, math.nan
    number = np.arange(1, count + 1)
    tuned = float(np.sum(weights * found / number) / weights.sum())
    inharmonicity = 2 / tuned * float(np.sum(weights * np.abs(found - number * tuned)) / weights.sum())
    audible = power[: min(len(power), round((count + 0.5) * f0 / bin_hz))]
    return 1 - float(audible[explained[: len(audible)]].sum() / audible.sum()), inharmonicity
