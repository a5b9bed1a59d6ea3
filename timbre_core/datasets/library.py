"""A library: notes with labels and their audio, gathered from any number of folders and files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timbre_core.datasets.linked import read_linked
from timbre_core.datasets.measured_pitch import RATE
from timbre_core.datasets.notes import LEFT_OUT, NOTE_COLUMNS, drop_bad_labels
from timbre_core.datasets.octaves import find_shifts, tell_shifts, transposed
from timbre_core.datasets.parquet import file_of, parquet_place
from timbre_core.datasets.parquet_audio import ParquetAudio
from timbre_core.datasets.pictures import BUNDLED, PictureReader, picture_path, picture_place
from timbre_core.datasets.places import Places
from timbre_core.datasets.roots import MADE_HERE, STARTER, read_root, root_path, tell_roots_apart
from timbre_core.datasets.selection import agrees
from timbre_core.datasets.settings import DataSettings, NoteFilter, SplitSettings
from timbre_core.datasets.skipped import HELD_OUT
from timbre_core.datasets.splits import fill_splits
from timbre_core.datasets.stamps import stamps
from timbre_core.errors import TimbreError
from timbre_core.features.audio import LEAVE_OUT, AudioError, load_audio, opened_audio
from timbre_core.wording import counted


@dataclass
class Library:
    """Notes and where their audio is.

    Attributes
    ----------
    roots : list of str
        Folders or Parquet files, as they were given.
    notes : DataFrame
        A row per note: note_id, instrument, family, source, pitch (MIDI), velocity, split and more (see
        `datasets.notes.NOTE_COLUMNS`).
    skipped : list of (str, str)
        File and reason, for everything that was found and cannot be used.
    said : list of str
        What was decided about the labels, a sentence each.

    Examples
    --------
    >>> import timbre_core
    >>> library = timbre_core.open_library(["starter"], progress=False)
    >>> library.load(0, 16000).dtype
    dtype('float32')
    """

    roots: list[str]
    notes: pd.DataFrame
    skipped: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _parquet: dict[Path, ParquetAudio] = field(default_factory=dict, init=False, repr=False, compare=False)
    _pictures: PictureReader = field(default_factory=PictureReader, init=False, repr=False, compare=False)
    _places: Places | None = field(default=None, init=False, repr=False, compare=False)
    _index: dict[str, int] | None = field(default=None, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.notes)

    def __getstate__(self) -> dict[str, Any]:
        # Open files stay behind when a library goes to a worker process.
        return self.__dict__ | {"_parquet": {}, "_pictures": PictureReader(), "_places": None, "_index": None}

    def load(self, index: int, sample_rate: int, remarks: list[str] | None = None) -> np.ndarray:
        """Audio of the note in row `index`: float32 mono (n_samples,) at `sample_rate` Hz.

        remarks: takes what is to be told of a file that is damaged and read all the same (without it: logged).
        Raises AudioError naming the file when it is missing, corrupt or silent.
        """
        return load_audio(self._sound(index), sample_rate, self.name_of(index), cure=LEAVE_OUT, remarks=remarks)

    def native_rate(self, index: int) -> int:
        """Hz at which the file of the note in row `index` holds its sound. Raises AudioError as `load` does."""
        with opened_audio(self._sound(index), self.name_of(index), remarks=[]) as sound:
            return int(sound.samplerate)

    def _sound(self, index: int) -> Path | bytes:
        """The file of a note, or its bytes in a Parquet library."""
        path, audio = self._place(index)
        if picture_place(audio):
            raise AudioError(f"{self.notes['note_id'].iat[index]}: a picture has no sound: use features of kind image.")
        row = parquet_place(path, audio)
        if row is None:
            return path / audio
        if row[0] not in self._parquet:
            self._parquet[row[0]] = ParquetAudio(row[0])
        return self._parquet[row[0]].read(row[1])

    def name_of(self, index: int) -> str:
        """What errors call the note in row `index`: its file, in a Parquet library its id."""
        path, audio = self._place(index)
        row = parquet_place(path, audio)
        return f"{row[0].name}, note {self.notes['note_id'].iat[index]}" if row else str(path / audio)

    def picture(self, index: int) -> np.ndarray:
        """The picture that the note in row `index` is: float32 (height, width) in [0, 1], the top row first.

        Raises TimbreError when the note is a sound, or the file cannot be read any more.
        """
        place = picture_place(str(self.notes["audio"].iat[index]))
        if place is None:
            name = self.notes["note_id"].iat[index]
            raise TimbreError(f"{name}: a sound, not a picture: features of kind image are for pictures.")
        return self._pictures.read(self._place(index)[0], *place)

    def _place(self, index: int) -> tuple[Path, str]:
        """The path of a note's root, and where below it the note is."""
        if self._places is None or self._places.notes is not self.notes:
            self._places = Places.of(self.notes, self.roots)
        return self._places.paths[self._places.roots[index]], self._places.audio[index]

    def find(self, note_id: str) -> int:
        """Row of a note. Raises TimbreError if there is no such note."""
        if self._index is None:
            self._index = {name: i for i, name in enumerate(self.notes["note_id"])}
        if note_id not in self._index:
            raise TimbreError(f"There is no note {note_id!r} in {', '.join(self.roots)}: check its name.")
        return self._index[note_id]

    def fingerprint(self) -> str:
        """SHA-256 over ids, labels, and sizes and times of the audio files: changes whenever the data does."""
        digest = hashlib.sha256()
        table = self.notes[list(NOTE_COLUMNS)]
        digest.update(np.ascontiguousarray(pd.util.hash_pandas_object(table, index=False).to_numpy()).tobytes())
        for root, path in enumerate(map(root_path, self.roots)):
            if path.suffix == ".parquet" and path.is_file():
                status = path.stat()
                # The starter library is the same in every installation, whenever its file was written.
                stamp = 0 if self.roots[root] in MADE_HERE else status.st_mtime_ns
                digest.update(f"{root}:{status.st_size}:{stamp}\n".encode())
                continue
            files = self.notes.loc[self.notes["root"] == root, "audio"]
            places = {place[0] for place in map(picture_place, files) if place}
            if places:
                sizes = [(name, picture_path(path, name).stat().st_size) for name in sorted(places)]
                digest.update(f"{root}:{sizes}\n".encode())
                continue
            for folder, found in stamps(path, files.map(file_of)).items():
                digest.update(f"{root}:{folder}:{found}\n".encode())
        return digest.hexdigest()


