"""The new parts of an evaluation, of spaces whose answers are known, and of a small checkpoint."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import SAMPLE_RATE, harmonic_note
from timbre_core.__main__ import main
from timbre_core.analysis.distances import DISTANCES, coordinates
from timbre_core.analysis.evaluation import PARTS, evaluate
from timbre_core.analysis.yardsticks import parts
from timbre_core.analysis.yardsticks.listening import read_listening_tests
from timbre_core.analysis.yardsticks.parts import Measured, Yardsticks
from timbre_core.analysis.yardsticks.shifters import phase_vocoder, sampler
from timbre_core.checkpoint import open_checkpoint
from timbre_core.cli.yardstick_options import add_yardstick_arguments
from timbre_core.datasets.library import Library, open_library
from timbre_core.errors import TimbreError
from timbre_core.generation.timbre_code import decoded_at, measured, timbre_code
from timbre_core.space import TimbreSpace


@pytest.fixture(scope="module")
def library(tiny_nsynth: Path) -> Library:
    return open_library([tiny_nsynth], progress=False)


def knowing(library: Library) -> Measured:
    """A space that knows the notes it is asked for: their instruments by heart, and the recording at every pitch."""
    brightness = {0.3 + 0.06 * i: i for i in range(8)}

    def sound(audio: np.ndarray, pitch: float, to_pitch: float, velocity: float | None) -> np.ndarray:
        return 0.3 * harmonic_note(to_pitch, list(brightness)[_whose(audio, pitch, list(brightness))], 1.0)

    def code(audio: np.ndarray, pitch: float | None) -> np.ndarray:
        place = np.zeros(8)
        place[_whose(audio, pitch or 60.0, list(brightness))] = 1
        return place

    return Measured(
        "knowing", SAMPLE_RATE, "euclidean", code, {"model": sound}, lambda audio, pitch: (audio, audio / 2)
    )


def _whose(audio: np.ndarray, pitch: float, values: list[float]) -> int:
    """Which of the values a synthetic note was made with: of the first harmonics' ratio."""
    spectrum = np.abs(np.fft.rfft(audio[:SAMPLE_RATE] * np.hanning(len(audio[:SAMPLE_RATE]))))
    f0 = 440 * 2 ** ((pitch - 69) / 12) * len(audio[:SAMPLE_RATE]) / SAMPLE_RATE
    first, second = (np.linalg.norm(spectrum[round(n * f0) - 20 : round(n * f0) + 21]) for n in (1, 2))
    return int(np.argmin(np.abs(np.array(values) - second / first)))


def test_a_space_that_knows_its_instruments_is_told_so(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "shifters", lambda: {"sampler": sampler, "pitch_shift": phase_vocoder})
    rows = np.arange(len(library.notes))
    sticks = Yardsticks(knowing(library), library, rows, progress=False)
    told = sticks.generalisation()
    assert told["retrieval_map"] == pytest.approx(1)
    assert told["retrieval_nearest"] == 1
    assert told["notes"] == 48
    assert "cross-validated" in told["fitted_on"]
    half = np.flatnonzero(library.notes["instrument"].str.endswith(("004", "005", "006", "007")))
    told = Yardsticks(knowing(library), library, half, progress=False).generalisation()
    assert told["fitted_on"] == "fitted on 24 notes, of 4 instruments that none of the notes is of"
    assert (told["notes"], told["instruments"]) == (24, 4)
    pitches = sticks.cross_pitch(12)
    assert pitches["best_share"] == 1
    assert pitches["log_mel_db"] < 0.6 * pitches["best_other_db"]
    sound = sticks.sound(6)
    assert sound["inversion"]["log_mel_db"]["median"] == pytest.approx(0, abs=1e-6)
    assert sound["model"]["level_lu"]["median"] == pytest.approx(-6.02, abs=0.05)


