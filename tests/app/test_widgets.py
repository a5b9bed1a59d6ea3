"""The small parts that pages share: colours, names, packing, memory."""

from __future__ import annotations

import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from pages.server.colours import FAMILIES, UNKNOWN, colour_of
from pages.server.memo import Memo
from pages.server.packing import pack
from pages.server.words import GENERAL_MIDI, called, instrument_name, note_name, plain, readable
from timbre_core.analysis.comparison_plots import LINE_COLOURS

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
_DEFICIENCIES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Björn Ottosson's OKLab of linear RGB."""
    to_lms = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.793617785, -0.0040720468],
            [1.9779984951, -2.428592205, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.808675766],
        ]
    )
    return np.array(to_lab) @ np.cbrt(np.clip(np.array(to_lms) @ rgb, 0, None))


@pytest.mark.parametrize("deficiency", _DEFICIENCIES)
def test_families_can_be_told_apart_by_everybody(deficiency: str) -> None:
    seen = {name: oklab(np.clip(_DEFICIENCIES[deficiency] @ linear(colour), 0, 1)) for name, colour in FAMILIES.items()}
    distances = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(seen, 2)}
    assert min(distances.values()) > 0.09, min(distances, key=distances.__getitem__)


@pytest.mark.parametrize("deficiency", _DEFICIENCIES)
def test_lines_can_be_told_apart_by_everybody(deficiency: str) -> None:
    seen = [oklab(np.clip(_DEFICIENCIES[deficiency] @ linear(colour), 0, 1)) for colour in LINE_COLOURS]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 0.09


def test_lines_stand_out_from_both_backgrounds() -> None:
    def luminance(colour: str) -> float:
        return float(linear(colour) @ [0.2126, 0.7152, 0.0722])

    light, dark = luminance("#f3f5f9"), luminance("#0a0f18")
    for colour in LINE_COLOURS:
        assert (light + 0.05) / (luminance(colour) + 0.05) >= 2.0, colour
        assert (luminance(colour) + 0.05) / (dark + 0.05) >= 4.0, colour


def test_all_nsynth_families_have_their_colour() -> None:
    assert set(FAMILIES) == {
        "bass",
        "brass",
        "flute",
        "guitar",
        "keyboard",
        "mallet",
        "organ",
        "reed",
        "string",
        "synth_lead",
        "vocal",
    }
    assert colour_of("family", "brass") == FAMILIES["brass"]
    assert len(set(FAMILIES.values())) == 11


def test_other_values_keep_their_colour() -> None:
    assert (
        colour_of("instrument", "tabla_3") == colour_of("instrument", "tabla_3") != colour_of("instrument", "tabla_4")
    )
    assert colour_of("family", "unknown") == colour_of("source", "") == UNKNOWN
    for value in ("x", "ü", "a b", "<b>"):
        assert len(colour_of("family", value)) == 7


@pytest.mark.parametrize(("midi", "name"), [(60, "C4"), (69, "A4"), (21, "A0"), (108, "C8"), (61.4, "C♯4"), (0, "C-1")])
def test_note_names(midi: float, name: str) -> None:
    assert note_name(midi) == name
    assert note_name(math.nan) == ""


def test_words() -> None:
    assert readable("synth_lead_electronic") == "synth lead electronic"
    assert plain("a*b") == "a\\*b"
    assert plain("line\nbreak\x00") == "line break "
    assert len(plain("é" * 500)) == 80


def test_general_midi_instruments_have_names() -> None:
    assert len(GENERAL_MIDI) == 128
    assert instrument_name("brass_acoustic_gm056") == "trumpet"
    assert instrument_name("keyboard_acoustic_gm000") == "acoustic grand piano"
    assert (GENERAL_MIDI[24], GENERAL_MIDI[52], GENERAL_MIDI[73], GENERAL_MIDI[127]) == (
        "nylon guitar",
        "choir aahs",
        "flute",
        "gunshot",
    )
    assert instrument_name("brass_acoustic_056") == "brass acoustic 056"
    assert instrument_name("guitar_acoustic_gm1049") == "steel guitar (bank 8)"
    assert instrument_name("string_acoustic_violins-fast") == "violins fast"
    assert instrument_name("reed_acoustic_oboe-muse") == "oboe (MuseScore)", "sets have an oboe each"
    assert instrument_name("string_acoustic_violins2-fast-muse") == "violins 2 fast (MuseScore)"
    assert instrument_name("keyboard_acoustic_muse") == "muse"
    assert instrument_name("brass_acoustic_gm99") == "gm99"


