"""One recorded note made an instrument and exported: its samples against the instrument's own notes at those keys.

    python benchmarks/one_sound.py [--data path/to/nsynth ...] [--instruments 20] [--pairs 8] [--keep FILE.csv]

The figures are those of `cross_pitch` in an evaluation, of the files' samples, beside a sampler's and pitch_shift's, on
instruments that the network `note-shift` was not trained on, each with as many pairs. With `--keep` what was measured is kept
after each instrument: the same command goes on there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import soxr
from shared import NSYNTH
from timbre_space import trained_on

from timbre_core.analysis.yardsticks.cross_pitch import choose_pairs, measure_pairs, summarise_pairs
from timbre_core.analysis.yardsticks.shifters import SHIFTER_WORDS, Shifter, shifters
from timbre_core.datasets.library import open_library
from timbre_core.generation.instrument import PlayedNote
from timbre_core.generation.midi.piece import Course, Note
from timbre_core.generation.midi.voices import voice
from timbre_core.generation.note_at import NOTE_SHIFT
from timbre_core.generation.own_sounds import OwnNote, own_instrument
from timbre_core.generation.sampler import RELEASE, Sampling, sampled
from timbre_core.space import open_space

CHECKPOINT = "nsynth-cvae"
INTERVALS = (2, 5, 7, 12)
WORDS = {
    "exported": "exported sample, played once",
    "exported, looped": "exported sample, looped where it is sustained, let go as the recording is",
}
_RATE = 16_000  # of the recordings
_EXPORTED = 44_100
_HELD = 3.0  # seconds that the recordings' keys were held


def exported(space, loop: bool | None) -> Shifter:  # type: ignore[no-untyped-def]
    """The sample that a key has in an exported instrument, held as long as the key of the recording that it is made of."""

    def at(audio: np.ndarray, rate: int, pitch: float, to_pitch: float) -> np.ndarray:
        made = own_instrument(space, [OwnNote("recording", np.asarray(audio, dtype=np.float32), pitch)])
        sample = sampled(made, "one", [round(to_pitch)], Sampling(_EXPORTED, loop=loop)).zones[0].sample
        played = sample.audio
        if sample.loop is not None:
            sound = PlayedNote(to_pitch, played[: sample.loop[1]], sample.loop, np.zeros((0, 0)), _EXPORTED)
            played = voice(sound, Note(0, 0, round(to_pitch), 127, 0.0, _HELD), Course(), 0.0, RELEASE)
        return np.asarray(soxr.resample(played.astype(np.float32), _EXPORTED, rate), dtype=np.float32)

    return at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=[str(NSYNTH)], help="libraries of recordings, held for 3 s each")
    parser.add_argument("--instruments", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=8, help="of each instrument")
    parser.add_argument("--keep", type=Path, help="where what was measured is kept, to go on from")
    args = parser.parse_args()
    library = open_library(args.data, progress=False)
    notes = library.notes
    unseen = sorted(set(notes["instrument"]) - trained_on(NOTE_SHIFT))
    chosen = [str(each) for each in np.random.default_rng(0).permutation(unseen)[: args.instruments]]
    table = pd.read_csv(args.keep) if args.keep and args.keep.is_file() else pd.DataFrame({"instrument": []})
    space = open_space(CHECKPOINT)
    own: dict[str, Shifter] = {"exported": exported(space, False), "exported, looped": exported(space, None)}
    for number, instrument in enumerate(chosen):
        if (table["instrument"] == instrument).any():
            continue
        rows = np.flatnonzero(notes["instrument"] == instrument)
        pairs = choose_pairs(notes, rows, args.pairs, INTERVALS)
        found = measure_pairs(pairs, notes, lambda row: library.load(row, _RATE), _RATE, own | shifters())
        table = pd.concat([table, found.assign(pair=found["pair"] + number * args.pairs)], ignore_index=True)
        if args.keep:
            table.to_csv(args.keep, index=False)
    print_table(table[table["instrument"].isin(chosen)].astype({"semitones": int}))


def print_table(table: pd.DataFrame) -> None:
    """The figures of all methods, and the two that the instruments are asked about, instrument by instrument."""
    found = summarise_pairs(table, tuple(WORDS))
    print(
        "| sample | " + " | ".join(f"{step} semitones, dB" for step in INTERVALS) + " | all, dB | over pitch_shift's |"
    )
    print("| --- " * (len(INTERVALS) + 3) + "|")
    base = found["methods"]["pitch_shift"]["log_mel_db"]
    for name, each in found["methods"].items():
        errors = " | ".join(f"{each['by_interval'].get(str(step), np.nan):.2f}" for step in INTERVALS)
        print(
            f"| {WORDS.get(name) or SHIFTER_WORDS[name]} | {errors} | {each['log_mel_db']:.2f} | "
            f"{each['log_mel_db'] / base:.2f} |"
        )
    shown = ["exported", "exported, looped", "sampler", "pitch_shift"]
    means = table.pivot_table(index="instrument", columns="method", values="log_mel_db")[shown]
    print(f"\n{found['pairs']} pairs of notes of {len(means)} instruments.\n\n| instrument, dB | {' | '.join(shown)} |")
    print("| --- " * (len(shown) + 1) + "|")
    for instrument, errors in means.iterrows():
        print(f"| {instrument} | {' | '.join(f'{each:.2f}' for each in errors)} |")


if __name__ == "__main__":
    main()
