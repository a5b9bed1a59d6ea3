"""Notes that are tones in NSynth's layout, and the recipe of a model small enough to be measured on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from timbre_core.features.pitch import midi_to_hz
from timbre_core.recipes.recipe_files import parse_recipe
from timbre_core.recipes.schema import Recipe

RATE = 16_000
LATENTS = 4


def tone(midi: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    partials = [np.sin(2 * np.pi * midi_to_hz(midi) * k * time) / k for k in range(1, 9) if midi_to_hz(midi) * k < 7500]
    return (0.5 * np.sum(partials, axis=0) / len(partials)).astype(np.float32)


def small_recipe(sampling: bool = True, conditioned: bool = True, instruments: list[str] | None = None) -> Recipe:
    return parse_recipe(
        {
            "name": "small",
            "features": {"n_fft": 2048, "hop_length": 256, "n_mels": 256, "seconds": 1.0},
            "window": {"frames": 32},
            "model": {
                "latent_dim": LATENTS,
                "encoder": {"channels": [4]},
                "decoder": {"channels": [4]},
                "conditions": [{"kind": "pitch_embedding", "dim": 4}] if conditioned else [],
                "sampling": sampling,
            },
            "inversion": {"iterations": 16},
            "provenance": {} if instruments is None else {"train_instruments": instruments},
        },
        "test",
    )


def write_notes(folder: Path, instruments: dict[str, str], pitches: list[int], start: int = 0) -> Path:
    """Notes in NSynth's layout: a tone per instrument (name -> family) and pitch."""
    (folder / "audio").mkdir(parents=True)
    labels = {}
    for instrument, family in instruments.items():
        for pitch in pitches:
            name = f"{instrument}-{pitch:03d}-100"
            soundfile.write(folder / "audio" / f"{name}.wav", tone(pitch), RATE)
            labels[name] = {
                "note_str": name,
                "instrument_str": instrument,
                "instrument_family_str": family,
                "instrument_source_str": "synthetic",
                "pitch": pitch,
                "velocity": 100,
                "sample_rate": RATE,
            }
    (folder / "examples.json").write_text(json.dumps(labels))
    return folder


INSTRUMENTS = {"brass_a": "brass", "brass_b": "brass", "reed_a": "reed", "reed_b": "reed", "mallet_a": "mallet"}
