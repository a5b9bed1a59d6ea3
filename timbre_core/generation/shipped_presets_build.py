"""Writes the presets that come with the project: instruments of the starter library, as they are and shaped by macros.

    python -m timbre_core.generation.shipped_presets_build [CHECKPOINT ...]

Each is a point of a checkpoint's latent space, that of one note of the starter library, and steps of macros: numbers alone. A
shaped one is kept where it was measured to sound as its name says.
"""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.analysis.preset_words import words_of
from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.datasets.starter import starter_path
from timbre_core.files import atomic_write
from timbre_core.generation.instrument import Instrument
from timbre_core.generation.macros import Shape
from timbre_core.generation.midi.voices import held_sound
from timbre_core.generation.shipped_presets import FOLDER
from timbre_core.inverters import open_inverter
from timbre_core.space import TimbreSpace

CHECKPOINTS = ("nsynth-cvae", "timbre-space")
COUNT = 100
_KEYS = (48, 72)  # MIDI: where presets are heard first
_MISSPELT = {"Accordian": "Accordion"}
_HELD = 3.5  # seconds
# A name, macros, the release in seconds, and the word that is to hold.
_VARIANTS: tuple[tuple[str, dict[str, float], float, str], ...] = (
    ("soft", {"attack": 4, "brightness": -1.5}, 0.5, "soft attack"),
    ("bright", {"brightness": 2.5}, 0.25, "bright"),
    ("breathy", {"noise": 5}, 0.25, "breathy"),
    ("plucked", {"attack": -5, "decay": 6, "sustain": -6}, 0.35, "plucked"),
    ("dark", {"brightness": -3}, 0.25, "dark"),
    ("singing", {"vibrato": 3, "attack": 2}, 0.35, "vibrato"),
    ("worn", {"randomness": 4, "brightness": -1}, 0.4, "wavering"),
    ("swelling", {"attack": 5, "sustain": 3, "vibrato": 1.5}, 1.0, "soft attack"),
    ("large", {"body": -4}, 0.3, ""),
    ("small", {"body": 4}, 0.2, ""),
    ("percussive", {"attack": -4, "decay": 5}, 0.2, "sharp attack"),
    ("pure", {"noise": -5, "brightness": -1.5}, 0.3, "pure"),
)


def main() -> None:
    """Measure and write them all, or those of the checkpoints that are named."""
    for checkpoint in sys.argv[1:] or CHECKPOINTS:
        write_presets(checkpoint)


def write_presets(checkpoint: str) -> None:
    """Measure and write those of one checkpoint."""
    space = TimbreSpace(open_checkpoint(default_checkpoints_folder() / checkpoint))
    inverter = None if space.performs else open_inverter(None, space.recipe.features)  # as the page Play sounds
    library = open_library(["starter"], progress=False)
    found: list[dict[str, Any]] = []
    variants = itertools.cycle(_VARIANTS)
    for name, row in _instruments(library):
        pitch = float(library.notes["pitch"].iloc[row])
        frames, _ = space.analyse(library.load(row, space.sample_rate), pitch)
        mean = np.round(space.encode(frames, pitch).mean, 3)
        plain = Instrument(space, mean, inverter)
        key = int(pitch - 12 * round((pitch - np.clip(pitch, *_KEYS)) / 12))
        family = str(library.notes["family"].iloc[row]).replace("_", " ")
        found.append(_preset(plain, name, key, {}, 0.25, [family]))
        for variant, macros, release, word in itertools.islice(variants, len(_VARIANTS)):
            shaped = plain.with_shape(Shape(**macros))
            made = _preset(shaped, f"{name}, {variant}", key, macros, release, [family, variant])
            if not word or word in made["words"]:
                found.append(made)
                break
        print(f"{len(found)} {found[-1]['preset']['name']}: {', '.join(found[-1]['words'])}", flush=True)
        if len(found) >= COUNT:
            break
    found = sorted(found[:COUNT], key=lambda each: each["preset"]["name"])
    text = ",\n".join(json.dumps(each, separators=(",", ":")) for each in found)
    with atomic_write(FOLDER / f"{checkpoint}.json") as temporary:
        temporary.write_text(f"[\n{text}\n]\n", encoding="utf-8")


def _preset(
    instrument: Instrument, name: str, key: int, macros: dict[str, float], release: float, tags: list[str]
) -> dict[str, Any]:
    note = instrument.note(key)
    size = round(_HELD * note.sample_rate)
    audio = held_sound(note, size)[:size].astype(np.float64)
    words = words_of(np.pad(audio, (0, size - len(audio))), note.sample_rate, key)
    z = [round(float(value), 3) for value in instrument.mean]
    preset = {"name": name, "z": z, "key": key, "attack": 0.002, "release": release, "macros": macros}
    return {"preset": preset, "tags": tags, "words": words}


def _instruments(library: Library) -> list[tuple[str, int]]:
    """A note of each instrument of a name of its own, near the middle of the keyboard, families taking turns."""
    notes = library.notes
    families: dict[str, list[tuple[str, int]]] = {}
    seen: set[str] = set()
    names = _names()
    places = {str(each): rows for each, rows in notes.groupby("instrument", sort=True).indices.items()}
    for instrument, rows in notes.groupby("instrument", sort=True):
        name = names[str(instrument)]
        letters = "".join(filter(str.isalnum, name.casefold()))
        if letters in seen:
            continue
        seen.add(letters)
        middle = int((rows["pitch"] - 60).abs().argmin())
        families.setdefault(str(rows["family"].iloc[0]), []).append((name, int(places[str(instrument)][middle])))
    turns = itertools.zip_longest(*families.values())
    return [each for turn in turns for each in turn if each is not None]


def _names() -> dict[str, str]:
    """What the SoundFonts call each instrument."""
    told = pd.read_parquet(starter_path(), columns=["instrument", "program_name"]).drop_duplicates("instrument")
    return dict(zip(told["instrument"], told["program_name"].str.strip().replace(_MISSPELT), strict=True))


if __name__ == "__main__":
    main()
