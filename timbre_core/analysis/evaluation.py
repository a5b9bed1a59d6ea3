"""Evaluation of a checkpoint on notes: reconstruction, latent space, and whether it plays the pitch it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from timbre_core.analysis.coding import CodedNote, Coder, Trained
from timbre_core.analysis.control import measure_control
from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.metrics import LatentStatistics, ReconstructionErrors, explained_variance
from timbre_core.analysis.probes import probe
from timbre_core.analysis.yardsticks.listening import ListeningTest
from timbre_core.analysis.yardsticks.parts import PAIRS, SOUND_NOTES, Measured, Yardsticks
from timbre_core.datasets.library import Library
from timbre_core.datasets.notes import LEFT_OUT, SPLITS
from timbre_core.datasets.roots import without_root
from timbre_core.errors import TimbreError
from timbre_core.features.frames import mean_error_db
from timbre_core.features.settings import FeatureSettings, has_sound
from timbre_core.features.windows import overlap_add

CONTROL_NOTES = 100

BASIC_PARTS = ("reconstruction", "latent", "control")
"""Parts that tell of the model; they need no more than a checkpoint."""

PARTS = (*BASIC_PARTS, "generalisation", "cross_pitch", "sound", "listening")
"""All parts of an evaluation, the others tell of what is heard."""


def evaluate(
    checkpoint: Trained,
    library: Library,
    split: str = "unseen",
    limit: int | None = None,
    control_notes: int = CONTROL_NOTES,
    seed: int = 0,
    device: torch.device | str | None = None,
    progress: bool = True,
    watch: Callable[[float, float], None] | None = None,
    parts: Sequence[str] = BASIC_PARTS,
    space: Measured | None = None,
    tests: Sequence[ListeningTest] = (),
    pairs: int = PAIRS,
    sound_notes: int = SOUND_NOTES,
) -> dict[str, Any]:
    """Measure a checkpoint on notes of a library. The same arguments give the same figures.

    Parameters
    ----------
    checkpoint : Checkpoint
    library : Library
    split : str
        "unseen" (all notes of instruments that it was not trained on), "train", "valid", "test", "left_out" (by the recipe) or
        "all".
    limit : int, optional
        At most this many notes, spread over instruments and pitches.
    control_notes : int
        At most this many notes are generated to measure their pitch.
    seed : int
    device : torch.device or str, optional
    progress : bool
        Show progress bars on stderr.
    watch : callable, optional
        Called with (notes done, of how many) after each; what it raises stops the work.
    parts : sequence of str
        Those of PARTS that are wanted; what is below BASIC_PARTS needs a `space` to measure, `listening` needs `tests`.
    space : Measured, optional
        The checkpoint as `timbre_core.generation.timbre_code.measured` opens it.
    tests : sequence of ListeningTest
    pairs, sound_notes : int
        At most so many are measured by `cross_pitch` and `sound`.

    Returns
    -------
    dict
        Plain values, ready for JSON:

        checkpoint, split, notes, instruments, skipped (notes that could not be used).

        reconstruction: l1 and mse of windows on frames in [-1, 1], z sampled once with a fixed seed; l1_mean decodes mu
        instead; log_mel_mae_db: mean error in dB (see `mean_error_db`) of whole notes as they are heard, mu decoded and
        overlap-added (None of pictures); by_pitch: mse and l1 per MIDI pitch. Averages over the windows of a note, then over
        notes.

        latent: kl_per_dim (nats, mean over windows), kl_total their sum, active_units (Burda et al. 2016), mu_variance,
        pca_explained (share of the variance of note means in their first 1, 2, ... principal components),
        and the probes of `analysis.probes`; fitted_on says on which instruments, notes_on why a value is None.

        control: timbres of notes, decoded at another pitch (3 to 12 semitones away, within their instrument's range where
        it is that wide and within MIDI 36-96), inverted without telling the inverter the pitch (unless the frames do not
        hold it: then the synthesis is measured), and measured with `estimate_f0`: within_50_cents, and
        within_octave_error, where an error of whole octaves is forgiven; unvoiced, the share without a measurable pitch
        (wrong in both); median_cents, the median absolute error of voiced ones; notes, how many. Two ceilings of this
        measurement, from the same notes at their own label: recording_within_50_cents, the recordings (some are not at
        their label), and inversion_within_50_cents, their frames inverted without the model (few mel bands and short
        frames do not hold the pitch of low notes). A model that is not told a pitch is measured in the same way.

        generalisation, cross_pitch, sound, listening: see `analysis.yardsticks.parts.Yardsticks`.

    Raises
    ------
    TimbreError
        No note to evaluate on, an unknown split or part.

    Examples
    --------
    >>> import timbre_core
    >>> checkpoint, library = timbre_core.open_checkpoint("nsynth-cvae"), timbre_core.open_library(["starter"], progress=False)
    >>> found = timbre_core.evaluate(checkpoint, library, "all", limit=2, parts=["reconstruction"], progress=False)
    >>> 0 < found["reconstruction"]["l1"] < 1
    True
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise TimbreError(f"no part {unknown[0]!r} of an evaluation: choose from {', '.join(PARTS)}.")
    rows = select_rows(checkpoint, library, split)
    rows = rows[spread_over(library.notes.iloc[rows], limit)]
    coder = Coder.of(checkpoint, device)
    found: dict[str, Any] = {}
    if {"reconstruction", "latent"} & set(parts):
        rows, coded = _coded_parts(coder, checkpoint, library, rows, seed, progress, watch)
        found |= {name: part for name, part in coded.items() if name in parts}
    if "control" in parts:
        found["control"] = measure_control(coder, library, rows, control_notes, seed, progress)
    skipped = len(coder.skipped)
    if space is not None:
        sticks = Yardsticks(space, library, rows, seed, progress, named={name for name, _ in coder.skipped})
        measures = {
            "generalisation": sticks.generalisation,
            "cross_pitch": lambda: sticks.cross_pitch(pairs),
            "sound": lambda: sticks.sound(sound_notes),
            "listening": lambda: sticks.listening(tests),
        }
        found |= {name: measure() for name, measure in measures.items() if name in parts}
        asked = set(library.notes["note_id"].iloc[rows])
        skipped = max(skipped, len(asked & {name for name, _ in sticks.skipped}))
    return {
        "checkpoint": checkpoint.name,
        "split": split,
        "notes": len(rows),
        "instruments": int(library.notes["instrument"].iloc[rows].nunique()),
        "skipped": skipped,
        **found,
    }


