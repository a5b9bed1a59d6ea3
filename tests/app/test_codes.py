"""Maps whose notes are compared by timbre codes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pages.server.catalog import NoteMap
from timbre_core.checkpoint import Checkpoint, open_checkpoint, write_latents
from timbre_core.shown_first import order_to_show


def test_notes_are_near_by_their_codes_and_latents_by_latents(tiny_checkpoint: Path, tmp_path: Path) -> None:
    recipe = open_checkpoint(tiny_checkpoint).recipe.model_copy(update={"distance": "timbre"})
    codes = [np.array([value, 0.0], dtype=np.float32) for value in (0, 5, 1)]
    latents = [np.full(3, value, dtype=np.float32) for value in (0, 1, 5)]
    table = pd.DataFrame({"note_id": ["a", "b", "c"], "mu": latents, "code": codes})
    write_latents(tmp_path, table, [])
    notes = NoteMap(Checkpoint(tmp_path, recipe), "1", table[["note_id"]])
    assert [row for row, _ in notes.neighbours(0, 2)] == [2, 1]
    assert notes.near(np.array([4.5, 0.0]), 1) == [(1, 0.5)]
    assert notes.nearest(np.full(3, 4.0), 1)[0][0] == 2
    plain = replace(notes, checkpoint=Checkpoint(tmp_path, recipe.model_copy(update={"distance": "euclidean"})))
    assert [row for row, _ in plain.neighbours(0, 2)] == [1, 2]


def test_a_space_of_timbre_codes_is_shown_first(tiny_checkpoint: Path) -> None:
    plain = open_checkpoint(tiny_checkpoint)
    coded = replace(plain, recipe=plain.recipe.model_copy(update={"distance": "timbre"}))
    assert min(plain, coded, key=order_to_show) is coded
