"""The project's own note classifier as a measure: what it makes of a note last, before it names family and pitch."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.checkpoint import WEIGHTS, default_checkpoints_folder
from timbre_core.companions import opened_network
from timbre_core.errors import TimbreError
from timbre_core.features.settings import FeatureSettings

if TYPE_CHECKING:
    from timbre_core.analysis.inversion_evaluation import Embedding

NOTE_CLASSIFIER = "note-classifier"


def open_note_embedding(features: FeatureSettings, folder: Path | None = None) -> Embedding:
    """The embedding of the checkpoint `note-classifier`, for audio of these features.

    folder: the checkpoint, by default that among the project's own. Its fingerprint is the SHA-256 of its weights.

    Raises TimbreError that says why there is none.
    """
    import torch

    from timbre_core.analysis.inversion_evaluation import Embedding
    from timbre_core.features.frames import note_frames
    from timbre_core.models.note_classifier import NoteClassifier

    folder = folder or default_checkpoints_folder() / NOTE_CLASSIFIER
    if not folder.is_dir():
        raise TimbreError(f"there is no checkpoint {NOTE_CLASSIFIER}")
    network, recipe = opened_network(folder)
    if not isinstance(network, NoteClassifier):
        raise TimbreError(f"{folder} is no note classifier")
    settings = recipe.features
    if settings.sample_rate != features.sample_rate:
        raise TimbreError(
            f"{NOTE_CLASSIFIER} hears {settings.sample_rate} Hz, these features are of {features.sample_rate} Hz"
        )

    @torch.inference_mode()
    def embed(audio: np.ndarray) -> np.ndarray:
        frames = torch.from_numpy(note_frames(audio, settings)[0])[None]
        return np.asarray(network.embed(frames)[0].numpy())

    return Embedding(folder.name, hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest(), embed)