def test_packing_is_aligned_and_complete() -> None:
    packed = pack(
        {"ids": ["é", "b"]},
        {"a": np.array([1, 2, 3], np.uint8), "b": np.array([[0.5, np.nan]], np.float32), "c": np.array([], np.uint16)},
    )
    size = int.from_bytes(packed[:4], "little")
    assert size % 4 == 0
    header = json.loads(packed[4 : 4 + size])
    assert header["ids"] == ["é", "b"]
    body = packed[4 + size :]
    assert all(told["offset"] % 4 == 0 for told in header["arrays"].values())
    assert list(np.frombuffer(body, "u1", 3, header["arrays"]["a"]["offset"])) == [1, 2, 3]
    values = np.frombuffer(body, "<f4", 2, header["arrays"]["b"]["offset"])
    assert values[0] == 0.5
    assert math.isnan(values[1])
    with pytest.raises(ValueError, match="float64"):
        pack({}, {"a": np.zeros(1)})


def test_memo_forgets_the_least_recently_used() -> None:
    memo = Memo(10, lambda value: value)
    made: list[str] = []

    def make(key: str, weight: int) -> int:
        return memo.get(key, lambda: made.append(key) or weight)

    make("a", 4), make("b", 4), make("a", 4), make("c", 4)
    make("a", 4)
    assert made == ["a", "b", "c"]
    make("b", 4)
    assert made == ["a", "b", "c", "b"]
    make("huge", 50)
    assert make("huge", 50) == 50
    assert made == ["a", "b", "c", "b", "huge"]


def test_memo_computes_once_for_all_who_ask() -> None:
    memo = Memo(10)
    calls: list[int] = []
    gate = threading.Event()

    def make() -> int:
        calls.append(1)
        gate.wait(5)
        return 7

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(memo.get, "key", make) for _ in range(8)]
        gate.set()
        assert [future.result(5) for future in asked] == [7] * 8
    assert len(calls) == 1


def test_memo_does_not_keep_errors() -> None:
    memo = Memo(10)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        memo.get("key", fail)
    assert memo.get("key", lambda: 3) == 3


def test_notes_that_read_the_same_are_told_apart_by_their_ids(checkpoints: Path) -> None:
    from dataclasses import replace

    from pages.server.catalog import find_map
    from pages.server.map_data import near_cards

    notes = find_map("alpha")
    alike = replace(notes, labels=notes.labels.assign(instrument="organ", pitch=60.0, velocity=100.0))
    cards = near_cards(alike, alike.neighbours(0, 5))
    assert all(card["detail"].startswith("v 100 ") for card in cards)
    assert len({card["detail"] for card in cards}) == len(cards) == 5


def test_notes_without_pitch_are_told_by_their_family(checkpoints: Path) -> None:
    from dataclasses import replace

    from pages.server.catalog import find_map
    from pages.server.map_data import describe_note

    notes = find_map("alpha")
    labels = notes.labels.assign(instrument="theo", family="7", pitch=np.nan, velocity=np.nan)
    told = describe_note(replace(notes, labels=labels), 0)
    assert told["note"]["title"] == "7 · theo"
    assert ["id", notes.ids[0]] in told["facts"]
    assert [card["detail"] for card in told["neighbours"]] == [card["id"] for card in told["neighbours"]]


def test_takes_of_a_digit_are_told_apart_in_their_own_words(checkpoints: Path) -> None:
    from dataclasses import replace

    from pages.server.catalog import find_map
    from pages.server.map_data import column_title, describe_note, words_for

    notes = find_map("alpha")
    count = len(notes.ids)
    labels = notes.labels.assign(
        note_id=[f"7_theo_{take}" for take in range(count)],
        instrument="theo",
        family="7",
        source="speech",
        pitch=np.nan,
        velocity=np.nan,
    )
    digits = replace(notes, labels=labels)
    told = describe_note(digits, 3)
    assert told["note"]["detail"] == "take 3"
    assert len({card["detail"] for card in told["neighbours"]}) == len(told["neighbours"])
    assert told["facts"][:3] == [["digit", "7"], ["speaker", "theo"], ["id", "7_theo_3"]]
    assert [column_title(name, digits.words) for name in ("family", "instrument", "pitch")] == [
        "Digit",
        "Speaker",
        "Pitch",
    ]
    assert words_for(digits) == {"note": "recording", "family": "digit", "instrument": "speaker", "example": "7 theo"}
    assert words_for(notes)["family"] == "family"

    assert called("theo", "unknown", False) == called("theo", "theo", False) == called("theo", "7", True) == "theo"
