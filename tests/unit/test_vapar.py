"""Envelope features from files on disk to a timbre space that follows pitch contours, and notes left out of training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import harmonic_note
from timbre_core.__main__ import main
from timbre_core.checkpoint import open_checkpoint
from timbre_core.cli import train
from timbre_core.datasets.library import open_library
from timbre_core.datasets.settings import NoteFilter
from timbre_core.datasets.store_build import build_store
from timbre_core.errors import TimbreError
from timbre_core.features.audio import write_wav
from timbre_core.features.frames import bin_frequencies, mean_error_db, note_frames, spectrogram
from timbre_core.features.harmonics import analyse_harmonics
from timbre_core.features.kinds.envelope import EnvelopeSettings
from timbre_core.features.pitch import midi_to_hz
from timbre_core.generation.contours import Contour
from timbre_core.generation.instrument import Instrument
from timbre_core.generation.journeys import sounding_windows
from timbre_core.generation.sounds import generate, morph
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.space import TimbreSpace

FEATURES = EnvelopeSettings()
RATE = FEATURES.sample_rate
INSTRUMENTS = ("reed_one", "reed_two", "string_one", "string_two", "flute_one")
PITCHES = (60, 62, 63, 64, 71)


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notes48")
    lines = ["file,instrument,family,pitch"]
    for number, instrument in enumerate(INSTRUMENTS):
        for pitch in PITCHES:
            name = f"{instrument}-{pitch}.wav"
            note = harmonic_note(pitch, 0.5 + 0.06 * number, 0.25, sample_rate=RATE, instrument=number + 1)
            write_wav(folder / name, note, RATE)
            lines.append(f"{name},{instrument},{instrument.partition('_')[0]},{pitch}")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def checkpoint(notes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("checkpoints") / "vapar"
    settings = [
        "training.epochs=2",
        "training.batch_size=64",
        "training.crops_per_note=4",
        "data.leave_out.pitches=[63]",
    ]
    arguments = ["vapar-cvae", "--data", str(notes), "--out", str(out), "--maps", "pca", "--workers", "1"]
    assert main_of_training([*arguments, "--store", str(out.parent / "store"), "--set", *settings]) == 0
    return out


def main_of_training(arguments: list[str]) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    return train.run(parser.parse_args(arguments))


def test_filters_choose_and_leave_out(notes: Path) -> None:
    only = NoteFilter(pitches=["60-64"], families=["reed", "string"])
    library = open_library([notes], only=only, leave_out=NoteFilter(pitches=[63]))
    assert set(library.notes["family"]) == {"reed", "string"}
    assert sorted(set(library.notes["pitch"])) == [60, 62, 63, 64]
    assert ((library.notes["split"] == "left_out") == (library.notes["pitch"] == 63)).all()
    with pytest.raises(TimbreError, match="no note agrees"):
        open_library([notes], only=NoteFilter(pitches=["100-127"]))


@pytest.mark.parametrize("pitches", ["[60-x]", "[71-60]", "[200]", "[60.5]"])
def test_spans_that_mean_nothing_are_told(pitches: str) -> None:
    with pytest.raises(TimbreError, match=r"data\.only"):
        load_recipe("vapar-cvae", [f"data.only.pitches={pitches}"])


def test_recipes_name_their_inverter() -> None:
    for name in ("vapar-cvae", "vapar-ae"):
        recipe = load_recipe(name)
        assert recipe.uses_pitch
        assert recipe.source
    with pytest.raises(TimbreError, match="additive"):
        load_recipe("vapar-cvae", ["inversion.kind=griffin_lim"])
    with pytest.raises(TimbreError, match="additive"):
        load_recipe("nsynth-cvae", ["inversion.kind=additive"])


def test_bad_notes_are_told_and_the_rest_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE // 2).astype(np.float32)
    good = harmonic_note(60, 0.7, 0.25, sample_rate=RATE)
    sounds = {"good": (good, 60), "short": (good[:900], 60), "low": (good, 30), "noise": (noise, 60)}
    lines = ["file,instrument,pitch"]
    for name, (audio, pitch) in sounds.items():
        write_wav(tmp_path / f"{name}.wav", audio, RATE)
        lines.append(f"{name}.wav,one,{pitch}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    store = build_store(open_library([tmp_path]), FEATURES, tmp_path / "store", workers=1, progress=False)
    assert list(store.notes["note_id"]) == ["good"]
    reasons = dict(store.skipped)
    assert "fewer than a window" in reasons["short"]
    assert "too low" in reasons["low"]
    assert "no harmonics" in reasons["noise"]
    assert "skipped short" in capsys.readouterr().err


def test_store_holds_what_note_frames_gives(notes: Path, tmp_path: Path) -> None:
    library = open_library([notes], only=NoteFilter(instruments=["reed_one"]))
    store = build_store(library, FEATURES, tmp_path / "store", workers=1, progress=False)
    frames, ref_db = note_frames(library.load(0, RATE), FEATURES, 60)
    np.testing.assert_allclose(store.note(0), frames, atol=1e-3)
    assert store.notes["ref_db"].iat[0] == pytest.approx(ref_db)


def test_left_out_pitch_is_not_trained_on_and_can_be_evaluated(checkpoint: Path, notes: Path, tmp_path: Path) -> None:
    opened = open_checkpoint(checkpoint)
    assert opened.recipe.provenance["notes"]["left_out"] == 4
    arguments = ["evaluate", str(checkpoint), "--data", str(notes), "--split", "left_out", "--control-notes", "2"]
    arguments += ["--sound-notes", "1"]
    assert main([*arguments, "--json", str(tmp_path / "result.json")]) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert list(result["reconstruction"]["by_pitch"]) == ["63"]
    assert result["control"]["inversion_within_50_cents"] == 1


def test_space_plays_any_pitch_and_reconstructs(checkpoint: Path, notes: Path) -> None:
    space = TimbreSpace(open_checkpoint(checkpoint))
    note = generate(space, 67, seconds=0.5, like="reed_one-60")
    assert len(note.audio) == RATE // 2
    found = analyse(note.audio, 67)
    assert abs(1200 * np.log2(np.median(found) / midi_to_hz(67))) < 2
    audio = harmonic_note(60, 0.7, 0.3, sample_rate=RATE)
    result = space.reconstruct(audio, 60)
    assert len(result.inversion) == len(result.reconstruction) == len(result.original)
    level = 20 * np.log10(np.std(result.inversion) / np.std(result.original))
    assert abs(level) < 1
    with pytest.raises(TimbreError, match="pitch"):
        space.invert(result.frames, result.ref_db)


def test_a_vibrato_note_follows_its_contour(checkpoint: Path) -> None:
    space = TimbreSpace(open_checkpoint(checkpoint))
    n_frames = 200
    contour = 65 + 0.5 * np.sin(2 * np.pi * 5 * np.arange(n_frames) / FEATURES.frame_rate)
    z = np.repeat(space.trajectory_of("string_one-64").mean(axis=0)[None], n_frames, axis=0)
    frames = space.decode_windows(z, contour)[..., 0].T
    found = analyse(space.invert(frames, 0.0, contour), 65)
    cents = 1200 * np.log2(found[5:-5] / midi_to_hz(contour[5 : len(found) - 5]))
    assert np.median(np.abs(cents)) < 20


def test_walks_and_morphs_follow_a_contour(checkpoint: Path) -> None:
    space = TimbreSpace(open_checkpoint(checkpoint))
    vibrato, glide = Contour(((0.0, 65.0),), depth=50, rate=5), Contour(((0.0, 62.0), (0.8, 67.0)))
    made = [
        generate(space, vibrato, 0.8, like="string_one-64", walk=0.5),
        generate(space, vibrato, 0.8, seed=1, walk=0.5),
        morph(space, ["reed_one-60", "string_two-64"], 0.8, pitch=glide),
    ]
    for note in made:
        assert note.contour is not None
        found = analyse(note.audio, note.pitch)
        cents = 1200 * np.log2(found[5:-5] / midi_to_hz(note.contour[5 : len(found) - 5]))
        assert np.median(np.abs(cents)) < 20
    for place, name in ((0, "reed_one-60"), (-1, "string_two-64")):
        own = space.trajectory_of(name)[sounding_windows(space, name)]
        np.testing.assert_allclose(made[2].z[place], own[place], atol=1e-4)


def analyse(audio: np.ndarray, pitch: float) -> np.ndarray:
    import torch

    f0 = torch.tensor([float(midi_to_hz(pitch))])
    return analyse_harmonics(torch.from_numpy(audio)[None], f0, FEATURES).f0[0].numpy()


def test_pauses_of_a_contour_are_silent(checkpoint: Path) -> None:
    space = TimbreSpace(open_checkpoint(checkpoint))
    frames = np.zeros((91, 60), np.float32)
    contour = np.full(60, 64.0)
    contour[20:40] = np.nan
    audio = space.invert(frames, 0.0, contour)
    assert not audio[21 * 256 : 39 * 256].any()
    assert audio[: 19 * 256].any()
    with pytest.raises(TimbreError, match="shape"):
        space.invert(frames, 0.0, contour[:50])


def test_an_instrument_is_made_of_it(checkpoint: Path) -> None:
    space = TimbreSpace(open_checkpoint(checkpoint))
    instrument = Instrument(space, space.trajectory_of("reed_two-62").mean(axis=0))
    assert instrument.conditioned
    assert instrument.note(64).audio.any()


def test_map_keeps_thinned_trajectories_of_full_length(tmp_path: Path) -> None:
    from timbre_core.analysis.latents import _MOST_WINDOWS, _thinned

    line = np.linspace(0, 1, 751)[:, None].astype(np.float32)
    kept = _thinned(line)
    assert (len(kept), kept[0], kept[-1]) == (_MOST_WINDOWS, 0, 1)
    assert len(_thinned(line[:5])) == 5


def test_spectrogram_of_frames_is_the_envelope() -> None:
    frames, _ = note_frames(harmonic_note(60, 0.7, 0.25, sample_rate=RATE), FEATURES, 60)
    drawn = spectrogram(frames, FEATURES)
    assert drawn.shape == (len(bin_frequencies(FEATURES)), frames.shape[1])
    assert drawn.min() >= -1
    assert drawn.max() <= 1
    louder = frames.copy()
    louder[0] += 0.1
    assert mean_error_db(louder, frames, FEATURES) == pytest.approx(0.1 * FEATURES.top_db / 2, rel=1e-3)
