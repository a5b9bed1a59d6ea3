"""The formats that an instrument can be written in. A new one is one file with one writer, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from timbre_core.errors import TimbreError
from timbre_core.generation.formats.decent import write_decent
from timbre_core.generation.formats.description import SampledInstrument
from timbre_core.generation.formats.multisample import write_multisample
from timbre_core.generation.formats.sf2 import write_sf2
from timbre_core.generation.formats.sfz import write_sfz
from timbre_core.generation.formats.wav import write_wavs


@dataclass(frozen=True)
class Format:
    """A format: its name for people, who opens it, its writer (files by name), and what the file to open ends in.

    Nothing, where all of its files are to be opened.
    """

    title: str
    opened_by: str
    write: Callable[[SampledInstrument], dict[str, bytes]]
    ending: str


FORMATS: dict[str, Format] = {
    "sfz": Format("SFZ", "sfizz, Sforzando, TX16Wx and other SFZ players", write_sfz, ".sfz"),
    "sf2": Format("SoundFont 2", "FluidSynth, MuseScore, Logic, Kontakt and most samplers", write_sf2, ".sf2"),
    "dspreset": Format("Decent Sampler", "Decent Sampler", write_decent, ".dspreset"),
    "multisample": Format("Multisample", "Bitwig Studio, PreSonus Studio One", write_multisample, ".multisample"),
    "wav": Format("WAV files", "any sampler: keys and loops are in the files", write_wavs, ""),
}
LICENCE = "LICENCE.txt"
"""The file beside an instrument that says what its sounds were made from."""


def instrument_files(instrument: SampledInstrument, kind: str) -> dict[str, bytes]:
    """The instrument in the format `kind`, one of `FORMATS`, and its licence note: contents by file name."""
    return {**format_of(kind).write(instrument), LICENCE: (instrument.note + "\n").encode("utf-8")}


def format_of(kind: str) -> Format:
    """The format of a name. Raises TimbreError for one that is not known."""
    if kind not in FORMATS:
        raise TimbreError(f"no format {kind[:40]!r}: choose from {', '.join(FORMATS)}.")
    return FORMATS[kind]
