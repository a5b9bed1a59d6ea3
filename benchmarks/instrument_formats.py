"""Exported instruments in players that are not ours, beside what the page Play sounds.

    python benchmarks/instrument_formats.py [--checkpoint timbre-space] [--families organ brass guitar]
    python benchmarks/instrument_formats.py --from SOUND ...
    python benchmarks/instrument_formats.py --envelopes

With --from dropped sounds are exported, each by itself. With --envelopes the same sounds are exported with an attack of 0.4 s
and a release of 0.8 s, and what is compared is how far their level, every 50 ms, is off the page's while they begin and die
away: in the two formats whose players are here.

SoundFonts are played by FluidSynth, SFZ files by sfizz (pysfizz). Decent Sampler, Multisample and WAV files are read as their
specifications say (tests/readers.py) and what they say is played by sfizz. At 12 keys and 2 velocities: pitch (cents off the
page's, and, octaves left out, off the key), level (dB off the page's, one gain for all; where a format leaves velocities to the
player, or knows another curve, one for each velocity), log-mel (mean dB off the page's, levels made equal), and, of looped
sounds, how far the worst sample of 10 s stands out (dB, `prediction_crests_db`) more than it does before the loop comes round for
the first time: pulses of low notes stand out by themselves. It is that of FluidSynth's sound, and of the file's own samples where
its loop is read from it: sfizz crossfades loops and would hide it. In brackets the same of loops one frame too long, of the
files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soxr
from shared import ROOT

sys.path.insert(0, str(ROOT))

from tests.players import RATE, fluidsynth, level_db, sfizz
from tests.readers import Region, played, region_at, regions
from timbre_core.analysis.inversion_measures import prediction_crests_db
from timbre_core.features.frames import note_frames
from timbre_core.features.pitch import estimate_f0
from timbre_core.generation.formats.packing import write_files
from timbre_core.generation.formats.registry import instrument_files
from timbre_core.generation.instrument import Instrument, PlayedNote, starting_point
from timbre_core.generation.midi.piece import Course, Note
from timbre_core.generation.midi.voices import voice
from timbre_core.generation.own_sounds import own_instrument, own_note
from timbre_core.generation.sampler import Sampling, sampled
from timbre_core.inverters import open_inverter
from timbre_core.space import TimbreSpace, open_space

KEYS = list(range(40, 76, 3))
VELOCITIES = (127, 64)
HELD = 1.5
LONG = 10.0
ONSET = 8820  # samples, which are not looked at for clicks
ATTACK, RELEASE = 0.4, 0.8  # seconds, of --envelopes
BLOCK = 0.05  # seconds of a level
HEARD_DB = 35.0  # below the loudest
OWN_CURVE = ("dspreset", "multisample", "wav")
Play = Callable[[int, int, float], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default="timbre-space")
    parser.add_argument("--families", nargs="+", default=["organ", "brass", "guitar"])
    parser.add_argument("--from", dest="sounds", nargs="+", default=[], help="sound files, instead of families")
    parser.add_argument(
        "--envelopes", action="store_true", help="attack and release instead of pitch, level and spectrum"
    )
    parser.add_argument("--zone", type=int, nargs="+", default=[1, 3], help="semitones that share a sample")
    args = parser.parse_args()
    space = open_space(args.checkpoint)
    if args.envelopes:
        envelopes(space, args)
        return
    print(
        "| sound | samples | format | pitch off the page's, worst (cents) | off the key | level, worst (dB) | "
        "log-mel, worst (dB) | click, 10 s: more (dB) |"
    )
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for family, live, instrument in instruments(space, args):
        page = {key: live.note(key) for key in KEYS}
        for zone in args.zone:
            # With one sample for three keys, the played ones are a semitone above their samples.
            made = sampled(instrument, family, KEYS if zone == 1 else list(range(KEYS[0] - 1, KEYS[-1] + 1, zone)))
            words = "every key" if zone == 1 else f"every {zone} keys"
            with tempfile.TemporaryDirectory() as folder:
                for kind in ("sf2", "sfz", "dspreset", "multisample", "wav"):
                    written = Path(folder) / kind
                    write_files(instrument_files(made, kind), written)
                    play = opened(written, kind)
                    clicks = worst_click(written, kind, play, page)
                    print(f"| {family} | {words} | {kind} | {row(space, play, page, kind)} | {clicks} |", flush=True)


def instruments(space: TimbreSpace, args: argparse.Namespace) -> Iterator[tuple[str, Instrument, Instrument]]:
    """Names, each with the instrument that the page plays and the one that is exported."""
    for file in args.sounds:
        own = own_instrument(space, [own_note(file, space)])
        yield Path(file).stem, own, own
    # As `pages.play.engine` opens them.
    live = None if space.performs else open_inverter(None, space.recipe.features)
    for family in [] if args.sounds else args.families:
        start = starting_point(space, family=family)
        yield family, Instrument(space, start, live), Instrument(space, start)


def envelopes(space: TimbreSpace, args: argparse.Namespace) -> None:
    print("| sound | format | attack, worst (dB) | release, worst (dB) |")
    print("| --- | --- | --- | --- |")
    for family, live, instrument in instruments(space, args):
        made = sampled(instrument, family, KEYS, Sampling(attack=ATTACK, release=RELEASE))
        with tempfile.TemporaryDirectory() as folder:
            for kind in ("sf2", "sfz"):
                write_files(instrument_files(made, kind), Path(folder) / kind)
                play = opened(Path(folder) / kind, kind)
                off = [envelope_off(play(key, 127, HELD, RELEASE), live.note(key), key) for key in KEYS]
                worst = " | ".join(f"{max(each):.1f}" for each in zip(*off, strict=True))
                print(f"| {family} | {kind} | {worst} |", flush=True)


def envelope_off(theirs: np.ndarray, note: PlayedNote, key: int) -> tuple[float, float]:
    """How far the level is off the page's, at most, while the key is held, and after it was let go."""
    heard = voice(note, Note(0, 0, key, 127, 0.0, HELD), Course(), ATTACK, RELEASE)
    ours = np.asarray(soxr.resample(heard, note.sample_rate, RATE), np.float32)
    size = round(BLOCK * RATE)
    count = min(len(theirs), len(ours)) // size
    blocks = [each[: count * size].reshape(count, size) for each in (theirs, ours)]
    a, b = (20 * np.log10(np.sqrt(np.mean(each**2, axis=1)) + 1e-9) for each in blocks)
    off = np.abs(a - b - np.median((a - b)[round(ATTACK / BLOCK) : round(HELD / BLOCK)]))
    off[b < b.max() - HEARD_DB] = 0
    held = round(HELD / BLOCK)
    return float(off[1:held].max()), float(off[held + 1 :].max())


