"""Spoken digits: labels from file names, strange names, and splits of few speakers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.synthetic import harmonic_note
from timbre_core.datasets.library import open_library
from timbre_core.datasets.settings import SplitSettings
from timbre_core.datasets.splits import assign_splits

SPEAKERS = ("ann", "bob", "cy")


def write_digits(folder: Path, each: int = 5) -> Path:
    """`each` recordings of three digits by three speakers: {digit}_{speaker}_{index}.wav, 8 kHz."""
    folder.mkdir(parents=True)
    for number, speaker in enumerate(SPEAKERS):
        for digit in range(3):
            for index in range(each):
                pitch = 40 + 7 * number + 2 * digit + 0.3 * index
                audio = harmonic_note(pitch, 0.4 + 0.1 * digit, 0.2 + 0.05 * index, seed=index)[::2]
                soundfile.write(folder / f"{digit}_{speaker}_{index}.wav", audio, 8000)
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("spoken")
    write_digits(root / "recordings")
    (root / "README.md").write_text("spoken digits")
    return root


def test_digit_is_the_family_and_speaker_the_instrument(digits: Path) -> None:
    library = open_library([digits])
    assert len(library) == 45
    note = library.notes.set_index("note_id").loc["2_bob_4"]
    assert (note["family"], note["instrument"], note["source"]) == ("2", "bob", "speech")
    assert note["audio"] == "recordings/2_bob_4.wav"
    assert library.notes["pitch"].isna().all()
    assert len(library.load(library.find("2_bob_4"), 22050)) == pytest.approx(0.4 * 22050, abs=2)
    assert open_library([digits / "recordings"]).notes["audio"].str.contains("/").sum() == 0


def test_strange_names_are_told_one_by_one(tmp_path: Path) -> None:
    folder = write_digits(tmp_path / "digits", each=1)
    audio = np.zeros(800, dtype=np.float32)
    strange = ["seven_ann_0.wav", "77_ann_0.wav", "3__0.wav", "3_ann.wav", "3_ann_0 (copy).wav"]
    for name in strange:
        soundfile.write(folder / name, audio, 8000)
    library = open_library([folder])
    assert len(library) == 9
    assert sorted(Path(file).name for file, _ in library.skipped) == sorted(strange)
    assert all("rename it" in reason for _, reason in library.skipped)


@pytest.mark.parametrize("strange", ["notes on the digits.wav", "recordings/seven_ann_0.wav", "extra/a.flac"])
def test_a_strange_name_anywhere_costs_itself_alone(tmp_path: Path, strange: str) -> None:
    write_digits(tmp_path / "recordings", each=1)
    (tmp_path / strange).parent.mkdir(exist_ok=True)
    soundfile.write(tmp_path / strange, harmonic_note(60, 0.5, 0.3), 16000)
    library = open_library([tmp_path], progress=False)
    assert set(library.notes["family"]) == {"0", "1", "2"}
    assert library.notes["pitch"].isna().all()
    [(file, reason)] = library.skipped
    assert (file, "rename it" in reason) == (str(tmp_path / strange), True)


def test_digits_in_a_folder_for_each_speaker(tmp_path: Path) -> None:
    for name in ("ann/1_ann_0.wav", "ann/2_ann_0.WAV", "bob/1_bob_0.flac"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        audio = harmonic_note(60, 0.5, 0.3)
        soundfile.write(tmp_path / name, audio, 16000, format="FLAC" if name.endswith("flac") else "WAV")
    notes = open_library([tmp_path]).notes
    assert list(zip(notes["note_id"], notes["family"], notes["instrument"], strict=True)) == [
        ("1_ann_0", "1", "ann"),
        ("2_ann_0", "2", "ann"),
        ("1_bob_0", "1", "bob"),
    ]


def test_a_damaged_recording_costs_itself_alone(tmp_path: Path) -> None:
    from timbre_core.datasets.store_build import build_store
    from timbre_core.features.settings import StftSettings

    folder = write_digits(tmp_path / "digits", each=1)
    (folder / "4_ann_0.wav").write_bytes(b"RIFF")
    settings = StftSettings(sample_rate=8000, n_fft=256, hop_length=128, seconds=0.5)
    store = build_store(open_library([folder]), settings, workers=1, progress=False)
    assert len(store) == 9
    assert [note for note, _ in store.skipped] == ["4_ann_0"]


def test_mostly_other_names_are_a_folder_of_sounds(tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in ("1_ann_0", "drum", "flute", "horn"):
        soundfile.write(folder / f"{name}.wav", harmonic_note(60, 0.5, 0.3), 16000)
    assert set(open_library([folder], progress=False).notes["instrument"]) == {"sounds", "drum", "flute", "horn"}


def test_own_labels_go_before_those_of_the_names(digits: Path, tmp_path: Path) -> None:
    library = open_library([digits], "{take}_{family}_{velocity}", progress=False)
    assert set(library.notes["family"]) == set(SPEAKERS)
    folder = write_digits(tmp_path / "digits", each=1)
    (folder / "metadata.csv").write_text("file,family,pitch\n0_ann_0.wav,zero,60\n")
    assert list(open_library([folder], progress=False).notes["family"]) == ["zero"]


def test_stratified_split_has_equal_shares_of_each_speaker_and_digit(digits: Path) -> None:
    settings = SplitSettings(by="stratified", valid=0.2, test=0.2)
    notes = open_library([digits], split=settings).notes
    counts = notes.groupby(["instrument", "family"])["split"].value_counts().unstack()
    assert (counts["train"] == 3).all()
    assert (counts["valid"] == 1).all()
    assert (counts["test"] == 1).all()
    shuffled = assign_splits(notes.sample(frac=1, random_state=0), settings)
    assert shuffled.sort_index().tolist() == notes["split"].tolist()


@pytest.mark.parametrize("by", ["instrument", "stratified"])
def test_held_out_speakers_are_test_notes(digits: Path, by: str) -> None:
    library = open_library([digits], split=SplitSettings(by=by, held_out=["bob", "dan"]))
    by_speaker = library.notes.groupby("instrument")["split"].unique()
    assert set(by_speaker["bob"]) == {"test"}
    assert "train" in set(by_speaker["ann"]) | set(by_speaker["cy"])
    assert [what for what, _ in library.skipped] == ["data.split.held_out 'dan'"]


def test_split_by_speaker_keeps_speakers_apart(digits: Path) -> None:
    notes = open_library([digits]).notes
    assert (notes.groupby("instrument")["split"].nunique() == 1).all()
    assert set(notes["split"]) == {"train", "valid", "test"}


@pytest.mark.parametrize(
    ("recipe", "overrides", "shape"),
    [
        ("fsdd-stft-vae", "", (256, 64)),
        ("fsdd-stft-gmvae", "", (256, 64)),
        ("fsdd-mel-vae", "", (32, 32)),
        ("fsdd-mel-vae", "features.n_mels=64 features.hop_length=64 window.frames=256", (64, 256)),
        ("fsdd-mel-vae", "features.n_mels=128 features.hop_length=128 window.frames=128", (128, 128)),
    ],
)
def test_recipes_take_frames_of_the_published_shape(recipe: str, overrides: str, shape: tuple[int, int]) -> None:
    import torch

    from timbre_core.features.frames import note_frames
    from timbre_core.recipes.networks import build_model
    from timbre_core.recipes.recipe_files import load_recipe

    channels = [4] * len(load_recipe(recipe).model.encoder.channels)
    narrow = [f"model.encoder.channels={channels}", f"model.decoder.channels={channels}"]
    settings = load_recipe(recipe, [*overrides.split(), *narrow])
    frames, _ = note_frames(harmonic_note(50, 0.6, 0.5), settings.features)
    assert frames.shape == shape
    model = build_model(settings).eval()
    mu, _ = model.encode(torch.from_numpy(frames)[None], {})
    assert mu.shape == (1, 128)
    assert model.decode(mu, {}).shape == (1, *shape)
    assert model.prior.sample(3).shape == (3, 128)
