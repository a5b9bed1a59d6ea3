"""Known answers: who must win, and what guessing reaches."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.synthetic import harmonic_note
from timbre_core.analysis.yardsticks.cross_pitch import choose_pairs, measure_pairs, summarise_pairs
from timbre_core.analysis.yardsticks.generalisation import family_probe, retrieval
from timbre_core.analysis.yardsticks.intervals import bootstrap
from timbre_core.analysis.yardsticks.listening import (
    agreement,
    code_distances,
    embedding_distances,
    mfcc_agreement,
    read_listening_tests,
    triplet_agreement,
)
from timbre_core.analysis.yardsticks.shifters import phase_vocoder, sampler, shifters
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0, midi_to_hz

RATE = 16_000
FORMANT = 1100.0  # Hz


def formant_note(pitch: float, seconds: float = 1.0) -> np.ndarray:
    """A harmonic tone whose partials are weighed by one formant that stays where it is, whatever the pitch."""
    f0 = float(midi_to_hz(pitch))
    time = np.arange(round(seconds * RATE)) / RATE
    partials = np.arange(1, int(7500 / f0) + 1) * f0
    weights = 1 / (1 + ((partials - FORMANT) / 150) ** 2)
    note = np.sum(
        [w * np.sin(2 * np.pi * f * time + n * n) for n, (w, f) in enumerate(zip(weights, partials, strict=True))], 0
    )
    return (0.3 * note / np.sqrt(np.mean(note**2)) * np.minimum(1, time / 0.02)).astype(np.float32)


def instrument_table(instruments: int, pitches: list[int], velocities: tuple[int, ...] = (100,)) -> pd.DataFrame:
    rows = [
        {
            "note_id": f"{i}-{p}-{v}",
            "instrument": f"i{i}",
            "family": f"f{i % 2}",
            "pitch": float(p),
            "velocity": float(v),
        }
        for i in range(instruments)
        for p in pitches
        for v in velocities
    ]
    return pd.DataFrame(rows)


# Listening tests


def test_triplets_of_the_ratings_themselves_agree_and_reversed_ones_do_not() -> None:
    points = np.random.default_rng(0).random((8, 2))
    rated = code_distances(points)
    rated /= rated.max()
    assert np.nanmean(triplet_agreement(rated, rated)) == 1
    assert np.nanmean(triplet_agreement(rated, 5 * rated**2)) == 1
    assert np.nanmean(triplet_agreement(rated, 1 - rated)) == 0
    assert np.nanmean(triplet_agreement(rated, np.zeros_like(rated))) == 0  # what is equal is not ordered


def test_triplets_count_only_pairs_that_people_rated_apart() -> None:
    rated = np.array([[0, 0.5, 0.55, 1.0], [0.5, 0, 0, 0], [0.55, 0, 0, 0], [1.0, 0, 0, 0]])
    wrong_at_a_hair = np.array([[0, 3.0, 2.0, 9.0], [3.0, 0, 1, 1], [2.0, 1, 0, 1], [9.0, 1, 1, 0]])
    assert triplet_agreement(rated, wrong_at_a_hair)[0] == 1
    half = np.array([[0, 3.0, 9.0, 5.0], [3.0, 0, 1, 1], [9.0, 1, 0, 1], [5.0, 1, 1, 0]])
    assert triplet_agreement(rated, half)[0] == 0.5
    assert np.isnan(triplet_agreement(np.full((3, 3), 0.5) - 0.5 * np.eye(3), np.ones((3, 3)))).all()


def test_a_random_embedding_is_at_chance() -> None:
    random = np.random.default_rng(1)
    shares = []
    for _ in range(60):
        rated = code_distances(random.standard_normal((12, 3)))
        shares.append(triplet_agreement(rated / rated.max(), code_distances(random.standard_normal((12, 8)))).mean())
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)


def write_test(folder: Path, brightness: list[float], rated: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for number, value in enumerate(brightness):
        soundfile.write(folder / f"{number:02d}.wav", harmonic_note(60, value, 0.4), RATE)
    np.savetxt(folder / "dissimilarity.txt", np.triu(rated)[:-1])


def centroid(audio: np.ndarray) -> np.ndarray:
    power = np.square(np.abs(np.fft.rfft(audio)))
    return np.array([np.average(np.linspace(0, 1, len(power)), weights=power)])


def test_listening_tests_are_read_and_a_good_embedding_agrees(tmp_path: Path) -> None:
    brightness = [0.1, 0.25, 0.4, 0.6, 0.9]
    heard = np.stack([centroid(harmonic_note(60, value, 0.4)) for value in brightness])
    rated = code_distances(heard)
    write_test(tmp_path / "one", brightness, rated)
    write_test(tmp_path / "two", brightness[:4], rated[:4, :4])
    tests = read_listening_tests(tmp_path)
    assert [test.name for test in tests] == ["one", "two"]
    assert tests[0].rated.max() == 1
    assert tests[0].rated == pytest.approx(tests[0].rated.T)
    found = agreement(tests, embedding_distances(centroid, RATE))
    assert found["agreement"] == 1
    assert found["sounds"] == 9
    mixed = agreement(tests, lambda test: test.rated if test.name == "one" else 1 - test.rated)
    assert mixed["by_test"] == {"one": 1, "two": 0}
    assert mixed["agreement"] == pytest.approx(5 / 9)  # weighted by the number of sounds
    assert mfcc_agreement(tests)["mfcc"] > 0.7


def test_listening_tests_that_do_not_fit_are_named(tmp_path: Path) -> None:
    with pytest.raises(TimbreError, match="no such folder"):
        read_listening_tests(tmp_path / "none")
    with pytest.raises(TimbreError, match="dissimilarity"):
        read_listening_tests(tmp_path)
    write_test(tmp_path / "one", [0.1, 0.5, 0.9], np.ones((3, 3)))
    (tmp_path / "one" / "02.wav").unlink()
    with pytest.raises(TimbreError, match="2 sounds"):
        read_listening_tests(tmp_path)
    write_test(tmp_path / "two", [0.1, 0.2, 0.5, 0.9], np.ones((3, 3)))
    with pytest.raises(TimbreError, match=r"two.dissimilarity.*4 sounds"):
        read_listening_tests(tmp_path / "two")


# Instruments that nothing was fitted on


def test_retrieval_finds_instruments_that_codes_hold_and_no_others() -> None:
    table = instrument_table(8, list(range(40, 60, 2)))
    pitch, instrument = table["pitch"].to_numpy(), table["instrument"].to_numpy()
    random = np.random.default_rng(0)
    of_instrument = random.standard_normal((8, 4))[np.repeat(np.arange(8), 10)]
    assert retrieval(of_instrument, pitch, instrument)["map"] == pytest.approx(1)
    assert retrieval(of_instrument, pitch, instrument)["nearest"] == 1
    # Codes of the pitch alone: the nearest notes at other keys are everybody's.
    of_pitch = pitch[:, None] + 0.01 * random.standard_normal((len(pitch), 1))
    guessed = retrieval(of_pitch, pitch, instrument)
    assert guessed["map"] == pytest.approx(guessed["chance"], abs=0.1)
    assert guessed["chance"] == pytest.approx(1 / 8, abs=0.01)
    assert retrieval(of_instrument, np.full(len(pitch), np.nan), instrument)["map"] is None


def test_retrieval_does_not_count_notes_of_the_same_key() -> None:
    codes = np.array([[0.0], [0.1], [5.0], [9.0]])
    found = retrieval(codes, np.array([60.0, 60.0, 64.0, 64.0]), np.array(["a", "b", "a", "b"]))
    # a60: a64 before b64: 1. b60: a64 first, b64 second: 1/2. a64: b60 is nearer: 1/2. b64: b60 is nearer: 1.
    assert found["map"] == pytest.approx(0.75)
    assert found["nearest"] == 0.5


def test_family_probe_reads_families_not_instruments() -> None:
    random = np.random.default_rng(0)
    instruments, notes = 24, 8
    family = np.repeat(np.arange(instruments) % 4, notes)
    instrument = np.repeat(np.arange(instruments), notes)
    of_instrument = random.standard_normal((instruments, 8))[instrument]
    # Codes that name the instrument without its family: an unseen one's family is a guess.
    guessed = family_probe(of_instrument + 0.01 * random.standard_normal((len(family), 8)), family, instrument)
    assert guessed["accuracy"] < 0.6
    assert guessed["majority"] == pytest.approx(0.25)
    of_family = np.eye(4)[family] + 0.2 * random.standard_normal((len(family), 4))
    known = family_probe(of_family, family, instrument)
    assert known["accuracy"] > 0.95
    assert known["balanced_accuracy"] > 0.95
    assert known["instruments"] == instruments
    low, high = known["interval"]
    assert low <= known["accuracy"] <= high
    half = family_probe(of_family, family, instrument, fit=instrument < 12)
    assert (half["fitted_instruments"], half["instruments"], half["notes"]) == (12, 12, 96)
    assert half["accuracy"] > 0.95
    with pytest.raises(ValueError, match="unseen"):
        family_probe(of_family, family, instrument, fit=np.arange(len(family)) % 2 == 0)
    assert family_probe(of_family, np.zeros(len(family)), instrument)["accuracy"] is None


def test_intervals_know_that_notes_of_an_instrument_are_alike() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 50)
    values = random.standard_normal(10)[groups]
    low, high = bootstrap(values, groups) or (0, 0)
    alone = bootstrap(values, np.arange(500)) or (0, 0)
    assert high - low > 3 * (alone[1] - alone[0])
    assert low < values.mean() < high
    assert bootstrap(values[:50], groups[:50]) is None


# Cross-pitch


def test_pairs_are_of_one_instrument_and_velocity_and_spread() -> None:
    table = instrument_table(3, list(range(48, 73)), (50, 100))
    pairs = choose_pairs(table, np.arange(len(table)), 60)
    assert len(pairs) == 60
    for pair in pairs:
        source, target = table.iloc[pair.source], table.iloc[pair.target]
        assert (source.instrument, source.velocity) == (target.instrument, target.velocity)
        assert target.pitch - source.pitch == pair.semitones
    counts = pd.Series([pair.semitones for pair in pairs]).value_counts()
    assert sorted(counts.index) == [-24, -12, -7, -5, -2, 2, 5, 7, 12, 24]
    assert counts.max() == counts.min() == 6
    assert choose_pairs(table, np.arange(len(table)), 60) == pairs
    assert choose_pairs(table.assign(pitch=np.nan), np.arange(len(table))) == []
    assert {p.source for p in choose_pairs(table, np.arange(50), 10)} <= set(range(50))


def test_who_keeps_a_fixed_formant_must_win() -> None:
    table = instrument_table(1, [48, 53, 60])
    notes = [formant_note(p) for p in table["pitch"]]
    pairs = choose_pairs(table, np.arange(3))
    methods = {name: way for name, way in shifters().items() if not name.startswith("rubberband")}
    knowing = {"model": lambda audio, rate, pitch, to: 0.1 * formant_note(to)}
    table = measure_pairs(pairs, table, notes.__getitem__, RATE, methods | knowing, progress=False)
    found = summarise_pairs(table)
    twins = pd.concat([table, table[table["method"] == "model"].assign(method="twin")])
    assert summarise_pairs(twins)["methods"]["model"]["best_share"] == 0  # a tie is won by nobody
    assert summarise_pairs(twins, ["model", "twin"])["methods"]["model"]["best_share"] == 1
    errors = {name: figure["log_mel_db"] for name, figure in found["methods"].items()}
    assert errors["model"] < 0.1  # whatever its level
    assert errors["model"] == min(errors.values())
    assert found["methods"]["model"]["best_share"] == 1
    assert (found["methods"]["model"]["families_won"], found["families"]) == (1, 1)
    assert "best_share" not in found["methods"]["sampler"]
    if "praat" in errors:
        assert errors["praat"] < 0.8 * errors["sampler"]
    assert set(found["methods"]["model"]["by_interval"]) == {"5", "7", "12"}


def test_a_shifted_recording_wins_where_the_spectrum_moves_along() -> None:
    """A note whose partials keep their weights at every pitch is what a sampler plays."""
    table = instrument_table(1, [55, 60])
    notes = [_undamped(p) for p in table["pitch"]]
    methods = {"sampler": sampler, "pitch_shift": phase_vocoder, "model": lambda a, r, p, t: formant_note(t)}
    found = summarise_pairs(
        measure_pairs(choose_pairs(table, np.arange(2)), table, notes.__getitem__, RATE, methods, progress=False)
    )
    assert found["methods"]["model"]["best_share"] == 0
    assert found["methods"]["pitch_shift"]["log_mel_db"] < found["methods"]["model"]["log_mel_db"] / 2


def _undamped(pitch: float) -> np.ndarray:
    time = np.arange(RATE) / RATE
    phase = 2 * np.pi * float(midi_to_hz(pitch)) * time
    return (0.2 * sum(0.7**n * np.sin(n * phase) for n in range(1, 11))).astype(np.float32)


@pytest.mark.parametrize("name", ["sampler", "pitch_shift", "rubberband", "rubberband_formant", "praat"])
def test_shifters_sound_at_the_pitch_asked_for(name: str) -> None:
    if name not in shifters():
        pytest.skip(f"{name} is not installed")
    heard = shifters()[name](formant_note(60), RATE, 60, 65)
    assert abs(estimate_f0(heard, RATE).midi - 65) < 0.3


def test_a_failing_method_has_no_row_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    table = instrument_table(1, [55, 60])

    def failing(audio: np.ndarray, rate: int, pitch: float, to_pitch: float) -> np.ndarray:
        raise TimbreError("it has no such pitch")

    notes = [_undamped(p) for p in table["pitch"]]
    pairs = choose_pairs(table, np.arange(2))
    rows = measure_pairs(pairs, table, notes.__getitem__, RATE, {"bad": failing, "sampler": sampler}, progress=False)
    assert set(rows["method"]) == {"sampler"}
    assert "no such pitch" in capsys.readouterr().err
    assert set(summarise_pairs(rows)["methods"]) == {"sampler"}


def test_rubberband_is_only_offered_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "rubberband" not in shifters()
