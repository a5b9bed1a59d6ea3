"""The notes of a map that are like some and unlike others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pages.server.catalog import NoteMap
from timbre_core.checkpoint import RECORDING

_AWAY = 0.75  # how far the place asked for moves away from what is unwanted, as a share of what lies between


def like_and_unlike(notes: NoteMap, like: Sequence[int], unlike: Sequence[int], most: int) -> list[int]:
    """Rows of the at most `most` notes nearest to the mean of the rows `like`, moved away from the mean of the rows `unlike`
    (which may be empty): the nearest first, without those told, and without their recordings under other names.

    By the distance of the map, as Rocchio's relevance feedback does ("Relevance feedback in information retrieval", 1971).
    """
    wanted = notes.places[list(like)].mean(axis=0)
    if unlike:
        wanted = wanted + _AWAY * (wanted - notes.places[list(unlike)].mean(axis=0))
    told = {*like, *unlike}
    if RECORDING in notes.labels:
        recordings = notes.labels[RECORDING]
        told |= set(np.flatnonzero(recordings.isin(recordings.iloc[list(told)].unique())).tolist())
    near = notes.near(np.asarray(wanted, dtype=np.float32), min(most + len(told), len(notes.ids)))
    return [row for row, _ in near if row not in told][:most]
