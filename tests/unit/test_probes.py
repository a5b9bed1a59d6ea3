"""Probes on latents in which pitch and family are, or are not, encoded."""

from __future__ import annotations

import numpy as np
import pytest

from timbre_core.analysis.probes import probe

N = 1500


@pytest.fixture
def labels() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "pitch": rng.integers(40, 60, N).astype(float),
        "family": np.array(["brass", "mallet", "reed"])[rng.integers(0, 3, N)],
        "instrument": rng.integers(0, 15, N).astype(str),
    }


def noise(scale: float = 1.0, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, 16)) * scale


def test_encoded_pitch_is_found(labels: dict[str, np.ndarray]) -> None:
    codes = np.random.default_rng(2).normal(size=(128, 16))
    mu = codes[labels["pitch"].astype(int)] + noise(0.1)
    mu[:, 0] = labels["pitch"] / 10 + noise(0.01)[:, 0]
    values = probe(mu, **labels).values
    assert values["pitch_probe_accuracy"] > 0.98
    assert values["pitch_probe_accuracy_nonlinear"] > 0.95
    assert values["pitch_probe_r2"] > 0.98
    assert values["pitch_probe_r2_nonlinear"] > 0.95
    assert values["pitch_chance"] == pytest.approx(1 / 20, abs=0.03)


def test_pitch_that_is_not_there_is_not_found(labels: dict[str, np.ndarray]) -> None:
    values = probe(noise(), **labels).values
    for name in ("pitch_probe_accuracy", "pitch_probe_accuracy_nonlinear"):
        assert values[name] == pytest.approx(1 / 20, abs=0.03)
    assert values["pitch_probe_r2"] < 0.02
    assert values["pitch_probe_r2_nonlinear"] < 0.02
    assert values["family_probe_accuracy"] == pytest.approx(1 / 3, abs=0.06)
    assert values["family_silhouette"] == pytest.approx(0, abs=0.02)


def test_pitch_may_not_be_read_from_knowing_the_instrument(labels: dict[str, np.ndarray]) -> None:
    """Each instrument plays one key: a random split would score 1, one by instrument cannot."""
    instrument = np.arange(N) % 20
    mu = np.random.default_rng(3).normal(size=(20, 16))[instrument] * 3 + noise(0.1)
    labels |= {"instrument": instrument.astype(str), "pitch": 40.0 + instrument}
    assert probe(mu, **labels).values["pitch_probe_accuracy"] < 0.02


def test_family_and_silhouette(labels: dict[str, np.ndarray]) -> None:
    centres = {"brass": 0.0, "mallet": 20.0, "reed": 40.0}
    mu = noise() + np.array([centres[name] for name in labels["family"]])[:, None]
    values = probe(mu, **labels).values
    assert values["family_probe_accuracy"] == 1
    assert values["family_probe_accuracy_nonlinear"] > 0.99
    assert values["family_silhouette"] > 0.8
    assert values["family_chance"] == pytest.approx(1 / 3, abs=0.06)


def test_the_nonlinear_probe_finds_what_no_plane_separates(labels: dict[str, np.ndarray]) -> None:
    mu = noise()[:, :4]
    labels["family"] = np.where(mu[:, 0] * mu[:, 1] > 0, "brass", "reed")
    values = probe(mu, **labels).values
    assert values["family_probe_accuracy"] < 0.6
    assert values["family_probe_accuracy_nonlinear"] > 0.85


def test_unknown_pitches_are_left_out(labels: dict[str, np.ndarray]) -> None:
    mu = noise()
    mu[:, 0] = labels["pitch"]
    labels["pitch"][::3] = np.nan
    assert probe(mu, **labels).values["pitch_probe_r2"] > 0.99


@pytest.mark.parametrize(
    ("change", "undefined"),
    [
        (
            {"pitch": np.full(N, np.nan)},
            {"pitch_probe_accuracy", "pitch_probe_r2", "pitch_chance"},
        ),
        ({"pitch": np.full(N, 60.0)}, {"pitch_probe_accuracy", "pitch_probe_r2", "family_probe_accuracy"}),
        ({"instrument": np.full(N, "one")}, {"pitch_probe_accuracy", "pitch_probe_r2"}),
        ({"family": np.full(N, "one")}, {"family_probe_accuracy", "family_silhouette"}),
    ],
    ids=["no pitch", "one pitch", "one instrument", "one family"],
)
def test_undefined_probes_are_none_and_say_why(
    labels: dict[str, np.ndarray], change: dict[str, np.ndarray], undefined: set[str]
) -> None:
    results = probe(noise(), **(labels | change))
    for name in undefined:
        assert results.values[name] is None
        assert results.notes_on[name]
    assert all(value is None or np.isfinite(value) for value in results.values.values())
    assert set(results.notes_on) == {name for name, value in results.values.items() if value is None}
    assert len(results.values) == 9


def test_very_few_notes() -> None:
    for n in (1, 2, 3):
        pitch = np.arange(n) + 60.0
        results = probe(np.eye(n, 4), pitch, np.array(["a", "b", "a"])[:n], np.array(["x", "y", "z"])[:n])
        assert len(results.values) == 9
        assert all(value is None or np.isfinite(value) for value in results.values.values())


def test_a_sample_is_drawn_from_many_notes(monkeypatch: pytest.MonkeyPatch, labels: dict[str, np.ndarray]) -> None:
    from timbre_core.analysis import probes

    monkeypatch.setattr(probes, "MOST_NOTES", 400)
    mu = noise()
    mu[:, 0] = labels["pitch"]
    first = probe(mu, **labels).values
    assert first == probe(mu, **labels).values
    assert first["pitch_probe_r2"] > 0.99


def test_families_without_pitches_are_read_across_instruments(labels: dict[str, np.ndarray]) -> None:
    """Spoken digits: what is written in z for each speaker in a code of its own does not count."""
    silent = labels | {"pitch": np.full(N, np.nan)}
    digit = np.unique(labels["family"], return_inverse=True)[1]
    shared = np.eye(16)[digit] * 4 + noise()
    assert probe(shared, **silent).values["family_probe_accuracy"] > 0.95
    secret = np.random.default_rng(5).normal(size=(15, 3, 16))[labels["instrument"].astype(int), digit] * 4 + noise()
    assert probe(secret, **silent).values["family_probe_accuracy"] < 0.6
    alone = silent | {"instrument": np.full(N, "theo")}
    assert probe(secret, **alone).values["family_probe_accuracy_nonlinear"] > 0.9


def test_chance_is_never_below_guessing() -> None:
    # Each instrument has pitches of its own: the commonest of the others' is never right.
    pitch = np.array([50.0, 51, 60, 61])
    values = probe(np.eye(4), pitch, np.array(["a", "b", "a", "b"]), np.array([0, 0, 1, 1])).values
    assert values["pitch_chance"] == pytest.approx(1 / 4)
    assert values["family_chance"] == pytest.approx(1 / 2)
