"""How well trackers measure the pitch of single notes: this project's beside those of others.

Example:
    python benchmarks/pitch.py --out docs/results/pitch.md
    python benchmarks/pitch.py --half tune --notes 40 --only labels SwiftF0

Three sets of notes: recordings and renders of NSynth at 16 kHz, a General MIDI SoundFont at 44.1 kHz over each program's
natural keys, and more notes of the mallets of both. Half of their instruments (every second one, by name) are for tuning; the
other half is reported, and once more without
those of it that were looked at. The first two seconds of a note are heard. All trackers take about ten minutes of one free core.
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pitch_trackers import Tracker, trackers
from shared import NSYNTH
from tqdm import tqdm

from timbre_core.datasets.general_midi import PROGRAMS
from timbre_core.datasets.library import open_library
from timbre_core.datasets.synthesizer import Synthesizer
from timbre_core.errors import TimbreError
from timbre_core.files import atomic_write, write_text

SETS = ("nsynth", "rendered", "mallets")
SLOW = ("pYIN", "torchcrepe")
REGISTERS = (21, 36, 48, 60, 72, 84, 96, 109)
VALIDATED = (
    "bass_synthetic_098",
    "brass_acoustic_059",
    "guitar_electronic_022",
    "keyboard_electronic_078",
    "mallet_acoustic_062",
    "organ_electronic_104",
    "string_acoustic_014",
)
"""Instruments of the reported half whose faults were looked at when the project's own trackers were mended."""
_SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
_VELOCITIES = (50, 100)
_HEARD = 2.0  # seconds of a note


@dataclass(frozen=True)
class Note:
    """A note with its label. audio: (n_samples,) float32 at `rate` Hz."""

    instrument: str
    family: str
    pitch: float
    audio: np.ndarray
    rate: int


def nsynth_notes(folder: Path, half: str, most: int, family: str = "") -> Iterator[Note]:
    """At most `most` notes of each instrument of a half (of one family), spread over its keys."""
    library = open_library([folder], progress=False)
    notes = library.notes[library.notes["pitch"].between(21, 108)]
    for instrument in _half(sorted(notes["instrument"].unique()), half):
        own = notes[notes["instrument"] == instrument].sort_values(["pitch", "velocity"])
        if family not in ("", str(own["family"].iloc[0])):
            continue
        for row in own.iloc[_spread(len(own), most)].itertuples():
            yield Note(
                instrument,
                str(row.family),
                float(row.pitch),
                _heard(library.load(int(row.Index), 16_000), 16_000),
                16_000,
            )


def rendered_notes(soundfont: Path, half: str, most: int, family: str = "") -> Iterator[Note]:
    """At most `most` keys of each pitched program of a half (of one family), spread over the keys it is naturally played in."""
    synthesizer = Synthesizer(soundfont, 44_100)
    try:
        for number in _half(sorted(PROGRAMS), half):
            program = PROGRAMS[number]
            if synthesizer.program_name(0, number) is None or family not in ("", program.family):
                continue
            keys = np.arange(max(21, program.low), min(108, program.high) + 1)
            for place, key in enumerate(keys[_spread(len(keys), most)].tolist()):
                audio = synthesizer.render(0, number, key, _VELOCITIES[place % len(_VELOCITIES)], _HEARD, 0.0)
                if np.abs(audio).max() > 1e-4:
                    yield Note(
                        f"gm{number:03}",
                        program.family,
                        float(key),
                        _heard(audio / np.abs(audio).max(), 44_100),
                        44_100,
                    )
    finally:
        synthesizer.close()


def _heard(audio: np.ndarray, rate: int) -> np.ndarray:
    return audio[: round(_HEARD * rate)]


def _half(names: list, half: str) -> list:
    return names[::2] if half == "tune" else names[1::2]


def _spread(count: int, most: int) -> np.ndarray:
    return ((np.arange(min(most, count)) + 0.5) * count / min(most, count)).astype(int)