def recipe_library(data: DataSettings, roots: Sequence[str | Path] | None = None, progress: bool = True) -> Library:
    """The library that a recipe's data settings name, or that `roots` make in their place: see `open_library`."""
    return open_library(
        roots or data.roots,
        data.pattern,
        data.split,
        progress=progress,
        only=data.only,
        leave_out=data.leave_out,
        transpose=data.transpose,
        octave=data.octave,
    )


def open_library(
    roots: Sequence[str | Path],
    pattern: str | None = None,
    split: SplitSettings | None = None,
    progress: bool = True,
    only: NoteFilter | None = None,
    leave_out: NoteFilter | None = None,
    transpose: int = 0,
    octave: str = "off",
) -> Library:
    """Gather the notes of `roots` into one library.

    Parameters
    ----------
    roots : sequence of str or Path
        Each is "starter" (the library that ships with the project), "known-factors" (tones that the project makes),
        "sklearn-digits" (scikit-learn's pictures of digits), MNIST's IDX files or a folder of them (see datasets.pictures), a
        .parquet library, a folder in NSynth's layout (examples.json and audio/), a folder that holds nsynth-train, -valid and
        -test, a folder of spoken digits (see datasets.fsdd), or any folder of audio files, labelled by its metadata.csv or by
        `pattern` (see datasets.folder). Ids and instruments that occur in several roots get the root's name as a prefix.
    pattern : str, optional
        How file names say labels, such as "{instrument}_{pitch}_{velocity}".
    split : SplitSettings, optional
        How roots without an official split are divided, each on its own.
    progress : bool
        Show progress bars on stderr.
    only, leave_out : NoteFilter, optional
        Notes that do not agree with `only` are not there; those that agree with `leave_out` are in the split "left_out",
        whatever instrument they are of.
    transpose : int
        Semitones that are added to pitch labels.
    octave : {"off", "check", "auto"}
        "check" listens to some notes of each instrument and tells in `said` where they sound a fixed interval off their labels,
        "auto" corrects whole octaves, "off" does not listen.

    Returns
    -------
    Library
        Single bad notes are listed in its `skipped`.

    Raises
    ------
    TimbreError
        A root does not exist or holds no usable note.

    Examples
    --------
    >>> import timbre_core
    >>> library = timbre_core.open_library(["starter"], progress=False)
    >>> {"note_id", "instrument", "pitch", "split"} <= set(library.notes.columns)
    True
    """
    if isinstance(roots, (str, Path)):
        roots = [roots]
    if not roots:
        raise TimbreError("No data was given: name a folder of notes, a .parquet library, or 'starter'.")
    split = split or SplitSettings()
    tables: list[pd.DataFrame] = []
    skipped: list[tuple[str, str]] = []
    said: list[str] = []
    unpitched = 0
    places = [root_path(str(root)).resolve() for root in roots]
    for number, root in enumerate(map(str, roots)):
        if places[number] in places[:number]:
            raise TimbreError(f"{root} is given twice: name each folder once.")
        notes, bad = read_root(root, pattern, progress, said)
        notes, off = _in_tune(root, notes, transpose, octave, progress, said)
        bad += off
        twice = notes["note_id"].duplicated()
        bad += [(f"{root}, note {name}", "its name occurs twice: rename one") for name in notes.loc[twice, "note_id"]]
        notes = notes[~twice]
        if only is not None:
            unknown = int(notes["pitch"].isna().sum()) if only.pitches else 0
            if unknown:
                bad.append(
                    (str(root), f"{counted(unknown, 'note')} without a pitch, for which data.only asks: label them")
                )
            unpitched += unknown
            notes = notes[agrees(notes, only)]
        notes = notes.reset_index(drop=True)
        if (notes["split"] == "").any():
            blank = notes["split"] == ""
            folder = places[number]
            notes["split"] = fill_splits(notes, split, read_linked(folder) if folder.is_dir() else None)
            if not blank.all():
                said.append(_filled(root, notes, blank))
            absent = sorted(set(split.held_out) - set(notes["instrument"]))
            bad += [(f"{HELD_OUT} {name!r}", f"{root} has no such instrument") for name in absent]
        if leave_out is not None and not leave_out.is_empty:
            notes.loc[agrees(notes, leave_out), "split"] = LEFT_OUT
        notes["root"] = number
        tables.append(notes)
        skipped += bad
    if not any(map(len, tables)):
        why = f" ({unpitched} without a pitch: label them in metadata.csv or with --pattern)" if unpitched else ""
        raise TimbreError(
            f"{', '.join(map(str, roots))}: no note agrees with data.only{why}: change it, or give other notes."
        )
    names = [str(root) for root in roots]
    notes = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    return Library(names, tell_roots_apart(notes[list(NOTE_COLUMNS)], names), skipped, said)


