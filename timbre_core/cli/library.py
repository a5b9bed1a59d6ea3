"""`python -m timbre_core library`: people's own sounds, on the map of a checkpoint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timbre_core.cli.data_options import add_label_arguments, label_settings
from timbre_core.cli.library_wait import JobBar, wait_for
from timbre_core.errors import TimbreError
from timbre_core.files import as_on_disk
from timbre_core.wording import counted

if TYPE_CHECKING:
    from timbre_core.catalogue.libraries import OwnLibrary
    from timbre_core.checkpoint import Checkpoint

HELP = "your own sounds: put a folder on the map of a checkpoint, keep it up to date, list and remove"
EXAMPLE = """python -m timbre_core library add ~/samples --name samples
  python -m timbre_core library update samples
  python -m timbre_core library list"""

_FIRST = "the one that the app opens with"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="WHAT", required=True)

    def verb(
        name: str, help: str, run_verb: Callable[[argparse.Namespace], int], example: str
    ) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=f"example:\n  python -m timbre_core library {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(library=run_verb)
        return made

    add = verb(
        "add",
        "put a folder of sounds on the map; the files stay where they are, and are not changed",
        _run_add,
        "add ~/samples --name samples --pattern '{instrument}_{pitch}'",
    )
    add.add_argument("folder", metavar="DIR", help="folder of sounds, with subfolders")
    add.add_argument("--name", required=True, help="what the library is called")
    add.add_argument("--checkpoint", help=f"whose map the sounds are put on (default: {_FIRST})")
    add_label_arguments(add)
    add.add_argument(
        "--encoded", metavar="OUT", help="take what `library encode` has read already, on this machine or on many"
    )
    _add_waiting(add)
    encode = verb(
        "encode",
        "read a folder of sounds with Dask's workers, in shards of Parquet; goes on after an end",
        _run_encode,
        "encode ~/samples shards --scheduler tcp://10.0.0.1:8786",
    )
    encode.add_argument("folder", metavar="DIR", help="folder of sounds, with subfolders")
    encode.add_argument("out", metavar="OUT", help="folder of the shards, which `library add --encoded` takes")
    encode.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster (default: workers on this machine)")
    encode.add_argument("--workers", type=int, metavar="N", help="on this machine (default: one per core)")
    encode.add_argument("--checkpoint", help=f"whose model reads the sounds (default: {_FIRST})")
    add_label_arguments(encode)
    update = verb(
        "update",
        "find new, changed, moved and deleted files of a library; goes on after an end",
        _run_update,
        "update samples",
    )
    update.add_argument("name", metavar="NAME")
    _add_waiting(update)
    vectors = verb(
        "add-vectors",
        "make a map of vectors of your own (CLAP, MERT, any), laid out here",
        _run_vectors,
        "add-vectors clap.parquet --name clap --sounds ~/samples",
    )
    vectors.add_argument("file", metavar="FILE", help=".parquet with ids and vectors, or .npz with `ids` and `vectors`")
    vectors.add_argument("--name", required=True, help="what the map is called")
    vectors.add_argument("--sounds", metavar="DIR", help="folder of the sounds that its column file (or the ids) name")
    vectors.add_argument(
        "--methods", default="pca,umap", metavar="LIST", help="of pca, umap, tsne, pacmap (default pca,umap)"
    )
    verb("list", "the libraries, and what is being done", _run_list, "list")
    remove = verb(
        "remove",
        "forget a library; its files stay, and so do stars, tags and collections",
        _run_remove,
        "remove samples",
    )
    remove.add_argument("name", metavar="NAME")
    remove.add_argument(
        "--sent", action="store_true", help="delete the copies of sounds that were sent to the app, too"
    )
    verb("work", "work through what was asked for, as the app does in the background", _run_work, "work")


def _add_waiting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=int, metavar="N", help="processes that read sounds (default: one per core)")
    parser.add_argument("--background", action="store_true", help="do not wait: a process of its own does it")


def run(args: argparse.Namespace) -> int:
    run_verb: Callable[[argparse.Namespace], int] = args.library
    return run_verb(args)


def _run_add(args: argparse.Namespace) -> int:
    _check_workers(args)
    root = as_on_disk(args.folder).resolve()
    _begin_early(root, args)
    from timbre_core.catalogue.libraries import (
        checked_name,
        counts_of,
        create_library,
        forget_failed,
        list_libraries,
        remove_library,
        same_folder,
    )

    name, settings = checked_name(args.name), label_settings(args)
    library = next((each for each in list_libraries() if each.name == name and each.root == str(root)), None)
    checkpoint = _checkpoint(args.checkpoint or (library.checkpoint if library else None))
    if not checkpoint.latents_file.exists():
        raise TimbreError(
            f"{checkpoint.path} has no map: make it with `python -m timbre_core project {checkpoint.path}`."
        )
    if library is not None and not _reads_so(library, checkpoint.path, settings):
        if counts_of(library)[0]:
            raise TimbreError(
                f"--name {name!r}: that folder was added with other options: `library remove` it first, or choose another name."
            )
        remove_library(library)
        library = None
    if library is None:
        forget_failed(name)
        twin = same_folder(root, checkpoint.path)
        library = create_library(name, root, checkpoint.path, settings)
        if twin is not None:
            print(
                f"the library {twin.name!r} is this folder too: `library update {twin.name}` finds what is new in it.",
                file=sys.stderr,
            )
    return wait_for(library.id, args)


def _begin_early(root: Path, args: argparse.Namespace) -> None:
    """Import what reads sounds in a process of its own, while this one imports what it needs, where a folder is new and large."""
    from timbre_core.catalogue.crew import prepare_for
    from timbre_core.catalogue.database import exists, reading

    if args.background or args.encoded or not root.is_dir():
        return
    known = None
    if exists():
        with reading() as database:
            known = database.execute("SELECT 1 FROM libraries WHERE root = ?", (str(root),)).fetchone()
    if known is None:
        prepare_for(root)


def _checkpoint(name: str | None) -> Checkpoint:
    """The checkpoint of that name or path, without one the one that the app opens with."""
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.shown_first import first_space

    return open_checkpoint(name) if name else first_space()


def _reads_so(library: OwnLibrary, checkpoint: Path, settings: dict[str, Any]) -> bool:
    """Whether a library is read by these weights, and with these settings where they are given."""
    from timbre_core.maps import weights_mark

    return library.weights == weights_mark(checkpoint) and settings.items() <= library.settings.items()


def _run_update(args: argparse.Namespace) -> int:
    from timbre_core.catalogue.libraries import find_library

    _check_workers(args)
    return wait_for(find_library(args.name).id, args)


def _check_workers(args: argparse.Namespace) -> None:
    if args.workers is not None and args.workers < 1:
        raise TimbreError(f"--workers {args.workers}: give at least 1.")


def _run_list(args: argparse.Namespace) -> int:
    from timbre_core.catalogue.jobs import is_worked_on, list_jobs
    from timbre_core.catalogue.libraries import counts_of, list_libraries
    from timbre_core.catalogue.vectors import list_vectors

    libraries, vectors = list_libraries(), list_vectors()
    for name in vectors:
        print(f"{name}: a map of vectors")
    if not (libraries or vectors):
        print("no library yet: `python -m timbre_core library add DIR --name NAME` adds one.")
    for library in libraries:
        notes, skipped = counts_of(library)
        more = f", {counted(skipped, 'file')} skipped" if skipped else ""
        away = "" if library.is_there or not library.root else " (its folder is not there)"
        print(
            f"{library.name}: {counted(notes, 'note')}{more}, {library.root}{away}, read by {Path(library.checkpoint).name}"
        )
    names = {library.id: library.name for library in libraries}
    waiting = list_jobs(only_open=True)
    worked_on = bool(waiting) and is_worked_on()
    for job in waiting:
        left = f", about {job.left:.0f} s left" if job.left is not None and worked_on else ""
        state = "interrupted" if job.state == "running" and not worked_on else job.state
        far = f": {job.phase} {job.done:,} of {job.total:,}" if job.total else f": {job.phase}" if job.phase else ""
        print(f"{state}: {job.kind} {names.get(job.library or 0, '')}{far}{left}")
    if waiting and not worked_on:
        print("nothing works on that now: `python -m timbre_core library work` goes on with it, and so does the app.")
    return 0


def _run_encode(args: argparse.Namespace) -> int:
    try:
        from distributed import Client
    except ImportError as error:
        raise TimbreError("Dask is not installed: `pip install distributed` brings it.") from error
    from tqdm import tqdm

    from timbre_core.catalogue.shards import encode_folder, local_workers

    _check_workers(args)
    root, out = as_on_disk(args.folder).resolve(), Path(args.out).expanduser().resolve()
    if not root.is_dir():
        raise TimbreError(f"{root}: there is no such folder: check the path.")
    checkpoint = _checkpoint(args.checkpoint).path.resolve()
    where = args.scheduler or local_workers(args.workers)
    with Client(where) as client, tqdm(desc="encoding", unit="shard", file=sys.stderr) as bar:

        def report(phase: str, done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        count = encode_folder(root, checkpoint, label_settings(args), out, client, report)
    print(f"{out}: {counted(count, 'shard')}; `library add {args.folder} --name NAME --encoded {args.out}` takes them.")
    return 0


def _run_vectors(args: argparse.Namespace) -> int:
    from timbre_core.catalogue.vectors import add_vectors

    sounds = as_on_disk(args.sounds).resolve() if args.sounds else None
    if sounds is not None and not sounds.is_dir():
        raise TimbreError(f"--sounds {sounds}: there is no such folder: check the path.")
    methods = [method for method in args.methods.split(",") if method]
    count = add_vectors(Path(args.file), args.name, sounds, methods)
    print(f"{args.name}: a map of {counted(count, 'vector')}; the page Explore has it in its list.")
    return 0


def _run_remove(args: argparse.Namespace) -> int:
    from timbre_core.catalogue.libraries import find_library, remove_library
    from timbre_core.catalogue.vectors import list_vectors, remove_vectors

    if args.name in list_vectors():
        remove_vectors(args.name)
        print(f"{args.name}: forgotten; the file that it was made of is untouched.")
        return 0
    library = find_library(args.name)
    remove_library(library, args.sent)
    if not library.was_sent:
        kept = f"its files in {library.root} are untouched."
    elif Path(library.root).exists():
        kept = (
            f"the copies of what was sent are still in {library.root}: delete them there, if nothing else needs them."
        )
    else:
        kept = "the copies of what was sent are deleted."
    print(f"{library.name}: forgotten; {kept}")
    return 0


def _run_work(args: argparse.Namespace) -> int:
    from timbre_core.catalogue import jobs

    bar = JobBar()
    try:
        if not jobs.work(bar, in_background=True):
            print("another process works through the queue.")
    finally:
        bar.close()
    return 0
