"""Labels without a table: from names as libraries write them, from folders, SFZ files and the keys inside files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from tests.synthetic import record
from timbre_core.datasets.folder import read_folder
from timbre_core.datasets.folder_labels import read_folders
from timbre_core.datasets.label_values import safe_id
from timbre_core.datasets.library import open_library
from timbre_core.datasets.name_labels import NameLabels, read_names


def names(*stems: str, hears: bool = True) -> NameLabels:
    return read_names([f"{stem}.wav" for stem in stems], lambda files, pitches: hears)


# -- Names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stems", "labels"),
    [
        (
            ["violin_As4_1_mezzo-forte_arco-normal", "double-bass_A1_025_piano_arco-normal"],
            [("violin", "As4", "mezzo-forte"), ("double-bass", "A1", "piano")],
        ),
        (["Piano.ff.Bb3", "Piano.pp.A4"], [("Piano", "Bb3", "ff"), ("Piano", "A4", "pp")]),
        (["Vn-ord-A#3-ff-4c-N", "BTb-ord-F#1-pp-N-N"], [("Vn", "A#3", "ff"), ("BTb", "F#1", "pp")]),
        (
            ["bass_synthetic_033-022-050", "bass_synthetic_033-023-100"],
            [("bass_synthetic_033", "022", "050"), ("bass_synthetic_033", "023", "100")],
        ),
        (
            ["bass_synthetic_033_C3_100", "bass_electronic_025_A1_127", "reed_acoustic_gm021_Fs4_025"],
            [
                ("bass_synthetic_033", "C3", "100"),
                ("bass_electronic_025", "A1", "127"),
                ("reed_acoustic_gm021", "Fs4", "025"),
            ],
        ),
        (["guitar_acoustic_1_C4", "guitar_acoustic_2_C4"], [("guitar", "C4", None), ("guitar", "C4", None)]),
        (["MOHorn_sus_C4_v1_1", "tbn_sus_D4_v2_1"], [("MOHorn", "C4", "v1"), ("tbn", "D4", "v2")]),
        (["A0v1", "D#4v16"], [(None, "A0", "v1"), (None, "D#4", "v16")]),
        (["1_piano_60", "2_flute_64"], [("piano", "60", None), ("flute", "64", None)]),
        (["1st-violins-piz-rr1-a#3", "violas-sus-rr1-e3"], [("1st violins", "a#3", None), ("violas", "e3", None)]),
        (["violinC4", "celloC2"], [("violin", "C4", None), ("cello", "C2", None)]),
        (["Flute - A4 (ff)", "Flute - C5 (pp)"], [("Flute", "A4", "ff"), ("Flute", "C5", "pp")]),
        (["oboe~C4~ff", "viola~D4~pp"], [("oboe", "C4", "ff"), ("viola", "D4", "pp")]),
        (["Oboe, C4 (mf) [take 2]", "Viola, D4 (mf) [take 1]"], [("Oboe", "C4", "mf"), ("Viola", "D4", "mf")]),
        (["oboe@60@100", "viola@62@90"], [("oboe", "60", "100"), ("viola", "62", "90")]),
        (["oboe·Ｃ４", "viola·Ｄ４"], [("oboe", "C4", None), ("viola", "D4", None)]),
        (["piano_forte_C4", "piano_piano_C4"], [("piano", "C4", "forte"), ("piano", "C4", "piano")]),
        (["oboe_C4_v1-63", "oboe_C4_v64-127"], [("oboe", "C4", "v1‑63"), ("oboe", "C4", "v64‑127")]),
        (["oboe-C4-0-63", "oboe-C4-64-127"], [("oboe", "C4", "0‑63"), ("oboe", "C4", "64‑127")]),
        (["oboe_C4_01-02", "oboe_D4_02-03"], [("oboe", "C4", None), ("oboe", "D4", None)]),
        (["pluck C4", "brassy C4"], [("pluck", "C4", None), ("brassy", "C4", None)]),
        (["sus C4", "stac C4"], [(None, "C4", None), (None, "C4", None)]),
        (
            ["Fagott B,", "Fagott b", "Fagott h", "Fagott cis'"],
            [("Fagott", note, None) for note in ("Bb1", "Bb3", "B3", "C#4")],
        ),
        (
            ["Gedackt C,", "Gedackt fis", "Gedackt c''"],
            [("Gedackt", "C1", None), ("Gedackt", "Fis3", None), ("Gedackt", "C5", None)],
        ),
        (
            ["C_ff", "c_ff", "cis_ff", "c1_ff", "d1_ff"],
            [(None, f"{note}", "ff") for note in ("C2", "C3", "Cis3", "C4", "D4")],
        ),
    ],
)
def test_names_of_the_usual_libraries(stems: list[str], labels: list[tuple[str | None, ...]]) -> None:
    found = names(*stems).labels
    fields = ("instrument", "pitch", "velocity")
    assert [tuple(found[f"{stem}.wav"].get(field) for field in fields) for stem in stems] == labels


def test_numbers_are_pitches_only_where_they_are_heard() -> None:
    assert names("01", "02", "60", hears=True).labels.get("60.wav", {}).get("pitch") is None
    assert names("a_61", "b_62", hears=True).labels["a_61.wav"]["pitch"] == "61"
    assert "pitch" not in names("a_61", "b_62", hears=False).labels.get("a_61.wav", {})


def test_one_name_of_many_without_a_key_takes_the_pitch_from_itself_alone() -> None:
    stems = [f"bass_synthetic_033-{key:03d}-050" for key in range(9, 29)]
    labels = names(*stems, "my-first-bass").labels
    assert [labels[f"{stem}.wav"]["pitch"] for stem in stems] == [f"{key:03d}" for key in range(9, 29)]
    assert "pitch" not in labels["my-first-bass.wav"]


def test_letters_without_an_octave_are_pitches_only_where_they_are_heard() -> None:
    stems = ["take a", "take h", "take c1", "take d1"]
    assert names(*stems, hears=True).helmholtz
    assert not names(*stems, hears=False).helmholtz
    assert not names("a", "b", "c").helmholtz


def test_digits_of_other_kinds_are_no_numbers() -> None:
    stems = [f"viola_{sign}_{60 + place}" for place, sign in enumerate("²①Ⅳ")]
    found = read_names([f"{stem}.wav" for stem in stems], lambda files, pitches: True)
    assert [found.labels[f"{stem}.wav"]["pitch"] for stem in stems] == ["60", "61", "62"]


def test_several_notes_in_a_file_are_told(tmp_path: Path) -> None:
    record(tmp_path / "Violin.arco.ff.sulG.C4B4.wav")
    record(tmp_path / "Violin.arco.ff.sulG.A4.wav", 69)
    library = open_library([tmp_path])
    assert library.notes["pitch"].tolist() == [69]
    [(file, reason)] = library.skipped
    assert file.endswith("C4B4.wav")
    assert "several notes (C4 to B4)" in reason


def test_a_flat_folder_of_several_instruments(tmp_path: Path) -> None:
    for name, pitch in (
        ("violin_As4_1_forte_normal", 70),
        ("cello_C3_1_piano_normal", 48),
        ("oboe_D5_1_forte_normal", 74),
    ):
        record(tmp_path / f"{name}.wav", pitch)
    library = open_library([tmp_path])
    notes = library.notes.set_index("instrument")
    assert {name: (row["family"], row["pitch"]) for name, row in notes.iterrows()} == {
        "violin": ("string", 70),
        "cello": ("string", 48),
        "oboe": ("reed", 74),
    }
    assert not notes["pitch_estimated"].any()
    [line] = library.said
    assert "{instrument}_{pitch}" in line


def test_names_that_cannot_be_told_are_measured(tmp_path: Path) -> None:
    for name, pitch in (("C4", 60), ("Es4", 63)):
        record(tmp_path / f"{name}.wav", pitch)
    library = open_library([tmp_path])
    assert library.notes["pitch"].tolist() == [60, 63]
    assert library.notes["pitch_estimated"].tolist() == [False, True]
    assert any("'Es4' is E flat in German" in line for line in library.said)


# -- Folders ---------------------------------------------------------------------------------------------------------


def instruments(paths: Sequence[str]) -> list[tuple[str, str]]:
    found = read_folders(Path("/somewhere/root"), paths).labels
    return [(found[path]["instrument"], found[path]["family"]) for path in paths]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (
            ["Strings/Cello Section/susvib/a.wav", "Strings/Viola/susvib/a.wav", "Brass/F Horn/sus/a.wav"],
            [("Cello Section", "Strings"), ("Viola", "Strings"), ("F Horn", "Brass")],
        ),
        (["brass/trumpet/a.wav", "reed/oboe/a.wav"], [("trumpet", "brass"), ("oboe", "reed")]),
        (["flute/a.wav", "viola/a.wav"], [("flute", "flute"), ("viola", "string")]),
        (
            ["Lib/Strings/Solo/Violin/sus/ff/close/a.wav", "Lib/Strings/Tutti/Violin/sus/pp/close/a.wav"],
            [("Solo Violin", "Strings"), ("Tutti Violin", "Strings")],
        ),
        (["Cello/gestrichen/a.wav", "Viola/gestrichen/a.wav"], [("Cello", "string"), ("Viola", "string")]),
        (["one/kick/a.wav", "two/kick/a.wav"], [("one kick", "one"), ("two kick", "two")]),
        (["train/violin/a.wav", "test/violin/b.wav"], [("violin", "string"), ("violin", "string")]),
        (["sus/a.wav", "pizz/a.wav"], [("root", "unknown"), ("root", "unknown")]),
        (
            ["Strings/Violin/sus/Room X/a.wav", "Strings/Viola/sus/Room Y/a.wav"],
            [("Violin", "Strings"), ("Viola", "Strings")],
        ),
        (
            ["Staccato/Horn/a.wav", "Sustain/Horn/a.wav", "Sustain/Oboe/a.wav"],
            [("Horn", "brass"), ("Horn", "brass"), ("Oboe", "reed")],
        ),
        (
            ["Струнные/Скрипка/арко/a.wav", "Струнные/Альт/арко/a.wav", "管楽器/フルート/a.wav", "管楽器/何か/a.wav"],
            [("Скрипка", "Струнные"), ("Альт", "Струнные"), ("フルート", "管楽器"), ("何か", "管楽器")],
        ),
        (
            ["Tuba/sus/a.wav", "Tuba/blurp/a.wav", "Piano/Grand/a.wav"],
            [("Tuba", "brass")] * 2 + [("Grand", "keyboard")],
        ),
        (["Horn/Horn Stac/a.wav", "Horn/Horn Sus/b.wav"], [("Horn", "brass")] * 2),
        (
            ["Guitar/Guitar 010/a.wav", "Guitar/Guitar 021/a.wav", "Guitar/Guitar 021/take 2/a.wav"],
            [("Guitar 010", "Guitar")] + [("Guitar 021", "Guitar")] * 2,
        ),
        (["Horn/1/a.wav", "Horn/2/a.wav"], [("Horn", "brass")] * 2),
        (
            ["Violin/Violin Solo/a.wav", "Violin/Violin Section/b.wav"],
            [("Violin Solo", "string"), ("Violin Section", "string")],
        ),
        (
            ["Horn Stac/a.wav", "horn_sus/b.wav", "Oboe Sus/a.wav"],
            [("Horn", "brass"), ("horn", "brass"), ("Oboe Sus", "reed")],
        ),
        (
            ["Violin Solo/a.wav", "Violin Pizz Solo/b.wav", "Violin/c.wav"],
            [("Violin Solo", "string")] * 2 + [("Violin", "string")],
        ),
        (["Tree Mics/Strings/Viola/a.wav", "Close/Strings/Viola/b.wav"], [("Viola", "Strings")] * 2),
        (["Juno-60/Pads/Warm/a.wav", "Juno-60/Pads/Cold/a.wav"], [("Warm", "Pads"), ("Cold", "Pads")]),
        (
            ["Strijkers/Altviool/lang/a.wav", "Jouset/Sello/lyhyt/a.wav", "Dęte/Flet/sus/a.wav"],
            [("Altviool", "Strijkers"), ("Sello", "Jouset"), ("Flet", "Dęte")],
        ),
        (["मेरा/एक/a.wav", "मेरा/दो/a.wav"], [("एक", "मेरा"), ("दो", "मेरा")]),
    ],
)
def test_instruments_of_nested_folders(paths: list[str], expected: list[tuple[str, str]]) -> None:
    assert instruments(paths) == expected


def test_a_folder_of_several_instruments_among_others(tmp_path: Path) -> None:
    for name in ("monday/violin_C4", "monday/oboe_C4", "tuesday/tuba_C3", "strings and more/flute_D4"):
        record(tmp_path / f"{name}.wav", 60)
    notes = open_library([tmp_path]).notes.set_index("audio")
    assert notes["instrument"].tolist()[:2] == ["oboe", "violin"]
    assert notes["family"].tolist()[:2] == ["reed", "string"]


def test_mappings_and_tables_that_are_not_read_are_told(tmp_path: Path) -> None:
    record(tmp_path / "Strings" / "oboe_C4.wav", 60)
    (tmp_path / "Strings" / "x.dspreset").write_text("<DecentSampler/>")
    (tmp_path / "Strings" / "metadata.json").write_text("[]")
    library = open_library([tmp_path / "Strings"])
    assert sum("not used" in said for said in library.said) == 2
    assert library.notes["family"].tolist() == ["reed"], "what the folder is called is no family of its sounds"


def test_folders_may_name_splits_pitches_and_dynamics() -> None:
    found = read_folders(Path("/root"), ["train/piano/C4/ff/a.wav", "test/piano/D4/pp/a.wav"]).labels
    assert found["train/piano/C4/ff/a.wav"] == {
        "split": "train",
        "instrument": "piano",
        "family": "keyboard",
        "pitch": "C4",
        "velocity": "ff",
    }


def test_capitals_alone_make_no_other_instrument(tmp_path: Path) -> None:
    for folder, pitch in (("Flute", 60), ("flute", 62), ("FLUTE", 64)):
        record(tmp_path / folder / f"a_{pitch}.wav", pitch)
    library = open_library([tmp_path])
    assert set(library.notes["instrument"]) == {"Flute"}
    assert any("'FLUTE' is 'Flute', 'flute' is 'Flute'" in said for said in library.said)
    lines = "".join(f"{folder}/a_{pitch}.wav,{folder}\n" for folder, pitch in (("Flute", 60), ("FLUTE", 64)))
    (tmp_path / "metadata.csv").write_text(f"file,instrument\n{lines}")
    assert set(open_library([tmp_path]).notes["instrument"]) == {"Flute", "FLUTE"}, "a table means what it says"


def test_one_instrument_in_several_spellings(tmp_path: Path) -> None:
    folders = (
        "French Horn",
        "french_horn",
        "FrenchHorn",
        "Clarinet",
        "Clarinett",
        "Pad A",
        "Pad B",
        "Reed 1-2",
        "Reed 12",
    )
    for place, folder in enumerate(folders):
        record(tmp_path / folder / f"{60 + place}.wav", 60 + place)
    library = open_library([tmp_path])
    assert set(library.notes["instrument"]) == {"French Horn", *folders[3:]}
    [same], [near] = ([said for said in library.said if words in said] for words in ("is the same", "near names"))
    assert "'french_horn' is 'French Horn'" in same
    assert near.endswith("'Clarinet' and 'Clarinett': rename one where they are the same")


def test_decisions_are_told_in_one_line(tmp_path: Path) -> None:
    record(tmp_path / "Brass" / "Horn" / "sus" / "horn_C4.wav")
    said: list[str] = []
    notes, _ = read_folder(tmp_path, said=said)
    assert isinstance(notes, pd.DataFrame)
    [line] = said
    assert "instrument from folders" in line
    assert "pitch from file names (C4 = 60)" in line
    assert "no instruments: sus" in line


def test_ids_keep_letters_of_every_script_and_are_no_paths() -> None:
    taken: set[str] = set()
    assert safe_id("琴/弹拨_60", taken) == "琴.弹拨_60"
    assert safe_id("Flo\u0308te ♭ <b>", taken) == "Flöte _ _b_"
    safe_id("../../etc/\u202epasswd\0", taken)
    assert all("/" not in each and "\\" not in each and not each.startswith(".") for each in taken)
    assert len(safe_id("琴" * 300, taken).encode()) <= 200
