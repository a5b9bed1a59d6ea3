"""Which column of a table of labels holds what: the names that people and data sets give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_OTHER_NAMES = {
    "file": "file_name filename filepath file_path path audio audio_file audio_path audio_filename wav sample sound location "
    "datei dateiname fichier nom_de_fichier archivo arquivo bestand filnamn tiedosto plik",
    "note_id": "note_str id name key_id",
    "instrument": "instrument_str instrument_name instrument_in_full instrument_full instr inst instrument_class "
    "instrument_label program_name instrumento strumento instrumentti",
    "family": "instrument_family_str family_str instrument_family family_name section group familie "
    "famille familia família famiglia instrumentengruppe",
    "source": "instrument_source_str source_str instrument_source",
    "pitch": "midi midi_pitch pitch_midi midi_note midi_number note_number midi_note_number key root_key rootkey root "
    "pitch_name note_name note pitch_id tonhöhe tonhoehe ton hauteur altura nota altezza toonhoogte tonhöjd",
    "velocity": "vel midi_velocity dynamics dynamic dynamic_level loudness dynamik lautstärke nuance "
    "dinamica dinámica intensidad anschlag",
    "split": "subset set partition data_split fold folds fold_id kfold cv_fold",
    "transpose": "transposition",
    "frequency": "f0 f0_hz hz freq freq_hz frequency_hz fundamental fundamental_hz fundamental_frequency "
    "fundamental_frequency_hz fundamental_freq f0_frequency pitch_hz pitch_in_hz pitch_frequency pitch_freq "
    "note_frequency note_freq note_hz root_hz root_frequency midi_hz tonhöhe_hz tonhoehe_hz grundfrequenz "
    "grundfrequenz_hz hauteur_hz fréquence_fondamentale frecuencia_fundamental frequenza_fondamentale "
    "frequência_fundamental frequenz frequenz_hz fréquence fréquence_hz frecuencia frecuencia_hz frequenza "
    "frequenza_hz frequência frequência_hz frequentie frekvens taajuus częstotliwość",
    "pitch_class": "pitchclass chroma letter step note_letter note_class note_without_octave tone_name",
    "octave": "oct octave_number octave_no oktave octava oitava ottava octaaf oktav oktaavi oktawa oktáv oktava",
    "accidental": "accidentals alteration alter vorzeichen altération alteración alterazione",
}
PARTS = ("frequency", "pitch_class", "octave", "accidental")
"""Fields that say something of the pitch, and are no labels themselves: see datasets.pitch_columns."""
_CLASSES = ("label", "class", "category", "target")
"""Names of the one label that many data sets have, which is the instrument where nothing else is."""


@dataclass(frozen=True)
class Columns:
    """The column of each field that a table has, and its columns that are not used."""

    of: dict[str, str]
    unused: list[str]

    @property
    def renamed(self) -> list[str]:
        """`pitch from 'MIDI note'`, of each field whose column has another name than the field."""
        given = {field: name for field, name in self.of.items() if field not in PARTS and name not in self.unused}
        return [f"{field} from {name!r}" for field, name in given.items() if plain_name(name) != field]


def plain_name(name: str) -> str:
    """A column's name without capitals, blanks around it, units in brackets and the like: `Instrument (in full)` is
    `instrument_in_full`."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("\ufeff", "")
    return re.sub(r"[^\w]+", "_", text).strip("_")


def match_columns(names: Iterable[str], fields: Iterable[str]) -> Columns:
    """The columns of a table that hold `fields`: those of that name, or of the first other name that is known for it."""
    given = [name for name in names if name is not None]
    by_name: dict[str, str] = {}
    for name in given:
        by_name.setdefault(plain_name(name), name)
    taken: dict[str, str] = {}
    wanted = list(fields)
    for field in wanted:
        if field in by_name:
            taken[field] = by_name[field]
    for field in wanted:
        if field in taken:
            continue
        others = [*_OTHER_NAMES[field].split(), *(_CLASSES if field == "instrument" else ())]
        free = [by_name[other] for other in others if other in by_name and by_name[other] not in taken.values()]
        if free:
            taken[field] = free[0]
    return Columns(taken, [name for name in given if name.strip() and name not in taken.values()])
