"""Filters of our own, beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from timbre_core.features.filters import high_pass, one_pole


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(30_000) * np.exp(-np.arange(30_000) / 4000)


@pytest.mark.parametrize("a", [0.1, 0.75, 0.97, 0.9999])
def test_one_pole_is_scipys(noise: np.ndarray, a: float) -> None:
    both = np.stack([noise, noise[::-1]])
    wanted = lfilter([1.0], [1.0, -a], both)
    assert np.abs(one_pole(both, a) - wanted).max() < 1e-12 * np.abs(wanted).max()
    quiet = slice(29_000, None)
    assert np.allclose(one_pole(both, a)[0, quiet], wanted[0, quiet], rtol=1e-9, atol=0)


@pytest.mark.parametrize(("frequency", "rate"), [(4.0, 44_100), (60.0, 44_100), (60.0, 16_000)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_high_pass_is_scipys(noise: np.ndarray, frequency: float, rate: int, kind: type) -> None:
    audio = noise.astype(kind)
    wanted = sosfilt(butter(2, frequency, "highpass", fs=rate, output="sos"), audio)
    heard = high_pass(audio, frequency, rate)
    assert heard.dtype == kind
    assert np.abs(heard - wanted).max() < 1e-6 * np.abs(audio).max(), "120 dB below"