def measured(notes: list[Note], found: dict[str, Tracker], work: Path | None, key: str) -> pd.DataFrame:
    """A row for each note and tracker: instrument, family, pitch, tracker, error (semitones), seconds, length (s).

    What a tracker measured is kept in the folder `work`, under `key`, and taken from there.
    """
    result = pd.concat([_kept(notes, name, track, work, key) for name, track in found.items()], ignore_index=True)
    octaves = 12 * (result["error"] / 12).round()
    result["right"] = result["error"].abs() <= 0.5
    result["octave"] = ((result["error"] - octaves).abs() <= 0.5) & (octaves != 0)
    result["low"] = result["octave"] & (octaves < 0)
    return result


def _kept(notes: list[Note], name: str, track: Tracker, work: Path | None, key: str) -> pd.DataFrame:
    file = None if work is None else work / f"{key}-{name.split(' ')[0]}-{len(notes)}.parquet"
    if file is not None and file.is_file():
        return pd.read_parquet(file)
    result = _measured(notes, name, track)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as temporary:
            result.to_parquet(temporary, index=False)
    return result


def _measured(notes: list[Note], name: str, track: Tracker) -> pd.DataFrame:
    rows = []
    track(notes[0].audio, notes[0].rate)  # what is compiled or loaded at first use does not count
    for note in tqdm(notes, desc=name, unit="note", file=sys.stderr):
        start = time.process_time()  # of all threads: other work of the machine does not count
        midi = track(note.audio, note.rate)
        seconds, length = time.process_time() - start, len(note.audio) / note.rate
        rows.append((note.instrument, note.family, note.pitch, name, midi - note.pitch, seconds, length))
    columns = ["instrument", "family", "pitch", "tracker", "error", "seconds", "length"]
    return pd.DataFrame(rows, columns=columns)


def overview(result: pd.DataFrame) -> str:
    """A row for each tracker."""
    rows = []
    for name, part in result.groupby("tracker", sort=False):
        cents = 100 * part.loc[part["right"], "error"].abs().median()
        speed = part["length"].sum() / part["seconds"].sum()
        rows.append(
            [
                str(name),
                f"{100 * part['right'].mean():.1f}",
                f"{100 * part['octave'].mean():.1f}",
                f"{100 * part['low'].mean():.1f}",
                f"{100 * part['error'].isna().mean():.1f}",
                f"{cents:.1f}",
                f"{speed:,.0f}",
            ]
        )
    header = ["tracker", "within 50 cents, %", "octave errors, %", "of these too low, %", "no pitch, %"]
    return _table([*header, "median error, cents", "x real time (CPU)"], rows)


