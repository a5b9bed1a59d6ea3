"""`python -m timbre_core evaluate`: measure a checkpoint."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from timbre_core.analysis.inverter_table import text_tables
from timbre_core.cli.analysis_options import add_data_arguments, check_limit, open_data
from timbre_core.cli.evaluation_lines import LINES
from timbre_core.cli.inverter_options import NOTES_WITH_LIBROSA, NOTES_WITHOUT, candidates, default_notes
from timbre_core.cli.shell import check_output_file, check_seed
from timbre_core.cli.yardstick_options import add_yardstick_arguments, chosen_parts, read_ratings
from timbre_core.wording import counted

if TYPE_CHECKING:
    from timbre_core.analysis.inversion_speed import Candidate
    from timbre_core.checkpoint import Checkpoint
    from timbre_core.datasets.library import Library

HELP = "measure a checkpoint on notes of instruments that it was not trained on"
EXAMPLE = """python -m timbre_core evaluate checkpoints/nsynth-cvae --data nsynth-test/ --json evaluation.json
  python -m timbre_core evaluate checkpoints/nsynth-cvae --data nsynth-test/ --only cross_pitch sound --limit 100
  python -m timbre_core evaluate checkpoints/nsynth-cvae --only listening --ratings listening-tests/ --distance whitened"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_arguments(parser, "unseen")
    parser.add_argument(
        "--control-notes",
        type=int,
        default=100,
        metavar="N",
        help="notes generated to measure their pitch (default 100)",
    )
    parser.add_argument(
        "--inverters",
        nargs="*",
        metavar="NAME",
        help="also measure these inverters side by side, on the notes' own frames and on the reconstructions: fast, best, "
        "fast-flat (fast, not told the pitch), trained ones by name or path, librosa-32 and librosa-100 (librosa's "
        "mel_to_audio with so many iterations); without a NAME: all of them",
    )
    parser.add_argument(
        "--inverter-notes",
        type=int,
        metavar="N",
        help=f"notes that inverters are measured on (default {NOTES_WITH_LIBROSA} with librosa, which needs seconds for "
        f"each, else {NOTES_WITHOUT}; never more than --limit)",
    )
    add_yardstick_arguments(parser)
    parser.add_argument("--seed", type=int, default=0, help="of sampling, probes and the pitches asked for (default 0)")
    parser.add_argument("--json", metavar="FILE", help="write the figures to this file")


def run(args: argparse.Namespace) -> int:
    from timbre_core.errors import TimbreError
    from timbre_core.files import write_json

    check_seed(args.seed)
    if args.control_notes < 0:
        raise TimbreError(f"--control-notes {args.control_notes}: choose 0 or more.")
    if args.json:
        check_output_file(args.json, "--json")
    if args.inverter_notes is not None and args.inverter_notes < 1:
        raise TimbreError(f"--inverter-notes {args.inverter_notes}: choose 1 or more.")
    check_limit(args)
    tests = read_ratings(args)
    checkpoint, library = open_data(args)
    parts = chosen_parts(args, checkpoint)
    from timbre_core.analysis.evaluation import evaluate
    from timbre_core.devices import chosen_device
    from timbre_core.generation.timbre_code import measured
    from timbre_core.space import TimbreSpace

    # Opened before the long part, so that a misspelt name is told at once.
    inverters = None if args.inverters is None else candidates(args.inverters, checkpoint, chosen_device(args.device))
    space = TimbreSpace(checkpoint, chosen_device(args.device), distance=args.distance)
    result = evaluate(
        checkpoint,
        library,
        args.split,
        args.limit,
        args.control_notes,
        args.seed,
        device=args.device,
        parts=parts,
        space=measured(space),
        tests=tests,
        pairs=args.pairs,
        sound_notes=args.sound_notes,
    )
    print(summary(result))
    if inverters is not None:
        result["inverters"] = measure(args, checkpoint, library, inverters)
        print(f"\n{text_tables(result['inverters'])}")
    if args.json:
        write_json(args.json, result)
    return 0


def measure(
    args: argparse.Namespace, checkpoint: Checkpoint, library: Library, inverters: dict[str, Candidate]
) -> dict[str, Any]:
    """The `inverters` part of an evaluation: see `measure_inverters`."""
    from timbre_core.analysis.coding import Coder
    from timbre_core.analysis.evaluation import select_rows
    from timbre_core.analysis.inversion_evaluation import measure_inverters
    from timbre_core.analysis.latents import spread_over
    from timbre_core.errors import TimbreError
    from timbre_core.note_embedding import open_note_embedding

    rows = select_rows(checkpoint, library, args.split)
    wanted = args.inverter_notes or default_notes(inverters)
    rows = rows[spread_over(library.notes.iloc[rows], min(wanted, args.limit or wanted))]
    if args.inverter_notes is None:
        told = f"{counted(len(inverters), 'inverter')} on {counted(len(rows), 'note')}"
        print(f"\nmeasuring {told} (--inverter-notes chooses how many)")
    coder = Coder.of(checkpoint, args.device)
    embedding, without = None, ""
    try:
        embedding = open_note_embedding(checkpoint.recipe.features)
    except TimbreError as error:
        without = str(error).rstrip(".")
    measured = measure_inverters(coder, library, rows, inverters, embedding, args.seed, no_embedding=without)
    return {"split": args.split} | measured


def summary(result: dict[str, Any]) -> str:
    """The figures as lines for people."""
    from timbre_core.analysis.comparison import few_notes

    rows = [
        ("checkpoint", result["checkpoint"]),
        ("notes", f"{result['notes']} of {counted(result['instruments'], 'instrument')}, split {result['split']}"),
        *([("skipped", f"{counted(result['skipped'], 'note')} that could not be used")] if result["skipped"] else []),
    ]
    if unsure := few_notes(result):
        rows.append(("few notes", unsure))
    for part, lines in LINES.items():
        if part in result:
            rows += lines(result[part])
    reasons = sorted(set(result.get("latent", {}).get("notes_on", {}).values()))
    return "\n".join([f"{name:<16}{text}" for name, text in rows] + [f"{'not measured':<16}{text}" for text in reasons])
