"""What a note's frames are made of: its audio, or its picture."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from timbre_core.features.preparation import prepare_audio
from timbre_core.features.settings import StoredFeatures


class Notes(Protocol):
    """The part of a library that reads notes."""

    def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray: ...
    def picture(self, index: int) -> np.ndarray: ...


def read_signal(library: Notes, index: int, features: StoredFeatures, remarks: list[str] | None = None) -> np.ndarray:
    """A note's audio (n_samples,) ready to be analysed, or its picture (height, width).

    remarks: takes what is to be told of a damaged file that is read all the same (without it: logged).
    Raises TimbreError naming the file when it is missing or corrupt, or no such thing.
    """
    if features.source == "picture":
        return library.picture(index)
    return prepare_audio(library.load(index, features.sample_rate, remarks), features)
