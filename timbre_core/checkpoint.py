"""Checkpoint folders: save, open, list.

A checkpoint holds recipe.yaml, model.safetensors, history.jsonl, evaluation.json and latents.parquet. It is complete in
itself and read without executing anything from it. Only `Checkpoint.model` imports torch, so a map opens without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from timbre_core.checkpoint_folders import default_checkpoints_folder as default_checkpoints_folder
from timbre_core.checkpoint_folders import find_checkpoint
from timbre_core.checkpoint_folders import list_checkpoints as list_checkpoints
from timbre_core.checkpoint_folders import list_trainings as list_trainings
from timbre_core.errors import TimbreError, explain_os_error, is_damage, os_errors
from timbre_core.files import parse_json, read_json, write_json
from timbre_core.layout import EVALUATION as EVALUATION
from timbre_core.layout import HISTORY as HISTORY
from timbre_core.layout import LATENTS as LATENTS
from timbre_core.layout import RECIPE as RECIPE
from timbre_core.layout import UNFINISHED as UNFINISHED
from timbre_core.layout import WEIGHTS as WEIGHTS
from timbre_core.maps import list_maps, map_file
from timbre_core.maps import write_latents as write_latents
from timbre_core.recipes.recipe_files import read_recipe
from timbre_core.recipes.schema import Recipe

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import nn

    from timbre_core.models.vae import VAE


RECORDING = "recording"
"""The column of a map with doubles that says which note's recording a note is, by id."""


@dataclass(frozen=True)
class Checkpoint:
    """An opened checkpoint folder. Parts are read when first asked for.

    Attributes
    ----------
    path : Path
        The folder.
    recipe : Recipe
        What it was trained by, with all defaults written out.
    map_name : str
        Which of its maps is meant, empty for its own.
    history, evaluation, latents
        A row per epoch; what `evaluate` measured; a row per note of the map, or None.

    Examples
    --------
    >>> import timbre_core
    >>> checkpoint = timbre_core.open_checkpoint("nsynth-cvae")
    >>> checkpoint.name, checkpoint.recipe.features.sample_rate
    ('nsynth-cvae', 16000)
    """

    path: Path
    recipe: Recipe
    map_name: str = ""
    """Which of its maps is meant, empty for its own."""

    @property
    def model_name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def name(self) -> str:
        """The folder's name; with one of its other maps `FOLDER@MAP`, which `open_checkpoint` opens again."""
        return f"{self.path.name}@{self.map_name}" if self.map_name else self.path.name

    @property
    def latents_file(self) -> Path:
        """Where the map is, or would be."""
        # What is called +so is made of a checkpoint's own map, and kept nowhere.
        named = self.map_name and not self.map_name.startswith("+")
        return map_file(self.path, self.map_name) if named else self.path / LATENTS

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row per epoch; nested values as columns such as `train.recon` and `val.kl_raw`. Empty without a file."""
        import pandas as pd

        path = self.path / HISTORY
        if not path.exists():
            return pd.DataFrame()
        with os_errors(path):
            lines = path.read_text(encoding="utf-8").splitlines()
        try:
            return pd.json_normalize([parse_json(line) for line in lines if line.strip()])
        except JSONDecodeError as error:
            raise TimbreError(f"{path}: a line is not JSON ({error.msg}): copy the checkpoint again.") from error

    @cached_property
    def evaluation(self) -> dict[str, Any] | None:
        """What `evaluate` measured when the checkpoint was made, or None."""
        path = self.path / EVALUATION
        return read_json(path) if path.exists() else None

    @cached_property
    def latents(self) -> pd.DataFrame | None:
        """A row per note: labels, mu, logvar, trajectory, recon_l1 and projections; None when not computed yet."""
        with self._map_errors():
            import pyarrow.parquet as pq

            return pq.read_table(self.latents_file).to_pandas() if self.latents_file.exists() else None

    @cached_property
    def latents_roots(self) -> list[str]:
        """Where the notes of `latents` have their audio: arguments for `open_library`. Reads nothing else of the map."""
        with self._map_errors():
            import pyarrow.parquet as pq

            told = pq.read_schema(self.latents_file).metadata if self.latents_file.exists() else None
        return list(parse_json((told or {}).get(b"library", b"[]")))

    @contextmanager
    def _map_errors(self) -> Iterator[None]:
        import pyarrow

        path = self.latents_file
        try:
            yield
        except (pyarrow.ArrowException, OSError) as error:
            if isinstance(error, OSError) and not is_damage(error):
                raise TimbreError(explain_os_error(error, path)) from error
            raise TimbreError(
                f"{path}: damaged or truncated: make it again with `python -m timbre_core project {self.path}`."
            ) from error

    def model(self, device: torch.device | str = "cpu") -> VAE:
        """The trained model of a timbre space in evaluation mode.

        Raises TimbreError when weights are missing, damaged or mismatched, or when this is no timbre space.
        """
        from timbre_core.models.vae import VAE

        network = self.network(device)
        if not isinstance(network, VAE):
            raise TimbreError(
                f"{self.path} holds no timbre space but a network for {self.recipe.task.kind}: choose another checkpoint."
            )
        return network

    def network(self, device: torch.device | str = "cpu") -> nn.Module:
        """The trained network of any checkpoint in evaluation mode, whatever its task; raises as `model` does."""
        from timbre_core.models.weights import load_weights
        from timbre_core.recipes.networks import build_network

        network = build_network(self.recipe)
        load_weights(self.path / WEIGHTS, network)
        return network.to(device).eval()


def open_checkpoint(path: Path | str, folder: Path | str | None = None) -> Checkpoint:
    """Open a checkpoint by the path of its folder, or by its name where checkpoints live.

    Parameters
    ----------
    path : Path or str
        A folder, a name in `folder`, or `NAME@MAP` for another of its maps (see `timbre_core.maps`).
    folder : Path or str, optional
        Where names are looked up: by default $TIMBRE_CHECKPOINTS, the project's `checkpoints`, or `./checkpoints`.

    Returns
    -------
    Checkpoint

    Raises
    ------
    TimbreError
        What is missing or wrong.

    Examples
    --------
    >>> from timbre_core import open_checkpoint
    >>> open_checkpoint("nsynth-cvae").recipe.model.latent_dim
    32
    """
    found, map_name = find_checkpoint(path, folder)
    checkpoint = Checkpoint(found, read_recipe(found / RECIPE))
    if map_name and map_name not in (maps := list_maps(found)):
        raise TimbreError(f"{path}: no map {map_name!r} of {found}: choose {', '.join(maps) or 'none'}.")
    return replace(checkpoint, map_name=map_name)


def companion(name: str, folder: Path) -> Path:
    """A checkpoint that serves spaces, by its name: the one in `folder`, beside the space's own, else the project's.

    Raises TimbreError where there is neither.
    """
    places = [folder / name, default_checkpoints_folder() / name]
    found = next((place for place in places if (place / WEIGHTS).is_file()), None)
    if found is None:
        raise TimbreError(f"there is no checkpoint {name} in {places[-1].parent}: get it or train it (recipe {name}).")
    return found


def write_evaluation(path: Path, evaluation: dict[str, Any]) -> None:
    """Write evaluation.json into a checkpoint folder, atomically."""
    write_json(path / EVALUATION, evaluation)


def same_recording(notes: pd.DataFrame, row: int) -> np.ndarray:
    """The rows of a map's notes that are the same recording as the one in `row`: that one among them."""
    if RECORDING not in notes:
        return np.array([row])
    recordings = notes[RECORDING].to_numpy()
    return np.flatnonzero(recordings == recordings[row])
