"""Shared fixtures: a small synthetic NSynth folder, so that tests need no downloaded data."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

SAMPLE_RATE = 16_000
FAMILIES = ("bass", "brass", "flute", "guitar")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests never touch the user's feature cache."""
    os.environ["TIMBRE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def harmonic_note(pitch: float, brightness: float, seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    """A decaying harmonic tone (n_samples,) at 16 kHz with a little noise."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    f0 = 440.0 * 2 ** ((pitch - 69) / 12)
    harmonics = [brightness**n * np.sin(2 * np.pi * n * f0 * time) for n in range(1, 20) if n * f0 < SAMPLE_RATE / 2]
    noise = 1e-3 * np.random.default_rng(seed).standard_normal(len(time))
    note = np.sum(harmonics, axis=0) * np.exp(-2 * time) + noise
    return (0.8 * note / np.abs(note).max()).astype(np.float32)


def write_nsynth(folder: Path, instruments: int = 8, notes: int = 6, seconds: float = 1.0) -> Path:
    """A folder in NSynth's layout: `instruments` x `notes` synthetic notes from four families."""
    (folder / "audio").mkdir(parents=True)
    examples = {}
    for instrument in range(instruments):
        family = FAMILIES[instrument % len(FAMILIES)]
        name = f"{family}_synthetic_{instrument:03d}"
        for index in range(notes):
            pitch = 48 + 3 * index
            key = f"{name}-{pitch:03d}-100"
            audio = harmonic_note(pitch, 0.3 + 0.06 * instrument, seconds, seed=instrument * 100 + index)
            soundfile.write(folder / "audio" / f"{key}.wav", audio, SAMPLE_RATE)
            examples[key] = {
                "instrument": instrument,
                "instrument_str": name,
                "instrument_family": FAMILIES.index(family),
                "instrument_family_str": family,
                "instrument_source": 2,
                "instrument_source_str": "synthetic",
                "note": len(examples),
                "note_str": key,
                "pitch": pitch,
                "velocity": 100,
                "sample_rate": SAMPLE_RATE,
                "qualities": [0] * 10,
                "qualities_str": [],
            }
    (folder / "examples.json").write_text(json.dumps(examples), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_nsynth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 synthetic one-second notes of 8 instruments."""
    return write_nsynth(tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture
def tiny_checkpoint(tiny_nsynth: Path, tmp_path: Path) -> Path:
    """A complete checkpoint of an untrained small model, with a PCA map of the tiny NSynth folder."""
    import torch

    from timbre_core.analysis.latents import compute_latents
    from timbre_core.checkpoint import RECIPE, WEIGHTS, open_checkpoint, write_latents
    from timbre_core.datasets.library import open_library
    from timbre_core.files import write_text
    from timbre_core.models.vae import build_model
    from timbre_core.recipes.library import load_recipe, recipe_to_yaml
    from timbre_core.training.state import save_weights

    torch.manual_seed(0)
    recipe = load_recipe("nsynth-cvae", ["features.seconds=1.0", "window.frames=32", f"data.roots=['{tiny_nsynth}']"])
    library = open_library([tiny_nsynth])
    trained = sorted(library.notes.loc[library.notes["split"] == "train", "instrument"].unique())
    recipe = recipe.model_copy(update={"provenance": {"train_instruments": trained}})
    folder = tmp_path / "checkpoints" / "tiny"
    folder.mkdir(parents=True)
    write_text(folder / RECIPE, recipe_to_yaml(recipe))
    save_weights(folder / WEIGHTS, build_model(recipe))
    checkpoint = open_checkpoint(folder)
    latents = compute_latents(checkpoint, library, methods=["pca"], progress=False)
    write_latents(folder, latents, library.roots)
    return folder
