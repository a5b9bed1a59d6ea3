"""What a listener would notice of the shipped checkpoints, as a table: `evaluate`'s parts side by side, on the same notes.

    python benchmarks/yardsticks.py --data nsynth-subset/ --ratings timbre-ratings/ --out docs/results/yardsticks.md

Notes are those of instruments that none of the checkpoints was trained on, at most --limit. Evaluations are kept in --work and
taken from there when the same command runs again, so that it can be stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.analysis.evaluation import evaluate, select_rows
from timbre_core.analysis.yardsticks.listening import read_listening_tests
from timbre_core.analysis.yardsticks.shifters import SHIFTER_WORDS
from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.files import write_json, write_text
from timbre_core.generation.timbre_code import measured
from timbre_core.space import TimbreSpace

PARTS = ("reconstruction", "latent", "control", "generalisation", "cross_pitch", "sound", "listening")


READING = """## How to read it

- A probe's interval is wide: twelve instruments are few, and one of a family weighs much.
  Figures of other instruments differ by as much.
- At other pitches sounds are made equally loud before they are compared. Where a model loses the attack of a pluck,
  the gain that makes up for it lifts all that comes after: its error there is larger than that of the same note
  reconstructed at its own level.
- The sampler has no loops: played higher, a recording is over sooner, and its end is compared with silence.
- Vibrato is measured in windows of 80 ms: ratios are right, absolute depths are a quarter too small at 5.5 Hz.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", default=["nsynth-cvae", "nsynth-vae", "nsynth-ae"])
    parser.add_argument("--data", nargs="+", required=True, metavar="DIR")
    parser.add_argument("--ratings", metavar="DIR")
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--work", type=Path, default=Path("yardsticks-work"), help="where evaluations are kept")
    parser.add_argument("--out", type=Path, help="the table, Markdown")
    args = parser.parse_args()
    opened = {name: open_checkpoint(name if "/" in name else f"checkpoints/{name}") for name in args.checkpoints}
    library = open_library(args.data)
    rows = np.arange(len(library.notes))
    for checkpoint in opened.values():
        rows = np.intersect1d(rows, select_rows(checkpoint, library, "unseen"))
    # Asked for by a split of their own: the other instruments stay in the library, for probes to be fitted on.
    notes = library.notes.assign(split="train")
    notes.loc[notes.index[rows], "split"] = "test"
    library = dataclasses.replace(library, notes=notes)
    found = {name: _evaluation(checkpoint, library, args) for name, checkpoint in opened.items()}
    text = table(found, f"`python benchmarks/yardsticks.py {' '.join(args.checkpoints)} --limit {args.limit}`")
    print(text)
    if args.out:
        write_text(args.out, text)


def _evaluation(checkpoint: Checkpoint, library: Library, args: argparse.Namespace) -> dict[str, Any]:
    file = args.work / f"{checkpoint.name}.json"
    if file.is_file():
        kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return kept
    tests = read_listening_tests(args.ratings) if args.ratings else []
    parts = [part for part in PARTS if part != "listening" or tests]
    began, space = time.perf_counter(), measured(TimbreSpace(checkpoint))
    found = evaluate(checkpoint, library, "test", args.limit, parts=parts, space=space, tests=tests)
    found["seconds"] = round(time.perf_counter() - began)
    args.work.mkdir(parents=True, exist_ok=True)
    write_json(file, found)
    return found


def table(found: dict[str, dict[str, Any]], command: str) -> str:
    """All figures as Markdown, a column for each checkpoint."""
    first = next(iter(found.values()))
    head = [
        "# What a listener would notice",
        "",
        f"{first['notes']} notes of {first['instruments']} instruments that none of these checkpoints was trained on. Medians "
        "and means with 95 % bootstrap intervals over instruments. Made by",
        f"{command}.",
        "",
    ]
    for title, rows in SECTIONS.items():
        lines = [(words, [_cell(read, each) for each in found.values()]) for words, read in rows]
        lines = [(words, cells) for words, cells in lines if any(cells)]
        if lines:
            head += [f"## {title}", "", f"| | {' | '.join(found)} |", "| --- |" + " --- |" * len(found)]
            head += [f"| {words} | {' | '.join(cell or '-' for cell in cells)} |" for words, cells in lines] + [""]
    return "\n".join([*head, READING])


def _cell(read: Callable[[dict[str, Any]], str], evaluation: dict[str, Any]) -> str:
    try:
        return read(evaluation)
    except (KeyError, TypeError):
        return ""


def _share(part: str, key: str, interval: str = "") -> Callable[[dict[str, Any]], str]:
    def read(evaluation: dict[str, Any]) -> str:
        text = f"{evaluation[part][key]:.3f}"
        bounds = evaluation[part].get(interval) if interval else None
        return text + (f" [{bounds[0]:.2f}, {bounds[1]:.2f}]" if bounds else "")

    return read


