"""Notes that are the same recording: found at any level, delay and rate; different ones never; and what follows of it."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr

from timbre_core.__main__ import main
from timbre_core.datasets.duplicates import Near, find_duplicates, find_twins, linked_instruments
from timbre_core.datasets.library import open_library
from timbre_core.datasets.linked import LINKED
from timbre_core.datasets.settings import SplitSettings
from timbre_core.datasets.splits import assign_splits
from timbre_core.errors import TimbreError
from timbre_core.features.long_spectrum import low_spectrum
from timbre_core.features.recording import (
    BANDS,
    common_seconds,
    fingerprint,
    in_common,
    levels,
    reach,
    recording_correlation,
)

RATE = 16_000


def note(pitch: float, seed: int, rate: int = RATE, seconds: float = 1.0) -> np.ndarray:
    """Twelve decaying partials of random strengths and phases, and a little noise below 6 kHz."""
    random = np.random.default_rng(seed)
    at = np.arange(round(seconds * rate)) / rate
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    sound = np.zeros(len(at))
    for number in range(1, 13):
        if number * f0 < 6000:
            swell = np.exp(-at * random.uniform(1, 6))
            sound += (
                random.uniform(0.05, 1) / number * swell * np.sin(2 * np.pi * number * f0 * at + random.uniform(0, 6))
            )
    return (0.3 * sound).astype(np.float32)


@pytest.mark.parametrize("change", ["level", "polarity", "delay", "part of a sample", "rate", "longer", "noise"])
def test_the_same_recording_is_found_whatever_was_done_to_it(change: str) -> None:
    one = note(60, 0)
    other, rate = one, RATE
    if change == "level":
        other = one * 0.01
    elif change == "polarity":
        other = -one
    elif change == "delay":
        other = np.pad(one, (1234, 0))
    elif change == "part of a sample":
        phase = np.exp(-2j * np.pi * np.fft.rfftfreq(len(one)) * 0.5)
        other = np.fft.irfft(np.fft.rfft(one) * phase, len(one)).astype(np.float32)
    elif change == "rate":
        other, rate = soxr.resample(one, RATE, 44_100, quality="HQ"), 44_100
    elif change == "longer":
        other = np.pad(one, (0, RATE))
    else:
        other = one + np.random.default_rng(1).normal(size=len(one)).astype(np.float32) * 0.02 * np.std(one)
    assert recording_correlation(one, RATE, other, rate) > 0.99
    assert recording_correlation(one, RATE, other, rate, enough=0.99) > 0.99
    assert np.linalg.norm(fingerprint(one, RATE) - fingerprint(other, rate)) <= reach(0.99)


def test_correlation_is_the_known_one() -> None:
    """A sound with as much of another, unrelated one in it as 0.95 leaves."""
    random = np.random.default_rng(0)
    spectra = [np.zeros(RATE // 2 + 1, dtype=complex) for _ in range(2)]
    spectra[0][100:4000:2] = np.exp(2j * np.pi * random.random(1950))
    spectra[1][101:4000:2] = np.exp(2j * np.pi * random.random(1950))
    one, other = (np.fft.irfft(spectrum) for spectrum in spectra)
    mixed = 0.95 * one + np.sqrt(1 - 0.95**2) * other
    assert recording_correlation(one, RATE, mixed, RATE) == pytest.approx(0.95, abs=2e-3)
    assert recording_correlation(one, RATE, other, RATE) < 0.2


def test_no_pair_is_ruled_out_that_correlates() -> None:
    """Mixtures around 0.99: whatever does is among the candidates."""
    random = np.random.default_rng(0)
    sounds = [note(60 + k, k) for k in range(6)]
    mixtures = [sound + share * note(61, 50 + k) for k, sound in enumerate(sounds) for share in (0.05, 0.1, 0.2)]
    everything = sounds + [np.roll(sound, int(random.integers(0, 200))) for sound in mixtures]
    near = Near(np.stack([fingerprint(sound, RATE) for sound in everything]))
    pairs = {(i, int(j)) for i in range(len(everything)) for j in near.after(i)}
    same = {
        (i, j)
        for i in range(len(everything))
        for j in range(i + 1, len(everything))
        if recording_correlation(everything[i], RATE, everything[j], RATE) > 0.99
    }
    assert same
    assert same <= pairs
    assert len(pairs) < len(everything) * (len(everything) - 1) // 4


def test_thousands_of_one_recording_take_a_comparison_each() -> None:
    """Pairs of them would be millions."""
    sound = note(60, 0, seconds=0.1)
    near, compared = Near(np.stack([fingerprint(sound, RATE)] * 3000)), []
    twins = find_twins(near, lambda number: compared.append(number) or sound)
    assert [second for _, second, _ in twins] == list(range(1, 3000))
    assert {first for first, _, _ in twins} == {0}
    assert len(compared) < 2 * 3000
    assert find_twins(Near(np.empty((0, BANDS))), lambda number: sound) == []


@pytest.fixture
def library_folder(tmp_path: Path) -> Path:
    """Six instruments of four notes; b's are a's, softer; one of d's is one of c's, later and at another rate."""
    rows = []
    for number, instrument in enumerate("abcdef"):
        for pitch in (50, 57, 64, 71):
            sound, rate = note(pitch, 100 * (0 if instrument == "b" else number) + pitch), RATE
            if instrument == "b":
                sound = sound * 0.2
            if (instrument, pitch) == ("d", 57):
                sound, rate = soxr.resample(np.pad(note(57, 257), (500, 0)), RATE, 22_050, quality="HQ"), 22_050
            soundfile.write(tmp_path / f"{instrument}-{pitch}.wav", sound, rate, subtype="FLOAT")
            rows.append({"file": f"{instrument}-{pitch}.wav", "instrument": instrument, "family": "x", "pitch": pitch})
    pd.DataFrame(rows).to_csv(tmp_path / "metadata.csv", index=False)
    return tmp_path


def test_doubles_of_a_folder(library_folder: Path) -> None:
    library = open_library([library_folder], progress=False)
    names = library.notes["note_id"].tolist()
    twins = find_duplicates(library, progress=False)
    assert {(names[one], names[other]) for one, other, _ in twins} == {
        *((f"a-{pitch}", f"b-{pitch}") for pitch in (50, 57, 64, 71)),
        ("c-57", "d-57"),
    }
    assert all(correlation > 0.99 for _, _, correlation in twins)
    assert linked_instruments(library.notes, twins) == {"a": "a", "b": "a", "c": "c", "d": "c"}


def test_the_verb_lists_pairs(library_folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "pairs.json"
    assert main(["duplicates", str(library_folder), "--json", str(out)]) == 0
    said = capsys.readouterr().out
    assert "5 pairs among 24 notes with a correlation above 0.99" in said
    assert "d-57 = c-57 (" in said
    assert {"note": "d-57", "same_as": "c-57"}.items() <= json.loads(out.read_text())[-1].items()
    assert main(["duplicates", str(library_folder), "--correlation", "1.5"]) == 1


@pytest.mark.parametrize("seed", range(6))
def test_instruments_that_share_recordings_are_in_one_split(seed: int) -> None:
    names = [f"{family}{number}" for family in "ab" for number in (1, 2, 3, 4)]
    rows = [{"note_id": f"{name}-{k}", "instrument": name, "family": name[0]} for name in names for k in range(5)]
    notes = pd.DataFrame(rows)
    linked = {"a1": "a1", "a2": "a1", "b3": "a1"}
    settings = SplitSettings(valid=0.2, test=0.3, seed=seed)
    split = assign_splits(notes, settings, linked)
    assert set(split) == {"train", "valid", "test"}
    assert split[notes["instrument"].isin(linked)].nunique() == 1
    held = assign_splits(notes, SplitSettings(valid=0.2, test=0.3, seed=seed, held_out=["b3"]), linked)
    assert set(held[notes["instrument"].isin(linked)]) == {"test"}


def test_links_beside_the_notes_are_read(library_folder: Path) -> None:
    for names in ("ab", "cf", "de"):
        (library_folder / LINKED).write_text(json.dumps(dict.fromkeys(names, names[0])))
        notes = open_library([library_folder], progress=False).notes
        assert notes.loc[notes["instrument"].isin(list(names)), "split"].nunique() == 1
    (library_folder / LINKED).write_text("[1]")
    with pytest.raises(TimbreError, match=LINKED):
        open_library([library_folder], progress=False)


@pytest.mark.parametrize(
    ("n_samples", "n_fft", "count"),
    [(30_000, 32_768, 16_385), (30_000, 39_690, 6_000), (40_000, 22_051, 900), (800, 1000, 400)],
)
def test_low_spectrum_is_the_transforms_beginning(n_samples: int, n_fft: int, count: int) -> None:
    audio = np.random.default_rng(0).normal(size=n_samples).astype(np.float32)
    expected = np.fft.rfft(audio.astype(np.float64), n_fft)[:count]
    np.testing.assert_allclose(low_spectrum(audio, n_fft, count), expected, atol=1e-6 * np.abs(expected).max() * 10)


def test_levels_tell_the_most_that_sounds_can_correlate() -> None:
    one, other = note(60, 0), note(60, 1)
    mixed = np.roll(one + 0.1 * other, 777)
    n_fft = common_seconds((len(one) + len(mixed)) / RATE) * RATE
    hum = np.sin(2 * np.pi * 15 * np.arange(len(one)) / RATE).astype(np.float32)
    for a, b in ((one, mixed), (one, other), (one, one), (one + hum, other + hum)):
        most = levels(a, RATE, n_fft).most(levels(b, RATE, n_fft))
        assert recording_correlation(a, RATE, b, RATE) <= most + 1e-5


@pytest.mark.parametrize("delay", [0, 1, 700, 4000, 9000])
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.1, 0.14, 0.15, 0.2, 0.5])
def test_sounds_of_one_length_are_told_apart_as_padded_ones_are(delay: int, noise: float) -> None:
    """A delay cuts off the end, and what two sounds have in common across their ends is no correlation."""
    one = note(60, 0)
    other = 0.3 * np.pad(one, (delay, 0))[: len(one)]
    random = np.random.default_rng(delay).normal(size=len(one))
    hiss = np.convolve(random, np.ones(3), "same").astype(np.float32)
    other += noise * float(np.std(other) / np.std(hiss)) * hiss
    # Padded by a sample, they are not of one length.
    exact = recording_correlation(one, RATE, np.append(other, np.float32(0)), RATE)
    told = recording_correlation(one, RATE, other, RATE, enough=0.99)
    assert (told > 0.99) == (exact > 0.99)
    assert told <= max(exact, 0.99) + 1e-4
    common = in_common(len(one), len(one), RATE, 0.99)
    most = levels(one, RATE, common.n_fft).most(levels(other, RATE, common.n_fft))
    assert most > exact - common.excess - 1e-5


def test_sounds_alike_but_for_their_order_in_time_are_no_twins() -> None:
    """Their spectra's levels are the same; reversed, they are not the same recording."""
    sound = note(60, 3)
    sounds = [sound, sound[::-1].copy(), 0.5 * sound]
    near = Near(np.stack([fingerprint(each, RATE) for each in sounds]))
    assert [(first, second) for first, second, _ in find_twins(near, sounds.__getitem__)] == [(0, 2)]


