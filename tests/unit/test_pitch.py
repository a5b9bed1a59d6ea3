"""Pitch: names, conversions, and f0 of tones whose pitch is known."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import numpy as np
import pytest

from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0, hz_to_midi, midi_to_hz, parse_note_name

SAMPLE_RATE = 16_000
TEST_DATA = Path(os.environ.get("TIMBRE_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
NSYNTH = TEST_DATA / "nsynth-subset"


def harmonic_tone(
    midi: float,
    amplitudes: np.ndarray,
    seconds: float = 1.5,
    sample_rate: int = SAMPLE_RATE,
    stretch: float = 0.0,
    decay: float = 0.0,
    seed: int = 0,
) -> np.ndarray:
    """A tone with partials k * f0 * sqrt(1 + stretch k^2) of the given amplitudes, partial k decaying by decay * k."""
    time_axis = np.arange(int(seconds * sample_rate)) / sample_rate
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, len(amplitudes))
    tone = np.zeros_like(time_axis)
    for k, (amplitude, phase) in enumerate(zip(amplitudes, phases, strict=True), start=1):
        hz = midi_to_hz(midi) * k * math.sqrt(1 + stretch * k * k)
        if hz < 0.48 * sample_rate:
            tone += amplitude * np.exp(-decay * k * time_axis) * np.sin(2 * np.pi * hz * time_axis + phase)
    return tone / np.abs(tone).max()


def timbre(kind: str, midi: float) -> np.ndarray:
    k = np.arange(1, 31)
    if kind == "sine":
        return harmonic_tone(midi, np.array([1.0]))
    if kind == "weak fundamental":
        return harmonic_tone(midi, np.where(k == 1, 0.03, 1 / np.sqrt(k)))
    if kind == "odd harmonics":
        return harmonic_tone(midi, (k % 2) / k)
    if kind == "strong even harmonics":
        return harmonic_tone(midi, np.where(k % 2 == 0, 3.0, 1.0) / k)
    if kind == "struck string":
        return harmonic_tone(midi, 1 / k, stretch=3e-4, decay=1.0)
    noisy = harmonic_tone(midi, 1 / k)
    return noisy + np.random.default_rng(1).normal(size=noisy.size) * np.sqrt((noisy**2).mean() / 10)


@pytest.mark.parametrize(
    "kind", ["sine", "weak fundamental", "odd harmonics", "strong even harmonics", "struck string", "noisy"]
)
def test_f0_of_known_tones(kind: str) -> None:
    pitches = np.arange(24, 105) + np.random.default_rng(0).uniform(-0.4, 0.4, 81)
    errors = np.array([estimate_f0(timbre(kind, pitch), SAMPLE_RATE).midi - pitch for pitch in pitches])
    within = np.abs(errors) <= 0.5
    assert within.mean() >= 0.99, f"wrong at MIDI {pitches[~within].round(1)}: off by {errors[~within].round(1)}"
    assert np.median(np.abs(errors)) < 0.1  # ten cents: a fourth of what "in tune" means for a listener


@pytest.mark.parametrize(("root", "share"), [("starter", 0.97), (str(NSYNTH), 0.9)], ids=["starter", "nsynth"])
def test_f0_of_recorded_notes(root: str, share: float) -> None:
    """Labels are keys: an organ stop or a synthesiser may sound octaves off, so each instrument's commonest octave counts."""
    if root == str(NSYNTH) and not NSYNTH.is_dir():
        pytest.skip(f"no NSynth notes at {NSYNTH}")
    library = open_library([root], progress=False)
    notes = library.notes[library.notes["pitch"].between(21, 108)].iloc[::4]
    measured = np.array([estimate_f0(library.load(row, SAMPLE_RATE), SAMPLE_RATE).midi for row in notes.index])
    error = (notes["pitch"] - measured).rename("error")
    octave = (12 * (error / 12).round()).groupby(notes["instrument"]).transform(lambda each: each.mode().iloc[0])
    assert ((error - octave).abs() <= 0.5).mean() >= share


@pytest.mark.parametrize("sample_rate", [8_000, 22_050, 44_100, 96_000])
def test_f0_at_other_rates(sample_rate: int) -> None:
    for pitch in (28, 45, 60, 77, 90):
        tone = harmonic_tone(pitch, 1 / np.arange(1, 20), sample_rate=sample_rate, seconds=0.5)
        assert estimate_f0(tone, sample_rate).midi == pytest.approx(pitch, abs=0.15)


def test_thump_and_offset_do_not_hide_a_high_note() -> None:
    note = harmonic_tone(84, 1 / np.arange(1, 5))
    time_axis = np.arange(note.size) / SAMPLE_RATE
    measured = estimate_f0(0.2 * note + 0.5 + time_axis + np.sin(2 * np.pi * 6 * time_axis), SAMPLE_RATE)
    assert measured.midi == pytest.approx(84, abs=0.1)


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(16_000),
        np.ones(16_000),
        np.full(16_000, np.nan),
        np.random.default_rng(0).normal(size=16_000),
        np.eye(1, 16_000)[0],
    ],
    ids=["empty", "one sample", "silence", "constant", "nan", "noise", "click"],
)
def test_nothing_periodic_is_unvoiced(audio: np.ndarray) -> None:
    measured = estimate_f0(audio, SAMPLE_RATE)
    assert math.isnan(measured.hz)
    assert math.isnan(measured.midi)
    assert not measured.voiced
    assert measured.confidence == 0


def test_search_range_is_respected() -> None:
    tone = harmonic_tone(60, 1 / np.arange(1, 20))
    assert estimate_f0(tone, SAMPLE_RATE, fmin=200, fmax=400).midi == pytest.approx(60, abs=0.05)
    assert not estimate_f0(tone, SAMPLE_RATE, fmin=300, fmax=200).voiced


def test_four_seconds_take_tens_of_milliseconds_at_most() -> None:
    tone = harmonic_tone(50, 1 / np.arange(1, 20), seconds=4)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        estimate_f0(tone, SAMPLE_RATE)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.06  # measured: 5 ms; a busy machine gets some room


def test_conversions() -> None:
    assert hz_to_midi(440.0) == 69
    assert midi_to_hz(60) == pytest.approx(261.6256, abs=1e-3)
    assert math.isnan(hz_to_midi(0.0))
    np.testing.assert_allclose(hz_to_midi(midi_to_hz(np.arange(128))), np.arange(128), atol=1e-9)


@pytest.mark.parametrize(
    ("name", "midi"),
    [("C4", 60), ("C#4", 61), ("Bb3", 58), ("a4", 69), ("C-1", 0), ("G9", 127), ("F♯2", 42), ("Cb4", 59), ("B##3", 61)],
)
def test_note_names(name: str, midi: int) -> None:
    assert parse_note_name(name) == midi


@pytest.mark.parametrize("name", ["", "H4", "C", "4", "C#b-", "G#9", "C-2", "C4x"])
def test_wrong_note_names(name: str) -> None:
    with pytest.raises(TimbreError):
        parse_note_name(name)
