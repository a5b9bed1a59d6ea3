"""Whatever is given to the inversion: any length and setting works, nonsense is refused, input is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from tests.synthetic import apart
from tests.unit.test_inversion import FEATURES, INVERSION, tone
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings
from timbre_core.inversion.any_kind import invert
from timbre_core.inversion.settings import InversionSettings


@pytest.mark.parametrize("n_samples", [0, 1, 100, 15_872, 16_000, 16_127, 20_000])
def test_length(n_samples: int) -> None:
    frames, ref_db = note_frames(tone(60), FEATURES)
    result = invert(frames, ref_db, FEATURES, INVERSION, n_samples=n_samples)
    assert result.shape == (n_samples,)
    assert (result[16_128:] == 0).all()
    assert invert(frames, ref_db, FEATURES, INVERSION).shape == (62 * 256,)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_fft": 2048, "hop_length": 512, "n_mels": 128},
        {"n_fft": 512, "hop_length": 512, "n_mels": 40},
        {"n_fft": 1023, "hop_length": 300, "n_mels": 80},
        {"n_fft": 256, "hop_length": 64, "n_mels": 256},  # more bands than bins: many are empty
        {"n_fft": 16, "hop_length": 8, "n_mels": 4},
        {"top_db": 200.0},
        {"top_db": 5.0},
        {"fmin": 300.0, "fmax": 3000.0},
        {"sample_rate": 44_100, "n_fft": 4096, "hop_length": 1024},
    ],
)
@pytest.mark.parametrize("n_samples", [1, 700, 9000])
def test_any_settings(settings: dict[str, float], n_samples: int) -> None:
    features = LogMelSettings.model_validate({"seconds": None} | settings)
    audio = tone(64)[2000 : 2000 + n_samples]
    frames, ref_db = note_frames(audio, features)
    for iterations, pitch in ((0, None), (4, None), (4, 64.0)):
        settings_now = InversionSettings(iterations=iterations)
        result = invert(frames, ref_db, features, settings_now, n_samples=n_samples, pitch=pitch)
        assert result.shape == (n_samples,)
        assert np.isfinite(result).all()
        assert np.abs(result).max() < 10


def test_values_beyond_the_range_are_clipped() -> None:
    frames, ref_db = note_frames(tone(60), FEATURES)
    wild = np.where(frames == frames.max(), 1.3, np.where(frames <= -1, -1.5, frames)).astype(np.float32)
    clipped = invert(np.clip(wild, -1, 1), ref_db, FEATURES, INVERSION)
    assert apart(invert(wild, ref_db, FEATURES, INVERSION), clipped) < 1e-3


def test_input_is_left_alone() -> None:
    frames, ref_db = note_frames(tone(60), FEATURES)
    before = frames.copy()
    invert(frames, ref_db, FEATURES, INVERSION)
    np.testing.assert_array_equal(frames, before)


@pytest.mark.parametrize("shape", [(79, 20), (20, 80), (80, 0), (80,), (2, 79, 20), (1, 2, 80, 20), (0,)])
def test_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(TimbreError, match="cannot be inverted"):
        invert(np.zeros(shape, dtype=np.float32), 0.0, FEATURES, INVERSION)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(bad: float) -> None:
    frames = np.zeros((80, 20), dtype=np.float32)
    with pytest.raises(TimbreError, match="NaN or infinite"):
        invert(frames, bad, FEATURES, INVERSION)
    frames[3, 4] = bad
    with pytest.raises(TimbreError, match="NaN or infinite"):
        invert(frames, 0.0, FEATURES, INVERSION)


def test_wrong_levels_and_lengths() -> None:
    frames = np.zeros((2, 80, 20), dtype=np.float32)
    with pytest.raises(TimbreError, match="ref_db has shape"):
        invert(frames, np.zeros(3), FEATURES, INVERSION)
    with pytest.raises(TimbreError, match="pitch has shape"):
        invert(frames, 0.0, FEATURES, INVERSION, pitch=np.zeros(3))
    for pitch in (-1, 128, np.inf):
        with pytest.raises(TimbreError, match="not a MIDI pitch"):
            invert(frames, 0.0, FEATURES, INVERSION, pitch=pitch)
    with pytest.raises(TimbreError, match="n_samples"):
        invert(frames, 0.0, FEATURES, INVERSION, n_samples=-1)
