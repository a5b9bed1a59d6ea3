"""What the benchmarks share: notes to measure on, and measuring side by side."""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library
    from timbre_core.space import TimbreSpace

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # benchmarks are run as scripts, from any folder

# In a page of the explorer: when a click's sound and the model's version of it were there, beside the click, in window.heard.
WATCH_CLICKS = """() => {
  const note = [...document.querySelectorAll(".tx-note")].map((each) => each.timbreNote).find(Boolean);
  window.heard = {};
  document.addEventListener("pointerup", () => (window.heard = { click: performance.now() }), { capture: true });
  setInterval(() => {
    const { heard } = window, sounded = performance.getEntriesByName("timbre:sounding").at(-1)?.startTime;
    if (heard.click && sounded > heard.click) heard.sound ??= sounded;
    if (heard.sound && note.deck.sounds.has("reconstruction")) heard.reconstruction ??= performance.now();
  }, 5);
}"""
HEARD = "() => window.heard.sound && window.heard.reconstruction"

NSYNTH = ROOT.parent / "shared" / "data" / "nsynth-subset"


def synthetic_note(index: int, sample_rate: int = 16_000, seconds: float = 4.0) -> np.ndarray:
    """A decaying harmonic note with a little noise (n_samples,) float32, different for each index."""
    rng = np.random.default_rng(index)
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    f0 = 440 * 2 ** ((21 + index % 88 - 69) / 12)
    harmonics = np.arange(1, min(20, int(sample_rate / 2 / f0)) + 1)
    weights = rng.uniform(0.2, 1, len(harmonics)) / harmonics
    note = sum(w * np.sin(2 * np.pi * f0 * k * t + rng.uniform(0, 6)) for k, w in zip(harmonics, weights, strict=True))
    note = np.asarray(note) * np.exp(-t * rng.uniform(0.5, 3)) + 1e-3 * rng.standard_normal(len(t))
    return (0.9 * note / np.abs(note).max()).astype(np.float32)


@contextlib.contextmanager
def note_folder(data: str | None, count: int) -> Iterator[Path]:
    """A folder of notes: `data`, or the NSynth subset beside the project, or `count` synthetic FLAC files."""
    if data is not None or NSYNTH.is_dir():
        yield Path(data) if data is not None else NSYNTH
        return
    import soundfile

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(f"no NSynth subset at {NSYNTH}: writing {count} synthetic notes", file=sys.stderr)
        lines = ["file,instrument,family,pitch"]
        for index in range(count):
            soundfile.write(folder / f"{index:05}.flac", synthetic_note(index), 16_000, subtype="PCM_16")
            lines.append(f"{index:05}.flac,synthetic_{index // 88:03},other,{21 + index % 88}")
        (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield folder


def measures_of(library: Library, row: int, space: TimbreSpace, audio: np.ndarray) -> dict[str, float | str]:
    """`sound_measures` of audio (n_samples,) of a space against the note that it should be, and the note's instrument.

    At the recording's own rate, or the space's where that is less: above, recordings have nothing that could be missed, and the
    bands there would make every error smaller.
    """
    from timbre_core.analysis.yardsticks.sound import Profile, sound_measures

    wanted, heard, rate = _at_own_rate(library, row, space, audio)
    note = library.notes.iloc[row]
    return sound_measures(Profile(wanted, rate, float(note["pitch"])), heard) | {"instrument": note["instrument"]}


def mel_error(library: Library, row: int, space: TimbreSpace, audio: np.ndarray) -> float:
    """The log_mel_db of `measures_of` alone."""
    from timbre_core.analysis.yardsticks.mel_error import sound_error

    return sound_error(*_at_own_rate(library, row, space, audio), match_loudness=False).log_mel_db


def _at_own_rate(
    library: Library, row: int, space: TimbreSpace, audio: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    from timbre_core.analysis.yardsticks.parts import resampled

    rate = min(space.sample_rate, library.native_rate(row))
    return library.load(row, rate), resampled(audio, space.sample_rate, rate), rate


def side_by_side(
    cases: dict[str, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each case over `repeats` rounds, after one round to warm up.

    The cases take turns and every other round goes backwards, so that whatever else the machine does meets them alike.
    """
    times: dict[str, list[float]] = {name: [] for name in cases}
    for round_number in range(repeats + 1):
        order = list(cases) if round_number % 2 else list(reversed(cases))
        for name in order:
            start = clock()
            cases[name]()
            if round_number:
                times[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def print_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows as aligned columns, the first to the left and the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, tuple("-" * width for width in widths), *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  ".join(cells))


def publish(lines: list[str], result: Path, write: bool) -> None:
    """Print a result's lines, and write them to the file where that is asked for."""
    text = "\n".join(lines) + "\n"
    print(text)
    if write:
        result.write_text(text, encoding="utf-8")
