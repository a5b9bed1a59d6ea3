"""Pitches that tables and names tell in Hz or in parts, and names of several notes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from timbre_core.datasets.columns import match_columns
from timbre_core.datasets.label_values import Labels
from timbre_core.datasets.name_labels import read_names
from timbre_core.datasets.pitch_columns import settle_pitches
from timbre_core.datasets.pitch_names import pitch_of_hz, read_pitch
from timbre_core.datasets.several_notes import several_in
from timbre_core.datasets.table import FIELDS
from timbre_core.errors import TimbreError

KEYS = (57, 60, 61, 64, 66, 70)
NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def hz(key: float) -> float:
    return 440 * 2 ** ((key - 69) / 12)


def settled(columns: str, rows: Sequence[Sequence[object]], heard: bool = False) -> tuple[list[str], list[str]]:
    """The pitches that a table's rows come to have, and its columns of no use."""
    of = match_columns(columns.split(","), FIELDS).of
    field_of = {name: field for field, name in of.items()}
    labels: list[Labels] = [
        {field_of[name]: str(cell) for name, cell in zip(columns.split(","), row, strict=True) if cell != ""}
        for row in rows
    ]
    _, unused = settle_pitches(labels, of, lambda places, pitches: heard)
    assert not {field for row in labels for field in row} & {"frequency", "octave", "pitch_class", "accidental"}
    return [row.get("pitch", "") for row in labels], unused


@pytest.mark.parametrize("name", ["F0 (Hz)", "frequency", "freq_hz", "Hz", "Fundamental frequency [Hz]", "pitch_hz"])
@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_frequencies_become_midi_pitches(name: str, decimals: int) -> None:
    rows = [(f"{hz(key):.{decimals}f}",) for key in KEYS]
    assert settled(name, rows) == ([str(key) for key in KEYS], [])


def test_frequencies_of_something_else_are_not_taken() -> None:
    filters = [(cutoff,) for cutoff in (1000, 2000, 500, 4000, 8000, 250)]
    assert settled("frequency", filters) == ([""] * 6, ["frequency"])
    assert settled("frequency", [(8000,)] * 6) == ([""] * 6, ["frequency"]), "a sample rate"
    assert settled("frequency", [(44100,)] * 6, heard=True) == ([""] * 6, ["frequency"])
    assert settled("freq", [(1,), (2,), (1,)], heard=True) == ([""] * 3, ["freq"]), "below what is heard"
    detuned = [(f"{hz(key + 0.31):.2f}",) for key in KEYS]
    assert settled("frequency", detuned)[1] == ["frequency"], "of no equal temperament, nor heard"
    assert settled("frequency", detuned, heard=True)[0] == [f"{key}.31" for key in KEYS]
    assert settled("f0", detuned)[0] == [f"{key}.31" for key in KEYS], "its name says what it is"


def test_a_column_of_pitches_may_be_in_hz_and_numbers_of_midi_stay() -> None:
    assert settled("pitch", [(f"{hz(key):.2f}",) for key in KEYS])[0] == [str(key) for key in KEYS]
    low = [(f"{hz(key):.2f}",) for key in (28, 31, 33, 36, 40)]
    assert settled("pitch", low)[0] == ["28", "31", "33", "36", "40"], "below 127 Hz, between MIDI's keys"
    for numbers in (KEYS, (60, 62, 164), (60.5, 61.5, 62.5), (59.98, 62.03, 64.01)):
        assert settled("pitch", [(number,) for number in numbers])[0] == [str(number) for number in numbers]