def _spread(side: str, key: str, form: str) -> Callable[[dict[str, Any]], str]:
    def read(evaluation: dict[str, Any]) -> str:
        figure = evaluation["sound"][side][key]
        text = format(figure["median"], form)
        if figure["interval"]:
            text += " [{:{f}}, {:{f}}]".format(*figure["interval"], f=form)
        return text + (f", size {figure['size']:.1f}" if figure.get("size") is not None else "")

    return read


def _pitch(method: str, key: str) -> Callable[[dict[str, Any]], str]:
    def read(evaluation: dict[str, Any]) -> str:
        found = evaluation["cross_pitch"]["methods"][method]
        return f"{found['by_interval']['5']:.1f} / {found['by_interval']['12']:.1f} ({found[key]:.2f})"

    return read


def _families(method: str) -> Callable[[dict[str, Any]], str]:
    def read(evaluation: dict[str, Any]) -> str:
        by = evaluation["cross_pitch"]["methods"][method]["by_family"]
        return ", ".join(f"{name} {value:.1f}" for name, value in sorted(by.items()))

    return read


def _won(evaluation: dict[str, Any]) -> str:
    part = evaluation["cross_pitch"]
    model = part["methods"]["model"]
    return f"{100 * model['best_share']:.0f} % of {part['pairs']} pairs, {model['families_won']} of {part['families']} families"


_SOUNDS = (
    ("stft", "multi-resolution STFT distance", ".2f"),
    ("log_mel_db", "log-mel error, dB", ".2f"),
    ("onset_db", "first 50 ms, dB", "+.1f"),
    ("above_4k_db", "energy above 4 kHz, dB", "+.1f"),
    ("above_8k_db", "energy above 8 kHz, dB", "+.1f"),
    ("level_lu", "loudness, LU", "+.1f"),
    ("attack_ms", "attack, ms", "+.0f"),
    ("noise_db", "noise to harmonics, dB", "+.1f"),
    ("vibrato_depth", "vibrato depth (ratio; of notes that have one)", ".2f"),
)

SECTIONS: dict[str, list[tuple[str, Callable[[dict[str, Any]], str]]]] = {
    "Do distances agree with what listeners call similar?": [
        ("triplets ordered as people do", _share("listening", "agreement")),
        ("MFCC, time kept", _share("listening", "mfcc")),
        ("MFCC, averaged", _share("listening", "mfcc_averaged")),
    ],
    "Is the family of an unseen instrument in z?": [
        ("linear probe", _share("generalisation", "family_probe_accuracy", "family_probe_interval")),
        ("balanced over families", _share("generalisation", "family_probe_balanced")),
        (
            "MFCC (mean and deviation)",
            _share("generalisation", "family_probe_accuracy_mfcc", "family_probe_interval_mfcc"),
        ),
        ("always the commonest", _share("generalisation", "family_majority")),
        ("the probe is", lambda evaluation: str(evaluation["generalisation"]["fitted_on"])),
        (
            "same instruments on both sides, other pitches (the figure of `latent`)",
            _share("latent", "family_probe_accuracy"),
        ),
    ],
    "Is the nearest note at another pitch of the same instrument?": [
        ("mean average precision", _share("generalisation", "retrieval_map", "retrieval_map_interval")),
        ("MFCC", _share("generalisation", "retrieval_map_mfcc", "retrieval_map_interval_mfcc")),
        ("chance", _share("generalisation", "retrieval_chance")),
        ("nearest note's", _share("generalisation", "retrieval_nearest")),
        ("exact pitch read from the codes", _share("generalisation", "pitch_probe_accuracy")),
        ("chance", _share("generalisation", "pitch_chance")),
        ("R2 of the pitch", _share("generalisation", "pitch_probe_r2")),
    ],
    "One note at another pitch, against the real recording: log-mel error in dB at 5 / 12 semitones (all intervals)": [
        ("the model", _pitch("model", "log_mel_db")),
        ("note_at", _pitch("note_at", "log_mel_db")),
        *((words, _pitch(name, "log_mel_db")) for name, words in SHIFTER_WORDS.items()),
        ("the model is nearest in", _won),
        ("the model by family", _families("model")),
        ("pitch_shift by family", _families("pitch_shift")),
        ("not measured", lambda evaluation: str(evaluation["cross_pitch"]["reason"])),
    ],
    "Reconstruction": [(words, _spread("model", key, form)) for key, words, form in _SOUNDS],
    "The same, inverted without a model": [(words, _spread("inversion", key, form)) for key, words, form in _SOUNDS],
    "How long it took": [("seconds", lambda evaluation: str(evaluation["seconds"]))],
}


if __name__ == "__main__":
    main()
