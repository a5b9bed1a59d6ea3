"""Copy a finished training to checkpoints/, as it ships: without what only training needs, and without this machine's paths.

With --half its weights are rounded to half precision, which halves the file, with --bytes to a byte each and a scale for
every row, a quarter; the recipe's provenance says so, and what that changes is printed: the mean difference between the
frames that both make of the map's latents (mel inverters and the like: between weights), beside the error of the
reconstructions. Statistics of batch normalisation stay as they are. --map keeps so many notes of the map, whose latents are
rounded far below a posterior's width, as any map's.

    python benchmarks/ship_checkpoint.py runs/mnist-vae --half
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from shared import ROOT
from torch import Tensor

from timbre_core.analysis.latents import spread_over
from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.files import atomic_write, write_json, write_text
from timbre_core.layout import EVALUATION, LATENTS, RECIPE, WEIGHTS
from timbre_core.maps import rounded_latents
from timbre_core.models.weights import in_bytes, read_tensors, write_tensors
from timbre_core.recipes.recipe_files import recipe_to_yaml


def halved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights in half precision; a batch normalisation's statistics and counters as they are."""
    return {
        name: tensor
        if "running_" in name or name.endswith("#scale") or not tensor.is_floating_point()
        else tensor.half()
        for name, tensor in tensors.items()
    }


PRECISIONS: dict[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]] = {
    "": lambda tensors: tensors,
    "float16": halved,
    "int8": lambda tensors: halved(in_bytes(tensors)),
}


def copy(run: Checkpoint, out: Path, precision: str, most: int | None) -> None:
    """Write the folder that ships."""
    out.mkdir(parents=True, exist_ok=True)
    roots = [Path(root).name for root in run.recipe.data.roots]
    data = run.recipe.data.model_copy(update={"roots": roots})
    provenance = run.recipe.provenance | ({"weights": precision} if precision else {})
    start = run.recipe.training.start_from
    if start is not None:
        provenance |= {"started_from": Path(start).name}
    training = run.recipe.training.model_copy(update={"start_from": None})
    changed = {"data": data, "provenance": provenance, "training": training}
    write_text(out / RECIPE, recipe_to_yaml(run.recipe.model_copy(update=changed)))
    tensors = read_tensors(run.path / WEIGHTS)[0]
    write_tensors(out / WEIGHTS, PRECISIONS[precision](tensors), None)
    shutil.copyfile(run.path / "history.jsonl", out / "history.jsonl")
    if run.evaluation is not None:
        write_json(out / EVALUATION, run.evaluation | {"checkpoint": out.name})
    if (run.path / LATENTS).is_file():
        latents = pq.read_table(run.path / LATENTS).to_pandas()
        latents = latents.iloc[np.sort(spread_over(latents, most))].reset_index(drop=True)
        table = pa.Table.from_pandas(rounded_latents(latents), preserve_index=False)
        named = {**(table.schema.metadata or {}), b"library": json.dumps(roots).encode()}
        with atomic_write(out / LATENTS) as temporary:
            pq.write_table(table.replace_schema_metadata(named), temporary, compression="zstd", compression_level=19)


@torch.inference_mode()
def difference(run: Checkpoint, shipped: Checkpoint) -> str:
    """What rounding has changed, in a sentence."""
    if not run.recipe.makes_a_space or run.latents is None:
        one, other = (read_tensors(each.path / WEIGHTS)[0] for each in (run, shipped))
        worst = max(float((one[name].float() - other[name].float()).abs().max()) for name in one)
        return f"weights differ by {worst:.1e} at most"
    mu = torch.from_numpy(np.stack(run.latents["mu"][:256]).astype(np.float32))
    pitch = torch.from_numpy(run.latents["pitch"][:256].to_numpy(np.float32))
    frames = [each.model().decode(mu, {"pitch": pitch}) for each in (run, shipped)]
    error = (run.evaluation or {}).get("reconstruction", {}).get("l1")
    return (
        f"frames differ by {float((frames[0] - frames[1]).abs().mean()):.1e} on average; L1 of reconstructions: {error}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a finished training")
    parser.add_argument("--name", help="of the checkpoint (default: the recipe's)")
    parser.add_argument(
        "--half", action="store_const", dest="precision", const="float16", default="", help="half precision"
    )
    parser.add_argument("--bytes", action="store_const", dest="precision", const="int8", help="a byte for each weight")
    parser.add_argument("--map", type=int, metavar="N", help="notes of the map that are kept (default: all)")
    args = parser.parse_args()
    run = open_checkpoint(args.run)
    out = ROOT / "checkpoints" / (args.name or run.recipe.name)
    copy(run, out, args.precision, args.map)
    size = sum(file.stat().st_size for file in out.iterdir())
    print(f"{out.name}: {size / 1e6:.2f} MB; {difference(run, open_checkpoint(out))}")


if __name__ == "__main__":
    main()
