"""The table behind a map: every note's latents and projections."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from timbre_core.analysis.coding import Coder, Trained
from timbre_core.analysis.distances import CODE, coordinates
from timbre_core.analysis.projections import DEFAULT_METHODS, project
from timbre_core.datasets.library import Library
from timbre_core.errors import TimbreError
from timbre_core.features.brightness import frames_brightness
from timbre_core.features.windows import overlap_add

_MOST_WINDOWS = 128  # of a note that are kept: models of single frames have hundreds, of which neighbours hardly differ


def compute_latents(
    checkpoint: Trained,
    library: Library,
    indices: Sequence[int] | np.ndarray | None = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    seed: int = 0,
    device: torch.device | str | None = None,
    progress: bool = True,
    watch: Callable[[float, float], None] | None = None,
    code: Callable[[int], np.ndarray] | None = None,
) -> pd.DataFrame:
    """Encode notes and lay them out on maps.

    Args:
        indices: rows of `library.notes`; None means all.
        methods: projections, see `project`; of what the recipe's `distance` compares (see `analysis.distances`).
        code: makes the timbre code (dim,) of a row of the library, where the recipe's `distance` is that of codes: they are a
            column then, and what is laid out.
        watch: called with (notes done, of how many) after each; what it raises stops the work.

    Returns:
        A row per note, in the order of `indices`: the note table's columns, `mu` and `logvar` (latent_dim,) as means over
        the note's windows that hold sound, `trajectory` (count * latent_dim,) the windows' mu one after the other (of notes
        with more than 128 windows so many, evenly spaced), `sounding` which of those hold sound (see `windows_with_sound`),
        `n_windows` how many there are, `recon_l1` the mean absolute error of the note's frames when mu is decoded and
        overlap-added (NaN where the decoder is told the pitch and that is unknown), `brightness` in Hz (see
        `frames_brightness`), and the projections. Arrays are float32. Where the label is missing and the model needs a
        pitch, the pitch is estimated and marked so. Notes that cannot be used are reported on stderr and left out.

    Raises:
        TimbreError: no note could be used.
    """
    indices = np.arange(len(library.notes)) if indices is None else np.asarray(indices, dtype=np.int64)
    coder = Coder.of(checkpoint, device)
    rows: list[int] = []
    numbers = ("pitch", "mu", "logvar", "trajectory", "sounding", "n_windows", "recon_l1", "brightness")
    columns: dict[str, list] = {name: [] for name in numbers}
    notes = tqdm(
        coder.notes(library, indices, unpitched=True),
        total=len(indices),
        desc="encoding",
        unit="note",
        disable=not progress,
        file=sys.stderr,
    )
    for coded in coder.coded(notes):
        frames = coded.note.frames
        decoded = overlap_add(coded.decoded, coded.note.starts, frames.shape[1])
        rows.append(coded.note.index)
        columns["pitch"].append(coded.note.pitch)
        columns["mu"].append(coded.mean)
        columns["logvar"].append(coded.logvar[coded.sounding].mean(axis=0))
        columns["trajectory"].append(_thinned(coded.mu).reshape(-1))
        columns["sounding"].append(_thinned(coded.sounding))
        columns["n_windows"].append(len(coded.mu))
        unknown = checkpoint.recipe.uses_pitch and np.isnan(coded.note.pitch)
        columns["recon_l1"].append(np.float32(np.nan if unknown else np.abs(decoded - frames).mean()))
        columns["brightness"].append(np.float32(frames_brightness(frames, checkpoint.recipe.features)))
        if code is not None:
            columns.setdefault(CODE, []).append(code(coded.note.index))
        if watch is not None:
            watch(len(rows), len(indices))
    if not rows:
        raise TimbreError(f"no usable note in {', '.join(library.roots)}: give --data with other notes.")
    table = library.notes.iloc[rows].reset_index(drop=True)
    pitch = np.array(columns.pop("pitch"))
    table["pitch_estimated"] |= table["pitch"].isna() & ~np.isnan(pitch)
    table["pitch"] = pitch
    table = table.assign(**columns)
    means = np.stack(columns["mu"])
    places = np.stack(columns[CODE]) if code is not None else coordinates(checkpoint.recipe.distance, means)(means)
    projections = project(places, methods, seed, progress)
    return pd.concat([table, projections], axis=1)


def _thinned(trajectory: np.ndarray) -> np.ndarray:
    """At most _MOST_WINDOWS rows of what a note's windows have (n_windows, ...), evenly spaced from the first to the last."""
    places = np.linspace(0, len(trajectory) - 1, min(len(trajectory), _MOST_WINDOWS))
    return trajectory[places.round().astype(int)]


def spread_over(notes: pd.DataFrame, most: int | None) -> np.ndarray:
    """Rows of at most `most` notes, the same number of each instrument as far as there are, spread over its pitches.

    0 or None means all. The same table gives the same rows; a larger `most` keeps those of a smaller one.
    """
    if not most or most >= len(notes):
        return np.arange(len(notes))
    ordered = notes.reset_index(drop=True).sort_values(["instrument", "pitch", "velocity", "note_id"], kind="stable")
    place = ordered.groupby("instrument", sort=False).cumcount().to_numpy()
    # The golden ratio's multiples fill [0, 1) evenly however many are taken: instruments, and each one's notes, take
    # turns in their order.
    turn = pd.Series(_scattered(place)).groupby(ordered["instrument"].to_numpy(), sort=False).rank(method="first")
    instrument = _scattered(ordered.groupby("instrument", sort=False).ngroup().to_numpy())
    chosen = np.lexsort((instrument, turn.to_numpy()))[:most]
    return np.sort(ordered.index.to_numpy()[chosen])


def _scattered(numbers: np.ndarray) -> np.ndarray:
    return (numbers + 1) * 0.6180339887498949 % 1.0
