"""Pictures of a training: what the model makes of a few validation notes, epoch after epoch.

`pictures/EPOCH.npz` holds uint8 frames, 0 for -1 and 255 for +1, so that a run's pictures take a few hundred kilobytes.
Nothing in them is pickled. Painting draws from a generator of its own: a training with pictures and one without give
the same weights to the last bit.
"""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import atomic_write

if TYPE_CHECKING:
    from torch import nn

    from timbre_core.datasets.feature_store import FeatureStore
    from timbre_core.recipes.schema import Recipe, TrainingSettings

FOLDER = "pictures"
NOTES = 4
MOST_BYTES = 1_000_000
"""A finished checkpoint keeps no more than this of them."""

_PER_RUN = 12
# Models of short windows are shown a few windows one after the other: a single one would be a sliver.
_SHOWN_FRAMES = 64
_LARGEST = 64 * 2**20  # bytes of one file, unpacked


@dataclass(frozen=True)
class Pictures:
    """Frames as uint8, lowest band first: 0 stands for -1 (silence), 255 for +1.

    originals, reconstructions: (notes, n_bins, n_frames), each validation note's beginning and what the model makes of it
    (mu decoded). samples: (count, n_bins, n_frames), drawn from the prior; none (count 0) of a model without one.
    """

    originals: np.ndarray
    reconstructions: np.ndarray
    samples: np.ndarray


def is_due(epoch: int, training: TrainingSettings) -> bool:
    """Whether pictures are taken after this epoch (counted from 1): the first, the last, and every `pictures` epochs."""
    every = training.pictures
    if every is None:
        every = -(-training.epochs // _PER_RUN)
    return every > 0 and (epoch % every == 0 or epoch in (1, training.epochs))


def take_pictures(
    folder: Path, epoch: int, model: nn.Module, recipe: Recipe, store: FeatureStore, rows: np.ndarray, events: Any
) -> None:
    """Write the pictures of an epoch to a training's folder and to TensorBoard, when they are due.

    Args:
        model: in evaluation mode; one that is no VAE (it does not encode and decode windows) is left alone.
        rows: the store's notes to choose from, the same at every epoch.
        events: TensorBoard's writer.
    """
    from timbre_core.models.vae import VAE

    if not is_due(epoch, recipe.training) or not isinstance(model, VAE):
        return
    pictures = paint(model, recipe, store, rows)
    with atomic_write(folder / FOLDER / f"{epoch:06}.npz") as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **asdict(pictures))
    for name, frames in asdict(pictures).items():
        if len(frames):
            # Side by side, low bands at the bottom.
            events.add_image(f"pictures/{name}", np.concatenate(list(frames[:, ::-1]), axis=1), epoch, dataformats="HW")


def paint(model: Any, recipe: Recipe, store: FeatureStore, rows: np.ndarray) -> Pictures:
    """The pictures of a VAE as it is now: the same model, notes and recipe give the same ones."""
    import torch

    rows = rows[np.unique(np.linspace(0, len(rows) - 1, NOTES).round().astype(int))]
    width = recipe.window.frames
    count = -(-_SHOWN_FRAMES // width)
    frames = store.crops(rows, np.zeros(len(rows), dtype=np.int64), count * width)
    pitch = store.notes["pitch"].fillna(60.0).to_numpy(np.float32)[rows]
    device = next(model.parameters()).device
    with torch.inference_mode():
        windows = torch.from_numpy(frames).to(device).unflatten(2, (count, width)).transpose(1, 2).flatten(0, 1)
        conditions = {"pitch": torch.from_numpy(np.repeat(pitch, count)).to(device)}
        decoded = model.decode(model.encode(windows, conditions)[0], conditions)
        decoded = decoded.unflatten(0, (len(rows), count)).transpose(1, 2).flatten(2)
        samples = windows.new_empty((0, frames.shape[1], width))
        if recipe.model.sampling:
            generator = torch.Generator().manual_seed(recipe.training.seed)
            z = model.prior.sample(len(rows), generator).to(device)
            samples = model.decode(z, {"pitch": torch.from_numpy(pitch).to(device)})
    # Windows of nothing, after a note's end, are never trained on: what is made of them would only be in the way.
    ended = np.arange(count * width) >= store.notes["n_frames"].to_numpy()[rows][:, None]
    made = np.where(ended[:, None], np.float32(store.settings.silence), decoded.cpu().numpy())
    return Pictures(_coded(frames), _coded(made), _coded(samples.cpu().numpy()))


def picture_epochs(folder: Path) -> list[int]:
    """Epochs that a training or checkpoint folder has pictures of, in order."""
    found = folder.joinpath(FOLDER).glob("*.npz")
    return sorted(int(path.stem) for path in found if path.stem.isascii() and path.stem.isdecimal())


def read_pictures(folder: Path, epoch: int) -> Pictures:
    """The pictures of one epoch. Raises TimbreError when the file is missing or damaged."""
    path = folder / FOLDER / f"{epoch:06}.npz"
    try:
        with os_errors(path), np.load(path, allow_pickle=False) as file:
            if sum(part.file_size for part in file.zip.infolist()) > _LARGEST:
                raise ValueError("larger than pictures are")
            pictures = Pictures(file["originals"], file["reconstructions"], file["samples"])
        parts = list(asdict(pictures).values())
        if any(part.dtype != np.uint8 or part.ndim != 3 for part in parts) or parts[0].shape != parts[1].shape:
            raise ValueError("not frames")
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise TimbreError(f"{path}: no pictures of a training ({error}): delete the file.") from error
    return pictures


def trim_pictures(folder: Path, most: int = MOST_BYTES) -> None:
    """Take out every second epoch, the last one kept, until a folder's pictures are at most `most` bytes."""
    with os_errors(folder):
        paths = sorted(folder.joinpath(FOLDER).glob("*.npz"))
        while paths and sum(path.stat().st_size for path in paths) > most:
            for path in paths[-2::-2] or paths:
                path.unlink()
            paths = paths[::-1][::2][::-1] if len(paths) > 1 else []


def _coded(frames: np.ndarray) -> np.ndarray:
    return np.clip(np.rint((np.nan_to_num(frames) + 1) * 127.5), 0, 255).astype(np.uint8)
