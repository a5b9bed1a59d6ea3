"""`python -m timbre_core compare`: evaluations of several checkpoints side by side."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from timbre_core.cli.analysis_options import check_limit
from timbre_core.cli.data_options import add_label_arguments, label_settings
from timbre_core.cli.shell import check_output_file, check_seed, tell_library
from timbre_core.cli.yardstick_options import add_yardstick_arguments, chosen_parts, read_ratings
from timbre_core.devices import AUTO
from timbre_core.devices import HELP as DEVICE_HELP
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.checkpoint import Checkpoint
    from timbre_core.datasets.vocabulary import Vocabulary
    from timbre_core.features.settings import FeatureSettings

HELP = "put the figures of several checkpoints side by side, as a table and as an HTML file with plots"
EXAMPLE = """python -m timbre_core compare checkpoints/nsynth-cvae checkpoints/nsynth-vae --html comparison.html
  python -m timbre_core compare checkpoints/* --data nsynth-test/ --html comparison.html
  python -m timbre_core compare beta-vae factor-vae --data free-spoken-digit-dataset/ --json comparison.json"""

_LONGEST_REMARK = 30  # characters: columns are to fit on a screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT", help="checkpoint folders, two or more")
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        metavar="DIR",
        help="measure all of them on these notes: NSynth folders, folders of sounds, .parquet libraries, or 'starter' "
        "(default: take what was measured when each checkpoint was made)",
    )
    add_label_arguments(parser)
    parser.add_argument(
        "--split",
        default="unseen",
        choices=("unseen", "train", "valid", "test", "all"),
        help="with --data, which notes; unseen: those of instruments that none was trained on (default unseen)",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="with --data, at most N notes")
    parser.add_argument(
        "--control-notes",
        type=int,
        default=100,
        metavar="N",
        help="with --data, notes generated to measure their pitch (default 100)",
    )
    add_yardstick_arguments(parser.add_argument_group("what is measured, with --data"))
    parser.add_argument("--seed", type=int, default=0, help="with --data, of sampling and probes (default 0)")
    parser.add_argument("--device", default=AUTO, metavar="DEVICE", help=DEVICE_HELP)
    parser.add_argument("--html", metavar="FILE", help="write tables and plots to this file, which needs nothing else")
    parser.add_argument("--json", metavar="FILE", help="write each checkpoint's figures to this file, by its name")


def run(args: argparse.Namespace) -> int:
    from timbre_core.analysis.comparison import few_notes, measured_differently, read_differently
    from timbre_core.analysis.comparison_plots import MOST_LINES
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.files import write_json, write_text

    check_seed(args.seed)
    check_limit(args)
    if args.control_notes < 0:
        raise TimbreError(f"--control-notes {args.control_notes}: choose 0 or more.")
    for option in ("html", "json"):
        if getattr(args, option):
            check_output_file(getattr(args, option), f"--{option}")
    opened = [open_checkpoint(path) for path in args.checkpoints]
    for checkpoint in opened:
        if not checkpoint.recipe.makes_a_space:
            print(
                f"{checkpoint.path}: left out, it makes {checkpoint.recipe.task.kind}, no timbre space.",
                file=sys.stderr,
            )
    spaces = [checkpoint for checkpoint in opened if checkpoint.recipe.makes_a_space]
    if not 2 <= len(spaces) <= MOST_LINES:
        count = f"{len(spaces)} timbre space{'' if len(spaces) == 1 else 's'}"
        raise TimbreError(f"{count} given: name 2 to {MOST_LINES} checkpoints to compare.{_inverters_told(opened)}")
    checkpoints = _named(spaces)
    apart = _pictures_and_sounds(checkpoints)
    if args.data and apart:
        raise TimbreError(f"{apart}, and --data is one of them: compare them apart, or without --data.")
    evaluations, words = _measure(checkpoints, args) if args.data else (_saved(checkpoints), _words(checkpoints))
    warning = measured_differently(evaluations, words)
    if warning:
        advice = f"{apart}." if apart else "Give --data to measure them on the same."
        print(f"warning: {warning} {advice}", file=sys.stderr)
    features = {name: checkpoint.recipe.features for name, checkpoint in checkpoints.items()}
    if unlike := read_differently(features):
        print(f"warning: {unlike}", file=sys.stderr)
    for name, evaluation in evaluations.items():
        if unsure := few_notes(evaluation, words):
            print(f"warning: {name}: {unsure}.", file=sys.stderr)
    print(_table(evaluations, features, words))
    if args.json:
        write_json(args.json, evaluations)
        print(args.json)
    if args.html:
        from timbre_core.analysis.comparison_page import comparison_page

        write_text(args.html, comparison_page(evaluations, " ".join(filter(None, (warning, unlike))), features, words))
        print(args.html)
    return 0


def _inverters_told(opened: list[Checkpoint]) -> str:
    """How inverters are compared, where all that was named are such."""
    from timbre_core.models.tasks import INVERTER_TASKS

    if not all(checkpoint.recipe.task.kind in INVERTER_TASKS for checkpoint in opened):
        return ""
    return " `python -m timbre_core evaluate SPACE --inverters` measures the inverters that fit a timbre space."


def _pictures_and_sounds(checkpoints: dict[str, Checkpoint]) -> str:
    """What keeps checkpoints from being measured on the same notes: that some make pictures, others sounds; or nothing."""
    from timbre_core.features.settings import has_sound

    silent = [name for name, checkpoint in checkpoints.items() if not has_sound(checkpoint.recipe.features)]
    return f"{', '.join(silent)}: of pictures, the others of sounds" if 0 < len(silent) < len(checkpoints) else ""


def _words(checkpoints: dict[str, Checkpoint]) -> Vocabulary:
    """What the notes of all their maps are called."""
    from timbre_core.datasets.vocabulary import shared_vocabulary, vocabulary_of

    found = []
    for checkpoint in checkpoints.values():
        with suppress(TimbreError):  # their figures need no map
            if checkpoint.latents is not None:
                found.append(vocabulary_of(checkpoint.latents))
    return shared_vocabulary(found)


def _named(checkpoints: list[Checkpoint]) -> dict[str, Checkpoint]:
    """Checkpoints by the shortest end of their path that tells them apart."""
    for parts in range(1, 1 + max(len(checkpoint.path.parts) for checkpoint in checkpoints)):
        named = {"/".join(checkpoint.path.parts[-parts:]): checkpoint for checkpoint in checkpoints}
        if len(named) == len(checkpoints):
            return named
    raise TimbreError("the same checkpoint is named twice: name each one once.")


def _saved(checkpoints: dict[str, Checkpoint]) -> dict[str, dict[str, Any]]:
    """What each checkpoint's evaluation.json says."""
    evaluations = {}
    for name, checkpoint in checkpoints.items():
        evaluation = checkpoint.evaluation
        if not isinstance(evaluation, dict):
            raise TimbreError(f"{checkpoint.path}: it was never evaluated: give --data to measure all of them now.")
        evaluations[name] = evaluation
    print("figures of each checkpoint's evaluation.json; --data measures them on other notes", file=sys.stderr)
    return evaluations


def _measure(
    checkpoints: dict[str, Checkpoint], args: argparse.Namespace
) -> tuple[dict[str, dict[str, Any]], Vocabulary]:
    """Evaluate all on the notes of --data that the split names for every one of them; and what these are called."""
    import numpy as np

    from timbre_core.analysis.evaluation import evaluate, select_rows
    from timbre_core.datasets.library import recipe_library
    from timbre_core.datasets.vocabulary import vocabulary_of
    from timbre_core.devices import chosen_device
    from timbre_core.generation.timbre_code import measured
    from timbre_core.space import TimbreSpace

    data = next(iter(checkpoints.values())).recipe.data.model_copy(update=label_settings(args))
    library = recipe_library(data, args.data)
    tell_library(library, given=True)
    rows = np.arange(len(library.notes))
    for checkpoint in checkpoints.values():
        rows = np.intersect1d(rows, select_rows(checkpoint, library, args.split))
    if not len(rows):
        raise TimbreError(
            f"{', '.join(library.roots)}: no instrument is unseen by all of them: give other notes, or --split all."
        )
    # The other notes stay in the library: probes of unseen instruments are fitted on them.
    notes = library.notes.assign(split="train")
    notes.loc[notes.index[rows], "split"] = "test"
    same, tests, parts = (
        dataclasses.replace(library, notes=notes),
        read_ratings(args),
        chosen_parts(args, *checkpoints.values()),
    )
    evaluations = {}
    for name, checkpoint in checkpoints.items():
        print(name, file=sys.stderr)
        space = measured(TimbreSpace(checkpoint, chosen_device(args.device), distance=args.distance))
        result = evaluate(
            checkpoint,
            same,
            "test",
            args.limit,
            args.control_notes,
            args.seed,
            device=args.device,
            parts=parts,
            space=space,
            tests=tests,
            pairs=args.pairs,
            sound_notes=args.sound_notes,
        )
        evaluations[name] = {**result, "split": args.split}
    return evaluations, vocabulary_of(library.notes.iloc[rows])


def _table(evaluations: dict[str, dict[str, Any]], features: dict[str, FeatureSettings], words: Vocabulary) -> str:
    """The figures, and the MSE of every pitch, as text; * marks the best of those that compare."""
    from timbre_core.analysis.comparison import compare, pitch_rows
    from timbre_core.features.note_names import note_name

    lines = [["", *evaluations]]
    notes: list[str] = []
    for row in compare(evaluations, features, words):
        asides = [_short(cell.aside, notes) for cell in row.cells]
        cells = [
            f"{cell.text or '-'}{' (' + aside + ')' if aside else ''}"
            for cell, aside in zip(row.cells, asides, strict=True)
        ]
        marked = [f"{text} {'*' if cell.best else ' '}" for text, cell in zip(cells, row.cells, strict=True)]
        lines.append([row.figure.title, *marked])
    by_pitch = pitch_rows(evaluations)
    if by_pitch:
        lines += [[], ["MSE per pitch", *evaluations]]
    for pitch, errors in by_pitch:
        values = ["-  " if value is None else f"{value:#.3g}  " for value in errors]
        lines.append([f"{note_name(pitch)} ({pitch})", *values])
    widths = [max(len(line[i]) for line in lines if line) for i in range(1 + len(evaluations))]
    table = "\n".join(
        "  ".join(
            text.ljust(width) if i == 0 else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        if line
        else ""
        for line in lines
    ).rstrip()
    return "\n".join([table, *([""] if notes else []), *(f"[{i}] {note}" for i, note in enumerate(notes, 1))])


def _short(aside: str, notes: list[str]) -> str:
    """What stands beside a figure; a long remark in it becomes one of the `notes` below the table, and its number stays."""
    first, _, remark = aside.partition(", ")
    if len(remark) <= _LONGEST_REMARK:
        return aside
    if remark not in notes:
        notes.append(remark)
    return f"{first} [{notes.index(remark) + 1}]"
