"""The feature store: the frames of every note of a library in one memory-mapped float16 array.

A store is a folder: `frames.f16` (total_frames, n_bins) float16, frames-major so that a crop is contiguous;
`notes.parquet`, the note table with `start`, `n_frames` and `ref_db`; and `store.json`, written last: a folder without
it is not a store yet. `datasets.store_build.build_store` makes one.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from timbre_core.errors import TimbreError, os_errors
from timbre_core.features.settings import AnyStored, StoredFeatures
from timbre_core.files import read_json

if TYPE_CHECKING:
    import torch

VERSION = 1
FRAMES, NOTES, STORE = "frames.f16", "notes.parquet", "store.json"

# Pages of the map that were read, and neighbours that are mapped along with them, count as this process's memory until
# they are released; `crops` and `note` do so each time they have handed out this many bytes. The operating system keeps
# the file cached all the same, so that it costs little.
_RELEASE_BYTES = 8 * 2**20

_FEATURES: TypeAdapter[StoredFeatures] = TypeAdapter(AnyStored)


class FeatureStore:
    """An open feature store, read-only.

    notes: the note table, a row per note that could be read, plus start (int64, first frame), n_frames (int64) and
        ref_db (float64; power of the note's loudest bin in dB).
    frames: (total_frames, n_bins) float16, memory-mapped; in [-1, 1] if they are log-mels.
    settings: what the frames are. fingerprint: of the library and the settings. skipped: (note_id, reason).
    """

    def __init__(
        self,
        directory: Path,
        notes: pd.DataFrame,
        settings: StoredFeatures,
        fingerprint: str,
        skipped: list[tuple[str, str]],
    ) -> None:
        self.directory, self.notes, self.settings = directory, notes, settings
        self.fingerprint, self.skipped = fingerprint, skipped
        with os_errors(directory / FRAMES), open(directory / FRAMES, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.frames = np.frombuffer(self._map, dtype=np.float16).reshape(-1, settings.n_bins)
        self._starts = notes["start"].to_numpy(np.int64)
        self._lengths = notes["n_frames"].to_numpy(np.int64)
        self._handed_out = 0

    @classmethod
    def open(cls, directory: Path | str) -> FeatureStore:
        """Open the store in `directory`. Raises TimbreError when there is none, or it is unfinished or damaged."""
        directory = Path(directory)
        if not (directory / STORE).is_file():
            raise TimbreError(
                f"{directory}: holds no finished feature store: run `python -m timbre_core prepare store`."
            )
        about = read_json(directory / STORE)
        cure = "delete the folder and prepare the store again"
        try:
            if about["version"] != VERSION:
                raise TimbreError(f"{directory}: is a store of version {about['version']}, not {VERSION}: {cure}.")
            settings = _FEATURES.validate_python(about["features"])
            count, total, fingerprint = int(about["notes"]), int(about["frames"]), str(about["fingerprint"])
            skipped = [(str(note), str(reason)) for note, reason in about["skipped"]]
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise TimbreError(f"{directory / STORE}: is damaged ({str(error).splitlines()[0]}): {cure}.") from error
        notes = _read_notes(directory / NOTES, cure)
        with os_errors(directory / FRAMES):
            size = (directory / FRAMES).stat().st_size
        ends = notes["start"] + notes["n_frames"]
        # Between notes lie the frames of doubles that were left out.
        in_order = (notes["start"] >= ends.shift(1, fill_value=0)).all() and (notes["n_frames"] > 0).all()
        if len(notes) != count or not count or not in_order or ends.iloc[-1] > total:
            raise TimbreError(f"{directory}: {NOTES} and {STORE} do not belong together: {cure}.")
        if size != total * settings.n_bins * 2:
            raise TimbreError(f"{directory / FRAMES}: has {size} bytes, not the {total * settings.n_bins * 2}: {cure}.")
        return cls(directory, notes, settings, fingerprint, skipped)

    def __len__(self) -> int:
        """Number of notes."""
        return len(self._starts)

    def note(self, index: int) -> np.ndarray:
        """Frames (n_bins, n_frames) float32 of the note in row `index`."""
        if not 0 <= index < len(self):
            raise IndexError(f"note {index} of {len(self)}")
        start, length = self._starts[index], self._lengths[index]
        frames = self.frames[start : start + length].T.astype(np.float32, order="C")
        self._count(frames.nbytes // 2)
        return frames

    def crops(self, notes: np.ndarray, starts: np.ndarray, T: int) -> np.ndarray:
        """Crops (B, n_bins, T) float32 of T frames: of note `notes[i]`, from its frame `starts[i]` on.

        A note that ends inside its crop is continued with silence. Raises IndexError for a note or a start out of range.
        """
        notes, starts = np.asarray(notes, dtype=np.int64), np.asarray(starts, dtype=np.int64)
        if len(notes) and not (notes.min() >= 0 and notes.max() < len(self)):
            raise IndexError(f"notes {notes.min()}..{notes.max()} of {len(self)}")
        left = self._lengths[notes] - starts
        if len(notes) and (starts.min() < 0 or left.min() <= 0):
            raise IndexError("a crop begins outside its note")
        return self._gather(self._starts[notes] + starts, left, T)

    def _gather(self, first: np.ndarray, left: np.ndarray, T: int) -> np.ndarray:
        import torch  # converts and transposes in one pass, four times as fast as numpy

        total, n_bins = self.frames.shape
        if total >= T:
            windows = np.lib.stride_tricks.sliding_window_view(self.frames, T, axis=0)
            half = torch.from_numpy(windows[np.minimum(first, total - T)])
            crops = half.to(torch.float32, memory_format=torch.contiguous_format).numpy()
        else:
            crops = np.empty((len(first), n_bins, T), dtype=np.float32)
        for i in np.flatnonzero(left < T):
            crops[i, :, : left[i]] = self.frames[first[i] : first[i] + left[i]].T
            crops[i, :, left[i] :] = self.settings.silence
        self._count(crops.nbytes // 2)
        return crops

    def _count(self, n_bytes: int) -> None:
        self._handed_out += n_bytes
        if self._handed_out >= _RELEASE_BYTES:
            self.release()

    def release(self) -> None:
        """Give the pages read so far back to the operating system, where it can be told to; reading goes on as before."""
        self._handed_out = 0
        if hasattr(self._map, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def to_device(self, device: torch.device | str, max_fraction: float = 0.5) -> torch.Tensor | None:
        """All frames (total_frames, n_bins) float16 in a GPU's memory, or None.

        None where `device` is the CPU (the memory map serves there) or the frames would take more than `max_fraction`
        of the memory that is free on it.
        """
        import torch

        device = torch.device(device)
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
        elif device.type == "mps":
            free = torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
        else:
            return None
        if self.frames.nbytes > max_fraction * free:
            return None
        target = torch.empty(self.frames.shape, dtype=torch.float16, device=device)
        step = max(1, _RELEASE_BYTES // (2 * self.frames.shape[1]))
        for first in range(0, len(self.frames), step):
            target[first : first + step] = torch.from_numpy(self.frames[first : first + step].copy()).to(device)
            self.release()
        return target


def _read_notes(path: Path, cure: str) -> pd.DataFrame:
    import pyarrow as pa

    try:
        with os_errors(path):
            notes = pd.read_parquet(path)
        wanted: dict[str, Any] = {"start": np.int64, "n_frames": np.int64, "ref_db": np.float64}
        return notes.astype(wanted)
    except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise TimbreError(f"{path}: is damaged ({str(error).splitlines()[0]}): {cure}.") from error
