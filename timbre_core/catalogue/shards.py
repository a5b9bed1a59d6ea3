"""Sounds read by many machines: shards of a folder's files, each a Parquet file in and one out, worked off by Dask.

A shard that is there is not read again, so that whatever ends the work, the same call goes on with the rest; a worker that dies
costs its shard alone, which another one takes. The folder, the checkpoints and `out` must be under the same paths for all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from timbre_core.catalogue.labels import file_state, propose_labels
from timbre_core.catalogue.placing import code_mark
from timbre_core.catalogue.progress import Report
from timbre_core.catalogue.reading import Asked, Read, Reader, open_reader
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.interrupts import interrupts_not_inherited
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import atomic_write

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_TASK = 8  # files that are encoded at once
_TRIES = 5  # workers that may die over a shard
ASKED, READ = "asked", "read"


def local_workers(count: int | None) -> LocalCluster:
    """Dask's workers on this machine, by default one per core. Ctrl-C does not reach them: they end with the cluster, and what
    they then warn of, that they did not finish, is no news."""
    from distributed import LocalCluster

    with interrupts_not_inherited():
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            dashboard_address=None,
            memory_limit=None,
            silence_logs=logging.CRITICAL,
        )


def encode_folder(
    root: Path, checkpoint: Path, settings: dict[str, Any], out: Path, client: Client, report: Report, size: int = 256
) -> int:
    """Read all sounds below `root` with Dask's workers, `size` files a shard; returns how many shards there are.

    settings: as of `propose_labels`. out: gets `asked/NNNNN.parquet` and `read/NNNNN.parquet`. Raises TimbreError for a folder
    without sounds, one that was begun with another checkpoint, and for a shard over which too many workers died.
    """
    from distributed import as_completed

    shards = _planned(root, checkpoint, settings, out, size)
    todo = [asked for asked in shards if not _result(asked).exists()]
    report("encoding shards", len(shards) - len(todo), len(shards))
    reader = Reader(str(root), str(checkpoint), code_mark(open_checkpoint(checkpoint)))
    futures = {client.submit(encode_shard, reader, str(asked), pure=False, retries=_TRIES): asked for asked in todo}
    done = len(shards) - len(todo)
    for future in as_completed(futures):
        if future.exception() is not None:
            raise TimbreError(f"{futures[future]}: cannot be encoded ({future.exception()}): the others are kept.")
        done += 1
        report("encoding shards", done, len(shards))
    return len(shards)


def encode_shard(reader: Reader, asked: str) -> int:
    """Read the files of one shard, and write what was read beside it, whole or not at all; returns how many files it has."""
    import pandas as pd

    table = pd.read_parquet(asked)
    files = [Asked(str(path), float(pitch)) for path, pitch in zip(table["path"], table["pitch"], strict=True)]
    some = _reader(reader)
    reads = [read for first in range(0, len(files), _TASK) for read in some(files[first : first + _TASK])]
    target = _result(Path(asked))
    rows = [{**vars(read), **{f"trait_{name}": value for name, value in read.traits.items()}} for read in reads]
    found = pd.DataFrame(rows).drop(columns="traits")
    found["mark"] = [mark.astype(np.float32) for mark in found["mark"]]
    with os_errors(target, writing=True):
        target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(target) as temporary:
        found.to_parquet(temporary)
    return len(reads)


@lru_cache(maxsize=1)
def _reader(reader: Reader) -> Any:
    return open_reader(reader)


def from_shards(out: Path, root: Path, todo: Sequence[Asked], coded_by: str) -> Iterator[list[Read]]:
    """What was read of those of some files that did not change since, shard by shard, where it is what `coded_by` would make."""
    import pandas as pd

    wanted = {asked.path for asked in todo}
    for path in sorted((out / READ).glob("*.parquet")):
        with os_errors(path):
            table = pd.read_parquet(path)
        traits = [str(name) for name in table.columns if str(name).startswith("trait_")]
        reads = []
        for row in table.to_dict("records"):
            if row["path"] not in wanted or file_state(root / row["path"]) != (row["size"], row["changed"]):
                continue
            if row.get("coded_by", "") != coded_by:
                continue
            measured = {name.removeprefix("trait_"): row[name] for name in traits}
            plain: dict[str, Any] = {str(name): value for name, value in row.items() if name not in traits}
            plain["mu"], plain["mark"] = np.asarray(row["mu"], np.float32), np.asarray(row["mark"], np.float16)
            plain["code"] = np.asarray(row.get("code", ()), np.float32)
            reads.append(Read(**plain, traits=measured))
        yield reads


def _planned(root: Path, checkpoint: Path, settings: dict[str, Any], out: Path, size: int) -> list[Path]:
    """The shards' files, made where they are not."""
    import pandas as pd

    plan = out / "plan.txt"
    told = f"{root}\n{checkpoint}\n"
    if plan.exists():
        if plan.read_text(encoding="utf-8") != told:
            raise TimbreError(f"{out}: was begun for another folder or checkpoint: choose another one.")
        return sorted((out / ASKED).glob("*.parquet"))
    notes = propose_labels(root, settings).notes
    with os_errors(out, writing=True):
        (out / ASKED).mkdir(parents=True, exist_ok=True)
    shards = []
    for number, first in enumerate(range(0, len(notes), size)):
        part = notes.iloc[first : first + size]
        shards.append(out / ASKED / f"{number:05d}.parquet")
        with atomic_write(shards[-1]) as temporary:
            pd.DataFrame({"path": part["audio"].astype(str), "pitch": part["pitch"]}).to_parquet(temporary)
    with atomic_write(plan) as temporary:
        temporary.write_text(told, encoding="utf-8")
    return shards


def _result(asked: Path) -> Path:
    return asked.parent.parent / READ / asked.name
