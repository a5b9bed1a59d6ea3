"""What distances of timbre count: the linear map of a `TimbreEncoder`, fitted on notes of training instruments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from timbre_core.analysis.discriminant import discriminant, without

CEPSTRAL = 32
"""Directions that cepstra are told in."""

ENVELOPE = 13
"""Cepstra of each time that count, the customary number: finer ones tell of single partials, so of the pitch."""

LEARNED = 0.7
"""How much each learned part counts beside them: between 0.5 and 0.8, retrieval and agreement with listeners both gain."""

KEPT = 36
"""Directions of the learned parts and cepstra that are kept: those that instruments differ most in."""

SHAPES, SHAPED = 10, 0.25
"""Directions in which instruments' cepstra differ most, as large as they are, and how much these count beside all of the former:
listeners hear differences that one instrument's notes have, too."""

COURSED = 0.6
"""How much attack, decay and length count beside them, for the same reason."""

PITCHED = 12
"""Directions that tell the pitch of an instrument's notes, and are left out."""


def fit_metric(
    learned: Sequence[np.ndarray],
    cepstra: np.ndarray,
    order: np.ndarray,
    course: np.ndarray,
    pitch: np.ndarray,
    instrument: np.ndarray,
) -> np.ndarray:
    """The map (sum of dims + n + m, KEPT + SHAPES + m - PITCHED) of notes' learned parts (n_notes, dim), cepstra (n_notes, n) and
    course (n_notes, m).

    order: of each cepstrum in its spectrum, (n,). pitch: MIDI (n_notes,); instrument: labels (n_notes,), of at least KEPT
    instruments. A note may be there several times, such as with and without what is above a band limit: what it differs by then
    counts little. Two notes are about 1 apart in their cepstra, and LEARNED in each learned part, root mean square; SHAPED and
    COURSED are shares of what they are apart in all of these. The numbers of a code are none of these directions by itself: they
    are turned so that all vary alike, and readers that standardise them (probes) see the distances that there are.
    """
    parts = [*learned, cepstra, course]
    everything = np.hstack(parts)
    ends = np.cumsum([part.shape[1] for part in parts])

    def of(part: int, own: np.ndarray) -> np.ndarray:
        """The map of one part as one of all."""
        rows = np.zeros((ends[-1], own.shape[1]))
        rows[ends[part] - len(own) : ends[part]] = own
        return rows

    smooth = order < ENVELOPE
    told, shapes = np.zeros((len(order), CEPSTRAL)), np.zeros((len(order), SHAPES))
    told[smooth] = discriminant(cepstra[:, smooth], instrument, CEPSTRAL)
    shapes[smooth] = discriminant(cepstra[:, smooth], instrument, SHAPES, shrinkage=1.0)
    counted = [of(place, LEARNED * np.eye(part.shape[1]) / _spread(part)) for place, part in enumerate(learned)]
    kept = np.hstack([*counted, of(len(learned), told / _spread(cepstra @ told))])
    kept = kept @ discriminant(everything @ kept, instrument, KEPT, shrinkage=1.0)
    beside = [(SHAPED, of(len(learned), shapes)), (COURSED, of(len(learned) + 1, np.diag(1 / course.std(axis=0))))]
    shares = [share * _spread(everything @ kept) / _spread(everything @ own) * own for share, own in beside]
    metric = np.hstack([kept, *shares])
    metric = metric @ without(everything @ metric, pitch, instrument, PITCHED)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal(2 * metric.shape[1:]))[0]
    return np.asarray(metric @ turn)


def _spread(points: np.ndarray) -> float:
    """How far two of the points (n_points, n) are from each other, root mean square."""
    return float(np.sqrt(2 * points.var(axis=0).sum()))
