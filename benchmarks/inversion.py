"""Inverters against librosa's mel_to_audio, on the same notes in one run: how near they come and how long they take.

Notes of NSynth instruments that the checkpoint was not trained on, on their own log-mels and on the checkpoint's
reconstructions of them. The inverters take turns note by note. Then what must hold is checked, and how soon a note that
was not decoded yet begins to sound is measured. Without --data and without the NSynth subset beside the project, notes of
the starter library take their place: those are not unseen.

    python benchmarks/inversion.py --data path/to/nsynth --notes 100
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from shared import NSYNTH, ROOT, print_table

from timbre_core.analysis.coding import Coder, Note
from timbre_core.analysis.evaluation import select_rows
from timbre_core.analysis.inversion_evaluation import INPUTS, measure_inverters
from timbre_core.analysis.inversion_measures import threads
from timbre_core.analysis.inverter_table import COLUMNS, INPUT_TITLES, figure, text_tables
from timbre_core.analysis.latents import spread_over
from timbre_core.checkpoint import Checkpoint, open_checkpoint
from timbre_core.cli.inverter_options import EMPHASISED, FLAT, candidates
from timbre_core.datasets.library import STARTER, Library, open_library
from timbre_core.files import write_json
from timbre_core.note_embedding import open_note_embedding
from timbre_core.space import TimbreSpace

BASE = "librosa-32"
FIRST_SOUND_MS, FASTER, LEVEL_DB, CLEAN_PITCH, DECODED_PITCH, ERROR_SHARE = 40.0, 20.0, 0.5, 0.97, 0.95, 0.25
_SOUND_NOTES = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default=str(ROOT / "checkpoints" / "nsynth-cvae"))
    parser.add_argument("--data", help="folder of notes (default: the NSynth subset, or the starter library)")
    parser.add_argument("--split", default="test", help="of the notes, as in `evaluate` (default: test)")
    parser.add_argument("--notes", type=int, default=100, help="how many of them (default: 100)")
    parser.add_argument("--inverters", nargs="*", default=[], metavar="NAME", help="as in `evaluate` (default: all)")
    parser.add_argument("--json", metavar="FILE", help="write the figures to this file")
    args = parser.parse_args()
    checkpoint = open_checkpoint(args.checkpoint)
    data = args.data or (str(NSYNTH) if NSYNTH.is_dir() else STARTER)
    library = open_library([data])
    if data == STARTER:
        print("no NSynth notes here: these are of the starter library, which the shipped models were trained on")
    rows = select_rows(checkpoint, library, args.split)
    rows = rows[spread_over(library.notes.iloc[rows], args.notes)]
    coder = Coder.of(checkpoint, "cpu")
    inverters = candidates(args.inverters, checkpoint, coder.device)
    result = measure_inverters(coder, library, rows, inverters, open_note_embedding(checkpoint.recipe.features))
    print(text_tables(result))
    if BASE in inverters:
        print_ratios(result)
    sound = {
        name: first_sound(checkpoint, coder, library, rows[:_SOUND_NOTES], name)
        for name in inverters
        if name not in (FLAT, EMPHASISED) and not name.startswith("librosa")
    }
    print("\nTime to first sound of a note not yet decoded (decoder and first block, one thread), ms:")
    print_table(
        ("", "median", "worst", "first block, s"),
        [(name, f"{ms:.1f}", f"{worst:.1f}", f"{block:.2f}") for name, (ms, worst, block) in sound.items()],
    )
    if {BASE, "fast", FLAT} <= set(inverters):
        print_targets(result, sound["fast"][0])
    if args.json:
        write_json(args.json, result | {"first_sound_ms": {name: ms for name, (ms, _, _) in sound.items()}})


def print_ratios(result: dict[str, Any]) -> None:
    """Every figure as a share of librosa's with 32 iterations."""
    for kind in INPUTS:
        base = result["by_name"][BASE]
        shown = [column for column in COLUMNS if figure(base, kind, column.key)]
        rows = []
        for name, entry in result["by_name"].items():
            values = [(figure(entry, kind, column.key), figure(base, kind, column.key)) for column in shown]
            rows.append((name, *("-" if value is None or not of else f"{value / of:.3f}" for value, of in values)))
        print(f"\n{INPUT_TITLES[kind]}, as a multiple of {BASE}:")
        print_table(("", *(column.title for column in shown)), rows)


