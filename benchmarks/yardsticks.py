"""What a listener would notice of the shipped checkpoints, as a table: `evaluate`'s parts side by side, on the same notes.

    python benchmarks/yardsticks.py --data nsynth-subset/ --ratings timbre-ratings/ --out docs/results/yardsticks.md

Notes are those of instruments that none of the checkpoints was trained on, at most --limit. Evaluations are kept in --work and
taken from there when the same command runs again, so that it can be stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shared  # noqa: F401 - makes the project importable

from timbre_core.analysis.evaluation import evaluate, select_rows
from timbre_core.analysis.yardsticks.listening import read_listening_tests
from timbre_core.analysis.yardsticks.parts import PAIRS, SOUND_NOTES
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
- Issue 12 has, of the three nsynth networks: triplets 0.65 (cvae), 0.67 (vae), 0.69 (ae), MFCC 0.72 and averaged
  0.69, on 21 listening tests; here are 8 of those, on which MFCC has 0.03 less and the networks 0.01. Families of unseen
  instruments 0.43, 0.45 and 0.36: within the intervals here. Inverted without a model 0.46 and 0.4 dB, by the inverter of then.
- At another pitch: notes of those instruments alone that `note_at`'s network has not learned from either, 8 of the 12.
- Not in these tables: `mnist-vae` makes pictures; `mel-inverter`, `mel-magnitude`, `note-shift`, `note-classifier` and
  `timbre-code` are parts of others and have no space of notes of their own. (`note_at` is `note-shift`.)
- At other pitches sounds are made equally loud (BS.1770) before they are compared. That costs nsynth-cvae three decibels:
  where it loses the attack of a pluck, the gain that makes up for it lifts all that comes after. The error at the level that
  a sound came with stands beside it. Of 48 pairs at 5 / 12 semitones nsynth-cvae had 7.0 / 8.5 dB equally loud, 4.5 / 5.2 dB at
  its own level, 3.7 / 4.3 dB with the gain that suits it best and 4.3 / 5.0 dB before inversion; `pitch_shift` had 3.7 / 5.4,
  3.7 / 5.3 and 3.2 / 4.7 dB. By family, equally loud and at its own level: guitar 10.8 and 3.5 dB, bass 8.8 and 3.2, organ 8.8
  and 6.3, keyboard 5.3 and 4.4, brass 5.4 and 5.4. Matching by power (6.6 / 8.4 dB) or by the loudest band (6.7 / 8.2 dB) does
  the same, and a floor 60 instead of 80 dB down shrinks all errors (2.5 / 3.2 and 1.9 / 2.7 dB).
- Issue 12 has 5.7 / 6.7 dB for nsynth-cvae and 4.1 / 4.8 dB for `pitch_shift`, on 11 other instruments. It does not say how it
  made sounds equally loud. Its instruments are more of those that are held (strings, brass, flute, voices) and none is a guitar,
  where matching costs most; its mallets, where it finds 12.8 dB, say that its matching costs plucks as much as ours.
- The sampler has no loops: played higher, a recording is over sooner, and its end is compared with silence.
- Vibrato is measured in windows of 80 ms: ratios are right, absolute depths are a quarter too small at 5.5 Hz.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", default=["nsynth-cvae", "nsynth-vae", "nsynth-ae"])
    parser.add_argument("--data", nargs="+", required=True, metavar="DIR")
    parser.add_argument("--ratings", metavar="DIR")
    parser.add_argument("--limit", type=int, default=600, help="notes (600)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"of notes at two pitches ({PAIRS})")
    parser.add_argument(
        "--sound-notes", type=int, default=SOUND_NOTES, help=f"reconstructed to be listened to ({SOUND_NOTES})"
    )
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help="measure these now (all)"
    )
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
    sizes = f"--limit {args.limit} --pairs {args.pairs} --sound-notes {args.sound_notes}"
    text = table(found, f"`python benchmarks/yardsticks.py {' '.join(args.checkpoints)} {sizes}`")
    print(text)
    if args.out:
        write_text(args.out, text)


def _evaluation(checkpoint: Checkpoint, library: Library, args: argparse.Namespace) -> dict[str, Any]:
    """All parts of an evaluation, each kept in a file of its own; of --only those, and the others as far as they are kept."""
    tests = read_listening_tests(args.ratings) if args.ratings else []
    space = measured(TimbreSpace(checkpoint))
    found: dict[str, Any] = {"seconds": 0.0, "cpu_seconds": 0.0}
    for part in (part for part in PARTS if part != "listening" or tests):
        file = args.work / f"{checkpoint.name}-{part}.json"
        if not file.is_file() and part in args.only:
            began, busy = time.perf_counter(), _cpu_seconds()
            new = evaluate(
                checkpoint,
                library,
                "test",
                args.limit,
                parts=[part],
                space=space,
                tests=tests,
                pairs=args.pairs,
                sound_notes=args.sound_notes,
            )
            new |= {"seconds": time.perf_counter() - began, "cpu_seconds": _cpu_seconds() - busy}
            args.work.mkdir(parents=True, exist_ok=True)
            write_json(file, new)
        if file.is_file():
            kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
            spent = {name: found[name] + kept[name] for name in ("seconds", "cpu_seconds")}
            found |= kept | spent
    return found


def _cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    return sum(os.times()[:4])


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
        own = f"; {found['own_level_db']:.2f} at its own level" if "own_level_db" in found else ""
        return f"{found['by_interval']['5']:.1f} / {found['by_interval']['12']:.1f} ({found[key]:.2f}{own})"

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
    "How long it took": [
        ("seconds, beside other work", lambda evaluation: f"{evaluation['seconds']:.0f}"),
        ("CPU seconds of all threads", lambda evaluation: f"{evaluation['cpu_seconds']:.0f}"),
    ],
}


if __name__ == "__main__":
    main()
