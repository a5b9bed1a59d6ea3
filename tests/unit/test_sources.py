"""The note on where sounds come from names all that the models were trained on."""

from __future__ import annotations

from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint
from timbre_core.generation.sources import licence_note


def test_what_the_provenance_names_is_named() -> None:
    folder = default_checkpoints_folder()
    told = licence_note(open_checkpoint(folder / "timbre-space"))
    assert "NSynth dataset, Google LLC" in told, "its recipe's data lists the starter library alone"
    assert "FluidR3 GM, Frank Wen" in told
    assert "MuseScore General" in told
    moved = licence_note(open_checkpoint(folder / "nsynth-cvae"), recordings=["starter"])
    assert "note-shift" in moved
    assert "CC BY 4.0: name it" in moved


def test_without_one_the_recipe_tells() -> None:
    told = licence_note(open_checkpoint(default_checkpoints_folder() / "fsdd-stft-vae"))
    assert "Free Spoken Digit Dataset" in told
