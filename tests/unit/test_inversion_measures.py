"""Measures of inverters: values that are known by hand, and that each tells what it is for."""

from __future__ import annotations

import math

import librosa
import numpy as np
import pytest
import scipy.linalg
import torch

from timbre_core.analysis.inversion_measures import (
    CLICK_DB,
    NATS_PER_DB,
    click_excess_db,
    fit_gaussian,
    frechet_distance,
    is_harmonic,
    level_db,
    log_mel_mae_db,
    mel_db,
    prediction_crests_db,
    stft_distance,
    threads,
)
from timbre_core.errors import TimbreError
from timbre_core.features.settings import LogMelSettings

SETTINGS = LogMelSettings(seconds=1.0)
RATE = 16_000


def tone(midi: float = 60, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    hz = 440 * 2 ** ((midi - 69) / 12)
    return (0.4 * sum(np.sin(2 * np.pi * hz * k * time + k) / k for k in range(1, 9))).astype(np.float32)


def noise(seed: int, seconds: float = 1.0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)


def test_mel_in_db_is_librosas_above_the_floor() -> None:
    audio = tone()
    power = librosa.feature.melspectrogram(y=audio, sr=RATE, n_fft=1024, hop_length=256, n_mels=80, pad_mode="constant")
    floor = 10 * math.log10(power.max()) - 80
    assert (
        np.abs(mel_db(audio, SETTINGS, floor) - np.maximum(librosa.power_to_db(power, top_db=None), floor)).max() < 0.01
    )


@pytest.mark.parametrize("gain_db", [-6.0, -0.5, 3.0])
def test_a_change_of_level_is_that_error_of_the_mel(gain_db: float) -> None:
    audio = noise(0)
    floor = -100.0
    louder = audio * np.float32(10 ** (gain_db / 20))
    error = log_mel_mae_db(mel_db(audio, SETTINGS, floor), mel_db(louder, SETTINGS, floor))
    assert error == pytest.approx(abs(gain_db), abs=1e-3)
    assert error * NATS_PER_DB == pytest.approx(abs(math.log(10 ** (gain_db / 10))), abs=1e-3)
    assert level_db(louder) - level_db(audio) == pytest.approx(gain_db, abs=1e-3)


def test_level() -> None:
    assert level_db(np.sin(np.arange(100_000) * 0.1)) == pytest.approx(-3.01, abs=0.01)
    assert level_db(np.zeros(100, np.float32)) == level_db(np.zeros(0, np.float32)) == -120


def test_stft_distance_of_a_gain_by_hand() -> None:
    audio = noise(1)
    distance = stft_distance(audio, 0.5 * audio)
    assert distance.spectral_convergence == pytest.approx(0.5, abs=1e-5)
    assert distance.log_magnitude == pytest.approx(math.log(2), abs=1e-3)
    assert distance.total == pytest.approx(0.5 + math.log(2), abs=1e-3)


def test_stft_distance_orders_and_knows_no_phase() -> None:
    audio = tone()
    assert stft_distance(audio, audio).total == 0
    assert stft_distance(audio, -audio).total == pytest.approx(0, abs=1e-6)
    near, far = (stft_distance(audio, audio + scale * noise(2)).total for scale in (0.01, 0.1))
    assert 0 < near < far
    # Digital silence and noise 90 dB below the loudest bin are both silence.
    padded = np.concatenate([audio, np.zeros(RATE, np.float32)])
    hiss = padded + 1e-6 * noise(3, 2.0)
    assert stft_distance(padded, hiss).log_magnitude < 0.01
    assert math.isnan(stft_distance(np.zeros(RATE), audio).total)


def test_harmonic_notes() -> None:
    assert is_harmonic(60.4, 60)
    assert not is_harmonic(60.6, 60)
    assert not is_harmonic(math.nan, 60)
    assert not is_harmonic(60, math.nan)
    assert not is_harmonic(35, 35)
    assert is_harmonic(96.1, 96)


class TestClicks:
    @pytest.mark.parametrize("midi", [40, 60, 84])
    @pytest.mark.parametrize("size", [0.02, 0.3])
    def test_a_jump_at_a_join_is_found(self, midi: float, size: float) -> None:
        audio = tone(midi) + 1e-4 * noise(4)
        jumped = audio.copy()
        jumped[9000:] += np.float32(size * np.abs(audio).max())
        reference = prediction_crests_db(audio)
        assert click_excess_db(reference, prediction_crests_db(jumped)) > CLICK_DB
        assert click_excess_db(reference, prediction_crests_db(tone(midi) + 1e-4 * noise(5))) < 6

    def test_an_attack_that_was_there_is_none(self) -> None:
        audio = np.concatenate([np.zeros(5000, np.float32), tone()])
        moved = np.concatenate([np.zeros(5300, np.float32), tone()])[: len(audio)]
        assert click_excess_db(prediction_crests_db(audio), prediction_crests_db(moved)) < 6

    def test_silence_and_short_sounds(self) -> None:
        silent = prediction_crests_db(np.zeros(RATE))
        assert click_excess_db(silent, silent) == 0
        assert click_excess_db(prediction_crests_db(tone()), silent) == 0
        assert len(prediction_crests_db(np.zeros(10))) == 0
        assert click_excess_db(np.zeros(0), np.zeros(0)) == 0


class TestFrechet:
    def test_of_known_gaussians(self) -> None:
        rng = np.random.default_rng(0)
        a = fit_gaussian(rng.standard_normal((50_000, 3)))
        b = fit_gaussian(2 * rng.standard_normal((50_000, 3)) + [1, 0, 0])
        # |1|^2 + 3 * (1 - 2)^2
        assert frechet_distance(a, b) == pytest.approx(4, abs=0.1)
        assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
        assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)

    def test_agrees_with_the_root_of_the_product(self) -> None:
        rng = np.random.default_rng(1)
        a, b = (fit_gaussian(rng.standard_normal((400, 8)) @ rng.standard_normal((8, 8))) for _ in range(2))
        root = scipy.linalg.sqrtm(a.covariance @ b.covariance).real
        expected = np.square(a.mean - b.mean).sum() + np.trace(a.covariance + b.covariance - 2 * root)
        assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)

    def test_few_notes_are_shrunk_and_stay_finite(self) -> None:
        rng = np.random.default_rng(2)
        few, many = fit_gaussian(rng.standard_normal((20, 64))), fit_gaussian(rng.standard_normal((128, 64)))
        assert few.shrinkage > 0.5
        assert many.shrinkage == 0
        assert np.linalg.eigvalsh(few.covariance).min() > 0
        # Rank-deficient covariances: embeddings that all lie on a line.
        line = fit_gaussian(np.outer(np.arange(200.0), np.ones(64)))
        assert 0 <= frechet_distance(line, line) < 1e-6 * np.trace(line.covariance)

    def test_nonsense_is_refused(self) -> None:
        for bad in (np.ones((1, 4)), np.ones(4), np.full((5, 2), np.nan)):
            with pytest.raises(TimbreError, match="two or more finite"):
                fit_gaussian(bad)


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with threads(1):
        assert torch.get_num_threads() == 1
        with threads(2):
            assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == before
