"""Resume after SIGKILL: kills a training at random moments, resumes it, and compares histories and weights.

Each round starts `train_cli.py`, kills it (SIGKILL, the whole process group) after a random time, resumes until it is done,
and compares with a run that was left alone. `python benchmarks/resume.py --kills 20`.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def history(folder: Path) -> list[dict[str, object]]:
    """The lines of history.jsonl without `seconds`, the one value that is time."""
    lines = (folder / "history.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def weights(folder: Path) -> str:
    """Fingerprint of the kept weights."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16]


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

        seconds = 0.0
        for name in ("first", "alone"):  # the first one also prepares the features, which takes its own time
            started = time.monotonic()
            if start(folder / name).wait() != 0:
                sys.exit("the run that was left alone failed: run train_cli.py by hand to see why")
            seconds = time.monotonic() - started
        expected = history(folder / "alone"), weights(folder / "alone")
        print(f"left alone: {seconds:.0f} s, {args.epochs} epochs, weights {expected[1]}")
        failed = kills = attempts = 0
        while kills < args.kills:
            attempts += 1
            out = folder / f"killed-{attempts}"
            moment = rng.uniform(0, seconds)
            process = start(out)
            time.sleep(moment)
            interrupted = process.poll() is None
            if interrupted:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            epochs = (
                len(history(Path(f"{out}.training"))) if (Path(f"{out}.training") / "history.jsonl").exists() else 0
            )
            code = start(out, "--resume").wait()
            same = code == 0 and (history(out), weights(out)) == expected
            kills += interrupted
            failed += not same
            if not interrupted:
                print(f"     done before {moment:.2f} s, not counted")
                continue
            print(
                f"{kills:3}  killed after {moment:6.2f} s ({epochs} epochs): {'same' if same else 'DIFFERENT'}",
                flush=True,
            )
    print(f"{kills - failed} of {kills} killed runs ended with the same history and weights")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
