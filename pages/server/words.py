"""Words for pitches, labels and ids, as people read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from timbre_core.features.note_names import note_name as note_name

if TYPE_CHECKING:
    from timbre_core.features.heard_pitch import HeardPitch

# The 128 programs of General MIDI, Level 1 (MIDI Manufacturers Association, 1991).
_PROGRAMS = """
acoustic grand piano, bright acoustic piano, electric grand piano, honky-tonk piano, electric piano 1, electric piano 2,
harpsichord, clavinet, celesta, glockenspiel, music box, vibraphone, marimba, xylophone, tubular bells, dulcimer,
drawbar organ, percussive organ, rock organ, church organ, reed organ, accordion, harmonica, tango accordion,
nylon guitar, steel guitar, jazz guitar, clean electric guitar, muted electric guitar, overdriven guitar,
distortion guitar, guitar harmonics, acoustic bass, fingered bass, picked bass, fretless bass, slap bass 1, slap bass 2,
synth bass 1, synth bass 2, violin, viola, cello, contrabass, tremolo strings, pizzicato strings, orchestral harp,
timpani, string ensemble 1, string ensemble 2, synth strings 1, synth strings 2, choir aahs, voice oohs, synth voice,
orchestra hit, trumpet, trombone, tuba, muted trumpet, French horn, brass section, synth brass 1, synth brass 2,
soprano sax, alto sax, tenor sax, baritone sax, oboe, English horn, bassoon, clarinet, piccolo, flute, recorder,
pan flute, blown bottle, shakuhachi, whistle, ocarina, square lead, sawtooth lead, calliope lead, chiff lead,
charang lead, voice lead, fifths lead, bass and lead, new age pad, warm pad, polysynth pad, choir pad, bowed pad,
metallic pad, halo pad, sweep pad, rain, soundtrack, crystal, atmosphere, brightness, goblins, echoes, sci-fi, sitar,
banjo, shamisen, koto, kalimba, bagpipe, fiddle, shanai, tinkle bell, agogo, steel drums, woodblock, taiko drum,
melodic tom, synth drum, reverse cymbal, guitar fret noise, breath noise, seashore, bird tweet, telephone ring,
helicopter, applause, gunshot
"""
GENERAL_MIDI = tuple(" ".join(name.split()) for name in _PROGRAMS.split(","))
_PROGRAM = re.compile(r"[a-z_]+_(?:acoustic|electronic|synthetic)_gm(\d{3,5})")
_OWN_NAME = re.compile(r"[a-z_]+_(?:acoustic|electronic|synthetic)_([a-z0-9-]*[a-z][a-z0-9-]*)")
_SETS = {"muse": "MuseScore"}  # what a name ends with that another set of sounds has too, and what people call that set
_NUMBERED = re.compile(r"(?<=[a-z]{3})(?=\d)")  # as in violins2
_MOST_NAMED = 8  # notes of a melody


def readable(label: str) -> str:
    """A label as words: `synth_lead` -> `synth lead`."""
    return " ".join(label.replace("_", " ").split())


def instrument_name(label: str) -> str:
    """An instrument as people call it: `brass_acoustic_gm056`, General MIDI's program 56, is a `trumpet`.

    Banks of variations are 128 apart; `string_acoustic_violins-fast` has a name of its own, and `reed_acoustic_oboe-muse` is
    MuseScore's oboe.
    """
    program = _PROGRAM.fullmatch(label)
    if program:
        bank, number = divmod(int(program[1]), len(GENERAL_MIDI))
        return f"{GENERAL_MIDI[number]} (bank {bank})" if bank else GENERAL_MIDI[number]
    own = _OWN_NAME.fullmatch(label)
    if not own:
        return readable(label)
    name, _, last = own[1].rpartition("-")
    which = f" ({_SETS[last]})" if name and last in _SETS else ""
    return readable(_NUMBERED.sub(" ", (name if which else own[1]).replace("-", " "))) + which


def called(instrument: str, family: str, pitched: bool) -> str:
    """A note's name without its pitch: one that has none is told by its family, too, as in `7 · theo`."""
    name = instrument_name(instrument)
    return name if pitched or family in ("", "unknown", instrument) else f"{readable(family)} · {name}"


def printable(text: str) -> str:
    """Text without what moves or turns the text around it: line breaks, and marks of the direction of writing."""
    return "".join(character if character.isprintable() else " " for character in text)


def several(pitch: HeardPitch) -> str:
    """What is said of a sound of several notes; of a chord not which, as some may be missed."""
    if pitch.together:
        return "several notes at once"
    names = [note_name(midi) for midi in pitch.notes]
    return f"several notes: {', '.join(names[:_MOST_NAMED])}{', …' if len(names) > _MOST_NAMED else ''}"


def plain(text: str, limit: int = 80) -> str:
    """Text from data or from the address bar, shortened and with everything that Markdown would act on escaped."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:&@" else character for character in printable(short)
    )