def test_frequencies_fill_cells_without_a_pitch() -> None:
    assert settled("pitch,f0", [(60, "261.6"), ("", "293.7"), ("", "")])[0] == ["60", "62", ""]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("note,octave", [(NAMES[key % 12], key // 12 - 1) for key in KEYS]),
        ("Note,Octave", [(f"{NAMES[key % 12]}/x", f"{key // 12 - 1}.0") for key in KEYS]),
        ("pitch,octave", [(key % 12, key // 12 - 1) for key in KEYS]),
        ("step,alter,octave", [(NAMES[key % 12][0], len(NAMES[key % 12]) - 1, key // 12 - 1) for key in KEYS]),
    ],
)
def test_letters_and_octaves_in_columns_of_their_own(columns: str, rows: list[tuple[object, ...]]) -> None:
    pitches, unused = settled(columns, rows)
    assert [read_pitch(pitch) for pitch in pitches] == list(KEYS)
    assert unused == []


def test_an_octave_beside_whole_names_is_of_no_use() -> None:
    assert settled("note,octave", [("C4", 4), ("D4", 4)]) == (["C4", "D4"], ["octave"])
    assert settled("note,octave", [("C", 4), ("D", "")])[0] == ["C4", ""], "measured where the octave is not told"


@pytest.mark.parametrize(
    ("rows", "pitches", "told"),
    [
        ([(60, "C", 4), (64, "E", 4), (67, "G", "")], ["60", "64", "67"], None),
        ([(60, "C", 3), (64, "E", 3), (67, "G", "")], ["60", "64", "67"], "C3 is 60: their octaves are counted"),
        ([(60, "C", 3), (64, "E", 3), ("", "G", 3)], ["60", "64", "67"], "C3 is 60: their octaves are counted"),
        ([(60, "C", 4), (64, "F", 4), ("", "G", 4)], ["60", "64", "G4"], "in 1 of 3 lines (F4 is 64)"),
        ([("", "C", 4), ("high", "E", 4), (60.5, "C", 4)], ["C4", "E4", "60.5"], None),
        ([(261.63, "C", 4), (329.63, "E", 4), (392, "G", "")], ["60", "64", "67"], None),
        ([(0, "C", 4), (4, "E", 4), (7, "G", "")], ["C4", "E4", ""], None),
    ],
)
def test_numbers_count_where_letters_and_octaves_are_beside_them(
    rows: list[tuple[object, ...]], pitches: list[str], told: str | None
) -> None:
    fields = ("pitch", "pitch_class", "octave")
    labels = [{field: str(cell) for field, cell in zip(fields, row, strict=True) if cell != ""} for row in rows]
    said, _ = settle_pitches(labels, dict(zip(fields, ("pitch", "letter", "octave"), strict=True)), lambda *_: False)
    assert [row.get("pitch", "") for row in labels] == pitches
    assert [told in sentence for sentence in said if "another pitch" in sentence] == [True] * bool(told)


def test_frequencies_as_they_are_written() -> None:
    assert pitch_of_hz("262") == 60, "rounded"
    assert pitch_of_hz("262.00") == pytest.approx(60.02)
    assert read_pitch("440 Hz") == read_pitch("440,0hz") == 69
    for wrong in ("0", "20000", "x", "-440", "1e3"):
        with pytest.raises(TimbreError, match="no frequency"):
            pitch_of_hz(wrong)


def test_names_say_frequencies_where_that_is_heard() -> None:
    files = [f"sine_{hz(key):.0f}Hz.wav" for key in KEYS]
    found = read_names(files, lambda files, pitches: True)
    assert [found.labels[file]["pitch"] for file in files] == [str(key) for key in KEYS]
    assert not any("pitch" in given for given in read_names(files, lambda files, pitches: False).labels.values())


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("piano C4E4G4", ("C4", "G4")),
        ("piano C4E4", ("C4", "E4")),
        ("piano C4+E4+G4", ("C4", "G4")),
        ("piano C4 E4 G4", ("C4", "G4")),
        ("piano C4maj7", ("C4", "maj7")),
        ("piano C4 min7", ("C4", "min7")),
        ("piano C4 B3 C#4", None),
        ("piano C4 min", None),
        ("piano C4", None),
        ("piano", None),
    ],
)
def test_names_of_several_notes(name: str, several: tuple[str, str] | None) -> None:
    assert several_in(name.split()) == several
    files = [f"{name}.wav", "piano D4.wav", "piano E4.wav"]
    found = read_names(files, lambda files, pitches: True)
    assert (files[0] in found.ranges) == (several is not None)
    assert [found.labels[file]["pitch"] for file in files[1:]] == ["D4", "E4"]


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("Flute A sharp 4 forte", ("Flute", "A#4", "forte")),
        ("Flute_B_flat_3_mezzo_piano", ("Flute", "Bb3", "mezzopiano")),
        ("12345__carl__flute-c4-mezzo forte", ("flute", "c4", "mezzoforte")),
    ],
)
def test_names_written_in_full_or_by_a_download_site(stem: str, label: tuple[str, str, str]) -> None:
    given = read_names([f"{stem}.wav"], lambda files, pitches: True).labels[f"{stem}.wav"]
    assert (given["instrument"], given["pitch"], given["velocity"]) == label


def test_major_and_minor_beside_each_other_are_chords() -> None:
    found = read_names(["p C4 maj.wav", "p C4 min.wav", "p D4 maj.wav"], lambda files, pitches: True)
    assert found.ranges["p C4 min.wav"] == ("C4", "min")
    assert len(found.ranges) == 3


def test_single_cells_that_say_nothing_cost_themselves_alone() -> None:
    rows = [(f"{hz(60):.2f}",), (f"{hz(61):.2f}",), ("unknown",), (f"{hz(64):.2f}",)]
    assert settled("pitch", rows)[0] == ["60", "61", "unknown", "64"]
    assert settled("f0", rows)[0] == ["60", "61", "", "64"]
    assert settled("f0", [("0",), (f"{hz(61):.2f}",), (f"{hz(64):.2f}",)])[0] == ["", "61", "64"]


def test_letters_whose_octaves_are_words_are_not_used() -> None:
    pitches, unused = settled("note,octave", [("C", "middle"), ("D#", "high")])
    assert (pitches, sorted(unused)) == (["", ""], ["note", "octave"])


def test_one_key_with_both_its_names() -> None:
    assert read_pitch("C#4/Db4") == 61
    assert read_pitch("MIDI 60") == read_pitch("60 (C4)") == read_pitch("C4 (261.6 Hz)") == read_pitch("note c 4") == 60
    assert read_pitch("A4 +12 cents") == pytest.approx(69.12)
    for wrong in ("C#4/D4", "C4/", "/", "60 (D4)", "C4 (loud)", "midi", "C4 +12"):
        with pytest.raises(TimbreError):
            read_pitch(wrong)
