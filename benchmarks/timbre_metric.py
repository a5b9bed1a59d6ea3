"""Fit what distances of timbre count: the linear map in the checkpoint timbre-code, on notes it was trained on.

    python benchmarks/timbre_metric.py --data path/to/nsynth [another-folder ...] [--checkpoint FOLDER]

Every note of training instruments is seen as it is and without what a 16 kHz recording lacks, so that a sound lies at the same
place whatever its rate. The map in the checkpoint is replaced (`task.metric` says how many numbers a code has from then on);
maps of spaces whose distance is timbre are to be made again: `python -m timbre_core project CHECKPOINT`. Notes of roots that
the checkpoint does not name count by their split: the training part.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from shared import NSYNTH, ROOT
from tqdm import tqdm

from timbre_core.analysis.timbre_metric import fit_metric
from timbre_core.checkpoint import RECIPE, WEIGHTS, open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.features.settings import LogMelSettings, as_log_mel
from timbre_core.features.timbre_grid import carried_on, heard, narrow, timbre_grid
from timbre_core.files import write_text
from timbre_core.models.tasks import TimbreCodeTask
from timbre_core.models.timbre_encoder import TimbreEncoder, timed_cepstra
from timbre_core.models.weights import read_tensors, write_tensors
from timbre_core.recipes.recipe_files import recipe_to_yaml
from timbre_core.recipes.schema import Recipe

_LIMIT_HZ = 7800.0


def training_rows(recipe: Recipe, library: Library) -> np.ndarray:
    """Rows of a library that the network was trained on, as far as its checkpoint says."""
    notes = library.notes
    named = notes["instrument"].isin(recipe.provenance.get("train_instruments", ()))
    trained = named if named.any() else notes["split"].eq("train")
    return np.flatnonzero((trained & notes["pitch"].notna()).to_numpy())


@torch.inference_mode()
def told(network: TimbreEncoder, audio: np.ndarray, features: LogMelSettings) -> tuple[np.ndarray, np.ndarray]:
    """What is learned of a note and its cepstra, (2, n) each: as it is, and without what is above the limit."""
    whole = timbre_grid(audio / np.abs(audio).max(), features)[None]
    grid, inside = heard(torch.cat([whole, narrow(whole, torch.tensor([_LIMIT_HZ]), features)]), features)
    cepstra = network.cepstra * timed_cepstra(carried_on(grid, inside, features))
    return network(grid, inside, whole=False).numpy(), cepstra.numpy()


def fitted(network: TimbreEncoder, recipe: Recipe, roots: list[str]) -> np.ndarray:
    """The map, of notes of `roots`."""
    assert isinstance(recipe.task, TimbreCodeTask)
    features = as_log_mel(recipe.features)
    learned, cepstra, pitch, instrument = [], [], [], []
    for root in roots:
        library = open_library([root])
        for row in tqdm(training_rows(recipe, library), desc=Path(root).name, unit="note"):
            note = library.notes.iloc[row]
            audio = library.load(int(row), features.sample_rate)
            if not np.abs(audio).max() > 0:
                continue
            for found, part in zip((learned, cepstra), told(network, audio, features), strict=True):
                found.append(part)
            pitch += 2 * [float(note["pitch"])]
            instrument += 2 * [f"{root} {note['instrument']}"]
    parts = np.split(np.concatenate(learned), [recipe.task.code_dim], axis=1)
    return fit_metric(
        [part for part in parts if part.size], np.concatenate(cepstra), np.array(pitch), np.array(instrument)
    )


def write_metric(folder: Path, recipe: Recipe, metric: np.ndarray) -> None:
    """Put a map into a checkpoint."""
    tensors, metadata = read_tensors(folder / WEIGHTS)
    tensors["metric"] = torch.from_numpy(metric).float().contiguous()
    task = recipe.task.model_copy(update={"metric": metric.shape[1]})
    write_tensors(folder / WEIGHTS, tensors, metadata)
    write_text(folder / RECIPE, recipe_to_yaml(recipe.model_copy(update={"task": task})))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=[str(NSYNTH)], help="roots of notes (default: NSynth's subset)")
    parser.add_argument("--checkpoint", type=Path, default=ROOT / "checkpoints" / "timbre-code")
    args = parser.parse_args()
    checkpoint = open_checkpoint(args.checkpoint)
    network = checkpoint.network("cpu")
    if not isinstance(network, TimbreEncoder) or not network.cepstra:
        parser.error(f"{args.checkpoint} is no timbre code with cepstra: train one with task.cepstra=1")
    metric = fitted(network, checkpoint.recipe, args.data)
    write_metric(args.checkpoint, checkpoint.recipe, metric)
    print(f"{args.checkpoint}: codes of {metric.shape[1]} numbers, told of {metric.shape[0]}")


if __name__ == "__main__":
    main()
