"""A checkpoint's notes as a map shows them: labels, places, neighbours. Imports neither torch nor librosa."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from pages.server.colours import NAMELESS, colours_of
from pages.server.label_values import as_labels
from timbre_core.analysis.distances import CODE, Coordinates, away, coordinates, nearest
from timbre_core.analysis.near_index import MANY, NearIndex
from timbre_core.checkpoint import RECORDING, Checkpoint, same_recording
from timbre_core.datasets.vocabulary import Vocabulary, id_part, vocabulary_of
from timbre_core.errors import TimbreError, explain_os_error, is_damage

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

PROJECTIONS = {"umap": "UMAP", "pacmap": "PaCMAP", "tsne": "t-SNE", "pca": "PCA"}
SPACE = "3d"
"""The 3-D view, in a link as if it were a projection."""
_SPACES = ("umap3", "pca")
_COORDINATE = re.compile(r"[a-z0-9]+_[123]")
_NOT_LABELS = {
    "note_id",
    "mu",
    "logvar",
    "trajectory",
    "sounding",
    "n_windows",
    "root",
    "audio",
    "start",
    "n_frames",
    "ref_db",
    CODE,
    RECORDING,
}


@dataclass(frozen=True)
class NoteMap:
    """A checkpoint as the map shows it: its notes' labels and projections. `version` changes with its files."""

    checkpoint: Checkpoint
    version: str
    labels: pd.DataFrame

    @property
    def model_map(self) -> NoteMap:
        """The map that the checkpoint itself has, which its model is opened with."""
        return self

    def check_model(self) -> None:
        """Raise TimbreError where it is the map of no model."""

    def own_sound(self, row: int) -> Library | None:
        """Where a note is of somebody's own library: that note as a library; None where it is the map's own."""
        return None

    def is_own(self, row: int) -> bool:
        """Whether a note is of somebody's own, which no checkpoint's map has."""
        return False

    def is_encoded(self, row: int) -> bool:
        """Whether a note's mean latent is told from its own sound."""
        return True

    def sound_key(self, row: int) -> str:
        """What stars and collections know a note by: it stays when files move and maps change."""
        return f"note:{self.ids[row]}"

    def name_of(self, row: int) -> str:
        """What a note is called that no label names."""
        return self.ids[row]

    def colours(self, column: str, values: list[str]) -> dict[str, str]:
        """The colours (`#rrggbb`) of all values of a label column."""
        return colours_of(column, values)

    @property
    def settled_version(self) -> str:
        """The version as far as what is shown of a single note hangs on it."""
        return self.version

    @cached_property
    def ids(self) -> list[str]:
        """Note ids, row by row."""
        return self.labels["note_id"].astype(str).tolist()

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each note id."""
        return {note_id: row for row, note_id in enumerate(self.ids)}

    def row_of(self, note_id: str) -> int:
        """A note's row. Raises TimbreError for an id that is not on the map."""
        if note_id not in self.rows:
            raise TimbreError(f"this map has no note {note_id[:80]!r}.")
        return self.rows[note_id]

    @cached_property
    def families(self) -> list[str]:
        """The families of its notes, in order; none where they have no such label. Notes that are of no known one make up a
        family where there is no other."""
        found = set(self.labels["family"].dropna().astype(str)) if "family" in self.labels else set()
        return sorted({name for name in found if name.lower() not in NAMELESS} or found)

    @cached_property
    def words(self) -> Vocabulary:
        """What its notes, families and instruments are called."""
        return vocabulary_of(self.labels)

    @cached_property
    def details(self) -> list[str]:
        """Every note's `detail`: a second for some hundred thousand."""
        return [self.detail(row) for row in range(len(self.ids))]

    def detail(self, row: int) -> str:
        """What tells a note from those with the same labels, as in `take 7`; empty where the labels do."""
        if not self._alike[row]:
            return ""
        part = id_part(self.ids[row], *(str(labels[row]) for labels in self._names))
        return f"{self.words.take} {part}" if self.words.take and part.isdecimal() else part

    @cached_property
    def _alike(self) -> np.ndarray:
        """Which notes (n,) have the labels of another."""
        told = [name for name in ("family", "instrument", "pitch", "velocity") if name in self.labels]
        return self.labels.duplicated(told, keep=False).to_numpy() if told else np.full(len(self.labels), True)

    @cached_property
    def _names(self) -> list[np.ndarray]:
        return [self.labels[name].to_numpy() for name in ("family", "instrument") if name in self.labels]

    @cached_property
    def projections(self) -> list[str]:
        """Keys of PROJECTIONS that were computed, the most telling first."""
        return [name for name in PROJECTIONS if {f"{name}_1", f"{name}_2"} <= set(self.labels.columns)]

    @cached_property
    def space(self) -> list[str]:
        """The three columns of the 3-D view, none where there are not three."""
        for name in _SPACES:
            columns = [f"{name}_{axis}" for axis in (1, 2, 3)]
            if set(columns) <= set(self.labels.columns):
                return columns
        return []

    @cached_property
    def dot(self) -> str:
        """The label column that gives a note the colour of its dot: families, or instruments where there are none."""
        if "instrument" not in self.labels or self.labels["instrument"].nunique() < 2:
            return "family"
        families = set(self.labels["family"].astype(str).str.lower()) if "family" in self.labels else set()
        return "family" if families - NAMELESS else "instrument"

    @cached_property
    def dot_colours(self) -> dict[str, str]:
        """The colour (`#rrggbb`) of every value of the column `dot`."""
        return self.colours(self.dot, self.labels[self.dot].astype(str).tolist()) if self.dot in self.labels else {}

    @cached_property
    def label_columns(self) -> list[str]:
        """Columns that points can be coloured by, families and pitch first; those that say nothing are left out.

        Every map has one at least: where no label tells notes apart, one that does not.
        """
        first = [self.dot, "family", "pitch", "instrument", "source", "velocity", "brightness", "recon_l1"]
        others = [name for name in self.labels.columns if name not in first]
        known = [
            name
            for name in dict.fromkeys([*first, *others])
            if name in self.labels.columns and name not in _NOT_LABELS and not _COORDINATE.fullmatch(name)
        ]
        return [name for name in known if self._tells_apart(name)] or known[:1] or ["note_id"]

    @cached_property
    def filter_columns(self) -> list[str]:
        """Columns that the browser gets: those that colour, and those that name a note."""
        named = (name for name in ("pitch", "instrument", "velocity") if name in self.labels)
        return list(dict.fromkeys([*self.label_columns, *named]))

    def _tells_apart(self, column: str) -> bool:
        values = self.labels[column]
        different = values.nunique()
        is_name = not pd.api.types.is_numeric_dtype(values) and different > max(24, len(values) // 2)
        return column == "family" or (different > 1 and not is_name)

    @cached_property
    def means(self) -> np.ndarray:
        """The notes' mean latents (n_notes, latent_dim), float32."""
        return self._vectors("mu")

    @cached_property
    def places(self) -> np.ndarray:
        """What notes are compared by (n_notes, dim), as the recipe's `distance` says: their timbre codes, where the map has
        them, else the mean latents (see `analysis.distances`)."""
        return self._vectors(CODE) if self.has_codes else self._coordinates(self.means)

    @cached_property
    def has_codes(self) -> bool:
        """Whether notes are compared by their timbre codes."""
        return self.checkpoint.recipe.distance == "timbre" and CODE in _schema(self.checkpoint).names

    def _vectors(self, name: str) -> np.ndarray:
        column = read_columns(self.checkpoint, [name]).column(name).combine_chunks()
        flat = column.flatten().to_numpy(zero_copy_only=False)
        return flat.astype(np.float32).reshape(len(self.labels), -1)

    @cached_property
    def _coordinates(self) -> Coordinates:
        return coordinates(self.checkpoint.recipe.distance, self.means)

    def distances(self, z: np.ndarray) -> np.ndarray:
        """How far each note is from a latent (latent_dim,), which has no sound whose code could be taken: (n_notes,)."""
        return away(self._coordinates(self.means), self._coordinates(z))

    def beginnings(self, windows: int) -> np.ndarray:
        """Means (n_notes, latent_dim) of the notes' first `windows` windows that hold sound."""
        names = [name for name in ("trajectory", "sounding") if name in _schema(self.checkpoint).names]
        table = read_columns(self.checkpoint, names)
        size = self.means.shape[1]
        notes = [np.asarray(note, np.float32).reshape(-1, size) for note in table.column("trajectory").to_numpy()]
        if "sounding" in names:
            heard = table.column("sounding").to_numpy()
            notes = [note[np.asarray(each, dtype=bool)] for note, each in zip(notes, heard, strict=True)]
        return np.stack([note[:windows].mean(axis=0) for note in notes])

    def neighbours(self, row: int, k: int = 6) -> list[tuple[int, float]]:
        """Rows and Euclidean distances of the k notes nearest to a note, nearest first, but for those that are the same
        recording."""
        same = set(same_recording(self.labels, row).tolist())
        return [near for near in self.near(self.places[row], k + len(same)) if near[0] not in same][:k]

    def near(self, place: np.ndarray, k: int) -> list[tuple[int, float]]:
        """The same for the k notes nearest to a place (dim,), such as a sound's `timbre_code`."""
        if len(self.places) >= MANY and np.shape(place) == self.places.shape[1:]:
            return self._near_index.nearest(place, k)
        return nearest_rows(away(self.places, place), k)

    @cached_property
    def _near_index(self) -> NearIndex:
        return NearIndex(self.places)

    def nearest(self, z: np.ndarray, k: int) -> list[tuple[int, float]]:
        """The same for the k notes nearest to a latent (latent_dim,), see `distances`."""
        return nearest_rows(self.distances(z), k)


def nearest_rows(distances: np.ndarray, k: int) -> list[tuple[int, float]]:
    """The k smallest of distances (n,) with where they are, the smallest first."""
    return [(int(row), float(distances[row])) for row in nearest(distances, k)]


def load_map(checkpoint: Checkpoint, version: str, kind: type[NoteMap] = NoteMap) -> NoteMap:
    schema = _schema(checkpoint)
    wanted = [name for name in schema.names if not pyarrow.types.is_nested(schema.field(name).type)]
    if "note_id" not in wanted or "mu" not in schema.names:
        raise TimbreError(
            f"{checkpoint.latents_file}: column note_id or mu is missing: make it again with "
            f"`python -m timbre_core project {checkpoint.path}`."
        )
    return kind(checkpoint, version, as_labels(read_columns(checkpoint, wanted).to_pandas()))


def _schema(checkpoint: Checkpoint) -> pyarrow.Schema:
    with _parquet_errors(checkpoint):
        return pq.read_schema(checkpoint.latents_file)


def read_columns(checkpoint: Checkpoint, columns: list[str]) -> pyarrow.Table:
    """Columns of a map's file. Raises TimbreError when it is damaged."""
    # `read_table` would import all of Arrow's datasets for one file.
    with _parquet_errors(checkpoint), pq.ParquetFile(checkpoint.latents_file) as file:
        return file.read(columns=columns)


@contextmanager
def _parquet_errors(checkpoint: Checkpoint) -> Iterator[None]:
    path = checkpoint.latents_file
    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and not is_damage(error):
            raise TimbreError(explain_os_error(error, path)) from error
        raise TimbreError(
            f"{path}: damaged or truncated: make it again with `python -m timbre_core project {checkpoint.path}`."
        ) from error
