"""Loudness as broadcasters measure it: ITU-R BS.1770-4, for sounds of any length."""

from __future__ import annotations

import math

import numpy as np

SILENT_LUFS = -120.0
"""What silence measures."""

_BLOCK = 0.4  # seconds
_STEP = 0.1  # seconds
_ABSOLUTE = -70.0  # LUFS
_RELATIVE = 10.0  # LU


def loudness_lufs(audio: np.ndarray, sample_rate: int) -> float:
    """Integrated loudness of mono audio (n_samples,) in LUFS: K-weighted, gated at -70 LUFS and 10 LU below what is left.

    ITU-R BS.1770-4 with filters that follow the sample rate (De Man, "Evaluation of implementations of the EBU R128 loudness
    measurement", AES 2018). A sound shorter than a block of 400 ms is one block as long as itself. Where every block is softer
    than the absolute gate, none is left out. Silence is -120.
    """
    from scipy.signal import sosfilt

    audio = np.asarray(audio, dtype=np.float64)
    if not len(audio):
        return SILENT_LUFS
    # The filters ring on after the last sample: what they hold there belongs to the sound, and is below a thousandth of it.
    energy = np.concatenate([[0.0], np.cumsum(np.square(sosfilt(_k_weighting(sample_rate), audio)))])
    size = min(len(audio), round(_BLOCK * sample_rate))
    starts = np.arange(0, len(audio) - size + 1, max(1, round(_STEP * sample_rate)))
    power = np.maximum((energy[starts + size] - energy[starts]) / size, 0)
    heard = power[_lufs(power) > _ABSOLUTE]
    if len(heard):
        power = heard[_lufs(heard) > _lufs(heard.mean()) - _RELATIVE]
    return max(SILENT_LUFS, float(_lufs(power.mean())))


def matched(audio: np.ndarray, reference: np.ndarray, sample_rate: int) -> np.ndarray:
    """`audio` (n_samples,) with one gain, as loud as `reference` (m_samples,). A silent one stays as it is."""
    own, wanted = (loudness_lufs(sound, sample_rate) for sound in (audio, reference))
    if min(own, wanted) <= SILENT_LUFS:
        return audio
    return (audio * 10 ** ((wanted - own) / 20)).astype(np.float32)


def _lufs(power: np.ndarray | float) -> np.ndarray:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-20))


def _k_weighting(sample_rate: int) -> np.ndarray:
    """A high shelf for the head and a high pass, as second-order sections (2, 6)."""
    gain, shelf_hz, shelf_q = 3.99984385397, 1681.9744509555319, 0.7071752369554193
    k = math.tan(math.pi * min(shelf_hz / sample_rate, 0.49))
    high, band = 10 ** (gain / 20), 10 ** (gain / 20 * 0.499666774155)
    a0 = 1 + k / shelf_q + k * k
    shelf = [high + band * k / shelf_q + k * k, 2 * (k * k - high), high - band * k / shelf_q + k * k]
    poles = [a0, 2 * (k * k - 1), 1 - k / shelf_q + k * k]
    pass_hz, pass_q = 38.13547087613982, 0.5003270373253953
    k = math.tan(math.pi * pass_hz / sample_rate)
    b0 = 1 + k / pass_q + k * k
    low_cut = [1, -2, 1, 1, 2 * (k * k - 1) / b0, (1 - k / pass_q + k * k) / b0]
    return np.array([[*(v / a0 for v in (*shelf, *poles))], low_cut])
