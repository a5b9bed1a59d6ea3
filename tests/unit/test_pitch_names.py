"""Pitches and dynamics as people write them, in the language that a folder's names are in together."""

from __future__ import annotations

import math

import pytest

from timbre_core.datasets.dynamics import count_layers, first_layer, read_velocity
from timbre_core.datasets.label_values import note_values
from timbre_core.datasets.pattern import parse_pattern
from timbre_core.datasets.pitch_names import pitch_language, read_pitch
from timbre_core.errors import TimbreError


@pytest.mark.parametrize(
    ("text", "midi"),
    [
        ("Csharp4", 61),
        ("c-sharp-4", 61),
        ("aSHARP3", 58),
        ("Dflat4", 61),
        ("D♭4", 61),
        ("C%234", 61),
        ("A4#", 70),
        ("Ebb4", 62),
        ("Sol4", 67),
        ("Sib3", 58),
        ("Ré4", 62),
        ("Do#4", 61),
        ("60,5", 60.5),
    ],
)
def test_ways_to_write_a_pitch(text: str, midi: float) -> None:
    assert read_pitch(text) == midi


@pytest.mark.parametrize(
    ("names", "pitches"),
    [
        ("C4 Cis4 Es4 As4 B4 H4", [60, 61, 63, 68, 70, 71]),
        ("C4 D4 H4", [60, 62, 71]),
        ("C4 Cs4 As4 B4", [60, 61, 70, 71]),
        ("Ciss4 Ess4 Ass4 H4", [61, 63, 68, 71]),
        ("Cis4 Bes4 B4", [61, 70, 71]),
        ("Bb4 B4 Eb4", [70, 71, 63]),
        ("C, C c c' cis'' h' as'", [24, 36, 48, 60, 73, 71, 68]),
        ("CC C c° c¹ d² fis1", [24, 36, 48, 60, 74, 66]),
        ("C c D d a", [36, 48, 38, 50, 57]),
        ("B, C H b h c'", [34, 36, 47, 58, 59, 60]),
        ("c1 d1 e2", [24, 26, 40]),
    ],
)
def test_the_folder_tells_the_language(names: str, pitches: list[float]) -> None:
    language = pitch_language(names.split())
    assert [read_pitch(name, language) for name in names.split()] == pitches


@pytest.mark.parametrize(("names", "refused"), [("C4 Es4 As4", ["Es4", "As4"]), ("B4 H4", ["H4"]), ("Cis4 B4", ["B4"])])
def test_names_that_mean_one_thing_or_another_are_refused(names: str, refused: list[str]) -> None:
    rows = [{"pitch": name, "instrument": "x"} for name in names.split()]
    notes, skipped = note_values(rows, [f"{name}.wav" for name in names.split()], names.split())
    assert [name for name, _ in skipped] == refused
    assert all(repr(name) in reason for name, reason in skipped)
    assert len(notes) == len(rows) - len(refused)


@pytest.mark.parametrize(
    ("text", "velocity"),
    [
        ("90", 90),
        ("ppp", 16),
        ("mezzo-forte", 80),
        ("Mezzo_Piano", 64),
        ("FF", 112),
        ("leise", 49),
        ("0-63", 32),
        ("v64-127", 96),
    ],
)
def test_dynamics_are_velocities(text: str, velocity: float) -> None:
    assert read_velocity(text) == velocity


def test_louder_words_are_higher_velocities() -> None:
    marks = ["ppp", "pianissimo", "p", "mezzopiano", "mf", "forte", "fortissimo", "fff"]
    velocities = [read_velocity(mark) for mark in marks]
    assert velocities == sorted(set(velocities))
    assert math.isnan(read_velocity("cresc-decresc"))
    with pytest.raises(TimbreError, match="velocity 'loudish'"):
        read_velocity("loudish")


def test_layers_are_spread_and_velocities_are_not() -> None:
    layers = [f"v{number}" for number in range(1, 17)]
    assert count_layers(layers) == 16
    spread = [read_velocity(layer, 16) for layer in layers]
    assert spread == sorted(set(spread))
    assert 1 <= spread[0] < spread[-1] <= 127
    from_zero = ["vl0", "vl1", "vl2"]
    assert [read_velocity(layer, count_layers(from_zero), first_layer(from_zero)) for layer in from_zero] == [
        21,
        64,
        106,
    ]
    assert count_layers(["v25", "v127"]) == 0
    assert read_velocity("v100") == 100


@pytest.mark.parametrize(
    ("pattern", "name", "said"),
    [
        ("{instrument}_{pitch}_{take}_{velocity}_{way}", "violin_As4_1_loudish_arco.wav", "velocity 'loudish'"),
        ("{instrument}_{pitch}_{velocity}", "two_words_X4_90.wav", "pitch 'words_X4'"),
        ("{instrument}_{pitch}", "violin-A4.wav", "there is no '_' after 'violin-A4'"),
        ("{family}/{pitch}", "strings/x.wav", "pitch 'x'"),
    ],
)
def test_the_field_that_does_not_fit_is_named(pattern: str, name: str, said: str) -> None:
    assert parse_pattern(pattern).match(name) is None
    assert said in parse_pattern(pattern).explain(name)


def test_letters_without_an_octave_fit_a_pitch_where_nothing_else_does() -> None:
    pattern = parse_pattern("{instrument}-{pitch}-{take}")
    assert pattern.match("organ-c''-2.wav") == {"instrument": "organ", "pitch": "c''"}
    assert pattern.match("bass-a-C4-1.wav") == {"instrument": "bass-a", "pitch": "C4"}


def test_words_fit_a_velocity() -> None:
    found = parse_pattern("{instrument}_{pitch}_{take}_{velocity}_{way}").match(
        "violin_As4_1_mezzo-forte_arco-normal.mp3"
    )
    assert found == {"instrument": "violin", "pitch": "As4", "velocity": "mezzo-forte"}


@pytest.mark.parametrize("text", ["4/4", "12/12", "3 / 3", "60 (60)", "4,0/4"])
def test_two_numbers_are_no_pitch_told_twice(text: str) -> None:
    """A column of notes may hold time signatures."""
    with pytest.raises(TimbreError, match="neither a MIDI number"):
        read_pitch(text)
    assert read_pitch("60 (C4)") == read_pitch("C4/60") == 60
