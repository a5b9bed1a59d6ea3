"""What macros do to real and modelled notes: the trait that each moves by a step, and what happens to the others.

python benchmarks/macros.py [--data path/to/nsynth] [--checkpoint nsynth-cvae] [--notes 100] [--seed 1]

The macros were made with the notes of seed 0.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from shared import NSYNTH

import timbre_core
from timbre_core.analysis.macro_traits import macro_changes
from timbre_core.generation.instrument import Instrument, PlayedNote
from timbre_core.generation.macros import FINISHING, MACROS, Shape
from timbre_core.generation.midi.voices import held_sound
from timbre_core.generation.recorded import RecordedInstrument
from timbre_core.inverters import open_inverter

STEPS = 2.0
HALF = 0.5  # of a step
HELD = 3.5  # seconds
KEYS = (45, 52, 57, 62, 69)


def notes_of(data: str, count: int, seed: int, checkpoint: str = "nsynth-cvae") -> list[PlayedNote]:
    """As many notes of the model as of recordings, over families and keys, each as the page Play sounds it."""
    space = timbre_core.open_space(checkpoint)
    inverter = None if space.performs else open_inverter(None, space.recipe.features)
    random = np.random.default_rng(seed)
    rows = random.permutation(len(space.means))[: count // 2]
    made = [Instrument(space, space.means[row], inverter).note(KEYS[i % len(KEYS)]) for i, row in enumerate(rows)]
    library = timbre_core.open_library([data], progress=False)
    like = str(space.map_notes["note_id"].iloc[0])
    inside = np.flatnonzero(library.notes["pitch"].between(KEYS[0], KEYS[-1]).to_numpy())
    for row in random.permutation(inside)[: count - len(made)]:
        pitch = float(library.notes["pitch"].iloc[row])
        audio = library.load(int(row), space.sample_rate)
        made.append(RecordedInstrument(space, like, [("own", pitch)], lambda _, kept=audio: kept).note(pitch))
    return made


def held(note: PlayedNote) -> np.ndarray:
    size = round(HELD * note.sample_rate)
    audio = held_sound(note, size)[:size].astype(np.float64)
    return np.pad(audio, (0, max(0, size - len(audio))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", default=str(NSYNTH), help="library of recordings (default: the NSynth subset beside the project)"
    )
    parser.add_argument("--checkpoint", default="nsynth-cvae", help="that makes half of the notes")
    parser.add_argument("--notes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="that notes are drawn by")
    parser.add_argument("--only", choices=list(FINISHING), nargs="+", default=list(FINISHING))
    args = parser.parse_args()
    notes = notes_of(args.data, args.notes, args.seed, args.checkpoint)
    units = {name: np.log2(macro.step) if macro.times else macro.step for name, macro in FINISHING.items()}
    moved: dict[tuple[str, float], list[dict[str, float]]] = {}
    for number, note in enumerate(notes):
        print(f"{number + 1} of {len(notes)}", end="\r", file=sys.stderr, flush=True)
        before = held(note)
        for name in args.only:
            macro = MACROS[name]
            beside = {macro.beside: STEPS} if macro.beside else {}
            base = held(note.with_shape(Shape(**beside))) if beside else before
            for steps in (STEPS,) if macro.low == 0 else (-STEPS, STEPS):
                after = held(note.with_shape(Shape(**{name: steps}, **beside)))
                change = macro_changes(base, after, note.sample_rate, note.key)
                moved.setdefault((name, steps), []).append(
                    {each: change[each] / units[each] / abs(steps) for each in FINISHING}
                )
    print_table(moved, args, len(notes))


def print_table(
    moved: dict[tuple[str, float], list[dict[str, float]]],
    args: argparse.Namespace,
    count: int,
) -> None:
    library = Path(args.data).name
    print("# What macros change\n")
    print(
        f"`python benchmarks/macros.py`: {count} notes, half of them of `{args.checkpoint}` at places of its map, "
        f"half recordings of `{library}`, held for {HELD} s as the page Play plays; each macro by {STEPS:g} steps. Traits are "
        "measured in the finished sound and counted in steps of their own macro: 1.00 is what a step says. `own`: the median and "
        "the middle half; `others`: the trait that is moved most besides, its median distance, the nine tenths of notes "
        "that stay below, and the share of notes of which no other trait moves by half a step.\n"
    )
    print(
        "| macro | a step | direction | own, median | own, middle half | most moved other | median | 90 % below | "
        "all others below 0.5 |"
    )
    print("| --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: |")
    within = []
    for (name, steps), rows in moved.items():
        table = {each: np.array([row[each] for row in rows]) for each in FINISHING}
        own = np.sign(steps) * table[name]
        low, middle, high = np.nanpercentile(own, (25, 50, 75))
        others = {each: np.abs(values) for each, values in table.items() if each != name}
        worst = max(others, key=lambda each: float(np.nanpercentile(others[each], 50)))
        far = max(others, key=lambda each: float(np.nanpercentile(others[each], 90)))
        quiet = np.all([np.nan_to_num(values) < HALF for values in others.values()], axis=0)
        within.append(float(quiet.mean()))
        macro = MACROS[name]
        step = f"×{macro.step:g}" if macro.times else f"{macro.step:g} {macro.unit}"
        print(
            f"| {name} | {step} | {'up' if steps > 0 else 'down'} | {middle:.2f} | {low:.2f} to {high:.2f} | {worst} | "
            f"{np.nanpercentile(others[worst], 50):.2f} | {far} {np.nanpercentile(others[far], 90):.2f} | {quiet.mean():.0%} |"
        )
    print(f"\nOf all {count * len(within)} moves {np.mean(within):.0%} leave every other trait within half a step.")


if __name__ == "__main__":
    main()