def first_sound(
    checkpoint: Checkpoint, coder: Coder, library: Library, rows: np.ndarray, name: str
) -> tuple[float, float, float]:
    """Median and worst milliseconds from a note's latents to its first block of sound, and that block's median seconds."""
    space = TimbreSpace(checkpoint, inverter=name)
    times, blocks = [], []

    def begin(note: Note, z: np.ndarray) -> np.ndarray:
        return next(space.stream(z, note.starts, note.frames.shape[1], note.ref_db, note.pitch))

    with threads(1):
        for place, coded in enumerate(list(coder.coded(coder.notes(library, rows)))):
            if place == 0:
                begin(coded.note, coded.mu)  # the first one compiles and allocates
            start = time.perf_counter()
            block = begin(coded.note, coded.mu)
            times.append(1000 * (time.perf_counter() - start))
            blocks.append(len(block) / space.sample_rate)
    return statistics.median(times), max(times), statistics.median(blocks)


def print_targets(result: dict[str, Any], first_ms: float) -> None:
    """What must hold for `fast`, and whether it does."""
    ours, base, flat = (result["by_name"][name] for name in ("fast", BASE, FLAT))

    def of(entry: dict[str, Any], key: str, kind: str = "clean") -> float:
        value = figure(entry, kind, key)
        return float("nan") if value is None else value

    worse = [
        column.title
        for column in COLUMNS
        for mine, theirs in [(figure(ours, "clean", column.key), figure(base, "clean", column.key))]
        if mine is not None and theirs is not None and (mine < theirs if column.more_is_better else mine > theirs)
    ]
    faster = of(base, "milliseconds") / of(ours, "milliseconds")
    share = of(ours, "log_mel_mae_nats") / of(base, "log_mel_mae_nats")
    pitch, decoded = of(ours, "within_50_cents"), of(ours, "within_50_cents", "reconstruction")
    theirs, without = (of(entry, "within_50_cents", "reconstruction") for entry in (base, flat))
    targets: list[tuple[str, str, Callable[[], bool]]] = [
        (f"at least {FASTER:g} times faster than {BASE}", f"{faster:.1f}", lambda: faster >= FASTER),
        (f"log-mel MAE at most {ERROR_SHARE:g} of {BASE}'s", f"{share:.3f}", lambda: share <= ERROR_SHARE),
        (f"right pitch for at least {CLEAN_PITCH:.0%}", f"{pitch:.1%}", lambda: pitch >= CLEAN_PITCH),
        (f"no measure worse than {BASE}'s", ", ".join(worse) or "none", lambda: not worse),
        (
            f"reconstructions: right pitch for at least {DECODED_PITCH:.0%} ({BASE} {theirs:.1%}, not told it {without:.1%})",
            f"{decoded:.1%}",
            lambda: decoded >= DECODED_PITCH,
        ),
        (
            f"level error under {LEVEL_DB:g} dB (worst note {of(ours, 'level_error_db_worst'):.2f})",
            f"{of(ours, 'level_error_db'):.3f}",
            lambda: of(ours, "level_error_db") < LEVEL_DB,
        ),
        (f"first sound within {FIRST_SOUND_MS:g} ms", f"{first_ms:.1f}", lambda: first_ms <= FIRST_SOUND_MS),
    ]
    print("\nWhat `fast` must show:")
    print_table(("", "measured", "met"), [(what, value, "yes" if met() else "NO") for what, value, met in targets])


if __name__ == "__main__":
    main()
