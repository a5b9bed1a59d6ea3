"""Splits that are made: by instrument, of few and of many, the same for the same names and seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from timbre_core.datasets.settings import SplitSettings
from timbre_core.datasets.splits import assign_splits


def notes_of(families: dict[str, int], notes_each: int = 3) -> pd.DataFrame:
    rows = [
        (f"{family}_{i}-{k}", f"{family}_{i}", family)
        for family, count in families.items()
        for i in range(count)
        for k in range(notes_each)
    ]
    return pd.DataFrame(rows, columns=["note_id", "instrument", "family"])


@pytest.mark.parametrize("seed", range(20))
def test_splits_are_disjoint_by_instrument(seed: int) -> None:
    rng = np.random.default_rng(seed)
    notes = notes_of({f"family{i}": int(rng.integers(1, 12)) for i in range(int(rng.integers(1, 9)))})
    settings = SplitSettings(seed=seed)
    split = assign_splits(notes, settings)
    by_split = {name: set(group) for name, group in notes["instrument"].groupby(split)}
    names = list(by_split)
    assert all(not by_split[a] & by_split[b] for a in names for b in names if a != b)
    instruments = notes.drop_duplicates("instrument")
    sizes = instruments["family"].value_counts()
    if len(instruments) >= 10 and sizes.max() > 1:
        test, valid = len(by_split.get("test", ())), len(by_split.get("valid", ()))
        spare = int((sizes - 1).sum())
        assert test == min(spare, max(1, round(0.2 * len(instruments))))
        assert valid == min(spare - test, max(1, round(0.1 * len(instruments))))
    if sizes.max() > 1:
        # Every family keeps an instrument to train on.
        assert set(instruments["family"]) == set(notes.loc[split == "train", "family"])


def test_test_split_covers_families_before_repeating_one() -> None:
    notes = notes_of({"a": 20, "b": 4, "c": 4, "d": 2, "e": 1})
    test = notes[assign_splits(notes) == "test"].drop_duplicates("instrument")
    assert len(test) == 6
    assert set(test["family"]) == {"a", "b", "c", "d"}
    assert test["family"].value_counts().max() == 3


def test_splits_depend_on_names_and_seed_alone() -> None:
    notes = notes_of({"a": 9, "b": 5, "c": 1})
    split = assign_splits(notes)
    shuffled = notes.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(assign_splits(shuffled).sort_index(), split)
    more = pd.concat([notes, notes.assign(note_id=notes["note_id"] + "x")], ignore_index=True)
    pd.testing.assert_series_equal(assign_splits(more)[: len(notes)], split)
    seeds = {tuple(assign_splits(notes, SplitSettings(seed=seed))) for seed in range(8)}
    assert len(seeds) > 4
    # Known answer: the same on every machine and in every version to come, or published splits would change.
    held_out = notes[split != "train"].drop_duplicates("instrument")["instrument"]
    assert dict(zip(held_out, split[held_out.index], strict=True)) == KNOWN_SPLIT


KNOWN_SPLIT = {"a_2": "valid", "a_4": "test", "a_5": "test", "b_0": "test", "b_3": "valid"}


@pytest.mark.parametrize(
    ("families", "expected"), [({"a": 1}, {"train", "valid"}), ({"a": 2}, {"train", "test", "valid"})]
)
def test_splits_of_very_few_instruments(families: dict[str, int], expected: set[str]) -> None:
    assert set(assign_splits(notes_of(families))) == expected


def test_splits_where_every_family_is_one_instrument() -> None:
    split = assign_splits(notes_of({f"f{i}": 1 for i in range(10)}, notes_each=1))
    assert dict(split.value_counts()) == {"train": 7, "test": 2, "valid": 1}


def test_no_held_out_shares() -> None:
    assert set(assign_splits(notes_of({"a": 9}), SplitSettings(valid=0, test=0))) == {"train"}


def test_a_single_instrument_is_divided_by_note() -> None:
    notes = notes_of({"vocal": 1}, notes_each=40)
    split = assign_splits(notes, SplitSettings())
    assert dict(split.value_counts()) == {"train": 36, "valid": 4}
    shuffled = notes.sample(frac=1, random_state=1)
    assert assign_splits(shuffled, SplitSettings()).sort_index().equals(split)
    assert set(assign_splits(notes, SplitSettings(valid=0))) == {"train"}
