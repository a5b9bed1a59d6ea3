"""What distances of timbre count: the linear map of a `TimbreEncoder`, fitted on notes of training instruments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from timbre_core.analysis.discriminant import discriminant, without

CEPSTRAL = 32
"""Directions that cepstra are told in."""

LEARNED = 0.7
"""How much each learned part counts beside them: between 0.5 and 0.8, retrieval and agreement with listeners both gain."""

KEPT = 48
"""Directions of all parts together that are kept: those that instruments differ most in."""

PITCHED = 4
"""Directions that tell the pitch, and are left out."""


def fit_metric(
    learned: Sequence[np.ndarray], cepstra: np.ndarray, pitch: np.ndarray, instrument: np.ndarray
) -> np.ndarray:
    """The map (sum of dims + n, KEPT - PITCHED) of notes' learned parts (n_notes, dim) and cepstra (n_notes, n).

    pitch: MIDI (n_notes,); instrument: labels (n_notes,), of at least KEPT instruments. A note may be there twice, such as with
    and without what is above a band limit: what it differs by then counts little. Two notes are about 1 apart in their cepstra,
    and LEARNED in each learned part, root mean square.
    """
    told = discriminant(cepstra, instrument, CEPSTRAL)
    maps = [LEARNED * np.eye(part.shape[1]) / _spread(part) for part in learned] + [told / _spread(cepstra @ told)]
    codes = np.hstack([part @ own for part, own in zip([*learned, cepstra], maps, strict=True)])
    kept = discriminant(codes, instrument, KEPT, shrinkage=1.0)
    kept = kept @ without(codes @ kept, pitch, instrument, PITCHED)
    ends = np.cumsum([own.shape[1] for own in maps])[:-1]
    return np.concatenate([own @ rows for own, rows in zip(maps, np.split(kept, ends), strict=True)])


def _spread(points: np.ndarray) -> float:
    """How far two of the points (n_points, n) are from each other, root mean square."""
    return float(np.sqrt(2 * points.var(axis=0).sum()))
