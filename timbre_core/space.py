"""A timbre space: a checkpoint opened to encode, decode and reconstruct notes, and to find those nearby."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.decoding import Trajectory, TrajectoryCoder, decode_held
from timbre_core.devices import chosen_device
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.features.performance import Performance, performance_of
from timbre_core.features.spectrum import prepare_audio
from timbre_core.inversion.residual import noise_beside_harmonics
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inverters import Inverter, open_inverter
from timbre_core.models.coder import WindowCoder
from timbre_core.space_map import SpaceMap


@dataclass(frozen=True)
class Reconstruction:
    """A note in three variants: as it is, its features inverted, and through the model.

    Attributes
    ----------
    original, inversion, reconstruction : ndarray (n_samples,)
        At `sample_rate` Hz.
    frames, decoded : ndarray (n_bins, n_frames)
        The note's own and the model's, in [-1, 1].
    ref_db : float
        The level of the loudest bin in dB.
    sample_rate : int
    trajectory : Trajectory
        The note in the latent space.
    performance : Performance or None
        What of the note's own playing is in the inversion and the reconstruction, beside the spectra: nothing unless it is here.

    Examples
    --------
    >>> import timbre_core
    >>> space, library = timbre_core.open_space("nsynth-cvae"), timbre_core.open_library(["starter"], progress=False)
    >>> made = space.reconstruct(library.load(0, space.sample_rate), library.notes["pitch"][0])
    >>> made.frames.shape == made.decoded.shape
    True
    """

    original: np.ndarray
    inversion: np.ndarray
    reconstruction: np.ndarray
    frames: np.ndarray
    decoded: np.ndarray
    ref_db: float
    sample_rate: int
    trajectory: Trajectory
    performance: Performance | None = None


def open_space(
    checkpoint: Checkpoint | Path | str,
    device: torch.device | str = "cpu",
    inverter: str | InversionSettings | None = None,
) -> TimbreSpace:
    """Open a timbre space: a checkpoint by its path, by its name where checkpoints live, or opened already.

    Parameters
    ----------
    checkpoint : Checkpoint, Path or str
    device : torch.device or str
        Where the model runs, as for `chosen_device`; for single notes the CPU is as quick as any.
    inverter : str or InversionSettings, optional
        What makes sound of frames, by name (see `timbre_core.inverters`) or settings; by default the recipe's own.

    Returns
    -------
    TimbreSpace

    Raises
    ------
    TimbreError
        No such checkpoint, it is damaged, or it holds no timbre space.

    Examples
    --------
    >>> from timbre_core import open_space
    >>> space = open_space("nsynth-cvae")
    >>> space.sample_rate
    16000
    """
    return TimbreSpace(
        checkpoint if isinstance(checkpoint, Checkpoint) else open_checkpoint(checkpoint), device, inverter
    )


class TimbreSpace(SpaceMap):
    """Encode, decode, reconstruct, find what is near. Thread-safe after construction: the model is only read.

    What makes new sounds with a space is in `timbre_core.generation`, as functions that take one.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : torch.device or str
    inverter : str or InversionSettings, optional
        A name of `inverters.inverter_names` or settings, by default the recipe's own.
    distance : str, optional
        One of `analysis.distances.DISTANCES`, by default the recipe's own.

    Raises
    ------
    TimbreError
        The checkpoint is damaged or holds no timbre space, or there is no such inverter or distance.

    Examples
    --------
    >>> import timbre_core
    >>> space, library = timbre_core.open_space("nsynth-cvae"), timbre_core.open_library(["starter"], progress=False)
    >>> frames, ref_db = space.analyse(library.load(0, space.sample_rate))  # (n_bins, n_frames), dB
    >>> trajectory = space.encode(frames, pitch=60)
    >>> len(space.neighbours(trajectory.mean, 5))
    5
    >>> higher = space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch=67)
    >>> space.invert(higher, ref_db, pitch=67).ndim
    1
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device | str = "cpu",
        inverter: str | InversionSettings | None = None,
        distance: str | None = None,
    ) -> None:
        super().__init__(checkpoint, distance)
        self.device = chosen_device(device)
        chosen = self.recipe.inversion if inverter is None else inverter
        if (
            inverter is None and not self.recipe.features.inversions
        ):  # of pictures, which have no sound: it says so when called
            self.inverter = Inverter("none", self.recipe.features, self.recipe.inversion, self.device)
        else:
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

    def decode_windows(
        self, z: np.ndarray, pitch: np.ndarray | float | None = None, velocity: float | None = None
    ) -> np.ndarray:
        """Latents (n, latent_dim), and one MIDI pitch or one each, -> windows (n, n_bins, T); velocity as for `decode`."""
        return self._coder.decode_windows(z, pitch, velocity)

    def decode(
        self,
        z: np.ndarray,
        starts: np.ndarray,
        n_frames: int,
        pitch: float | np.ndarray | None = None,
        shares: np.ndarray | None = None,
        velocity: float | None = None,
    ) -> np.ndarray:
        """Latents of a note's windows -> its frames (n_bins, n_frames), overlap-added (with `shares`: see `overlap_add`).

        pitch: MIDI, or a contour, one for each frame (n_frames,). velocity: MIDI, for models that are told it, with one pitch;
        None leaves it open.
        """
        return self._coder.decode(z, starts, n_frames, pitch, shares, velocity)

    def decode_held(
        self, z: np.ndarray, n_frames: int, pitch: float | np.ndarray | None = None, always: bool = True
    ) -> np.ndarray:
        """Codes (n, latent_dim) of a space of whole notes, one turning into the next, -> frames (n_bins, n_frames) of a note
        held so long; unless `always`, notes that die away by themselves are not. pitch: as for `decode`."""
        return decode_held(self._coder, z, n_frames, pitch, always)

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

        A contour, a pitch for each frame (n_frames,), is followed. `in_tune` has the sound exactly at the pitch. Raises
        TimbreError for frames, a reference, a pitch, a length or a seed that cannot be used.
        """
        if np.ndim(frames) != 2:
            raise TimbreError(f"frames of shape {np.shape(frames)}: one note's, (n_bins, n_frames), were expected.")
        return self.inverter(frames, ref_db, pitch, n_samples, seed, in_tune)

    @property
    def performs(self) -> bool:
        """Whether the inverter plays performances: pitch, noise and level over time as they are told (see `performance_of`)."""
        return self.inverter.performs

    def performance_of(self, audio: np.ndarray, pitch: float) -> Performance:
        """How a note (n_samples,) at `sample_rate` with its MIDI pitch was played."""
        return performance_of(audio, self.sample_rate, pitch, self.recipe.features.hop_length)

    def perform(
        self,
        frames: np.ndarray,
        ref_db: float,
        performance: Performance,
        n_samples: int,
        seed: int = 0,
        in_tune: bool = False,
        same_note: bool = False,
    ) -> np.ndarray:
        """Frames (n_bins, n_frames) -> audio (n_samples,), played as `performance` says. For a space that `performs`.

        in_tune: as for `invert`. same_note: the frames are of the note whose performance it is: its level tells where they err.
        """
        return self.inverter.perform(frames, ref_db, performance, n_samples, seed, in_tune, same_note)

    def reconstruct(
        self,
        audio: np.ndarray,
        pitch: float | None = None,
        residual: bool = False,
        performance: bool | None = None,
    ) -> Reconstruction:
        """A note (n_samples,) at `sample_rate` in three variants. The model decodes mu.

        residual: add to the inversion and the reconstruction, as filtered noise, what spectral envelopes leave of the note.
        performance: keep the note's own level, pitch and noise over time, where its pitch is known; by default for a space
        that `performs`.
        """
        frames, ref_db = self.analyse(audio, pitch)
        trajectory = self.encode(frames, pitch)
        decoded = self.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch)
        audio = prepare_audio(audio, self.recipe.features)[: len(audio)]
        length = len(audio)
        kept = None
        if (self.performs if performance is None else performance) and pitch is not None and not np.isnan(pitch):
            kept = self.performance_of(audio, pitch)
        inverted = [
            self.invert(part, ref_db, pitch, length)
            if kept is None
            else self.perform(part, ref_db, kept, length, same_note=True)
            for part in (frames, decoded)
        ]
        if residual:
            noise = noise_beside_harmonics(audio, self.recipe.features, pitch)
            inverted = [sound + noise for sound in inverted]
        return Reconstruction(
            audio, inverted[0], inverted[1], frames, decoded, ref_db, self.sample_rate, trajectory, kept
        )

    def checked_pitch(self, pitch: float | None) -> float:
        """The MIDI pitch to tell the model; 0 for one that needs none. Raises TimbreError for what is no pitch."""
        return self._coder.checked_pitch(pitch)
