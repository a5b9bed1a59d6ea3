"""Pictures with a logarithmic frequency axis: a sine lies where its pitch is."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.features.pitch_picture import pitch_picture


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("midi", [48, 69, 100])
def test_a_sine_lies_at_its_pitch(rate: int, midi: int) -> None:
    hz = 440 * 2 ** ((midi - 69) / 12)
    picture = pitch_picture(np.sin(2 * np.pi * hz * np.arange(rate) / rate), rate, rate // 50)
    assert picture.levels.shape == (len(picture.hz), 51)
    assert picture.levels.max() == 255
    row = int(np.argmax(picture.levels[:, 25]))
    assert abs(12 * np.log2(picture.hz[row] / hz)) < 0.6
    assert picture.levels[np.abs(12 * np.log2(picture.hz / hz)) > 12, 25].max() < 150
    np.testing.assert_allclose(np.diff(np.log2(picture.hz)), 1 / 24)


def test_silence_is_black() -> None:
    assert not pitch_picture(np.zeros(8000), 16_000, 256).levels.any()