def opened(folder: Path, kind: str) -> Play:
    """An exported instrument in a player."""
    if kind == "sf2":
        return fluidsynth(next(folder.glob("*.sf2")))
    if kind == "sfz":
        return sfizz(next(folder.glob("*.sfz")))
    return played(regions(folder, kind), folder / "read")


def row(space: TimbreSpace, play: Play, page: dict[int, PlayedNote], kind: str) -> str:
    cents, keys, mels, levels = [], [], [], []
    for velocity in VELOCITIES:
        off = []
        for key in KEYS:
            theirs, ours = play(key, velocity, HELD), on_page(page[key], key, velocity, HELD)
            heard, wanted = (estimate_f0(each, RATE).midi for each in (theirs, ours))
            cents.append(100 * (heard - wanted))
            keys.append(100 * ((heard - key + 6) % 12 - 6))
            off.append(level_db(theirs) - level_db(ours))
            mels.append(log_mel_off(space, theirs, ours))
        levels.append(np.array(off))
    gains = [float(np.median(each)) for each in levels]
    if kind not in OWN_CURVE:
        gains = [float(np.median(np.concatenate(levels)))] * len(levels)
    level = max(float(np.abs(off - gain).max()) for off, gain in zip(levels, gains, strict=True))
    return f"{np.abs(cents).max():.1f} | {np.abs(keys).max():.1f} | {level:.2f} | {max(mels):.2f}"


def worst_click(folder: Path, kind: str, play: Play, page: dict[int, PlayedNote]) -> str:
    """Of the looped keys; those that are not sustained have none."""
    keys = [key for key in KEYS if page[key].loop is not None]
    if not keys:
        return "not looped"
    if kind == "sf2":
        # Of a sample that is played a semitone faster or slower the loop comes round a little sooner or later.
        return f"{max(excess(play(key, 127, LONG), 0.9 * page_loop(page[key])) for key in keys):.1f}"
    found = regions(folder, kind)
    told = [region_at(found, key, 127) for key in keys]
    right, wrong = (
        max(excess(repeated(each, LONG, off), each.loop[1] / RATE) for each in told if each.loop is not None)
        for off in (0, 1)
    )
    return f"{right:.1f} ({wrong:.1f})"


def page_loop(note: PlayedNote) -> float:
    """Seconds after which its loop comes round."""
    assert note.loop is not None
    return note.loop[1] / note.sample_rate


def excess(audio: np.ndarray, seconds: float) -> float:
    """By how many dB the worst sample stands out more after some seconds than before."""
    crests = prediction_crests_db(audio[ONSET:])
    turn = int((seconds * RATE - ONSET) / 1024)
    return float(np.nanmax(crests[turn:]) - np.nanmax(crests[:turn]))


def repeated(region: Region, seconds: float, off: int) -> np.ndarray:
    """A region's samples, its loop repeated, which is `off` frames longer than told."""
    assert region.loop is not None
    first, behind = region.loop[0], region.loop[1] + off
    once = region.audio[first:behind]
    return np.concatenate([region.audio[:behind], np.tile(once, int(seconds * RATE / len(once)) + 1)])


def on_page(note: PlayedNote, key: int, velocity: int, held: float) -> np.ndarray:
    """What the page Play sounds, as its synthesizer does."""
    heard = voice(note, Note(0, 0, key, velocity, 0.0, held + 0.1), Course(), 0.002, 0.001)
    size = round(held * note.sample_rate)
    heard = np.pad(heard[:size], (0, max(0, size - len(heard))))
    return np.asarray(soxr.resample(heard, note.sample_rate, RATE), np.float32)


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
