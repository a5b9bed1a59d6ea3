"""The plan of a SoundFont render: which presets, pitches and velocities, and what presets are called."""

from __future__ import annotations

import pytest

from timbre_core.datasets.general_midi import FAMILIES, PROGRAMS, SOURCES
from timbre_core.datasets.soundfont import RenderSettings, plan_notes
from timbre_core.datasets.soundfont_file import Preset, Zone
from timbre_core.errors import TimbreError

EVERYWHERE = tuple(Zone(0, 127, 0, 127, root, root, False) for root in range(24, 109, 12))
VELOCITIES = (25, 50, 75, 100, 127)


def presets(*programs: int) -> list[Preset]:
    """General MIDI programs, recorded at every octave."""
    return [Preset(0, program, f"program {program}", EVERYWHERE) for program in programs]


def plan(font: list[Preset] | None = None, **settings: object) -> list[tuple[int, int, int]]:
    settings = {"velocities": VELOCITIES} | settings
    notes = plan_notes(presets(*range(128)) if font is None else font, RenderSettings(**settings))  # type: ignore[arg-type]
    return [(note.program, note.pitch, note.velocity) for note in notes]


def test_programs_cover_all_families_within_midi() -> None:
    assert {program.family for program in PROGRAMS.values()} == set(FAMILIES)
    assert {program.source for program in PROGRAMS.values()} == set(SOURCES)
    assert all(p.low >= 21 and p.high <= 108 and p.high - p.low >= 12 for p in PROGRAMS.values())
    assert not set(PROGRAMS) & {55, 113, 115, 116, 117, 118, 119, *range(120, 128)}


def test_natural_ranges_and_all_velocities() -> None:
    notes = plan(programs=(40,))
    assert {number for number, _, _ in notes} == {40}
    assert sorted({pitch for _, pitch, _ in notes}) == list(range(55, 97))
    assert len(notes) == 42 * 5


@pytest.mark.parametrize("per_pitch", [1, 2, 3, 4, 5])
def test_velocities_in_turn_reach_all(per_pitch: int) -> None:
    notes = plan(programs=(0,), pitch_step=3, velocities_per_pitch=per_pitch)
    assert len(notes) == len(set(notes)) == 30 * per_pitch
    counts = [sum(v == velocity for _, _, v in notes) for velocity in VELOCITIES]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"programs": (128,)}, "programs"),
        ({"programs": (127,)}, "program 127 has no pitch"),
        ({"banks": (128,)}, "banks"),
        ({"banks": ()}, "banks"),
        ({"pitch_low": 128}, "pitch_low"),
        ({"pitch_low": 70, "pitch_high": 60}, "pitch_low 70"),
        ({"pitch_step": 0}, "pitch_step"),
        ({"velocities": (0,)}, "velocities"),
        ({"velocities": ()}, "velocities"),
        ({"velocities_per_pitch": 6}, "velocities_per_pitch"),
        ({"octave": "up"}, "octave"),
        ({"hold": 0.0}, "hold"),
        ({"ring": 0.0}, "ring"),
        ({"release": -1.0}, "release"),
        ({"sample_rate": 1000}, "sample_rate"),
    ],
)
def test_settings_out_of_range(settings: dict[str, object], field: str) -> None:
    with pytest.raises(TimbreError, match=field):
        plan(**settings)


# -- What a font that is not laid out as General MIDI holds ----------------------------------------------------------


def test_names_and_families_are_the_presets_own_where_the_places_are_not_general_midi() -> None:
    font = [
        Preset(0, 0, "Solo Trumpet", EVERYWHERE),
        Preset(0, 1, "Alto Sax", EVERYWHERE),
        Preset(3, 1, "Alto Sax", EVERYWHERE),
        Preset(3, 2, "Zorgle", EVERYWHERE),
    ]
    notes = plan_notes(font, RenderSettings(pitch_low=60, pitch_high=60, velocities=(100,)))
    assert [(note.instrument, note.family, note.source) for note in notes] == [
        ("brass_acoustic_solo-trumpet", "brass", "acoustic"),
        ("reed_acoustic_alto-sax-0-1", "reed", "acoustic"),
        ("reed_acoustic_alto-sax-3-1", "reed", "acoustic"),
        ("zorgle", "unknown", "unknown"),
    ]


def test_programs_that_are_where_general_midi_has_them_are_called_so_in_any_bank() -> None:
    font = [Preset(5, 0, "Grand Piano", EVERYWHERE), Preset(5, 56, "Trumpet", EVERYWHERE)]
    notes = plan_notes(font, RenderSettings(pitch_low=60, pitch_high=60, velocities=(100,)))
    assert [note.instrument for note in notes] == ["keyboard_acoustic_gm640", "brass_acoustic_gm696"]


def test_a_whole_bank_is_general_midi_only_where_its_names_agree() -> None:
    one = RenderSettings(pitch_low=60, pitch_high=60, velocities=(100,))
    trumpets = [Preset(0, program, "Trumpet", EVERYWHERE) for program in range(128)]
    assert plan_notes(trumpets, one)[0].instrument == "brass_acoustic_trumpet-0-0"
    swapped = [Preset(0, 0, "Solo Trumpet", EVERYWHERE), *presets(*range(1, 128))]
    swapped[56] = Preset(0, 56, "Trumpet", EVERYWHERE)
    swapped[73] = Preset(0, 73, "Flute", EVERYWHERE)
    assert [note.family for note in plan_notes(swapped, one)][:2] == ["brass", "keyboard"]
    assert plan_notes(presets(*range(128)), one)[0].instrument == "keyboard_acoustic_gm000"


def test_a_font_of_drum_kits_names_them() -> None:
    with pytest.raises(TimbreError, match=r"2 drum kits \(128:0 Standard, 128:8 Room\), whose keys"):
        plan([Preset(128, 0, "Standard", EVERYWHERE), Preset(128, 8, "Room", EVERYWHERE)])


@pytest.mark.parametrize("settings", [{"programs": (40,)}, {"banks": (8,)}, {"pitch_low": 126}])
def test_what_is_not_there_is_answered_with_what_is(settings: dict[str, object]) -> None:
    zones = (Zone(30, 100, 0, 127, 0, 60, False),)
    font = [Preset(0, 0, "Grand Piano", zones), Preset(0, 56, "Trumpet", zones), Preset(128, 0, "Standard", zones)]
    with pytest.raises(TimbreError, match=r"2 presets .*0:0 Grand Piano, 0:56 Trumpet and 1 drum kit"):
        plan(font, **settings)


def test_natural_range_ends_near_the_recordings() -> None:
    """Fonts stretch their outermost recordings over all keys that are left."""
    zones = (Zone(0, 62, 0, 127, 0, 55, False), Zone(63, 127, 0, 127, 1, 70, False))
    keys = sorted({key for _, key, _ in plan([Preset(1, 3, "Vielle", zones)])})
    assert keys == list(range(43, 83))


def test_one_note_of_each_layer_is_tried() -> None:
    zones = (Zone(48, 72, 0, 64, 0, 60, False), Zone(48, 72, 65, 127, 1, 60, False))
    found = sorted({velocity for _, _, velocity in plan([Preset(1, 3, "Vielle", zones)], velocities=None)})
    assert len([v for v in found if v <= 64]) >= 1 <= len([v for v in found if v >= 65])
