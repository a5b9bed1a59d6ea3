"""`python -m timbre_core evaluate`: measure a checkpoint."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from timbre_core.analysis.inverter_table import text_tables
from timbre_core.cli.analysis_options import add_data_arguments, check_limit, open_data
from timbre_core.cli.inverter_options import NOTES_WITH_LIBROSA, NOTES_WITHOUT, candidates, default_notes
from timbre_core.cli.shell import check_output_file, check_seed
from timbre_core.wording import counted

if TYPE_CHECKING:
    from timbre_core.analysis.inversion_speed import Candidate
    from timbre_core.checkpoint import Checkpoint
    from timbre_core.datasets.library import Library

HELP = "measure a checkpoint on notes of instruments that it was not trained on"
EXAMPLE = "python -m timbre_core evaluate checkpoints/nsynth-cvae --data nsynth-test/ --json evaluation.json"


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
    checkpoint, library = open_data(args)
    from timbre_core.analysis.evaluation import evaluate
    from timbre_core.devices import chosen_device

    # Opened before the long part, so that a misspelt name is told at once.
    inverters = None if args.inverters is None else candidates(args.inverters, checkpoint, chosen_device(args.device))
    result = evaluate(checkpoint, library, args.split, args.limit, args.control_notes, args.seed, device=args.device)
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
    from timbre_core.note_embedding import open_note_embedding

    rows = select_rows(checkpoint, library, args.split)
    wanted = args.inverter_notes or default_notes(inverters)
    rows = rows[spread_over(library.notes.iloc[rows], min(wanted, args.limit or wanted))]
    if args.inverter_notes is None:
        told = f"{counted(len(inverters), 'inverter')} on {counted(len(rows), 'note')}"
        print(f"\nmeasuring {told} (--inverter-notes chooses how many)")
    coder = Coder.of(checkpoint, args.device)
    embedding = open_note_embedding(checkpoint.recipe.features)
    return {"split": args.split} | measure_inverters(coder, library, rows, inverters, embedding, args.seed)


def summary(result: dict[str, Any]) -> str:
    """The figures as lines for people."""
    reconstruction, latent, control = result["reconstruction"], result["latent"], result["control"]
    rows = [
        ("checkpoint", result["checkpoint"]),
        ("notes", f"{result['notes']} of {counted(result['instruments'], 'instrument')}, split {result['split']}"),
        *([("skipped", f"{counted(result['skipped'], 'note')} that could not be used")] if result["skipped"] else []),
        ("reconstruction", f"L1 {reconstruction['l1']:.4f} (mu decoded: {reconstruction['l1_mean']:.4f})"),
        ("", f"MSE {reconstruction['mse']:.4f}" + _decibels(reconstruction["log_mel_mae_db"])),
        ("KL", f"{latent['kl_total']:.2f} nats, {latent['active_units']} of {len(latent['kl_per_dim'])} units active"),
        ("pitch in z", _probe(latent, "pitch_probe_accuracy", "pitch_chance")),
        ("", f"R2 {_number(latent['pitch_probe_r2'])}, non-linear {_number(latent['pitch_probe_r2_nonlinear'])}"),
        ("family in z", _probe(latent, "family_probe_accuracy", "family_chance")),
        ("", f"silhouette {_number(latent['family_silhouette'])}"),
        (
            "control",
            f"{_percent(control['within_50_cents'])} of {control['notes']} notes within 50 cents of the pitch asked for",
        ),
        (
            "",
            f"{_percent(control['within_octave_error'])} with octave errors forgiven, {_percent(control['unvoiced'])} unvoiced",
        ),
        (
            "",
            f"ceilings: {_percent(control['inversion_within_50_cents'])} of their frames inverted without the model, "
            f"{_percent(control['recording_within_50_cents'])} of the recordings",
        ),
    ]
    reasons = sorted(set(latent["notes_on"].values()))
    return "\n".join([f"{name:<16}{text}" for name, text in rows] + [f"{'not measured':<16}{text}" for text in reasons])


def _probe(latent: dict[str, Any], accuracy: str, chance: str) -> str:
    values = [_percent(latent[name]) for name in (accuracy, f"{accuracy}_nonlinear", chance)]
    return "accuracy {}, non-linear {}, chance {}".format(*values)


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _decibels(error: float | None) -> str:
    return "" if error is None else f", log-mel {error:.2f} dB"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.1f} %"
