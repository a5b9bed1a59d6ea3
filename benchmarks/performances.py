"""How sounds that never were are played: statistics of drawn performances beside those of recordings that nothing was fitted on.

    python benchmarks/performances.py [--data path/to/nsynth] [--notes 120] [--write]
    python benchmarks/performances.py --fit [--data path/to/nsynth]

Each note of instruments that the prior has not is encoded; its code is played evenly, and with a drawn performance. Beside them
stands the recording of the training note whose performance was drawn. --fit makes the prior anew, from the notes of the
checkpoint's map that it was trained on and those of the NSynth folder, and writes it into the checkpoint.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from shared import NSYNTH, ROOT
from tqdm import tqdm

from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.yardsticks.vibrato import steady_contour, vibrato
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.features.holding import sounding_span
from timbre_core.features.level_course import find_attack, level_course
from timbre_core.features.performance import LEVEL_STEP, level_track
from timbre_core.files import write_text
from timbre_core.generation.performance_prior import PerformancePrior, write_prior
from timbre_core.generation.performing import fit_prior, performed, prior_of
from timbre_core.space import TimbreSpace

SPACE = "timbre-space"
RESULT = ROOT / "docs" / "results" / "performances.md"
_OF_EACH = 32  # notes of an NSynth instrument
_RISEN_DB = 3.0  # below the loudest: the attack is over
_FEWEST = 5  # of a family that is compared
_STATISTICS = {
    "attack": "attack, ms (as of the macro)",
    "decay": "decay, dB/s",
    "unsteady": "level unsteady by, dB",
    "depth": "vibrato, cents (0: none)",
    "rate": "vibrato, Hz",
    "noise": "noise above 2 kHz, dB",
}


def fitted_rows(space: TimbreSpace, library: Library, train: bool = True) -> np.ndarray:
    """Rows of a library that the prior is fitted on, or the others: of NSynth a few of each instrument, of the starter library
    those that the map shows, its training part or its test part."""
    notes, trained = library.notes, set(space.recipe.provenance["train_instruments"])
    if not notes["instrument"].isin(trained).any():
        wanted = notes["split"].eq("train" if train else "test") & notes["note_id"].isin(space.map_notes["note_id"])
        return np.flatnonzero(wanted.to_numpy())
    found: list[int] = []
    for name, group in notes.reset_index(drop=True).groupby("instrument"):
        if (name in trained) == train:
            rows = group.index.to_numpy()
            found += rows[spread_over(notes.iloc[rows], _OF_EACH)].tolist()
    return np.sort(np.array(found))


def fit(space: TimbreSpace, libraries: list[Library]) -> Path:
    """The prior fitted and written. Latents are as the map has them: not refined."""
    recipe = space.recipe
    plain = recipe.model_copy(update={"model": recipe.model.model_copy(update={"refinement": 0})})
    unrefined, parts, before = TimbreSpace(replace(space.checkpoint, recipe=plain)), [], 0
    for library in libraries:
        rows = fitted_rows(space, library)
        with tqdm(total=len(rows), desc="performances") as bar:
            part = fit_prior(unrefined, library, rows.tolist(), bar.update)
        parts.append(replace(part, instrument=part.instrument + before))
        before = int(parts[-1].instrument.max()) + 1
    names = PerformancePrior.__dataclass_fields__
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return write_prior(space.checkpoint.path, PerformancePrior(**joined))


def statistics(space: TimbreSpace, audio: np.ndarray, pitch: float) -> dict[str, float]:
    """What is measured of a note (n_samples,); NaN where there is nothing to measure."""
    level = level_track(audio, space.sample_rate, pitch)
    begin = round(sounding_span(level, _RISEN_DB)[0] + 0.05 / LEVEL_STEP)
    end = min(sounding_span(level)[1], begin + round(2 / LEVEL_STEP))
    found = {
        "attack": 1000 * find_attack(level_course(audio, space.sample_rate)).seconds,
        "decay": np.nan,
        "unsteady": np.nan,
        "rate": np.nan,
    }
    if end - begin > 0.3 / LEVEL_STEP:
        seconds = np.arange(begin, end) * LEVEL_STEP
        found["decay"] = -np.polyfit(seconds, level[begin:end], 1)[0]
        course = np.polyval(np.polyfit(seconds, level[begin:end], 3), seconds)
        found["unsteady"] = float((level[begin:end] - course).std())
    swing = vibrato(steady_contour(audio, space.sample_rate, pitch))
    found["depth"] = swing.depth if swing else 0.0
    if swing:
        found["rate"] = swing.rate
    noise = space.performance_of(audio, pitch).noise
    last = max(1, round(sounding_span(level)[1] * LEVEL_STEP * space.sample_rate / space.recipe.features.hop_length))
    found["noise"] = 10 * np.log10(np.clip(np.mean(noise[:last]), 0.003, 1))
    return found


def measured(space: TimbreSpace, libraries: list[Library], count: int) -> pd.DataFrame:
    """A row for each note and way of playing it: recording, nearest (a training note's recording), drawn, even."""
    prior = prior_of(space)
    if prior is None:
        raise SystemExit(f"{space.checkpoint.path} has no prior: fit it with --fit.")
    trained = [(library, row) for library in libraries for row in fitted_rows(space, library)]
    if len(trained) != len(prior.z):
        raise SystemExit(f"the prior is of {len(prior.z)} notes, not of these {len(trained)}: fit it with --fit.")
    held = [(library, row) for library in libraries for row in fitted_rows(space, library, train=False)]
    table = pd.concat([library.notes.iloc[[row]] for library, row in held], ignore_index=True)
    found, rate = [], space.sample_rate
    for number, place in enumerate(tqdm(spread_over(table, count), desc="notes")):
        library, row = held[place]
        note = library.notes.iloc[row]
        pitch, velocity = float(note["pitch"]), float(note["velocity"])
        audio = library.load(int(row), rate)
        frames, _ = space.analyse(audio, pitch)
        trajectory = space.encode(frames, pitch)
        z = trajectory.mean
        decoded = space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch)
        even = space.invert(decoded, 0.0, pitch, len(audio), number, in_tune=True)
        other, near = trained[prior.row(z, pitch, velocity, number)]
        ways = {
            "recording": (audio, pitch),
            "nearest": (other.load(int(near), rate), float(other.notes["pitch"].iloc[near])),
            "drawn": (performed(space, decoded, even, z, pitch, number, 1.0, velocity), pitch),
            "even": (even, pitch),
        }
        for way, (sound, heard_at) in ways.items():
            told = {"family": note["family"], "instrument": note["instrument"], "way": way}
            found.append(told | statistics(space, sound, heard_at))
    return pd.DataFrame(found)


