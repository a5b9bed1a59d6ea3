"""Fit what distances of timbre count: the linear map in the checkpoint timbre-code, on notes it was trained on.

    python benchmarks/timbre_metric.py [--data path/to/nsynth starter ...] [--checkpoint FOLDER]

Every note of training instruments is seen as it is and without what a 16 kHz recording lacks, so that a sound lies at the same
place whatever its rate. The map in the checkpoint is replaced (`task.metric` says how many numbers a code has from then on);
maps of spaces whose distance is timbre are to be made again: `python -m timbre_core project CHECKPOINT`. Of a root that the
checkpoint names instruments of, these count, of others all. The map that ships is of the NSynth subset and the starter library.
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
from timbre_core.datasets.library import STARTER, Library, open_library
from timbre_core.features.settings import LogMelSettings, as_log_mel
from timbre_core.features.timbre_grid import heard, narrow, timbre_grid
from timbre_core.files import write_text
from timbre_core.models.tasks import TimbreCodeTask
from timbre_core.models.timbre_encoder import CEPSTRA, TimbreEncoder
from timbre_core.models.weights import read_tensors, write_tensors
from timbre_core.recipes.recipe_files import recipe_to_yaml
from timbre_core.recipes.schema import Recipe

_LIMIT_HZ = 7800.0


def training_rows(recipe: Recipe, library: Library) -> np.ndarray:
    """Rows of notes with a pitch: of instruments that the checkpoint names as trained on; all, where it names none."""
    notes = library.notes
    named = notes["instrument"].isin(recipe.provenance.get("train_instruments", ()))
    return np.flatnonzero(((named | ~named.any()) & notes["pitch"].notna()).to_numpy())


@torch.inference_mode()
def told(network: TimbreEncoder, audio: np.ndarray, features: LogMelSettings) -> list[np.ndarray]:
    """What is learned of a note, its cepstra and its course, (2, n) each: as it is, and without what is above the limit."""
    whole = timbre_grid(audio / np.abs(audio).max(), features)[None]
    grid, inside = heard(torch.cat([whole, narrow(whole, torch.tensor([_LIMIT_HZ]), features)]), features)
    return [part.numpy() for part in (network(grid, inside, whole=False), *network.measured(grid, inside))]


def fitted(network: TimbreEncoder, recipe: Recipe, roots: list[str]) -> np.ndarray:
    """The map, of notes of `roots`."""
    assert isinstance(recipe.task, TimbreCodeTask)
    features = as_log_mel(recipe.features)
    parts, pitch, instrument = [], [], []
    for root in roots:
        library = open_library([root])
        for row in tqdm(training_rows(recipe, library), desc=Path(root).name, unit="note"):
            note = library.notes.iloc[row]
            audio = library.load(int(row), features.sample_rate)
            if not np.abs(audio).max() > 0:
                continue
            parts.append(told(network, audio, features))
            pitch += 2 * [float(note["pitch"])]
            instrument += 2 * [f"{root} {note['instrument']}"]
    learned, cepstra, course = (np.concatenate(part) for part in zip(*parts, strict=True))
    learned = [part for part in np.split(learned, [recipe.task.code_dim], axis=1) if part.size]
    order = np.arange(cepstra.shape[1]) % CEPSTRA
    return fit_metric(learned, cepstra, order, course, np.array(pitch), np.array(instrument))


def write_metric(folder: Path, recipe: Recipe, metric: np.ndarray) -> None:
    """Put a map into a checkpoint."""
    tensors, metadata = read_tensors(folder / WEIGHTS)
    tensors["metric"] = torch.from_numpy(metric).float().contiguous()
    task = recipe.task.model_copy(update={"metric": metric.shape[1], "course": True})
    write_tensors(folder / WEIGHTS, tensors, metadata)
    write_text(folder / RECIPE, recipe_to_yaml(recipe.model_copy(update={"task": task})))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    roots = "roots of notes (default: NSynth's subset and the starter library)"
    parser.add_argument("--data", nargs="+", default=[str(NSYNTH), STARTER], help=roots)
    parser.add_argument("--checkpoint", type=Path, default=ROOT / "checkpoints" / "timbre-code")
    args = parser.parse_args()
    torch.set_num_threads(1)  # one note at a time is too little for more, which would wait for each other
    checkpoint = open_checkpoint(args.checkpoint)
    network = checkpoint.network("cpu")
    if not isinstance(network, TimbreEncoder) or not network.cepstra:
        parser.error(f"{args.checkpoint} is no timbre code with cepstra: train one with task.cepstra=1")
    network.course = True  # codes of a map have it
    metric = fitted(network, checkpoint.recipe, args.data)
    write_metric(args.checkpoint, checkpoint.recipe, metric)
    print(f"{args.checkpoint}: codes of {metric.shape[1]} numbers, told of {metric.shape[0]}")


if __name__ == "__main__":
    main()
