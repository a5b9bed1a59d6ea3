"""Colours of libraries that have no families, and words for numbers of things."""

from __future__ import annotations

from dataclasses import replace

from pages.server.catalog import NoteMap, find_map
from pages.server.colours import FAMILIES, UNKNOWN, colours_of
from pages.server.map_data import note_card, packed_map
from tests.app.asgi import unpack
from timbre_core.wording import counted


def without_families(notes: NoteMap) -> NoteMap:
    labels = notes.labels.assign(family="unknown")
    return replace(notes, labels=labels, version="own")


def test_own_folders_are_coloured_by_instrument(checkpoints: object) -> None:
    notes = find_map("alpha")
    assert notes.dot == "family"
    own = without_families(notes)
    assert (own.dot, own.label_columns[0]) == ("instrument", "instrument")
    cards = [note_card(own, row) for row in range(len(own.ids))]
    colours = {own.labels["instrument"].iloc[row]: card["colour"] for row, card in enumerate(cards)}
    assert len(colours) > 1
    assert len(set(colours.values())) == len(colours)
    assert UNKNOWN not in colours.values()
    header, _ = unpack(packed_map(own))
    assert header["dot"] == "instrument"
    drawn = header["columns"]["instrument"]
    assert dict(zip(drawn["values"], drawn["colours"], strict=True)) == colours


def test_one_instrument_without_family_has_one_colour(checkpoints: object) -> None:
    notes = find_map("alpha")
    single = replace(notes, labels=notes.labels.assign(family="unknown", instrument="piano"), version="one")
    assert single.dot == "family"
    assert note_card(single, 0)["colour"] == UNKNOWN


def test_notes_of_no_family_are_none_to_choose(checkpoints: object) -> None:
    notes = find_map("alpha")
    families = notes.families
    some = notes.labels.assign(family=["unknown", *notes.labels["family"].iloc[1:]])
    mixed = replace(notes, labels=some, version="mixed")
    assert "unknown" not in mixed.families
    assert set(mixed.families) <= set(families)
    assert without_families(notes).families == ["unknown"], "where there is no other, all are one"


def test_every_value_has_a_colour_of_its_own() -> None:
    many = colours_of("instrument", [f"instrument {i}" for i in range(200)])
    assert len(set(many.values())) == 200
    mixed = colours_of("family", ["brass", "my own", "unknown", "another"])
    assert mixed["brass"] == FAMILIES["brass"]
    assert mixed["unknown"] == UNKNOWN
    assert len(set(mixed.values())) == 4
    assert colours_of("family", ["another", "my own"]) == colours_of("family", ["my own", "another"])


def test_numbers_of_things() -> None:
    assert counted(1, "instrument") == "1 instrument"
    assert counted(1614, "note") == "1,614 notes"
    assert counted(0, "family", "families") == "0 families"
    assert counted(None, "note") == "None notes"
