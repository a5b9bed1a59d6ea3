"""Batches of random windows, the same ones for the same seed on any number of processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from timbre_core.datasets.feature_store import FeatureStore
from timbre_core.datasets.general_midi import FAMILIES
from timbre_core.datasets.threads import ahead
from timbre_core.errors import TimbreError
from timbre_core.recipes.schema import Recipe
from timbre_core.training.distributed import Team
from timbre_core.training.pairs import Partners

# Pages of the memory-mapped store are given back this often, so that a large store does not fill this process's memory.
_RELEASE_EVERY = 64

_NO_FAMILY = -100  # what torch's cross entropy leaves out by itself


class Batch(NamedTuple):
    """frames (batch, n_bins, T) float32 and the labels of each (batch,), on the training device.

    conditions: MIDI pitch and velocity (NaN: unknown) for timbre spaces that are told them; for other tasks pitch and velocity,
    NaN where unknown, family, its place among NSynth's or -100, and instrument, a number of its own. wanted: where the recipe
    draws pairs, the notes that these should become, which are others of the same instruments or the notes themselves; their
    frames are from the same place in time.
    """

    frames: Tensor
    conditions: dict[str, Tensor]
    wanted: Batch | None = None


class BatchSource:
    """Random windows of one split of a feature store.

    Every draw depends on (seed, epoch) alone and every process takes its share of the same global batches, so a resumed
    run and a run on another number of devices see the same windows in the same order.
    """

    def __init__(self, store: FeatureStore, split: str, recipe: Recipe, team: Team, on_device: Tensor | None) -> None:
        notes = store.notes
        chosen = (notes["split"] == split).to_numpy()
        if recipe.uses_pitch:
            chosen = chosen & notes["pitch"].notna().to_numpy()
        self.rows = np.flatnonzero(chosen)
        self._repeats = _repeats(notes["root"].to_numpy()[self.rows], recipe)
        self._store, self._team, self._on_device = store, team, on_device
        frames = recipe.window.frames
        self._T = store.settings.stored_frames(frames)
        self._training = recipe.training
        self._starts = notes["start"].to_numpy(np.int64)
        self._lengths = notes["n_frames"].to_numpy(np.int64)
        self._partners = Partners(notes, self.rows, recipe.pairs) if recipe.pairs is not None else None
        self._seed = recipe.training.seed
        self._labels: dict[str, np.ndarray] = {}
        if recipe.uses_pitch or not recipe.makes_a_space:
            self._labels["pitch"] = notes["pitch"].to_numpy(np.float32)
        if recipe.makes_a_space and any(part.label == "velocity" for part in recipe.model.conditions):
            self._labels["velocity"] = notes["velocity"].to_numpy(np.float32)
        if not recipe.makes_a_space:
            place = {family: index for index, family in enumerate(FAMILIES)}
            self._labels["instrument"] = np.unique(notes["instrument"], return_inverse=True)[1].astype(np.float32)
            self._labels["velocity"] = notes["velocity"].to_numpy(np.float32)
            self._labels["family"] = notes["family"].map(place).fillna(_NO_FAMILY).to_numpy(np.float32)

    def __len__(self) -> int:
        """Windows in an epoch."""
        return int(self._repeats.sum())

    def steps(self) -> int:
        """Batches in an epoch. A last incomplete batch is left out, unless it is the only one."""
        return max(1, len(self) // self._training.batch_size)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Shuffled random windows; the next batch is read while this one is trained on."""
        rng = np.random.default_rng([self._training.seed, epoch])
        rows = rng.permutation(np.repeat(self.rows, self._repeats))
        offsets = (rng.random(len(rows)) * (np.maximum(self._lengths[rows] - self._T, 0) + 1)).astype(np.int64)
        yield from self._batches(rows, offsets, self.steps(), epoch)

    def fixed(self) -> Iterator[Batch]:
        """Every note once, at a window that only the seed decides: for validation."""
        rng = np.random.default_rng([self._training.seed, 2**31])
        offsets = (rng.random(len(self.rows)) * (np.maximum(self._lengths[self.rows] - self._T, 0) + 1)).astype(
            np.int64
        )
        yield from self._batches(self.rows, offsets, -(-len(self.rows) // self._training.batch_size), 2**31)

    def _batches(self, rows: np.ndarray, offsets: np.ndarray, count: int, draw: int) -> Iterator[Batch]:
        size, team = self._training.batch_size, self._team
        wanted = (
            None if self._partners is None else self._partners.draw(rows, np.random.default_rng([self._seed, draw, 1]))
        )

        def read(index: int) -> Batch:
            mine = slice(index * size + team.rank, min((index + 1) * size, len(rows)), team.size)
            batch = self._read(rows[mine], offsets[mine])
            return batch if wanted is None else batch._replace(wanted=self._read(wanted[mine], offsets[mine]))

        for index, batch in ahead(read, range(count), threads=1, most=1):
            yield batch.result()
            if index % _RELEASE_EVERY == _RELEASE_EVERY - 1:
                self._store.release()

    def _read(self, rows: np.ndarray, offsets: np.ndarray) -> Batch:
        device = self._team.device
        if self._on_device is not None:
            frames = _crops_on_device(
                self._on_device,
                self._starts[rows] + offsets,
                self._lengths[rows],
                offsets,
                self._T,
                self._store.settings.silence,
            )
        else:
            frames = torch.from_numpy(self._store.crops(rows, offsets, self._T))
            if device.type == "cuda":
                frames = frames.pin_memory().to(device, non_blocking=True)
        conditions = {name: torch.from_numpy(values[rows]).to(device) for name, values in self._labels.items()}
        return Batch(frames, conditions)


def _crops_on_device(
    frames: Tensor, first: np.ndarray, lengths: np.ndarray, offsets: np.ndarray, T: int, silence: float = -1.0
) -> Tensor:
    """Windows out of a (total_frames, n_bins) tensor on its own device; frames past a note's end are silence."""
    device = frames.device
    steps = torch.arange(T, device=device)
    index = torch.from_numpy(first).to(device)[:, None] + steps
    left = torch.from_numpy(lengths - offsets).to(device)[:, None]
    inside = steps < left
    windows = frames[index.clamp_max(len(frames) - 1)].float()
    return torch.where(inside[..., None], windows, windows.new_tensor(silence)).transpose(1, 2)


def _repeats(roots: np.ndarray, recipe: Recipe) -> np.ndarray:
    """How many windows an epoch draws of each note, from the root (position in data.roots) that it comes from."""
    wanted = recipe.data.repeats or [1] * len(recipe.data.roots)
    if len(wanted) != len(recipe.data.roots):
        raise TimbreError(
            f"data.repeats has {len(wanted)} numbers for {len(recipe.data.roots)} roots: give one for each, in their order."
        )
    return np.asarray(wanted, dtype=np.int64)[roots] * recipe.training.crops_per_note


def check_splits(source: BatchSource, valid: BatchSource, recipe: Recipe) -> None:
    """Raise TimbreError when there is nothing to learn from or nothing to measure on."""
    if not len(source):
        what = "has a pitch and " if recipe.uses_pitch else ""
        raise TimbreError(f"data: no note {what}is in the training split: give more data or change data.split.")
    if not len(valid):
        raise TimbreError(
            "data: no note is in the validation split: give more instruments or raise data.split.valid "
            "(each split needs whole instruments of its own)."
        )
    if source._team.size > min(recipe.training.batch_size, len(source), len(valid)):
        raise TimbreError(
            f"training.batch_size {recipe.training.batch_size} or the data set is smaller than the {source._team.size} "
            "processes that share it: start fewer processes."
        )
