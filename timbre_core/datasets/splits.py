"""Training, validation and test notes of a data set that has no official split: divided by instrument, or stratified.

A note of an instrument that training has heard at another pitch or velocity says little about new sounds, so by default
whole instruments are held out. Families are represented as evenly as their sizes allow. Where instruments are few, such
as the speakers of spoken digits, notes can be divided instead, in the same shares of every instrument and family.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pandas as pd

from timbre_core.datasets.settings import SplitSettings

_FEWEST_NOTES_TO_DIVIDE = 2


def assign_splits(
    notes: pd.DataFrame, settings: SplitSettings | None = None, linked: Mapping[str, str] | None = None
) -> pd.Series:
    """ "train", "valid" or "test" for every row of a note table.

    The settings' `held_out` instruments are test notes. Divided by instrument, which is the default, the numbers of
    other instruments that are held out are the settings' shares of all, at least one each where there are enough. They are
    spread over as many families as possible; every family keeps an instrument to train on. Where there are too few
    instruments to hold one out for validation, single notes are held out instead. Instruments that `linked` maps to one
    name share recordings and count as one instrument. Depends on the notes' names, instruments and families and the seed
    alone: not on order, platform or other data.
    """
    settings = settings or SplitSettings()
    linked = linked or {}
    notes = notes.assign(instrument=_together(notes["instrument"], linked))
    held_out = notes["instrument"].isin([linked.get(name, name) for name in settings.held_out])
    divide = _stratified if settings.by == "stratified" else _by_instrument
    split = pd.Series("test", index=notes.index, dtype="str", name="split")
    split[~held_out] = divide(notes[~held_out], settings)
    return split


def fill_splits(
    notes: pd.DataFrame, settings: SplitSettings | None = None, linked: Mapping[str, str] | None = None
) -> pd.Series:
    """The splits of a note table of which some rows have none: those rows are divided as `assign_splits` divides a table
    of their own, except that an instrument whose other notes are all in one split stays in it."""
    blank = notes["split"] == ""
    notes = notes.assign(instrument=_together(notes["instrument"], linked))
    told = notes[~blank].drop_duplicates(["instrument", "split"]).drop_duplicates("instrument", keep=False)
    given = dict(zip(told["instrument"], told["split"], strict=True))
    split = notes["split"].where(~blank, notes["instrument"].map(lambda name: given.get(name, ""))).astype("str")
    rest = split == ""
    if rest.any():
        split[rest] = assign_splits(notes[rest], settings, linked)
    return split.rename("split")


def _together(instruments: pd.Series, linked: Mapping[str, str] | None) -> pd.Series:
    """Instruments by the names that those have together which share recordings."""
    return instruments.map(lambda name: (linked or {}).get(name, name)).astype("str")


def _stratified(notes: pd.DataFrame, settings: SplitSettings) -> pd.Series:
    """Each instrument's notes of each family in an order that the seed decides: test, then valid, then train."""
    order = notes["note_id"].map(lambda name: _order(settings.seed, str(name)))
    groups = order.groupby([notes["instrument"], notes["family"]])
    # Halfway between places, so that a share of a small group is rounded rather than cut off.
    place = (groups.rank(method="first") - 0.5) / groups.transform("size")
    split = pd.Series("train", index=notes.index, dtype="str")
    split[place < settings.test + settings.valid] = "valid"
    split[place < settings.test] = "test"
    return split


def _by_instrument(notes: pd.DataFrame, settings: SplitSettings) -> pd.Series:
    # An instrument with notes in several families (digits spoken by one voice, say) counts for the first.
    family_of = notes.groupby("instrument", sort=True)["family"].min()
    groups: dict[str, list[str]] = {}
    for instrument, family in family_of.items():
        groups.setdefault(str(family), []).append(str(instrument))
    if all(len(members) == 1 for members in groups.values()):
        groups = {"": sorted(name for members in groups.values() for name in members)}
    for members in groups.values():
        members.sort(key=lambda name: _order(settings.seed, name))

    total = len(family_of)
    split = dict.fromkeys((str(name) for name in family_of.index), "train")
    for name, share in (("test", settings.test), ("valid", settings.valid)):
        count = max(1, round(share * total)) if share > 0 else 0
        for instrument in _hold_out(groups, count, settings.seed):
            split[instrument] = name
    assigned = notes["instrument"].map(split).astype("str").rename("split")
    if settings.valid > 0 and "valid" not in split.values() and len(notes) >= _FEWEST_NOTES_TO_DIVIDE:
        order = notes["note_id"].map(lambda name: _order(settings.seed, str(name)))
        count = max(1, round(settings.valid * len(notes)))
        assigned.loc[order[assigned == "train"].sort_values().index[:count]] = "valid"
    return assigned


def _hold_out(groups: dict[str, list[str]], count: int, seed: int) -> list[str]:
    """Take up to `count` instruments out of `groups`, each time from the family that has given least for its size."""
    given = dict.fromkeys(groups, 0)
    chosen: list[str] = []
    while len(chosen) < count:
        open_families = [family for family, members in groups.items() if len(members) > 1]
        if not open_families:
            break
        # One from every family first, large families before small ones; then in proportion to what is left.
        family = (
            min(open_families, key=lambda f: ((given[f] + 1) / (given[f] + len(groups[f])), given[f], _order(seed, f)))
            if all(given[f] for f in open_families)
            else min((f for f in open_families if not given[f]), key=lambda f: (-len(groups[f]), _order(seed, f)))
        )
        chosen.append(groups[family].pop())
        given[family] += 1
    return chosen


def _order(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
