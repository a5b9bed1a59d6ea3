"""Time and peak memory of the maps, side by side: PCA, UMAP (2-D and 3-D together), PaCMAP and t-SNE.

    python benchmarks/projections.py --sizes 2000 20000 300000

Each measurement runs in a fresh process and includes importing and compiling the library, which a second map in the same
process saves ("again"). CPU seconds are of all cores together: they tell more than seconds where the machine is busy with other
things. The latents are made up: clusters in 32 dimensions, as those of instruments are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # benchmarks are run as scripts, from any folder

METHODS = ("pca", "umap", "pacmap", "tsne")


def made_up_latents(n: int, dimensions: int = 32) -> np.ndarray:
    """(n, dimensions) in 200 clusters of different spread."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(200, dimensions))
    spread = rng.uniform(0.1, 0.6, 200)
    cluster = rng.integers(0, 200, n)
    return (centres[cluster] + spread[cluster, None] * rng.normal(size=(n, dimensions))).astype(np.float32)


def peak_mebibytes() -> float:
    """Largest memory that this process has held, nan where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def measure(method: str, n: int) -> None:
    """Run in the fresh process: the map, again unless it takes minutes, printed as JSON."""
    from timbre_core.analysis.projections import project  # light: the libraries below it are imported inside

    mu = made_up_latents(n)
    before = peak_mebibytes()
    seconds, busy = [], []
    for _ in range(2 if n <= 20_000 else 1):
        start, cpu = time.perf_counter(), time.process_time()
        coordinates = project(mu, [method], progress=False).to_numpy()
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - cpu)
    if not np.isfinite(coordinates).all() or len(coordinates) != n:
        raise SystemExit("not all notes are on the map")
    print(json.dumps({"seconds": seconds, "cpu": busy[0], "before": before, "peak": peak_mebibytes()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 20_000], metavar="N")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--measure", nargs=2, metavar=("METHOD", "N"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure[0], int(args.measure[1]))
        return
    columns = ("first s", "CPU s", "again s", "times PCA", "peak MiB", "added MiB")
    print(f"{'notes':>8} {'method':<8}" + "".join(f"{name:>11}" for name in columns))
    for n in args.sizes:
        pca = float("nan")
        for method in args.methods:
            command = [sys.executable, __file__, "--measure", method, str(n)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{method} of {n} notes failed:\n{done.stderr}")
            result = json.loads(done.stdout.splitlines()[-1])
            first, *again = result["seconds"]
            pca = first if method == "pca" else pca
            memory = (result["peak"], result["peak"] - result["before"])
            figures = (first, result["cpu"], *(again or [None]), first / pca, *memory)
            cells = "".join(f"{'-':>11}" if figure is None else f"{figure:11.1f}" for figure in figures)
            print(f"{n:8d} {method:<8}{cells}", flush=True)


if __name__ == "__main__":
    main()
