"""Recordings that cannot be used, found before anything is computed from them."""

from __future__ import annotations

import dataclasses

import numpy as np

from timbre_core.datasets.library import Library
from timbre_core.datasets.pictures import picture_place
from timbre_core.datasets.threads import in_threads
from timbre_core.features.audio import AudioError

_RATE = 16_000  # Hz; any will do


def without_unreadable(library: Library, progress: bool = True) -> Library:
    """The library without the sounds that `Library.load` refuses, each of them in `skipped`, with what is to be told of the
    others in `said`.

    Notes whose pitch was measured have been read already.
    """
    notes = library.notes
    unread = ~notes["pitch_estimated"] & notes["audio"].map(picture_place).isna()

    remarks: dict[int, list[str]] = {}

    def reason(row: int) -> str:
        try:
            library.load(row, _RATE, remarks.setdefault(row, []))
        except AudioError as error:
            return str(error)
        return ""

    rows = np.flatnonzero(unread).tolist()
    bad = {row: why for row, why in in_threads(reason, rows, "note", "reading", progress) if why}
    skipped = []
    for row, why in bad.items():
        name = library.name_of(row)
        skipped.append((name, why.removeprefix(f"{name}: ").rstrip(".")))
    said = [f"{library.name_of(row)}: {remark}" for row in rows for remark in remarks[row] if row not in bad]
    kept = notes.drop(index=notes.index[list(bad)]).reset_index(drop=True)
    return dataclasses.replace(library, notes=kept, skipped=library.skipped + skipped, said=library.said + said)
