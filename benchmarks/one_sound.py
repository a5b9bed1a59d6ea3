"""One recorded note made an instrument and exported: its samples against the instrument's own notes at those keys.

    python benchmarks/one_sound.py [--data path/to/nsynth] [--instruments 20] [--pairs 100]

The figures are those of `cross_pitch` in an evaluation, of the files' samples, beside a sampler's and pitch_shift's, on
instruments that the network `note-shift` was not trained on.
"""

from __future__ import annotations

import argparse

import numpy as np
import soxr
from shared import NSYNTH
from timbre_space import trained_on

from timbre_core.analysis.yardsticks.cross_pitch import choose_pairs, measure_pairs, summarise_pairs
from timbre_core.analysis.yardsticks.shifters import SHIFTER_WORDS, Shifter, shifters
from timbre_core.datasets.library import open_library
from timbre_core.generation.instrument import PlayedNote
from timbre_core.generation.midi.voices import held_sound
from timbre_core.generation.note_at import NOTE_SHIFT
from timbre_core.generation.own_sounds import OwnNote, own_instrument
from timbre_core.generation.sampler import Sampling, sampled
from timbre_core.space import open_space

CHECKPOINT = "nsynth-cvae"
INTERVALS = (2, 5, 7, 12)
_RATE = 16_000  # of the recordings
_EXPORTED = 44_100


def exported(space, loop: bool | None) -> Shifter:  # type: ignore[no-untyped-def]
    """The sample that a key has in an exported instrument, held for as long as the recording that it is made of."""

    def at(audio: np.ndarray, rate: int, pitch: float, to_pitch: float) -> np.ndarray:
        made = own_instrument(space, [OwnNote("recording", np.asarray(audio, dtype=np.float32), pitch)])
        sample = sampled(made, "one", [round(to_pitch)], Sampling(_EXPORTED, loop=loop)).zones[0].sample
        length = round(len(audio) / rate * _EXPORTED)
        guarded = sample.audio if sample.loop is None else sample.audio[: sample.loop[1]]
        played = held_sound(PlayedNote(to_pitch, guarded, sample.loop, np.zeros((0, 0)), _EXPORTED), length)[:length]
        return np.asarray(soxr.resample(played.astype(np.float32), _EXPORTED, rate), dtype=np.float32)

    return at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(NSYNTH))
    parser.add_argument("--instruments", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=100)
    args = parser.parse_args()
    space = open_space(CHECKPOINT)
    library = open_library([args.data], progress=False)
    notes = library.notes
    unseen = sorted(set(notes["instrument"]) - trained_on(NOTE_SHIFT))
    chosen = np.random.default_rng(0).permutation(unseen)[: args.instruments]
    rows = np.flatnonzero(notes["instrument"].isin(chosen))
    pairs = choose_pairs(notes, rows, args.pairs, INTERVALS)
    own: dict[str, Shifter] = {"exported": exported(space, False), "exported, looped": exported(space, None)}
    table = measure_pairs(pairs, notes, lambda row: library.load(row, _RATE), _RATE, own | shifters())
    found = summarise_pairs(table, tuple(own))
    words = {"exported": "exported sample", "exported, looped": "exported sample, looped where it is sustained"}
    print(
        "| sample | " + " | ".join(f"{step} semitones, dB" for step in INTERVALS) + " | all, dB | over pitch_shift's |"
    )
    print("| --- " * (len(INTERVALS) + 3) + "|")
    base = found["methods"]["pitch_shift"]["log_mel_db"]
    for name, each in found["methods"].items():
        errors = " | ".join(f"{each['by_interval'].get(str(step), np.nan):.2f}" for step in INTERVALS)
        print(
            f"| {words.get(name) or SHIFTER_WORDS[name]} | {errors} | {each['log_mel_db']:.2f} | "
            f"{each['log_mel_db'] / base:.2f} |"
        )
    count = notes["instrument"].iloc[[pair.source for pair in pairs]].nunique()
    print(f"\n{found['pairs']} pairs of notes of {count} instruments: {', '.join(sorted(map(str, chosen)))}.")


if __name__ == "__main__":
    main()
