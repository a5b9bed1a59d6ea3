"""What distances of timbre count: the linear map of a `TimbreEncoder`, fitted on notes of training instruments."""

from __future__ import annotations

import numpy as np

from timbre_core.analysis.discriminant import discriminant, without

CEPSTRAL = 32
"""Directions that cepstra are told in."""

LEARNED = 0.75
"""How much the learned part counts beside them: between 0.5 and 1, retrieval and agreement with listeners both gain."""

PITCHED = 8
"""Directions that tell the pitch, and are left out."""


def fit_metric(learned: np.ndarray, cepstra: np.ndarray, pitch: np.ndarray, instrument: np.ndarray) -> np.ndarray:
    """The map (code_dim + n, code_dim + CEPSTRAL - PITCHED) of notes' learned parts (n_notes, code_dim) and cepstra (n_notes, n).

    pitch: MIDI (n_notes,); instrument: labels (n_notes,). A note may be there twice, such as with and without what is above a
    band limit: what it differs by then counts little. Codes of two notes are 1 apart in each of the two parts, root mean square.
    """
    told = discriminant(cepstra, instrument, CEPSTRAL)
    parts = [LEARNED * np.eye(learned.shape[1]) / _spread(learned), told / _spread(cepstra @ told)]
    sizes = [part.shape for part in parts]
    both = np.zeros((sizes[0][0] + sizes[1][0], sizes[0][1] + sizes[1][1]))
    both[: sizes[0][0], : sizes[0][1]], both[sizes[0][0] :, sizes[0][1] :] = parts
    return both @ without(np.hstack([learned, cepstra]) @ both, pitch, instrument, PITCHED)


def _spread(points: np.ndarray) -> float:
    """How far two of the points (n_points, n) are from each other, root mean square."""
    return float(np.sqrt(2 * points.var(axis=0).sum()))
