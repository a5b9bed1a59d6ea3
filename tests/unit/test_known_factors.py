"""The set of known factors: each factor is heard, nothing else changes, and the set opens as a library."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np
import pytest
from scipy.signal import butter, hilbert, savgol_filter, sosfiltfilt

from timbre_core.datasets import known_factors
from timbre_core.datasets.known_factors import KNOWN_FACTORS, LEVELS, RATE, factors_of, tone
from timbre_core.datasets.library import open_library


def test_pitch_and_vibrato_are_those_of_the_levels() -> None:
    def track(pitch: int, vibrato: int) -> np.ndarray:
        """MIDI pitch over time by the phase of the fundamental."""
        around = butter(4, [220, 480], "bandpass", fs=RATE, output="sos")
        phase = np.unwrap(np.angle(hilbert(sosfiltfilt(around, tone(pitch, 0, 0, vibrato)))))
        f0 = savgol_filter(np.diff(phase), 161, 2)[800:-800] * RATE / (2 * np.pi)
        return 12 * np.log2(f0 / 440) + 69

    still = track(7, 0)
    assert np.median(still) == pytest.approx(64, abs=0.1)
    assert np.ptp(still) < 0.05
    depths = [np.ptp(track(7, level)) / 2 for level in (1, 2, 4)]
    assert depths == pytest.approx([0.25, 0.5, 1.0], abs=0.05)


def test_brightness_raises_the_centroid_alone() -> None:
    def centroid(level: int) -> float:
        return float(librosa.feature.spectral_centroid(y=tone(0, level, 0, 0), sr=RATE).mean())

    found = [centroid(level) for level in range(LEVELS["brightness"])]
    assert all(after > 1.05 * before for before, after in pairwise(found))


def test_attack_is_how_long_it_takes_to_be_loud() -> None:
    def rise(level: int) -> float:
        power = librosa.feature.rms(y=tone(3, 2, level, 0), frame_length=256, hop_length=32, center=False)[0]
        return float(np.argmax(power > 0.9 * np.median(power[len(power) // 2 :]))) * 32 / RATE

    found = [rise(level) for level in range(LEVELS["attack"])]
    assert found == sorted(found)
    assert found[0] < 0.015
    assert 0.09 < found[-1] < 0.16


def test_the_set_is_a_library_of_all_combinations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_CACHE", str(tmp_path))
    monkeypatch.setattr(known_factors, "LEVELS", {"pitch": 3, "brightness": 2, "attack": 2, "vibrato": 2})
    library = open_library([KNOWN_FACTORS], progress=False)
    assert len(library) == 24
    assert not library.skipped
    levels = factors_of(library.notes["note_id"])
    assert len(np.unique(levels, axis=0)) == 24
    np.testing.assert_array_equal(library.notes["pitch"], 57 + levels[:, 0])
    index = int(np.flatnonzero((levels == [2, 1, 0, 1]).all(axis=1))[0])
    np.testing.assert_allclose(library.load(index, RATE), tone(2, 1, 0, 1), atol=1e-4)
    again = tmp_path / "elsewhere"
    monkeypatch.setenv("TIMBRE_CACHE", str(again))
    assert open_library([KNOWN_FACTORS], progress=False).fingerprint() == library.fingerprint()


def test_another_note_has_no_known_factors() -> None:
    with pytest.raises(ValueError, match="no note of known factors"):
        factors_of(["p01-b2-a3-v4", "7_jackson_32"])
