"""Families of one's own sounds, and those that maps have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.synthetic import record
from timbre_core.datasets.general_midi import FAMILIES
from timbre_core.datasets.instrument_words import family_like
from timbre_core.datasets.library import open_library


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("brass", "brass"),
        ("Brass", "brass"),
        ("STRINGS", "string"),
        ("Synth-Leads", "synth_lead"),
        ("bass", "bass"),
        ("Woodwinds", ""),
        ("as", ""),
        ("s", ""),
        ("", ""),
        ("弦", ""),
    ],
)
def test_a_family_is_found_however_it_is_spelt(name: str, meant: str) -> None:
    assert family_like(name, FAMILIES) == meant


def test_of_two_families_of_one_word_the_one_that_is_named_counts() -> None:
    both = ["Strings", "string", "弦"]
    assert [family_like(name, both) for name in both] == both


def test_families_are_spelt_as_the_maps_have_them(tmp_path: Path) -> None:
    for place, name in enumerate(("Brass/horn", "Strings/viola", "Woodwinds/oboe")):
        record(tmp_path / "folders" / f"{name}_C4.wav", 60 + place)
    library = open_library([tmp_path / "folders"])
    assert sorted(library.notes["family"]) == ["Strings", "Woodwinds", "brass"]


def test_instruments_called_by_their_family_have_it(tmp_path: Path) -> None:
    for pitch in (60, 62):
        record(tmp_path / f"brass_acoustic_006-{pitch:03d}-100.wav", pitch)
        record(tmp_path / f"something_acoustic_007-{pitch:03d}-100.wav", pitch)
    library = open_library([tmp_path])
    assert library.notes.sort_values("note_id")["family"].tolist() == ["brass"] * 2 + ["unknown"] * 2
    assert any("family from instrument;" in line for line in library.said)


def test_families_and_sources_of_instruments_named_as_in_nsynth(tmp_path: Path) -> None:
    for name in ("bass_synthetic_033_C3_100", "bass_electronic_025_A1_127", "oboe_acoustic_021_Fs4_025"):
        record(tmp_path / f"{name}.wav", 60)
    told = {
        pattern: open_library([tmp_path], pattern, octave="off")
        for pattern in (None, "{instrument}_{pitch}_{velocity}")
    }
    for library in told.values():
        notes = library.notes.sort_values("instrument")
        assert notes["instrument"].tolist() == ["bass_electronic_025", "bass_synthetic_033", "oboe_acoustic_021"]
        assert notes["family"].tolist() == ["bass", "bass", "reed"]
        assert notes["source"].tolist() == ["electronic", "synthetic", "acoustic"]
        assert "family from instrument;" in library.said[0], "there is no folder that could tell it"
    assert "'{instrument}_{pitch}_{velocity}'" in told[None].said[0]
