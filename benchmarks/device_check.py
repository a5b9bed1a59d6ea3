"""Whether this machine's devices give the CPU's figures: about a minute of training, evaluation and sound on each.

    python benchmarks/device_check.py            # CUDA, Apple's MPS or the CPU alone, whatever is here
    python benchmarks/device_check.py --processes 2      # also as two processes that share each batch (DDP)

Everything begins from the same seed and sees the same windows. A device adds up in another order than the CPU, and so do
several processes, so figures agree to the tolerance beside them, not to the bit. Exit code 1 where one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from shared import print_table

import timbre_core
from timbre_core.devices import AUTO, HELP, chosen_device

ROOT = Path(__file__).resolve().parents[1]
SPACE = "nsynth-cvae"
TRAINED = "training of the NSynth CVAE"
SMALL = [
    "data.only={families: [flute, guitar, organ], pitches: [57, 66]}",  # the evaluation listens to each note that is held out
    "training.crops_per_note=4",
    "data.split.by=stratified",
    "training.precision=float32",
    "training.batch_size=32",
    "training.pictures=0",
]


@dataclass(frozen=True)
class Figure:
    """One number on a device, beside the CPU's. tolerance: of their difference, as a share of the CPU's."""

    name: str
    here: float
    cpu: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return abs(self.here - self.cpu) <= self.tolerance * abs(self.cpu)


@dataclass(frozen=True)
class Run:
    """What a short training came to: validation reconstruction after each epoch, and seconds of the last epoch."""

    recon: list[float]
    seconds: float


def trained(out: Path, device: str, epochs: int, processes: int = 1) -> Run:
    """Train the small run as the command does, in processes of its own."""
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    settings = ["--set", *SMALL, f"training.epochs={epochs}"]
    command = [sys.executable, *start, str(ROOT / "train_cli.py"), SPACE, "--data", "starter", "--out", str(out)]
    options = ["--device", device, "--maps", "pca", "--map-notes", "50", *settings]
    environment = {**os.environ, "OMP_NUM_THREADS": str(max(1, torch.get_num_threads() // processes))}
    done = subprocess.run([*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{device}: training failed:\n{done.stderr[-3000:]}")
    lines = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    seconds = lines[-1]["seconds"] - (lines[-2]["seconds"] if len(lines) > 1 else 0.0)
    return Run([line["val"]["recon"] for line in lines], seconds)


def compared(name: str, here: Run, cpu: Run) -> Iterator[Figure]:
    """A training beside the CPU's, epoch by epoch: small differences grow from step to step."""
    for epoch, (mine, its) in enumerate(zip(here.recon, cpu.recon, strict=True), 1):
        yield Figure(f"{name}, validation recon after epoch {epoch}", mine, its, 0.02 * epoch)


def measured(device: str, notes: int) -> dict[str, float]:
    """Figures of the checkpoint that ships, on a device: evaluation, and a sound generated from the same latents."""
    checkpoint = timbre_core.open_checkpoint(SPACE)
    library = timbre_core.open_library(["starter"])
    result = timbre_core.evaluate(
        checkpoint, library, "all", limit=notes, control_notes=0, device=device, progress=False
    )
    space = timbre_core.open_space(checkpoint, device)
    flute = space.map_notes.loc[space.map_notes["family"] == "flute", "note_id"].iloc[0]
    sound = timbre_core.generate(space, 60, 2.0, like=str(flute))
    level = 20 * np.log10(np.sqrt(np.square(sound.audio).mean()))
    return {
        "evaluation, l1": result["reconstruction"]["l1"],
        "evaluation, log-mel error in dB": result["reconstruction"]["log_mel_mae_db"],
        "evaluation, KL in nats": result["latent"]["kl_total"],
        "generated note, mean of its frames": float(sound.frames.mean()),
        "generated note, level in dB": float(level),
    }


def check(device: str, epochs: int, notes: int, processes: int) -> tuple[list[Figure], dict[str, float]]:
    """Every figure, and how long an epoch took where."""
    figures: list[Figure] = []
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        cpu = trained(Path(folder) / "cpu", "cpu", epochs)
        seconds["cpu"] = cpu.seconds
        if device != "cpu":
            here = trained(Path(folder) / "here", device, epochs)
            seconds[device] = here.seconds
            figures += compared(f"{device}: {TRAINED}", here, cpu)
        if processes > 1:
            shared = trained(Path(folder) / "shared", device, epochs, processes)
            seconds[f"{processes} x {device}"] = shared.seconds
            figures += compared(f"{processes} x {device}: {TRAINED}", shared, cpu)
    its, mine = measured("cpu", notes), measured(device, notes)
    figures += [Figure(f"{device}: {name}", mine[name], value, 0.01) for name, value in its.items()]
    return figures, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default=AUTO, help=HELP)
    parser.add_argument("--processes", type=int, help="for DDP (default: one a GPU, none on a single device)")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--notes", type=int, default=48, help="to evaluate on")
    args = parser.parse_args()
    device = chosen_device(args.device).type
    processes = args.processes or (torch.cuda.device_count() if device == "cuda" else 1)
    started = time.perf_counter()
    figures, seconds = check(device, args.epochs, args.notes, processes)
    rows = [
        (each.name, f"{each.here:.4f}", f"{each.cpu:.4f}", f"{each.tolerance:.0%}", "yes" if each.agrees else "NO")
        for each in figures
    ]
    print_table(("figure", "here", "CPU", "tolerance", "agrees"), rows)
    print("seconds an epoch: " + ", ".join(f"{name} {value:.1f}" for name, value in seconds.items()))
    print(f"torch {torch.__version__}, {device}, {processes} processes; {time.perf_counter() - started:.0f} s in all")
    sys.exit(0 if all(each.agrees for each in figures) else 1)


if __name__ == "__main__":
    main()