def _in_tune(
    root: str, notes: pd.DataFrame, transpose: int, octave: str, progress: bool, said: list[str]
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """A root's notes with their labels transposed, and set against what is heard."""
    if root in (*MADE_HERE, BUNDLED) or notes["audio"].map(picture_place).notna().any():
        return notes, []
    notes = notes.assign(pitch=notes["pitch"] + transpose * ~notes["pitch_estimated"])
    if octave != "off":
        alone = Library([root], notes)
        rows = {str(place): row for row, place in enumerate(notes["audio"])}

        def load(place: str) -> np.ndarray:
            return alone.load(rows[place], RATE, [])

        shifts = find_shifts(root_path(root), notes, load, octave == "auto", progress)
        said += tell_shifts(root, notes, shifts, octave == "auto")
        notes = transposed(notes, shifts) if octave == "auto" else notes
    return drop_bad_labels(notes, root + ", " + notes["audio"])


def _filled(root: str, notes: pd.DataFrame, blank: pd.Series) -> str:
    """What the notes without a split became."""
    counts = notes.loc[blank, "split"].value_counts()
    shares = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{root}: {int(blank.sum())} of {len(notes)} notes have no split, and are divided as without the column: {shares}"


__all__ = ["STARTER", "AudioError", "Library", "open_library", "recipe_library", "root_path"]
