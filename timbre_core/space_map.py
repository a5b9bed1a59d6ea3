"""The notes of a checkpoint's map, where they lie in its latent space, and which are near."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from timbre_core.analysis.distances import CODE, Coordinates, away, check_distance, coordinates, nearest
from timbre_core.checkpoint import Checkpoint, same_recording
from timbre_core.datasets.instrument_words import family_like
from timbre_core.decoding import stretch
from timbre_core.errors import TimbreError


class SpaceMap:
    """A checkpoint's map as places in its latent space.

    `distance` is one of `analysis.distances.DISTANCES`; None takes the recipe's own.
    """

    def __init__(self, checkpoint: Checkpoint, distance: str | None = None) -> None:
        self.checkpoint = checkpoint
        self.recipe = checkpoint.recipe
        self.distance = self.recipe.distance if distance is None else check_distance(distance)

    def neighbours(self, point: str | np.ndarray, k: int = 8) -> pd.DataFrame:
        """The k notes of the map nearest to a note id or a latent (latent_dim,), with their `distance`, nearest first.

        Of a note, other notes that are the same recording are not near but it, and left out. A latent of a space whose
        distance is that of timbre codes is compared with latents: for what sounds like a recording ask `near` for its code.
        """
        latents = self.map_notes
        if isinstance(point, str):
            here = self.row_of(point)
            distance = np.linalg.norm(self.places - self.places[here], axis=1)
            same = same_recording(latents, here)
            distance[same] = np.inf
            k = min(k, len(latents) - len(same))
        elif self.distance == "timbre":  # a latent has no sound yet whose code could be taken
            distance = np.linalg.norm(self.means - self._latent(point), axis=1)
        else:
            distance = np.linalg.norm(self.places - self.place_of(point), axis=1)
        return self._at(distance, k)

    def near(self, place: np.ndarray, k: int = 8) -> pd.DataFrame:
        """The k notes of the map nearest to a place (dim,), such as a sound's `timbre_code`, as `neighbours` gives them.

        Raises TimbreError for another number of dimensions than the map's places have.
        """
        place, size = np.asarray(place, dtype=np.float32), self.places.shape[1]
        if place.shape != (size,) or not np.isfinite(place).all():
            raise TimbreError(
                f"a place on this map must be {size} finite numbers, got an array of shape {place.shape}."
            )
        return self._at(away(self.places, place), k)

    def _at(self, distance: np.ndarray, k: int) -> pd.DataFrame:
        rows = nearest(distance, k)
        return self.map_notes.iloc[rows].assign(distance=distance[rows])

    def place_of(self, mean: np.ndarray) -> np.ndarray:
        """Where a note lies, given its mean latent (latent_dim,): Euclid's distance of places is the space's distance.

        That is the recipe's `distance`, or the one that the space was opened with; see `analysis.distances`.
        """
        return self._coordinates(self._latent(mean))

    def _latent(self, given: np.ndarray) -> np.ndarray:
        latent, size = np.asarray(given, dtype=np.float32), self.recipe.model.latent_dim
        if latent.shape != (size,) or not np.isfinite(latent).all():
            raise TimbreError(f"a latent must be {size} finite numbers, got an array of shape {latent.shape}.")
        return latent

    @cached_property
    def _coordinates(self) -> Coordinates:
        return coordinates(self.distance, self.means if self.has_map else None)

    @cached_property
    def places(self) -> np.ndarray:
        """The map notes' places (n_notes, dim), see `place_of`; for the distance timbre their codes, which `project` keeps."""
        if self.distance != "timbre":
            return self._coordinates(self.means)
        if CODE not in self.map_notes:
            raise TimbreError(
                f"{self.checkpoint.path} has no timbre codes on its map: make it again with `python -m timbre_core project "
                f"{self.checkpoint.path}`, or choose another distance."
            )
        return np.stack(self.map_notes[CODE].tolist()).astype(np.float32)

    def trajectory_of(self, note_id: str) -> np.ndarray:
        """The latents of a map note's windows, (n_windows, latent_dim), between those that were saved linearly."""
        return self.trajectory_in(self.row_of(note_id))

    def mean_of(self, note_id: str) -> np.ndarray:
        """A map note's mean latent (latent_dim,). Raises TimbreError for an id that is not on the map."""
        mean: np.ndarray = self.means[self.row_of(note_id)]
        return mean

    def departures_of(self, note_id: str) -> np.ndarray:
        """How the latents of a map note's windows depart from the note's point on the map, (n_windows, latent_dim)."""
        return self.trajectory_of(note_id) - self.mean_of(note_id)

    def pitch_of(self, note_id: str) -> float | None:
        """A map note's MIDI pitch, None where it is not known. Raises TimbreError for an id that is not on the map."""
        row = self.row_of(note_id)
        pitch = float(self.map_notes["pitch"].iloc[row]) if "pitch" in self.map_notes else np.nan
        return None if np.isnan(pitch) else pitch

    @cached_property
    def extent(self) -> tuple[np.ndarray, np.ndarray]:
        """Where notes lie in the latent space: their mean and standard deviation, (latent_dim,) each.

        Those of the map's notes; without a map, those of a standard normal prior.
        """
        if not self.has_map:
            size = self.recipe.model.latent_dim
            return np.zeros(size, dtype=np.float32), np.ones(size, dtype=np.float32)
        return self.means.mean(axis=0), self.means.std(axis=0)

    @property
    def has_map(self) -> bool:
        """Whether the checkpoint has a map."""
        return self.checkpoint.latents is not None and not self.checkpoint.latents.empty

    @cached_property
    def map_notes(self) -> pd.DataFrame:
        """The map: a row a note. Raises TimbreError where there is none."""
        latents = self.checkpoint.latents
        if latents is None or latents.empty:
            raise TimbreError(
                f"{self.checkpoint.path} has no map: make it with `python -m timbre_core project {self.checkpoint.path}`."
            )
        return latents

    @cached_property
    def means(self) -> np.ndarray:
        """The map notes' mean latents (n_notes, latent_dim)."""
        return np.stack(self.map_notes["mu"].tolist()).astype(np.float32)

    def row_of(self, note_id: str) -> int:
        """A map note's row. Raises TimbreError for an id that is not on the map."""
        found = np.flatnonzero((self.map_notes["note_id"] == note_id).to_numpy())
        if not len(found):
            example = self.map_notes["note_id"].iloc[0]
            raise TimbreError(f"no note {note_id!r} on this map: note ids look like {example!r}.")
        return int(found[0])

    def rows_of_family(self, family: str) -> np.ndarray:
        """The rows (n,) of a family's notes on the map, however it is spelt. Raises TimbreError for one that is not on it."""
        families = self.map_notes["family"] if "family" in self.map_notes else pd.Series(dtype=str)
        known = sorted(set(families.dropna().astype(str)))
        meant = family_like(family, known)
        if not meant:
            choice = ", ".join(known) or "none: its notes have no families"
            raise TimbreError(f"no family {family[:80]!r} on this map: choose from {choice}.")
        return np.flatnonzero((families == meant).to_numpy())

    def trajectory_in(self, row: int) -> np.ndarray:
        """As `trajectory_of`, of the note in a row of the map."""
        saved = np.asarray(self.map_notes["trajectory"].iloc[row], dtype=np.float32)
        saved = saved.reshape(-1, self.recipe.model.latent_dim)
        count = int(self.map_notes["n_windows"].iloc[row]) if "n_windows" in self.map_notes else len(saved)
        return saved if count == len(saved) else stretch(saved, count)

    def sounding_in(self, row: int) -> np.ndarray:
        """Which windows of the note in a row of the map hold sound, (n_windows,); all, where a map does not say."""
        if "sounding" not in self.map_notes:
            return np.ones(len(self.trajectory_in(row)), dtype=bool)
        saved = np.asarray(self.map_notes["sounding"].iloc[row], dtype=np.float32)[:, None]
        count = int(self.map_notes["n_windows"].iloc[row])
        return stretch(saved, count)[:, 0] > 0.5
