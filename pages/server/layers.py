"""A checkpoint's map with people's own libraries on it, as layers: its own notes stay where they are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pages.server.colours import NAMELESS, UNKNOWN, colours_of
from pages.server.label_values import as_labels
from pages.server.measured import measured_when_built
from pages.server.memo import Memo
from pages.server.note_map import NoteMap
from pages.server.words import printable
from timbre_core.analysis.distances import Coordinates
from timbre_core.catalogue.libraries import OwnLibrary, check_inside, list_libraries, notes_of
from timbre_core.checkpoint import RECORDING
from timbre_core.datasets.instrument_words import family_like
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

OWN = "+own"
"""The name of the map that has libraries on it, as in `nsynth-cvae@+own`: no map of a checkpoint can be called so."""
SHIPPED = "the map's own"
"""What the layer of a map's own notes is called."""
OF_ITS_KIND = "family_or_instrument"
"""The label of notes' families in which notes without one have their instrument, so that they are not all grey alike."""
_MEASURED = ("length", "attack", "noisiness")
_MOST_KINDS = 100  # instruments without a family; of more, the library stands for them

_layered = Memo(2)


@dataclass(frozen=True)
class LayeredMap(NoteMap):
    """A map with libraries on it. base: the map itself, whose notes are the first rows; own: the rows after them, in order."""

    base: NoteMap
    libraries: tuple[OwnLibrary, ...]
    own: pd.DataFrame

    @property
    def model_map(self) -> NoteMap:
        return self.base

    @cached_property
    def words(self) -> Vocabulary:
        return self.base.words

    def detail(self, row: int) -> str:
        return self.base.detail(row) if row < len(self.base.labels) else self.own_names[row - len(self.base.labels)]

    @cached_property
    def details(self) -> list[str]:
        return [*self.base.details, *self.own_names]

    def name_of(self, row: int) -> str:
        return self.detail(row) if row >= len(self.base.labels) else self.ids[row]

    @cached_property
    def own_names(self) -> list[str]:
        """The file names of all libraries' notes, without their endings."""
        return [printable(PurePosixPath(path).stem) for path in self.own["path"]]

    @cached_property
    def dot(self) -> str:
        return OF_ITS_KIND if OF_ITS_KIND in self.labels else super().dot

    def colours(self, column: str, values: list[str]) -> dict[str, str]:
        if column != "library":
            return self.base.colours("family" if column == OF_ITS_KIND else column, values)
        chosen = {library.name: library.colour for library in self.libraries if library.colour}
        return colours_of(column, values) | {SHIPPED: UNKNOWN} | chosen

    @cached_property
    def means(self) -> np.ndarray:
        return np.concatenate([self.base.means, self._own_means])

    @cached_property
    def places(self) -> np.ndarray:
        codes = self._own_codes
        # With a library of before there were codes on the map, notes are compared by what all of them have.
        return self._coordinates(self.means) if codes is None else np.concatenate([self.base.places, codes])

    @cached_property
    def has_codes(self) -> bool:
        return self._own_codes is not None

    @cached_property
    def _own_codes(self) -> np.ndarray | None:
        """The timbre codes of all libraries' notes (n, dim), None where some have none, or of another network."""
        from timbre_core.catalogue.placing import code_mark

        coded_by = code_mark(self.base.checkpoint) if self.base.has_codes else ""
        if not coded_by or any(library.columns.get("coded_by") != coded_by for library in self.libraries):
            return None
        codes = _rows_of(self.libraries, self.own, "code", self.base.places.shape[1])
        return codes if codes.any(axis=1).all() else None

    def is_encoded(self, row: int) -> bool:
        return not self.is_own(row) or bool(self.own["encoded"].iat[row - len(self.base.labels)])

    @cached_property
    def _coordinates(self) -> Coordinates:
        return self.base._coordinates

    def beginnings(self, windows: int) -> np.ndarray:
        return np.concatenate([self.base.beginnings(windows), self._own_means])

    @cached_property
    def _own_means(self) -> np.ndarray:
        return _rows_of(self.libraries, self.own, "mu", self.base.means.shape[1])

    def own_sound(self, row: int) -> Library | None:
        """The one note of a row, as a library of its own; None for the map's own notes."""
        if row < len(self.base.labels):
            return None
        from timbre_core.datasets.library import Library
        from timbre_core.datasets.notes import note_table

        note = self.own.iloc[row - len(self.base.labels)]
        library = next(each for each in self.libraries if each.id == note["library"])
        if not library.is_there:
            raise TimbreError(f"the folder of {library.name!r} is not there ({library.root}): connect its drive.")
        check_inside(library, note["path"])
        return Library([library.root], note_table({"note_id": [self.ids[row]], "audio": [note["path"]]}))

    def is_own(self, row: int) -> bool:
        return row >= len(self.base.labels)

    def sound_key(self, row: int) -> str:
        if row < len(self.base.labels):
            return self.base.sound_key(row)
        return str(self.own["content"].iat[row - len(self.base.labels)])

    @cached_property
    def settled_version(self) -> str:
        """Changes with the libraries, but not while one is added: what is shown of a note need not be asked for again."""
        told = ",".join(f"{library.id}:{library.shown}" for library in self.libraries)
        return f"{self.base.version}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def with_layers(base: NoteMap) -> NoteMap:
    """A map with the libraries that its checkpoint has read; the map itself where there are none, or it is not the first one."""
    if base.checkpoint.map_name:
        return base
    libraries = tuple(library for library in list_libraries(base.checkpoint.path) if library.shown and library.columns)
    if not libraries:
        return base
    told = [(library.id, library.revision, library.is_there) for library in libraries]
    version = f"{base.version}-{hashlib.sha256(repr(told).encode()).hexdigest()[:8]}"
    return _layered.get((base.checkpoint.path, version), lambda: _layer(base, libraries, version))


