"""Encoding in shards with two local Dask workers, one of which is killed in the midst of it, and again after an end.

python benchmarks/encode_shards.py SOUNDS [--count 96]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import tempfile
from pathlib import Path

from shared import ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("--count", type=int, default=96)
    args = parser.parse_args()
    os.chdir(ROOT)
    from distributed import Client, LocalCluster

    from timbre_core.catalogue.adding import bring_up_to_date
    from timbre_core.catalogue.libraries import create_library, notes_of
    from timbre_core.catalogue.shards import encode_folder
    from timbre_core.checkpoint import open_checkpoint

    checkpoint = open_checkpoint("nsynth-cvae").path
    with tempfile.TemporaryDirectory() as made:
        os.environ["TIMBRE_DATA"] = f"{made}/data"
        root, out = Path(made).resolve() / "sounds", Path(made).resolve() / "shards"
        root.mkdir()
        files = sorted(path for path in args.sounds.rglob("*") if path.suffix in (".flac", ".wav"))
        for path in random.Random(0).sample(files, args.count):
            shutil.copy(path, root)
        killed: list[int] = []
        settings = {"octave": "off"}
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None)
        with cluster, Client(cluster) as client:

            def report(phase: str, done: int, total: int) -> None:
                print(f"{phase}: {done} of {total}", flush=True)
                if done >= 2 and not killed:
                    killed.append(next(iter(client.run(os.getpid).values())))
                    os.kill(killed[0], signal.SIGKILL)
                    print(f"worker {killed[0]} was killed", flush=True)

            count = encode_folder(root, checkpoint, settings, out, client, report, size=8)
            assert len(list((out / "read").glob("*.parquet"))) == count == -(-args.count // 8)
            (out / "read" / "00001.parquet").unlink()
            again: list[int] = []
            encode_folder(
                root, checkpoint, settings, out, client, lambda phase, done, total: again.append(done), size=8
            )
            assert again == [count - 1, count], "what is there is not read again"
        library = create_library("sounds", root, checkpoint, settings)
        outcome = bring_up_to_date(library, lambda *told: None, workers=0, encoded=out)
        assert outcome.notes == len(notes_of(library)) == args.count, outcome
    print(f"{count} shards by two workers, one of them killed: all {args.count} sounds are read, and in the library")


if __name__ == "__main__":
    main()