def by(result: pd.DataFrame, key: pd.Series, title: str) -> str:
    """Share within 50 cents and, in brackets, of octave errors, for each value of `key`."""
    header, rows = [title], []
    for value, part in result.groupby(key, sort=True, observed=True):
        header.append(f"{value} ({part.groupby('tracker').size().max()})")
    for name in result["tracker"].unique():
        row = [name]
        for _, part in result.groupby(key, sort=True, observed=True):
            own = part[part["tracker"] == name]
            row.append(f"{100 * own['right'].mean():.0f} ({100 * own['octave'].mean():.0f})")
        rows.append(row)
    return _table(header, rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _registers(pitch: pd.Series) -> pd.Series:
    labels = [f"{low}-{high - 1}" for low, high in itertools.pairwise(REGISTERS)]
    return pd.cut(pitch, REGISTERS, right=False, labels=labels)


def _section(title: str, notes: list[Note], found: dict[str, Tracker], work: Path | None, key: str) -> str:
    result = measured(notes, found, work, key)
    instruments = result["instrument"].nunique()
    unseen = result[~result["instrument"].isin(VALIDATED)]
    again = [
        f"Without {instruments - unseen['instrument'].nunique()} that were looked at: {len(unseen) // len(found)} notes of "
        f"{unseen['instrument'].nunique()} instruments\n",
        overview(unseen),
    ]
    parts = [
        f"## {title}: {len(notes)} notes of {instruments} instruments\n",
        overview(result),
        *(again if 0 < len(unseen) < len(result) else []),
        "Share within 50 cents (octave errors), %, by MIDI pitch (number of notes):\n",
        by(result, _registers(result["pitch"]), "tracker"),
        "By family (number of notes):\n",
        by(result, result["family"], "tracker"),
    ]
    return "\n".join(parts)


HEAD = """# Trackers of single notes' pitch

Written by `{command}`. {half}

The pitch of a note is the median of what a tracker gives for the frames that it calls voiced. Trackers are told to look
from MIDI 21 to 108 where they can be told: SwiftF0 hears 47 to 2,094 Hz (MIDI 31 to 96), torchcrepe 33 to 1,976 Hz, and what is
above or below counts as wrong; librosa's two hear 44.1 kHz at its own default of 22.05 kHz. Times are CPU seconds of all threads.

Labels are the keys that were pressed: true to about 50 cents, and some instruments sound an octave off by nature (organ stops of
16' and 4' are an octave low and high). There all trackers are right about the sound and wrong here.
"""


def main() -> None:
    """Measure and print, or write with --out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("tune", "report"), default="report", help="of the instruments")
    parser.add_argument("--notes", type=int, default=5, metavar="N", help="of each NSynth instrument (5)")
    parser.add_argument("--rendered", type=int, default=2, metavar="N", help="of each program of the SoundFont (2)")
    parser.add_argument(
        "--mallets", type=int, default=20, metavar="N", help="of each NSynth mallet; a fifth of a program (20)"
    )
    parser.add_argument("--nsynth", type=Path, default=NSYNTH, help="folder in NSynth's layout")
    parser.add_argument("--soundfont", type=Path, default=_SOUNDFONT, help=f"General MIDI SoundFont ({_SOUNDFONT})")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, help="of notes (all)")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep there what each tracker measured, and take it from there"
    )
    parser.add_argument(
        "--slow-on", nargs="*", choices=SETS, default=SETS, help="sets that pYIN and torchcrepe hear (all)"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="trackers whose names begin so")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write the tables there")
    args = parser.parse_args()
    found, absent = trackers()
    if args.only:
        found = {name: track for name, track in found.items() if name.startswith(tuple(args.only))}
        absent = {}
    sources = {
        "nsynth": ("NSynth, 16 kHz", lambda: nsynth_notes(args.nsynth, args.half, args.notes)),
        "rendered": (
            f"{args.soundfont.stem}, 44.1 kHz",
            lambda: rendered_notes(args.soundfont, args.half, args.rendered),
        ),
        "mallets": (
            "Mallets of both",
            lambda: itertools.chain(
                nsynth_notes(args.nsynth, args.half, args.mallets, "mallet"),
                rendered_notes(args.soundfont, args.half, args.mallets // 5, "mallet"),
            ),
        ),
    }
    sections = []
    for key in args.sets:
        title, source = sources[key]
        heard = {name: track for name, track in found.items() if key in args.slow_on or not name.startswith(SLOW)}
        try:
            sections.append(_section(title, list(source()), heard, args.work, f"{args.half}-{key}"))
        except TimbreError as error:
            sections.append(f"## {title}\n\nNot measured: {error}\n")
    halves = {
        "report": "These instruments were not used for tuning the project's own trackers, but for some looks before: "
        "of seven of NSynth's 21 (" + ", ".join(VALIDATED) + ") the faults were looked at and mended, "
        "so that figures without those are the honest ones.",
        "tune": "The project's own trackers were tuned on these instruments.",
    }
    command = shlex.join(["python", "benchmarks/pitch.py", *sys.argv[1:]])
    text = HEAD.format(command=command, half=halves[args.half]) + "\n" + "\n".join(sections)
    text += "".join(f"\n{name}: absent ({reason}).\n" for name, reason in absent.items())
    if args.out is None:
        print(text)
    else:
        write_text(args.out, text)


if __name__ == "__main__":
    main()
