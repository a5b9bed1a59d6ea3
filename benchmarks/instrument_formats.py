"""Exported instruments in players that are not ours, beside what the page Play sounds.

    python benchmarks/instrument_formats.py [--checkpoint nsynth-cvae] [--families organ brass guitar]

SoundFonts are played by FluidSynth, SFZ files by sfizz (pysfizz); the samples of Decent Sampler, Multisample and WAV files are
read by libsndfile, as their files say, and played as they are. At 12 keys and 2 velocities: pitch (cents off the key), level
(dB off the page's, over keys and velocities together), log-mel (mean dB off the page's, levels made equal), and, of looped
sounds, how far a click would stand out over 10 s (dB, `prediction_crests_db`: noise-like sounds reach 15, a click 20 and more).
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import soundfile
import soxr
from shared import ROOT

sys.path.insert(0, str(ROOT))

from tests.players import RATE, fluidsynth, level_db, sfizz
from timbre_core.analysis.inversion_measures import prediction_crests_db
from timbre_core.features.frames import note_frames
from timbre_core.features.pitch import estimate_f0
from timbre_core.generation.formats.packing import write_files
from timbre_core.generation.formats.registry import instrument_files
from timbre_core.generation.instrument import Instrument, PlayedNote, starting_point
from timbre_core.generation.midi.piece import Course, Note
from timbre_core.generation.midi.voices import voice
from timbre_core.generation.sampler import sampled
from timbre_core.space import TimbreSpace, open_space

KEYS = list(range(40, 76, 3))
VELOCITIES = (127, 64)
HELD = 1.5
Play = Callable[[int, int, float], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default="nsynth-cvae")
    parser.add_argument("--families", nargs="+", default=["organ", "brass", "guitar"])
    args = parser.parse_args()
    space = open_space(args.checkpoint)
    print("| sound | format | pitch, worst (cents) | level, worst (dB) | log-mel, worst (dB) | click, 10 s (dB) |")
    print("| --- | --- | --- | --- | --- | --- |")
    for family in args.families:
        instrument = Instrument(space, starting_point(space, family=family))
        made = sampled(instrument, family, KEYS)
        page = {key: instrument.note(key) for key in KEYS}
        with tempfile.TemporaryDirectory() as folder:
            for kind in ("sf2", "sfz", "dspreset", "multisample", "wav"):
                write_files(instrument_files(made, kind), Path(folder) / kind)
                play = opened(Path(folder) / kind, family, kind)
                print(f"| {family} | {kind} | {row(space, play, page, kind)} |", flush=True)


def opened(folder: Path, name: str, kind: str) -> Play:
    """An exported instrument in a player."""
    if kind == "sf2":
        return fluidsynth(folder / f"{name}.sf2")
    if kind == "sfz":
        return sfizz(folder / f"{name}.sfz")
    places: dict[int, tuple[np.ndarray, tuple[int, int] | None]] = {}
    if kind == "dspreset":
        for each in Xml.parse(folder / f"{name}.dspreset").iter("sample"):
            loop = (int(each.get("loopStart", 0)), int(each.get("loopEnd", 0)) + 1)
            audio = soundfile.read(folder / each.get("path", ""), dtype="float32")[0]
            places[int(each.get("rootNote", 0))] = (audio, loop if each.get("loopEnabled") == "true" else None)
    elif kind == "multisample":
        archive = zipfile.ZipFile(folder / f"{name}.multisample")
        for each in Xml.fromstring(archive.read("multisample.xml")).iter("sample"):
            audio = soundfile.read(io.BytesIO(archive.read(each.get("file", ""))), dtype="float32")[0]
            key, told = each.find("key"), each.find("loop")
            assert key is not None
            assert told is not None
            loop = (int(told.get("start", 0)), int(told.get("stop", 0)))
            places[int(key.get("root", 0))] = (audio, loop if told.get("mode") == "loop" else None)
    else:
        for path in folder.glob("*.wav"):
            with soundfile.SoundFile(path) as file:
                log = " ".join(file.extra_info.split())
                words = log[log.index("smpl") :]
                number = lambda label: int(words.split(f"{label} : ")[1].split()[0])  # noqa: B023, E731
                loop = (number("Start"), number("End") + 1) if number("Loop Count") else (0, 0)
                places[number("Midi Note")] = (file.read(dtype="float32"), loop if loop[1] else None)
    return lambda key, velocity, held: sampler(places[key], key, velocity, held)


def sampler(place: tuple[np.ndarray, tuple[int, int] | None], key: int, velocity: int, held: float) -> np.ndarray:
    audio, loop = place
    note = PlayedNote(key, audio if loop is None else audio[: loop[1]], loop, audio[None], RATE)
    return voice(note, Note(0, 0, key, velocity, 0.0, held + 0.1), Course(), 0.001, 0.001)[: round(held * RATE)]


def row(space: TimbreSpace, play: Play, page: dict[int, PlayedNote], kind: str) -> str:
    cents, levels, mels, clicks = [], [], [], []
    for key in KEYS:
        for velocity in VELOCITIES:
            theirs, ours = play(key, velocity, HELD), on_page(page[key], key, velocity, HELD)
            cents.append(100 * (estimate_f0(theirs, RATE).midi - key))
            levels.append(level_db(theirs) - level_db(ours))
            mels.append(log_mel_off(space, theirs, ours))
        if page[key].loop is not None:
            clicks.append(float(np.nanmax(prediction_crests_db(play(key, 127, 10.0)[8820:]))))
    level = np.abs(np.array(levels) - np.median(levels)).max()
    click = f"{max(clicks):.1f}" if clicks else "not looped"
    return f"{np.abs(cents).max():.1f} | {level:.2f} | {max(mels):.2f} | {click}"


def on_page(note: PlayedNote, key: int, velocity: int, held: float) -> np.ndarray:
    """What the page Play sounds, as its synthesizer does."""
    heard = voice(note, Note(0, 0, key, velocity, 0.0, held + 0.1), Course(), 0.002, 0.001)
    return np.asarray(soxr.resample(heard[: round(held * note.sample_rate)], note.sample_rate, RATE), np.float32)


def log_mel_off(space: TimbreSpace, theirs: np.ndarray, ours: np.ndarray) -> float:
    """Mean difference in dB of log-mel frames, each sound below its own loudest, where either is within 60 dB of it."""
    features = space.recipe.features.model_copy(update={"seconds": None})
    size = min(len(theirs), len(ours))
    down = [np.asarray(soxr.resample(part[:size], RATE, features.sample_rate), np.float32) for part in (theirs, ours)]
    a, b = (note_frames(part, features)[0] for part in down)
    heard = np.maximum(a, b) > -0.5
    return float(np.abs(a - b)[heard].mean() / 2 * features.top_db)


if __name__ == "__main__":
    main()
