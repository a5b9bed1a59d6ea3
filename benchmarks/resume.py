"""Resume after SIGKILL: kills a training at random moments, resumes it, and compares histories and weights.

Each round starts `train_cli.py`, waits until it trains, kills it (SIGKILL, the whole process group) at a random moment of
the epochs, resumes until it is done, and compares with a run that was left alone. Features are prepared before, and
evaluation comes after: kills there are the unit tests' business. `python benchmarks/resume.py --kills 20`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def history(folder: Path) -> list[dict[str, object]]:
    """The lines of history.jsonl without `seconds`, the one value that is time."""
    lines = (folder / "history.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def weights(folder: Path) -> str:
    """Fingerprint of the kept weights."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16]


def epochs_done(work: Path) -> int:
    """Lines of a training's history so far."""
    try:
        return (work / "history.jsonl").read_text().count("\n")
    except FileNotFoundError:
        return 0


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[bytes]) -> bool:
    """Look every 10 ms until `reached`; False when the process ends before."""
    while not reached():
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--data", default="starter", help="notes to train on (default: the starter library)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        environment = {**os.environ, "TIMBRE_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(ROOT / "train_cli.py"), "nsynth-cvae", "--data", args.data, "--device", "cpu"]
        command += ["--map-notes", "50", "--maps", "pca", "--set", f"training.epochs={args.epochs}", "--out"]

        def start(out: Path, *more: str) -> subprocess.Popen[bytes]:
            quiet = subprocess.DEVNULL
            return subprocess.Popen(
                [*command, str(out), *more], env=environment, stdout=quiet, stderr=quiet, start_new_session=True
            )

        def trains(out: Path) -> bool:
            return (Path(f"{out}.training") / "recipe.yaml").exists()

        def has_trained(out: Path) -> bool:
            return epochs_done(Path(f"{out}.training")) == args.epochs

        seconds = 0.0  # that the epochs take
        for name in ("first", "alone"):  # the first one also prepares the features
            out = folder / name
            process = start(out)
            wait_until(partial(trains, out), process)
            started = time.monotonic()
            wait_until(partial(has_trained, out), process)
            seconds = time.monotonic() - started
            if process.wait() != 0:
                sys.exit("the run that was left alone failed: run train_cli.py by hand to see why")
        expected = history(folder / "alone"), weights(folder / "alone")
        print(f"left alone: {args.epochs} epochs in {seconds:.0f} s, weights {expected[1]}", flush=True)
        failed = kills = attempts = 0
        while kills < args.kills:
            attempts += 1
            out = folder / f"killed-{attempts}"
            moment = rng.uniform(0, seconds)
            process = start(out)
            wait_until(partial(trains, out), process)
            time.sleep(moment)
            done = epochs_done(Path(f"{out}.training"))
            interrupted = process.poll() is None and done < args.epochs
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            code = start(out, "--resume").wait()
            same = code == 0 and (history(out), weights(out)) == expected
            kills += interrupted
            failed += not same
            if not interrupted:
                print(
                    f"     all epochs done before {moment:.2f} s, not counted: {'same' if same else 'DIFFERENT'}",
                    flush=True,
                )
                continue
            print(
                f"{kills:3}  killed {moment:6.2f} s into the epochs ({done} of {args.epochs} done): "
                f"{'same' if same else 'DIFFERENT'}",
                flush=True,
            )
    print(f"{attempts - failed} of {attempts} runs, {kills} of them killed, ended with the same history and weights")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
