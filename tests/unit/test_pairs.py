"""Pairs of notes of one instrument: who is drawn, and what trains on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from timbre_core.datasets.library import open_library
from timbre_core.datasets.store_build import build_store
from timbre_core.experiment import train
from timbre_core.models.note_shift import NoteShift
from timbre_core.models.tasks import PairSettings
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.training.batches import BatchSource
from timbre_core.training.distributed import Team
from timbre_core.training.pairs import Partners

SMALL = ["features.seconds=1.0", "window.frames=32", "training.batch_size=8", "training.epochs=1"]


def notes(**columns: list) -> pd.DataFrame:
    return pd.DataFrame({"velocity": [100.0] * len(columns["pitch"])} | columns)


def test_partners_are_of_the_same_instrument_and_near_in_pitch() -> None:
    table = notes(instrument=["a", "a", "a", "b", "b"], pitch=[60.0, 62.0, 90.0, 61.0, 63.0])
    partners = Partners(table, np.arange(5), PairSettings(share=1.0, semitones=12))
    rows = np.repeat(np.arange(5), 50)
    drawn = partners.draw(rows, np.random.default_rng(0))
    assert set(zip(rows.tolist(), drawn.tolist(), strict=True)) == {(0, 1), (1, 0), (2, 2), (3, 4), (4, 3)}


def test_near_pitches_and_equal_velocities_are_drawn_more_often() -> None:
    table = notes(instrument=["a"] * 4, pitch=[60.0, 61.0, 84.0, 61.0], velocity=[100.0, 100.0, 100.0, 25.0])
    drawn = Partners(table, np.arange(4), PairSettings(share=1.0)).draw(np.zeros(2000, int), np.random.default_rng(0))
    counts = np.bincount(drawn, minlength=4)
    assert counts[0] == 0
    assert counts[1] > 2 * counts[3] > 0
    assert counts[1] > 3 * counts[2] > 0


def test_only_a_share_is_paired_and_notes_of_the_split_alone() -> None:
    table = notes(instrument=["a"] * 3, pitch=[60.0, 61.0, 62.0])
    drawn = Partners(table, np.array([0, 1]), PairSettings(share=0.25)).draw(
        np.zeros(2000, int), np.random.default_rng(0)
    )
    assert set(drawn.tolist()) == {0, 1}
    assert (drawn == 1).mean() == pytest.approx(0.25, abs=0.05)


def test_a_note_without_a_pitch_is_its_own_partner() -> None:
    table = notes(instrument=["a", "a"], pitch=[60.0, np.nan])
    assert Partners(table, np.arange(2), PairSettings(share=1.0)).draw(
        np.arange(2), np.random.default_rng(0)
    ).tolist() == [0, 1]


def test_batches_carry_what_notes_should_become(tiny_nsynth: Path) -> None:
    recipe = load_recipe("nsynth-cvae", [*SMALL, "objective.pairs={share: 1.0}"])
    store = build_store(open_library([tiny_nsynth]), recipe.features, workers=1, progress=False)
    source = BatchSource(store, "train", recipe, Team(torch.device("cpu"), 0, 1), None)
    first, again = (next(iter(source.epoch(1))) for _ in range(2))
    assert first.wanted is not None
    assert again.wanted is not None
    assert torch.equal(first.wanted.frames, again.wanted.frames)
    other = first.wanted.conditions["pitch"] != first.conditions["pitch"]
    assert other.any()
    assert not torch.equal(first.frames[other], first.wanted.frames[other])


@pytest.mark.parametrize(
    "start",
    [
        ["nsynth-cvae", "objective.pairs={share: 0.5}", "model.encoder.channels=[4, 4]"],
        ["note-shift", "task.width=8", "task.places=8"],
    ],
)
def test_what_learns_from_pairs_trains(tiny_nsynth: Path, tmp_path: Path, start: list[str]) -> None:
    recipe = load_recipe(start[0], [*SMALL, *start[1:]])
    checkpoint = train(recipe, [tiny_nsynth], tmp_path / "out", maps=[])
    assert checkpoint.history["val.total"].notna().all()
    assert checkpoint.recipe.pairs == recipe.pairs
    if start[0] == "note-shift":
        assert isinstance(checkpoint.network(), NoteShift)