@pytest.mark.parametrize("n_samples", [1, 2, 10, 1000])
@pytest.mark.parametrize("rate", [8000, RATE, 44_100])
def test_the_shortest_sounds_are_compared(n_samples: int, rate: int) -> None:
    one, other = np.random.default_rng(0).normal(size=(2, n_samples)).astype(np.float32)
    for a, b in ((one, -0.5 * one), (one, other), (one, 0 * one)):
        fingerprint(a, rate)
        n_fft = in_common(n_samples, n_samples, rate, 0.99).n_fft
        assert 0 <= levels(a, rate, n_fft).most(levels(b, rate, n_fft)) <= 1 + 1e-5
        assert 0 <= recording_correlation(a, rate, b, rate, enough=0.99) <= 1


def alike_but_different(groups: int, members: int) -> Near:
    """Fingerprints of groups within which, by these alone, all may be the same."""
    marks = np.zeros((groups * members, BANDS), np.float32)
    for number in range(len(marks)):
        marks[number, 2 * (number // members)] = np.cos(0.1 * number / members)
        marks[number, 2 * (number // members) + 1] = np.sin(0.1 * number / members)
    return Near(marks / np.linalg.norm(marks, axis=1, keepdims=True))


def noise(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=200).astype(np.float32)


def test_the_bar_counts_notes_of_groups_of_any_size(capsys: pytest.CaptureFixture[str]) -> None:
    sound = noise(0)
    same = Near(np.stack([fingerprint(sound, RATE)] * 600))
    assert len(find_twins(same, lambda number: sound, progress=True)) == 599
    assert "600/600" in capsys.readouterr().err
    find_twins(alike_but_different(25, 20), noise, progress=True)
    assert "500/500" in capsys.readouterr().err


def test_few_threads_read_and_one_alone_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    near, readers = alike_but_different(40, 3), set()

    def read(number: int) -> np.ndarray:
        readers.add(threading.get_ident())
        time.sleep(0.001)
        return noise(number)

    find_twins(near, read)
    assert 1 < len(readers) <= 8
    readers.clear()
    find_twins(near, read, threads=1)
    assert readers == {threading.get_ident()}


def test_what_others_compare_ends_where_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does where it is interrupted."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    begun, heard = threading.Event(), []

    def read(number: int) -> np.ndarray:
        if number >= 100:
            begun.wait(10)
            raise KeyboardInterrupt
        heard.append(number)
        begun.set()
        time.sleep(0.02)
        return noise(number)

    with pytest.raises(KeyboardInterrupt):
        find_twins(alike_but_different(2, 100), read)
    assert 1 <= len(heard) < 100
