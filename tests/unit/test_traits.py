"""What a note sounds like in numbers, and which latent axis changes what."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from timbre_core.analysis.axes import dimension_axes, principal_axes
from timbre_core.analysis.traits import measured_traits, partial_correlations
from timbre_core.errors import TimbreError
from timbre_core.features import descriptors
from timbre_core.features.descriptors import DESCRIPTORS, describe
from timbre_core.features.pitch import midi_to_hz

RATE = 16_000


def note(
    pitch: float = 57, rolloff: float = 0.6, attack: float = 0.02, noise: float = 0.0, stretch: float = 0.0
) -> np.ndarray:
    time = np.arange(RATE) / RATE
    f0 = float(midi_to_hz(pitch))
    audio = np.zeros(RATE)
    for n in range(1, 12):
        audio += rolloff**n * np.sin(2 * np.pi * n * f0 * math.sqrt(1 + stretch * n * n) * time)
    audio /= np.abs(audio).max()
    audio += noise * np.random.default_rng(0).standard_normal(RATE)
    return 0.5 * audio * np.minimum(1, time / attack)


class TestDescriptors:
    def test_brightness_is_the_centroid(self) -> None:
        time = np.arange(RATE) / RATE
        two = np.sin(2 * np.pi * 1000 * time) + np.sin(2 * np.pi * 3000 * time)
        assert describe(two, RATE, None)["brightness"] == pytest.approx(2000, rel=0.05)
        assert (
            describe(note(rolloff=0.9), RATE, 57)["brightness"]
            > 1.5 * describe(note(rolloff=0.4), RATE, 57)["brightness"]
        )

    @pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5])
    def test_attack_time(self, seconds: float) -> None:
        assert describe(note(attack=seconds), RATE, 57)["attack"] == pytest.approx(0.8 * seconds, abs=0.02)

    def test_noisiness(self) -> None:
        measured = [describe(note(noise=level), RATE, 57)["noisiness"] for level in (0.0, 0.1, 1.0)]
        assert measured[0] < 0.01
        assert measured == sorted(measured)
        assert measured[2] > 0.5

    def test_inharmonicity_is_that_of_a_stiff_string(self) -> None:
        measured = [describe(note(stretch=b, rolloff=0.9), RATE, 45)["inharmonicity"] for b in (0.0, 1e-4, 4e-4)]
        assert measured[0] < 0.005
        assert measured[0] < measured[1] < measured[2]

    @pytest.mark.parametrize("n_samples", [3000, 3001, 8000, 20_000])
    def test_the_loudest_part_is_found_without_all_sums(self, n_samples: int) -> None:
        rng = np.random.default_rng(n_samples)
        for slope in (-2e-3, -1e-4, 0.0, 1e-4):
            audio = (rng.standard_normal(n_samples) * np.exp(slope * np.arange(n_samples))).astype(np.float32)
            energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
            assert descriptors._loudest(audio, 3000) == np.argmax(energy[3000:] - energy[:-3000])

    def test_what_cannot_be_measured_is_nan(self) -> None:
        assert all(math.isnan(value) for value in describe(np.zeros(RATE), RATE, 60).values())
        assert all(math.isnan(value) for value in describe(np.full(RATE, np.nan), RATE, 60).values())
        told = describe(note(), RATE, None)
        assert math.isnan(told["noisiness"])
        assert told["brightness"] > 0
        assert math.isnan(describe(note()[:100], RATE, 30)["inharmonicity"])


class TestAxes:
    means = np.random.default_rng(1).standard_normal((400, 3)) * [0.5, 2.0, 1.0] + [1.0, 0.0, -1.0]

    def test_dimensions_by_variance_or_kl(self) -> None:
        assert dimension_axes(self.means).directions.argmax(axis=1).tolist() == [1, 2, 0]
        by_kl = dimension_axes(self.means, [0.1, 0.2, 0.9])
        assert by_kl.directions.argmax(axis=1).tolist() == [2, 1, 0]
        assert by_kl.weight.tolist() == [0.9, 0.2, 0.1]
        assert by_kl.spread == pytest.approx(self.means.std(axis=0)[[2, 1, 0]])

    def test_principal_directions_are_scikit_learns(self) -> None:
        from sklearn.decomposition import PCA

        mixed = self.means @ np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
        axes, known = principal_axes(mixed), PCA().fit(mixed)
        assert np.abs(np.sum(axes.directions * known.components_, axis=1)) == pytest.approx(np.ones(3), abs=1e-6)
        assert axes.weight == pytest.approx(known.explained_variance_ratio_, abs=1e-6)
        assert axes.centre == pytest.approx(mixed.mean(axis=0))
        assert np.allclose(axes.directions @ axes.directions.T, np.eye(3))


class TestCorrelations:
    def test_pitch_is_held_constant(self) -> None:
        rng = np.random.default_rng(3)
        pitches = rng.uniform(30, 90, 500)
        timbre = rng.standard_normal(500)
        traits = pd.DataFrame({"brightness": np.exp(pitches / 10 + timbre), "attack": rng.standard_normal(500)})
        coordinates = np.column_stack([pitches + rng.standard_normal(500), timbre, -timbre])
        found = partial_correlations(coordinates, traits, pitches)
        assert abs(found[0, 0]) < 0.15, "what pitch alone explains is not the axis' doing"
        assert found[1, 0] > 0.8
        assert found[2, 0] == pytest.approx(-found[1, 0])
        assert np.abs(found[:, 1]).max() < 0.15

    def test_notes_without_pitch_are_correlated_as_they_are(self) -> None:
        rng = np.random.default_rng(4)
        timbre = rng.standard_normal(100)
        traits = pd.DataFrame({"brightness": np.exp(timbre), "noisiness": np.full(100, np.nan)})
        coordinates = np.column_stack([timbre, rng.standard_normal(100)])
        found = partial_correlations(coordinates, traits, np.full(100, np.nan))
        assert found[0, 0] == pytest.approx(1.0)
        assert abs(found[1, 0]) < 0.3
        assert np.isnan(found[:, 1]).all()

    def test_too_few_notes_say_nothing(self) -> None:
        traits = pd.DataFrame({"brightness": [1.0] * 29 + [np.nan] * 10})
        assert np.isnan(partial_correlations(np.zeros((39, 2)), traits, np.full(39, 60.0))).all()

    def test_measured_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TIMBRE_CACHE", str(tmp_path))
        read: list[int] = []

        def load(index: int) -> np.ndarray:
            read.append(index)
            if index == 1:
                raise TimbreError("gone")
            return note(pitch=50 + index)

        ids, pitches = ["a", "b", "c"], np.array([50.0, 51, 52])
        told: list[tuple[int, int]] = []
        first = measured_traits(ids, pitches, ["x"], load, RATE, lambda *now: told.append(now))
        assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
        assert list(first.columns) == list(DESCRIPTORS)
        assert first["brightness"].notna().tolist() == [True, False, True]
        pd.testing.assert_frame_equal(measured_traits(ids, pitches, ["x"], load, RATE), first)
        assert read == [0, 1, 2]
        next(tmp_path.rglob("*.parquet")).write_bytes(b"damaged")
        pd.testing.assert_frame_equal(measured_traits(ids, pitches, ["x"], load, RATE), first)
        assert read == [0, 1, 2] * 2
        measured_traits(ids[:2], pitches, ["x"], load, RATE)
        assert len(read) == 8, "other notes are measured for themselves"
