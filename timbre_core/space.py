"""A timbre space: a checkpoint opened to encode, decode and reconstruct notes, and to find those nearby."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from timbre_core.analysis.distances import CODE, Coordinates, check_distance, coordinates
from timbre_core.checkpoint import Checkpoint, open_checkpoint, same_recording
from timbre_core.decoding import Trajectory, TrajectoryCoder, stretch
from timbre_core.devices import chosen_device
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.spectrum import prepare_audio
from timbre_core.inversion.residual import noise_beside_harmonics
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inverters import open_inverter
from timbre_core.models.coder import WindowCoder


@dataclass(frozen=True)
class Reconstruction:
    """A note in three variants, all `sample_rate` Hz: as it is, its features inverted, and through the model.

    `frames` and `decoded` are (n_bins, n_frames), normalised to [-1, 1].
    """

    original: np.ndarray
    inversion: np.ndarray
    reconstruction: np.ndarray
    frames: np.ndarray
    decoded: np.ndarray
    ref_db: float
    sample_rate: int
    trajectory: Trajectory


def open_space(
    checkpoint: Checkpoint | Path | str,
    device: torch.device | str = "cpu",
    inverter: str | InversionSettings | None = None,
) -> TimbreSpace:
    """Open a timbre space: a checkpoint by its path, by its name where checkpoints live, or opened already.

    Args:
        device: where the model runs, as for `chosen_device`; for single notes the CPU is as quick as any.
        inverter: what makes sound of frames, by name (see `timbre_core.inverters`) or settings; None takes the recipe's own.

    Raises:
        TimbreError: no such checkpoint, it is damaged, or it holds no timbre space.

    Examples:
        >>> from timbre_core import open_space
        >>> space = open_space("nsynth-cvae")
        >>> space.sample_rate
        16000
    """
    return TimbreSpace(
        checkpoint if isinstance(checkpoint, Checkpoint) else open_checkpoint(checkpoint), device, inverter
    )


class TimbreSpace:
    """Encode, decode, reconstruct, find what is near. Thread-safe after construction: the model is only read.

    What makes new sounds with a space is in `timbre_core.generation`, as functions that take one.
    `inverter` is a name of `inverters.inverter_names` or settings, `distance` one of `analysis.distances.DISTANCES`; None takes
    the recipe's own.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device | str = "cpu",
        inverter: str | InversionSettings | None = None,
        distance: str | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.recipe = checkpoint.recipe
        self.device = chosen_device(device)
        self.distance = self.recipe.distance if distance is None else check_distance(distance)
        chosen = self.recipe.inversion if inverter is None else inverter
        self.inverter = open_inverter(chosen, self.recipe.features, self.device)
        self.model = checkpoint.model(self.device)
        self._coder = TrajectoryCoder(WindowCoder(self.model, self.device), self.recipe, checkpoint.name)

    @property
    def sample_rate(self) -> int:
        """Hz of all audio that goes in and comes out."""
        return self.recipe.features.sample_rate

    def analyse(self, audio: np.ndarray, pitch: float | None = None) -> tuple[np.ndarray, float]:
        """Audio (n_samples,) at `sample_rate` -> frames (n_bins, n_frames) and their reference level in dB.

        pitch: MIDI, for features that are analysed around it.
        """
        return note_frames(audio, self.recipe.features, pitch)

    def encode(self, frames: np.ndarray, pitch: float | None = None) -> Trajectory:
        """Frames (n_bins, n_frames) -> trajectory. `pitch` is MIDI; a model whose encoder is told it needs it."""
        return self.encode_many([frames], [pitch])[0]

    def encode_many(self, notes: Sequence[np.ndarray], pitches: Sequence[float | None]) -> list[Trajectory]:
        """Several notes' frames at once, each (n_bins, n_frames); notes may differ in length."""
        return self._coder.encode_many(notes, pitches)

    def decode_windows(self, z: np.ndarray, pitch: np.ndarray | float | None = None) -> np.ndarray:
        """Latents (n, latent_dim), and one MIDI pitch or one each, -> windows (n, n_bins, T)."""
        return self._coder.decode_windows(z, pitch)

    def decode(
        self,
        z: np.ndarray,
        starts: np.ndarray,
        n_frames: int,
        pitch: float | np.ndarray | None = None,
        shares: np.ndarray | None = None,
    ) -> np.ndarray:
        """Latents of a note's windows -> its frames (n_bins, n_frames), overlap-added (with `shares`: see `overlap_add`).

        pitch: MIDI, or a contour, one for each frame (n_frames,).
        """
        return self._coder.decode(z, starts, n_frames, pitch, shares)

    def decode_blocks(
        self, z: np.ndarray, starts: np.ndarray, n_frames: int, pitch: float | None = None
    ) -> Iterator[np.ndarray]:
        """What `decode` gives, in consecutive blocks (n_bins, n): what the first window settles, then ever more at once."""
        return self._coder.decode_blocks(z, starts, n_frames, pitch)

    def stream(
        self,
        z: np.ndarray,
        starts: np.ndarray,
        n_frames: int,
        ref_db: float,
        pitch: float | None = None,
        n_samples: int | None = None,
        seed: int = 0,
        in_tune: bool = False,
    ) -> Iterator[np.ndarray]:
        """Latents of a note's windows -> its audio in consecutive blocks (n,), the first before all windows are decoded."""
        blocks = self.decode_blocks(z, starts, n_frames, pitch)
        return self.inverter.stream(blocks, ref_db, pitch, n_samples, seed, in_tune)

    def invert(
        self,
        frames: np.ndarray,
        ref_db: float,
        pitch: float | np.ndarray | None = None,
        n_samples: int | None = None,
        seed: int = 0,
        in_tune: bool = False,
    ) -> np.ndarray:
        """Frames (n_bins, n_frames) -> audio (n_samples,) with the space's inverter; a known MIDI `pitch` helps it.

        A contour, a pitch for each frame (n_frames,), is followed. `in_tune` has the sound exactly at the pitch.
        """
        return self.inverter(frames, ref_db, pitch, n_samples, seed, in_tune)

    def reconstruct(self, audio: np.ndarray, pitch: float | None = None, residual: bool = False) -> Reconstruction:
        """A note (n_samples,) at `sample_rate` in three variants. The model decodes mu.

        residual: add to the inversion and the reconstruction, as filtered noise, what spectral envelopes leave of the note.
        """
        frames, ref_db = self.analyse(audio, pitch)
        trajectory = self.encode(frames, pitch)
        decoded = self.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch)
        audio = prepare_audio(audio, self.recipe.features)[: len(audio)]
        length = len(audio)
        inverted = [self.invert(part, ref_db, pitch, length) for part in (frames, decoded)]
        if residual:
            noise = noise_beside_harmonics(audio, self.recipe.features, pitch)
            inverted = [sound + noise for sound in inverted]
        return Reconstruction(audio, inverted[0], inverted[1], frames, decoded, ref_db, self.sample_rate, trajectory)

    def neighbours(self, point: str | np.ndarray, k: int = 8) -> pd.DataFrame:
        """The k notes of the map nearest to a note id or a latent (latent_dim,), with their `distance`, nearest first.

        Of a note, other notes that are the same recording are not near but it, and left out.
        """
        latents = self.map_notes
        if isinstance(point, str):
            here = self.row_of(point)
            distance = np.linalg.norm(self.places - self.places[here], axis=1)
            same = same_recording(latents, here)
            distance[same] = np.inf
            k = min(k, len(latents) - len(same))
        elif self.distance == "timbre":  # a latent has no sound yet whose code could be taken
            distance = np.linalg.norm(self.means - np.asarray(point, dtype=np.float32), axis=1)
        else:
            distance = np.linalg.norm(self.places - self.place_of(point), axis=1)
        return _nearest(latents, distance, k)

    def near(self, place: np.ndarray, k: int = 8) -> pd.DataFrame:
        """The k notes of the map nearest to a place (dim,), such as a sound's `timbre_code`, as `neighbours` gives them."""
        return _nearest(self.map_notes, np.linalg.norm(self.places - np.asarray(place, dtype=np.float32), axis=1), k)

    def place_of(self, mean: np.ndarray) -> np.ndarray:
        """Where a note lies, given its mean latent (latent_dim,): Euclid's distance of places is the space's distance.

        That is the recipe's `distance`, or the one that the space was opened with; see `analysis.distances`.
        """
        return self._coordinates(np.asarray(mean, dtype=np.float32))

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

    def departures_of(self, note_id: str) -> np.ndarray:
        """How the latents of a map note's windows depart from the note's point on the map, (n_windows, latent_dim)."""
        row = self.row_of(note_id)
        return self.trajectory_in(row) - self.means[row]

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
        """The rows (n,) of a family's notes on the map. Raises TimbreError for one that is not on the map."""
        families = self.map_notes["family"] if "family" in self.map_notes else pd.Series(dtype=str)
        rows = np.flatnonzero((families == family).to_numpy())
        if not len(rows):
            known = ", ".join(sorted(set(families.dropna().astype(str)))) or "none: its notes have no families"
            raise TimbreError(f"no family {family[:80]!r} on this map: choose from {known}.")
        return rows

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

    def checked_pitch(self, pitch: float | None) -> float:
        """The MIDI pitch to tell the model; 0 for one that needs none. Raises TimbreError for what is no pitch."""
        return self._coder.checked_pitch(pitch)


def _nearest(notes: pd.DataFrame, distance: np.ndarray, k: int) -> pd.DataFrame:
    nearest = np.argsort(distance, kind="stable")[:k]
    return notes.iloc[nearest].assign(distance=distance[nearest])