def _layer(base: NoteMap, libraries: tuple[OwnLibrary, ...], version: str) -> LayeredMap:
    tables = [notes_of(library) for library in libraries]
    own = pd.concat(tables, ignore_index=True)
    labels = as_labels(pd.concat([_shipped_labels(base), _own_labels(base, libraries, own)], ignore_index=True))
    kinds = _kinds(labels)
    labels = labels if kinds is None else labels.assign(**{OF_ITS_KIND: kinds})
    checkpoint = replace(base.checkpoint, map_name=OWN)
    return LayeredMap(checkpoint, version, labels, base, libraries, own)


def _kinds(labels: pd.DataFrame) -> pd.Series | None:
    """Each note's family, or its instrument or library where it has none; None where the map's own notes have none either, or
    all have one."""
    if "family" not in labels or "instrument" not in labels:
        return None
    families, instruments = labels["family"].astype(str), labels["instrument"].astype(str)
    nameless = families.str.lower().isin(NAMELESS)
    if not nameless.any() or nameless[labels["library"] == SHIPPED].all():
        return None
    unnamed = instruments.str.lower().isin(NAMELESS) | (instruments[nameless].nunique() > _MOST_KINDS)
    return families.where(~nameless, instruments.where(~unnamed, labels["library"].astype(str)))


def _shipped_labels(base: NoteMap) -> pd.DataFrame:
    labels = base.labels.assign(library=SHIPPED)
    if RECORDING not in labels:
        labels[RECORDING] = labels["note_id"]
    measured = measured_when_built(base.checkpoint, labels["note_id"])
    for name in _MEASURED:
        labels[name] = measured[name].to_numpy() if name in measured else np.nan
    return labels


def _own_labels(base: NoteMap, libraries: tuple[OwnLibrary, ...], own: pd.DataFrame) -> pd.DataFrame:
    prefix = "own-" + own["library"].astype(str) + "-"
    names = {library.id: library.name for library in libraries}
    table = pd.DataFrame(
        {
            "note_id": prefix + own["id"].astype(str),
            RECORDING: prefix + own["recording"].fillna(own["id"]).astype(int).astype(str),
            "library": own["library"].map(names),
            "audio": own["path"],
            "root": -1,
            "split": "",
            "length": own["sounding"],
        }
    )
    same = (
        "instrument",
        "family",
        "source",
        "pitch",
        "pitch_estimated",
        "velocity",
        "brightness",
        "attack",
        "noisiness",
    )
    for name in same:
        table[name] = own[name]
    # One family is one word, one colour and one thing to filter by, whoever wrote it.
    families = {name: family_like(str(name), base.families) or name for name in own["family"].unique()}
    table["family"] = own["family"].map(families)
    places = _placed(base, libraries, own)
    for column, name in enumerate(_columns(base)):
        table[name] = places[:, column]
    return table


def _columns(base: NoteMap) -> list[str]:
    from timbre_core.analysis.projections import COLUMNS

    return [name for names in COLUMNS.values() for name in names if name in base.labels]


def _placed(base: NoteMap, libraries: tuple[OwnLibrary, ...], own: pd.DataFrame) -> np.ndarray:
    """The notes' places on the base's maps: as they were written down, or anew where the map is another one since."""
    from timbre_core.catalogue.placing import Placer, code_mark

    columns = _columns(base)
    coded_by = code_mark(base.checkpoint) if base.has_codes else ""
    placed = np.empty((len(own), len(columns)), dtype=np.float32)
    for library in libraries:
        mine = (own["library"] == library.id).to_numpy()
        if not mine.any():
            continue
        coded = bool(coded_by) and library.columns.get("coded_by") == coded_by
        points, array = (base.places, "code") if coded else (base.means, "mu")
        mark = Placer.mark_of(columns, points, base.labels[columns].to_numpy(np.float32))
        if library.placed_on == mark:
            placed[mine] = _rows_of((library,), own[mine], "map", len(columns))
        else:
            placer = Placer.of(base.checkpoint, codes=coded)
            placed[mine] = placer.place(_rows_of((library,), own[mine], array, points.shape[1]))
    return placed


def _rows_of(libraries: tuple[OwnLibrary, ...], own: pd.DataFrame, array: str, dim: int) -> np.ndarray:
    """Rows of the libraries' arrays for the notes of `own`, in its order."""
    found = np.empty((len(own), dim), dtype=np.float32)
    of, places = own["library"].to_numpy(), own["place"].to_numpy()
    for library in libraries:
        mine = of == library.id
        if mine.any():
            found[mine] = library.array(array, int(places[mine].max()) + 1)[places[mine]]
    return found


def own_path(notes: NoteMap, row: int) -> Path | None:
    """The file of a library's note; None for the map's own. Raises TimbreError where its drive is gone."""
    sound = notes.own_sound(row)
    return None if sound is None else Path(sound.roots[0]) / str(sound.notes["audio"].iat[0])