def _coded_parts(
    coder: Coder,
    checkpoint: Trained,
    library: Library,
    rows: np.ndarray,
    seed: int,
    progress: bool,
    watch: Callable[[float, float], None] | None,
) -> tuple[np.ndarray, dict[str, Any]]:
    """The rows that could be used, and `reconstruction` and `latent` of them."""
    errors = ReconstructionErrors()
    latents = LatentStatistics(checkpoint.recipe.model.latent_dim)
    used: list[int] = []
    means: list[np.ndarray] = []
    pitches: list[float] = []
    with tqdm(total=len(rows), desc="evaluating", unit="note", disable=not progress, file=sys.stderr) as bar:
        for coded in coder.coded(coder.notes(library, rows), seed):
            errors.add(coded.note.pitch, **_note_errors(coded, checkpoint.recipe.features))
            latents.add(coded.mu, coder.kl(coded.mu, coded.logvar))
            used.append(coded.note.index)
            means.append(coded.mean)
            pitches.append(coded.note.pitch)
            bar.update()
            if watch is not None:
                watch(len(used), len(rows))
    if not used:
        raise TimbreError(f"no usable note in {', '.join(library.roots)}: give --data with other notes.")
    notes = library.notes.iloc[used]
    probes = probe(np.stack(means), np.array(pitches), notes["family"].to_numpy(), notes["instrument"].to_numpy(), seed)
    return np.array(used), {
        "reconstruction": {"log_mel_mae_db": None, **errors.summary()},
        "latent": {
            "kl_per_dim": latents.kl_per_dim.tolist(),
            "kl_total": float(latents.kl_per_dim.sum()),
            "active_units": latents.active_units,
            "mu_variance": latents.mu_variance.tolist(),
            "pca_explained": explained_variance(np.stack(means)).round(6).tolist(),
            **probes.values,
            "fitted_on": probes.fitted_on,
            "notes_on": probes.notes_on,
        },
    }


def select_rows(checkpoint: Trained, library: Library, split: str) -> np.ndarray:
    """Rows of the notes that a split names; see `evaluate`. Raises TimbreError where there are none."""
    notes, where = library.notes, ", ".join(library.roots)
    if split == "all":
        return np.arange(len(notes))
    if split in (*SPLITS, LEFT_OUT):
        rows = np.flatnonzero((notes["split"] == split).to_numpy())
        if not len(rows):
            raise TimbreError(f"{where} has no notes in the split {split!r}: choose another --split, or all.")
        return rows
    if split != "unseen":
        raise TimbreError(f"no split {split!r}: choose from unseen, {', '.join((*SPLITS, LEFT_OUT))}, all.")
    trained = checkpoint.recipe.provenance.get("train_instruments")
    if trained is None:
        raise TimbreError(
            f"{checkpoint.name} does not say which instruments it was trained on, so none is known to be unseen: "
            "choose --split valid, test or all."
        )
    seen = {str(name) for name in trained}
    seen |= {without_root(name) for name in seen}
    unseen = [name not in seen and without_root(name) not in seen for name in notes["instrument"]]
    rows = np.flatnonzero(unseen)
    if not len(rows):
        raise TimbreError(
            f"{checkpoint.name} was trained on every instrument of {where}: "
            "give other notes with --data, or choose --split all."
        )
    return rows


def _note_errors(coded: CodedNote, features: FeatureSettings) -> dict[str, float]:
    note = coded.note
    heard = overlap_add(coded.decoded, note.starts, note.frames.shape[1])
    difference = coded.sampled - note.windows
    return {
        "l1": float(np.abs(difference).mean()),
        "l1_mean": float(np.abs(coded.decoded - note.windows).mean()),
        "mse": float((difference**2).mean()),
        **({"log_mel_mae_db": mean_error_db(heard, note.frames, features)} if has_sound(features) else {}),
    }
