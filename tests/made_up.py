"""Libraries made up as they are read, and feature stores of them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.notes import note_table
from timbre_core.datasets.store_build import build_store
from timbre_core.features.audio import AudioError
from timbre_core.features.settings import LogMelSettings

SETTINGS = LogMelSettings(seconds=None)


class MadeUp:
    """A library of notes made up as they are read, each of its own length; some can be bad or slow."""

    def __init__(self, count: int, bad: tuple[int, ...] = (), name: str = "a", delay: float = 0.0) -> None:
        names = [f"{name}{index:03}" for index in range(count)]
        self.notes = note_table({"note_id": names, "audio": names, "pitch": [60.0] * count})
        self.bad, self.delay, self.log = set(bad), delay, os.environ.get("MADE_UP_LOG")

    def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray:
        time.sleep(self.delay)
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{index}\n")
        if index in self.bad:
            raise AudioError(f"{self.notes['audio'].iat[index]}.wav: corrupt: get it again.")
        rng = np.random.default_rng(index)
        return rng.uniform(-0.5, 0.5, 800 + 997 * index % 9000).astype(np.float32)

    def fingerprint(self) -> str:
        return "/".join(self.notes["note_id"])


class Fatal(MadeUp):
    """Its process dies at the tenth note."""

    def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray:
        if index == 10:
            os._exit(9)
        return super().load(index, sample_rate)


def build(library: Any, folder: Path, settings: LogMelSettings = SETTINGS, workers: int = 1) -> FeatureStore:
    return build_store(library, settings, folder, workers=workers, progress=False)


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("frames.f16", "notes.parquet", "store.json")}