def test_a_space_that_is_not_told_the_pitch_is_not_asked_for_one(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "shifters", lambda: {"sampler": sampler})
    space = knowing(library)
    told = Yardsticks(dataclasses.replace(space, at_pitch={}), library, np.arange(12), progress=False).cross_pitch()
    assert told["pairs"] == 0
    assert "not told the pitch" in told["reason"]
    other = dataclasses.replace(space, at_pitch={"note_at": space.at_pitch["model"]})
    told = Yardsticks(other, library, np.arange(12), progress=False).cross_pitch(2)
    assert told["methods"]["note_at"]["best_share"] == 1
    assert told["log_mel_db"] is None
    assert "not told the pitch" in told["reason"]
    learned = frozenset(library.notes["instrument"].iloc[:1])
    seen = dataclasses.replace(space, learned_from=learned)
    rows = np.arange(len(library.notes))
    told, without = (Yardsticks(each, library, rows, progress=False).cross_pitch(200) for each in (seen, space))
    assert 0 < told["pairs"] < without["pairs"], "none is of what note_at's network was trained on"
    rows = np.flatnonzero(library.notes["instrument"].isin(learned))
    assert Yardsticks(seen, library, rows, progress=False).cross_pitch(2)["pairs"] == 2, "where there are no others"
    one = Yardsticks(space, library, np.arange(1), progress=False).cross_pitch()
    assert "semitones apart" in one["reason"]


def test_notes_are_compared_at_the_lower_rate(library: Library) -> None:
    """What a space adds above a recording's bandwidth is nobody's error."""
    asked: list[int] = []

    def both(audio: np.ndarray, pitch: float | None) -> tuple[np.ndarray, np.ndarray]:
        asked.append(len(audio))
        hiss = np.sin(2 * np.pi * 15_000 * np.arange(len(audio)) / 44_100).astype(np.float32)
        return audio, audio + 0.1 * hiss

    wide = dataclasses.replace(knowing(library), sample_rate=44_100, both=both)
    sound = Yardsticks(wide, library, np.arange(3), progress=False).sound()
    assert set(asked) == {44_100}
    assert sound["model"]["log_mel_db"]["median"] < 0.5
    assert sound["model"]["above_8k_db"]["notes"] == 0


def test_sounds_that_a_space_cannot_use_are_left_out(library: Library, tmp_path: Path) -> None:
    import soundfile

    folder = tmp_path / "test"
    folder.mkdir()
    for index, value in enumerate((0.2, 0.4, 0.6, 0.8)):
        soundfile.write(folder / f"{index}.wav", harmonic_note(60, value, 0.3), SAMPLE_RATE)
    soundfile.write(folder / "9.wav", np.tile([5e-4, -5e-4], 2000), SAMPLE_RATE)
    heard = [_brightness(harmonic_note(60, value, 0.3)) for value in (0.2, 0.4, 0.6, 0.8)]
    np.savetxt(
        folder / "dissimilarity.txt",
        np.abs(np.subtract.outer([*heard, heard[-1] + 0.1], [*heard, heard[-1] + 0.1]))[:-1],
    )
    tests = read_listening_tests(tmp_path)

    def code(audio: np.ndarray, pitch: float | None) -> np.ndarray:
        if audio.std() < 1e-3:
            raise TimbreError("it does not move")
        return np.array([_brightness(audio)])

    sticks = Yardsticks(dataclasses.replace(knowing(library), code=code), library, np.arange(1), progress=False)
    told = sticks.listening(tests)
    assert told["left_out"] == 1
    assert told["sounds"] == 4
    assert told["agreement"] == 1

    def useless(audio: np.ndarray, pitch: float | None) -> np.ndarray:
        raise TimbreError("no")

    sticks = Yardsticks(dataclasses.replace(knowing(library), code=useless), library, np.arange(1), progress=False)
    assert sticks.listening(tests)["agreement"] is None


