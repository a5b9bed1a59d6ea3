"""Measures of sounds with known answers: loudness, spectrum, onset, vibrato, MFCCs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import harmonic_note
from tests.unit.test_yardsticks import RATE
from timbre_core.analysis.yardsticks.loudness_units import loudness_lufs, matched
from timbre_core.analysis.yardsticks.mel_error import sound_error
from timbre_core.analysis.yardsticks.mfcc import mfcc
from timbre_core.analysis.yardsticks.sound import Profile, sound_measures, summarise_sounds
from timbre_core.analysis.yardsticks.vibrato import steady_contour, swing_at, vibrato
from timbre_core.features.pitch import midi_to_hz


def swinging_note(rate: float, cents: float, pitch: float = 60, seconds: float = 2.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(midi_to_hz(pitch + cents / 100 * np.sin(2 * np.pi * rate * time))) / RATE
    return (0.2 * sum(np.sin(n * phase) / n for n in range(1, 6))).astype(np.float32)


def test_loudness_is_that_of_the_standard() -> None:
    time = np.arange(5 * 48_000) / 48_000
    sine = np.sin(2 * np.pi * 997 * time)
    # BS.1770: a full-scale sine of 997 Hz in one channel is at -3.01 LUFS.
    assert loudness_lufs(sine, 48_000) == pytest.approx(-3.01, abs=0.02)
    assert loudness_lufs(0.1 * sine, 48_000) == pytest.approx(-23.01, abs=0.02)
    assert loudness_lufs(np.sin(2 * np.pi * 997 * np.arange(32_000) / 16_000), 16_000) == pytest.approx(-3.01, abs=0.1)
    assert loudness_lufs(sine[:4800], 48_000) == pytest.approx(-3.01, abs=0.2)
    # Gated: silence after the note does not make it softer.
    assert loudness_lufs(np.pad(sine, (0, len(sine))), 48_000) == pytest.approx(-3.01, abs=0.2)
    assert loudness_lufs(np.zeros(1000), 48_000) == -120
    assert loudness_lufs(matched(0.01 * sine, sine, 48_000), 48_000) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_the_same_sound_has_no_error(rate: int) -> None:
    note = harmonic_note(60, 0.7, sample_rate=rate)
    same = sound_error(note, 0.25 * note, rate)
    assert same.log_mel_db < 0.05
    assert same.stft < 0.02
    assert sound_error(note, 0.5 * note, rate, match_loudness=False).log_mel_db > 3
    assert sound_error(note, harmonic_note(63, 0.7, sample_rate=rate), rate).log_mel_db > 3
    assert math.isnan(sound_error(np.zeros(rate), note, rate).log_mel_db)
    measured = sound_measures(Profile(note, rate, 60), note)
    assert {name: value for name, value in measured.items() if abs(value) > 1e-6} == {}


def test_each_measure_tells_its_fault() -> None:
    random = np.random.default_rng(0)
    note = harmonic_note(60, 0.9, 1.0) + 0.002 * random.standard_normal(RATE).astype(np.float32)
    wanted = Profile(note, RATE, 60)
    softer = sound_measures(wanted, note / 2)
    assert softer["level_lu"] == pytest.approx(-6.02, abs=0.05)
    assert softer["onset_db"] == pytest.approx(-6.02, abs=0.05)
    fading = np.minimum(1, np.arange(RATE) / (0.2 * RATE)).astype(np.float32)
    slow = sound_measures(wanted, note * fading)
    assert slow["onset_db"] < -10
    assert 50 < slow["attack_ms"] < 200
    spectrum = np.fft.rfft(note)
    spectrum[4000:] *= 10 ** (-12 / 20)
    assert sound_measures(wanted, np.fft.irfft(spectrum))["above_4k_db"] == pytest.approx(-12, abs=0.3)
    assert math.isnan(softer["above_8k_db"])
    hissing = sound_measures(wanted, note + 0.05 * random.standard_normal(RATE).astype(np.float32))
    assert hissing["noise_db"] > 6
    assert math.isnan(softer["vibrato_depth"])


def test_vibrato_is_measured_and_its_loss_is_told() -> None:
    found = vibrato(steady_contour(swinging_note(5.5, 30), RATE, 60))
    assert found is not None
    assert found.rate == pytest.approx(5.5, rel=0.03)
    assert 20 < found.depth <= 30
    assert vibrato(steady_contour(swinging_note(5.5, 0), RATE)) is None
    assert vibrato(steady_contour(swinging_note(1.0, 60), RATE)) is None  # a glide
    wanted = Profile(swinging_note(5.5, 30), RATE, 60)
    assert sound_measures(wanted, swinging_note(5.5, 15))["vibrato_depth"] == pytest.approx(0.5, rel=0.1)
    gone = sound_measures(wanted, swinging_note(5.5, 0))
    assert gone["vibrato_depth"] < 0.1
    assert math.isnan(gone["vibrato_rate"])
    assert sound_measures(wanted, swinging_note(7.0, 30))["vibrato_rate"] == pytest.approx(7 / 5.5, rel=0.05)
    assert swing_at(steady_contour(np.zeros(RATE, dtype=np.float32), RATE), 5) == 0


def test_sounds_are_summarised_with_intervals() -> None:
    notes = [(f"i{i}", harmonic_note(60, 0.4 + 0.1 * i)) for i in range(4)]
    rows = [
        sound_measures(Profile(n, RATE, 60), n * 10 ** (d / 20)) | {"instrument": i} for i, n in notes for d in (-2, 1)
    ]
    found = summarise_sounds(pd.DataFrame(rows))
    assert found["notes"] == 8
    assert found["level_lu"]["median"] == pytest.approx(-0.5, abs=0.05)
    assert found["level_lu"]["size"] == pytest.approx(1.5, abs=0.05)
    assert found["level_lu"]["interval"][0] <= found["level_lu"]["median"] <= found["level_lu"]["interval"][1]
    assert found["vibrato_depth"] == {"median": None, "mean": None, "interval": None, "notes": 0}
    assert found["vibrato_kept"] is None


def test_mfcc_has_the_published_shape() -> None:
    note = harmonic_note(60, 0.5, 0.5, sample_rate=44_100)
    assert mfcc(note, 44_100).shape == (40, 1 + len(note) // 512)
    assert np.isfinite(mfcc(note[:100], 44_100)).all()


def test_the_error_at_a_sounds_own_level_is_told_beside_that_of_equal_loudness() -> None:
    note = harmonic_note(60, 0.7, sample_rate=16_000)
    softer = sound_error(note, 0.5 * note, 16_000)
    assert softer.log_mel_db == pytest.approx(0, abs=0.05)
    assert softer.own_level_db == pytest.approx(sound_error(note, 0.5 * note, 16_000, match_loudness=False).log_mel_db)
    assert softer.own_level_db > 3
