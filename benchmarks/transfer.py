"""What timbre transfer keeps and what it moves: pitch, loudness over time, and how near the timbre comes to its target's.

    python benchmarks/transfer.py --data path/to/nsynth [--checkpoint nsynth-cvae] [--notes 24]
    python benchmarks/transfer.py --voices path/to/fsdd/recordings

Notes of the test split are moved toward other families by growing amounts, and toward one note of the family. Each result is
measured by its timbre's distance from recordings of the target, which leaves out loudness over time: that is the source's, as
asked for, and decides much of where a result lies on the map. Beside it is what came of moving the sound's mean on the map to
the target's mean ("means"), as transfers were first made.

Of voices (the first take of five spoken digits of FSDD), moved toward brass by 0.8: what is left of them, carried by the
recording as the command does it, and decoded and inverted.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import timbre_core.generation.transfer as transfers
from timbre_core.analysis.latents import spread_over
from timbre_core.analysis.timbre_distance import mean_spectrum, timbre_distance
from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.features.frames import note_frames
from timbre_core.features.loudness import loudness, loudness_correlation
from timbre_core.features.pitch_track import track_pitch
from timbre_core.generation.transfer import Sound, Transferred, open_sound, target_mean, transfer
from timbre_core.space import TimbreSpace

AMOUNTS = (0.0, 0.2, 0.5, 0.8, 1.0)
SHIFTS = (-12.0, -5.0, 7.0)
TUNED = 3.2  # semitones that a target's recording may be off the sound's pitch: it is played faster or slower
VOICES = ("3_jackson", "0_theo", "7_nicolas", "6_jackson", "5_yweweler")
FEWEST, MOST = 2, 6  # instruments of a family that its timbre is told by


@dataclass(frozen=True)
class Target:
    """A family at a sound's pitch: the mean spectra (n_notes, n_bands) of one note an instrument, the nearest in pitch, and
    the id of the nearest of all, which is the first."""

    family: str
    note_id: str
    spectra: list[np.ndarray]

    def distances(self, spectrum: np.ndarray) -> tuple[float, float]:
        """From the family's notes (the mean), and from the first note: dB."""
        each = [timbre_distance(spectrum, other) for other in self.spectra]
        return float(np.mean(each)), each[0]

    def spread(self) -> float:
        """How far the family's notes lie from each other: dB."""
        pairs = [timbre_distance(a, b) for i, a in enumerate(self.spectra) for b in self.spectra[:i]]
        return float(np.mean(pairs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--voices", type=Path)
    parser.add_argument("--checkpoint", default="nsynth-cvae")
    parser.add_argument("--notes", type=int, default=24)
    args = parser.parse_args()
    space = TimbreSpace(open_checkpoint(args.checkpoint))
    if args.voices:
        print_voices(space, args.voices)
    if args.data:
        print_notes(space, args)
    elif not args.voices:
        parser.error("give --data, --voices, or both")


def print_voices(space: TimbreSpace, folder: Path) -> None:
    """What transfers leave of spoken digits."""
    import soundfile

    print("| digit | source | carrier | decoded and inverted |\n| --- | --- | --- | --- |")
    for name in VOICES:
        audio, rate = soundfile.read(folder / f"{name}_0.wav", dtype="float32")
        sound = open_sound(space, audio, sample_rate=rate)
        result = transfer(space, sound, "brass", 0.8)
        with patch.object(transfers, "_one_shift", lambda own, wanted: None):
            inverted = transfer(space, sound, "brass", 0.8)
        told = (heights(made, rate) for made in (audio, result.audio, inverted.audio))
        digit, speaker = name.split("_")
        print(f"| {digit}, {speaker} | {' | '.join(told)} |")


def heights(audio: np.ndarray, sample_rate: int) -> str:
    """The centroid of the amplitudes in Hz, and what lies above 2 kHz in dB of all."""
    amplitudes = np.abs(np.fft.rfft(audio.astype(np.float64)))
    hz = np.fft.rfftfreq(len(audio), 1 / sample_rate)
    above = 10 * np.log10((amplitudes[hz > 2000] ** 2).sum() / (amplitudes**2).sum())
    return f"{(amplitudes * hz).sum() / amplitudes.sum():.0f}, {above:.0f}"


def print_notes(space: TimbreSpace, args: argparse.Namespace) -> None:
    """What transfers of notes keep and move."""
    library = open_library([args.data], progress=False)
    recordings = open_library(space.checkpoint.latents_roots, progress=False)
    rows = np.flatnonzero(
        (library.notes["split"] == "test").to_numpy() & library.notes["pitch"].between(40, 84).to_numpy()
    )
    rows = rows[spread_over(library.notes.iloc[rows], args.notes)]
    rng = np.random.default_rng(0)
    found: dict[str, list[list[float]]] = {}
    sources, shifted, seconds = [], [], []
    for row in rows:
        sound = open_sound(space, library.load(int(row), space.sample_rate))
        target = choose_target(space, recordings, sound, library.notes["family"].iloc[row], rng)
        if target is None:
            continue
        spectrum = mean_spectrum(sound.audio, space.sample_rate)
        sources.append([*target.distances(spectrum), target.spread()])
        for amount in AMOUNTS:
            began = time.perf_counter()
            result = transfer(space, sound, target.family, amount)
            seconds.append(time.perf_counter() - began)
            found.setdefault(f"family, {amount:4.2f}", []).append(measured(space, sound, target, result))
        for name, toward in (("family", target.family), ("note", target.note_id)):
            for way, result in (("means", by_means(space, sound, toward)), ("", transfer(space, sound, toward))):
                if way or name == "note":
                    found.setdefault(f"{name}, 1.00 {way}", []).append(measured(space, sound, target, result))
        for shift in SHIFTS:
            wanted = sound.pitch.shifted(shift)
            heard = transfer(space, sound, target.family, 0.5, wanted).audio
            shifted.append(
                _cents(wanted.midi, track_pitch(heard, space.sample_rate, space.recipe.features.hop_length).midi)
            )
    if not sources:
        sys.exit(f"no note of {args.data} has a family near its pitch on the map of {args.checkpoint}.")
    family, note, spread = np.mean(sources, axis=0)
    print(f"{args.checkpoint}: {len(sources)} notes, moved in {1000 * np.median(seconds):.0f} ms (median)")
    print(
        f"timbre distance in dB of the sources: from the family's notes {family:.2f}, from one note {note:.2f}; ",
        end="",
    )
    print(f"of the family's notes from each other {spread:.2f}")
    print(
        "toward, amount    | cents off | within 50 | loudness r | dB from family | nearer than source | dB from note | on map"
    )
    for name, values in found.items():
        cents, level, from_family, from_note, on_map = np.array(values).T
        print(
            f"{name:17s} | {np.nanmedian(cents):9.1f} | {np.nanmean(cents < 50):9.2f} | {np.median(level):10.3f} | "
            f"{from_family.mean():14.2f} | {(from_family < np.array(sources)[:, 0]).mean():18.2f} | {from_note.mean():12.2f} | "
            f"{on_map.mean():6.2f}"
        )
    within = np.nanmean(np.array(shifted) < 50)
    print(f"at other pitches {SHIFTS}: {np.nanmedian(shifted):.1f} cents off, {within:.2f} within 50 cents")


def choose_target(
    space: TimbreSpace, recordings: Library, sound: Sound, own: str, rng: np.random.Generator
) -> Target | None:
    """A family other than the sound's own with enough instruments near its pitch; None where there is none."""
    notes = space.map_notes.assign(off=(space.map_notes["pitch"] - sound.pitch.median).abs())
    notes = notes[(notes["off"] <= TUNED) & (notes["family"] != own)].sort_values("off", kind="stable")
    notes = notes.groupby("instrument").head(1)
    counts = notes["family"].value_counts()
    families = sorted(counts[counts >= FEWEST].index)
    if not families:
        return None
    family = str(rng.choice(families))
    chosen = notes[notes["family"] == family].head(MOST)
    spectra = [
        mean_spectrum(_played_at(recordings, note_id, pitch, sound.pitch.median, space.sample_rate), space.sample_rate)
        for note_id, pitch in zip(chosen["note_id"], chosen["pitch"], strict=True)
    ]
    return Target(family, chosen["note_id"].iloc[0], spectra)


def _played_at(recordings: Library, note_id: str, pitch: float, wanted: float, rate: int) -> np.ndarray:
    import soxr

    row = int(np.flatnonzero((recordings.notes["note_id"] == note_id).to_numpy())[0])
    audio = recordings.load(row, rate)
    return np.asarray(soxr.resample(audio, rate, rate * 2 ** ((pitch - wanted) / 12)), dtype=np.float32)


def by_means(space: TimbreSpace, sound: Sound, toward: str) -> Transferred:
    """A transfer that moves the sound's mean on the map to the target's."""

    def moved(space: TimbreSpace, toward: str, pitch: float) -> np.ndarray:
        return sound.trajectory.mu + target_mean(space, toward, pitch) - sound.trajectory.mean

    with patch.object(transfers, "target_trajectory", moved), patch.object(transfers, "_MOST_FADED", math.inf):
        return transfer(space, sound, toward)


def measured(space: TimbreSpace, sound: Sound, target: Target, result: Transferred) -> list[float]:
    """Cents off, correlation of loudness, timbre distances from the target, and distance from its family's mean on the map."""
    features = space.recipe.features
    pitch = track_pitch(result.audio, space.sample_rate, features.hop_length)
    z = space.encode(note_frames(result.audio, features, sound.pitch.median)[0], sound.pitch.median).mean
    return [
        _cents(sound.pitch.midi, pitch.midi),
        loudness_correlation(sound.loudness, loudness(result.audio, space.sample_rate)),
        *target.distances(mean_spectrum(result.audio, space.sample_rate)),
        float(np.linalg.norm(z - target_mean(space, target.family, sound.pitch.median))),
    ]


def _cents(a: np.ndarray, b: np.ndarray) -> float:
    size = min(len(a), len(b))
    both = ~np.isnan(a[:size]) & ~np.isnan(b[:size])
    return float(np.median(np.abs(100 * (a[:size] - b[:size])[both]))) if both.any() else float("nan")


if __name__ == "__main__":
    main()