def _brightness(audio: np.ndarray) -> float:
    power = np.square(np.abs(np.fft.rfft(audio)))
    return float(np.log(np.average(np.arange(len(power)), weights=power)))


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_are_euclids_of_places(name: str) -> None:
    random = np.random.default_rng(0)
    means = random.standard_normal((50, 4)) * [1, 10, 0.1, 1] + [0, 5, 0, 1]
    places = coordinates(name, means)
    assert places(means).shape == (50, 4)
    assert places(means[0]) == pytest.approx(places(means)[0], rel=1e-5)
    between = np.linalg.norm(places(means[0]) - places(means[1]))
    if name == "cosine":
        cosine = means[0] @ means[1] / np.linalg.norm(means[0]) / np.linalg.norm(means[1])
        assert between == pytest.approx(np.sqrt(2 - 2 * cosine), rel=1e-4)
    elif name in ("euclidean", "timbre"):
        assert between == pytest.approx(np.linalg.norm(means[0] - means[1]), rel=1e-5)
    else:
        spread = places(means).std(axis=0)
        assert spread[[0, 1, 3]] == pytest.approx(1, rel=0.1)
    offered = argparse.ArgumentParser()
    add_yardstick_arguments(offered)
    assert offered.parse_args(["--distance", name]).distance == name
    with pytest.raises(TimbreError, match="euclidean"):
        coordinates("nearness", means)


def test_neighbours_and_codes_are_of_one_distance(tiny_checkpoint: Path, library: Library) -> None:
    for name in ("euclidean", "whitened"):
        space = TimbreSpace(open_checkpoint(tiny_checkpoint), distance=name)
        audio, pitch = library.load(3, space.sample_rate), float(library.notes["pitch"].iloc[3])
        code = timbre_code(space, audio, pitch)
        near_enough = 0.02 * float(space.places.std())  # a map's latents are rounded
        assert code == pytest.approx(space.places[3], abs=near_enough)
        near = space.neighbours(str(library.notes["note_id"].iloc[3]), 2)
        away = np.linalg.norm(space.places[near.index] - code, axis=1)
        assert near["distance"].to_numpy() == pytest.approx(away, abs=near_enough)
        frames, _ = space.analyse(audio)
        assert space.neighbours(space.encode(frames, pitch).mean, 1).index[0] == 3
    assert timbre_code(space, audio).shape == code.shape  # no label needed
    assert timbre_code(space, np.random.default_rng(0).standard_normal(8000) * 0.1).shape == code.shape


def test_one_note_sounds_at_another_pitch(tiny_checkpoint: Path, library: Library) -> None:
    space = TimbreSpace(open_checkpoint(tiny_checkpoint))
    audio = library.load(0, space.sample_rate)
    heard = decoded_at(space, audio, 48, 55.5)
    assert heard.shape == audio.shape
    assert np.isfinite(heard).all()


def test_evaluate_measures_the_parts_that_are_asked_for(
    tiny_checkpoint: Path, tiny_nsynth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "told.json"
    command = ["evaluate", str(tiny_checkpoint), "--data", str(tiny_nsynth), "--split", "all", "--limit", "12"]
    assert main([*command, "--only", "sound", "generalisation", "--json", str(told)]) == 0
    result = json.loads(told.read_text())
    assert {"checkpoint", "split", "notes", "instruments", "skipped", "generalisation", "sound"} == set(result)
    printed = capsys.readouterr().out
    assert "unseen families" in printed
    assert "multi-resolution STFT" in printed
    assert main([*command, "--only", "listening"]) == 1
    assert "--ratings" in capsys.readouterr().err
    assert main([*command, "--only", "listening", "--ratings", str(tmp_path)]) == 1
    assert "dissimilarity.txt" in capsys.readouterr().err


def test_parts_that_there_are_not_are_named(tiny_checkpoint: Path, library: Library) -> None:
    checkpoint = open_checkpoint(tiny_checkpoint)
    with pytest.raises(TimbreError, match=r"no part 'colour'.*listening"):
        evaluate(checkpoint, library, "all", parts=["colour"], progress=False)
    only = evaluate(checkpoint, library, "all", 4, parts=["latent"], progress=False)
    assert set(only) & set(PARTS) == {"latent"}
    assert "at other pitches" in only["latent"]["fitted_on"]["family_probe"]
    ours = measured(TimbreSpace(checkpoint))
    assert "model" in ours.at_pitch
    assert "reed_acoustic_023" in ours.learned_from