def apart(table: pd.DataFrame, statistic: str, way: str) -> float:
    """How far a statistic's distribution is from that of the recordings, family by family (Wasserstein's distance, over the
    deviation among all recordings), the mean of families."""
    from scipy.stats import wasserstein_distance

    real = table[table["way"] == "recording"]
    found = []
    for _, group in table.dropna(subset=[statistic]).groupby("family"):
        here, there = (group.loc[group["way"] == each, statistic] for each in ("recording", way))
        if min(len(here), len(there)) >= _FEWEST:
            found.append(wasserstein_distance(here, there))
    return float(np.mean(found) / real[statistic].std()) if found else float("nan")


def lines_of(table: pd.DataFrame) -> list[str]:
    """The tables: medians and distances, then medians by family."""
    ways = ["recording", "nearest", "drawn", "even"]
    lines = [
        "| | recordings | nearest training notes | drawn | even | apart: nearest | drawn | even |",
        "| --- " * 8 + "|",
    ]
    swinging = [f"{(table.loc[table['way'] == way, 'depth'] > 0).mean():.0%}" for way in ways]
    lines.append(f"| notes with vibrato | {' | '.join(swinging)} | | | |")
    for name, words in _STATISTICS.items():
        middles = [f"{_middle(table[table['way'] == way], name):.1f}" for way in ways]
        distances = [f"{apart(table, name, way):.2f}" for way in ways[1:]]
        lines.append(f"| {words} | {' | '.join(middles)} | {' | '.join(distances)} |".replace("nan", "none"))
    names = ["attack", "unsteady", "noise"]
    lines += ["", "| recordings / drawn / even | vibrato | " + " | ".join(_STATISTICS[name] for name in names) + " |"]
    lines.append("| --- " * (2 + len(names)) + "|")
    for family, group in table.groupby("family"):
        parts = [group[group["way"] == way] for way in ("recording", "drawn", "even")]
        cells = [" / ".join(f"{(part['depth'] > 0).mean():.0%}" for part in parts)]
        cells += [" / ".join(f"{_middle(part, name):.1f}" for part in parts) for name in names]
        lines.append(f"| {family} ({len(parts[0])}) | {' | '.join(cells)} |")
    return lines


def _middle(part: pd.DataFrame, name: str) -> float:
    values = part.loc[part["depth"] > 0, name] if name == "depth" else part[name]
    return float(values.median())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=NSYNTH, help="an NSynth folder (default: the subset beside the project)"
    )
    parser.add_argument("--notes", type=int, default=120, help="at most so many notes are measured (default: 120)")
    parser.add_argument("--fit", action="store_true", help="make the prior anew instead of measuring it")
    parser.add_argument("--write", action="store_true", help=f"write {RESULT.relative_to(ROOT)}")
    args = parser.parse_args()
    space = TimbreSpace(open_checkpoint(SPACE))
    libraries = [open_library(["starter"]), open_library([args.data])]
    if args.fit:
        print(fit(space, libraries))
        return
    table = measured(space, libraries, args.notes)
    real = table[table["way"] == "recording"]
    told = [
        "# How sounds that never were are played",
        "",
        "Written by `python benchmarks/performances.py --write`: "
        f"{len(real)} notes of {real['instrument'].nunique()} instruments that the prior over performances has not.",
        "Each is encoded by `timbre-space`, and its code played evenly, and as drawn from the prior; beside it stands the",
        "recording of the training note whose performance was drawn. Medians; apart: how far the distribution is from that of",
        "the recordings, family by family (Wasserstein's distance over the recordings' deviation; less is nearer).",
        "",
        *lines_of(table),
    ]
    text = "\n".join(told) + "\n"
    print(text)
    if args.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
