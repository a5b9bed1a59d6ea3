"""Render a SoundFont into a folder in NSynth's layout, the way NSynth itself was made from sample libraries.

Every note is played alone on a synthesizer that was just reset: key down for `hold` seconds, then `release` seconds of
its tail. Like NSynth's, notes are scaled to a common peak: 16 bits then serve soft notes as well as loud ones, and
velocity is heard as timbre.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.datasets.general_midi import FAMILIES, PROGRAMS, QUALITIES, SOURCES, Program
from timbre_core.datasets.interrupts import interrupts_ignored
from timbre_core.datasets.synthesizer import Synthesizer
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import read_json, write_json

VELOCITIES = (25, 50, 75, 100, 127)
PEAK = 0.9
SILENT = 1e-4  # a note whose synthesized peak stays below this is dropped
_CHUNK = 48  # notes that a worker renders between two reports


@dataclass(frozen=True)
class RenderSettings:
    """Which notes of a SoundFont are rendered, and how.

    programs: General MIDI programs, None for all pitched ones. banks: 0 holds the General MIDI instruments, SoundFonts
    often keep variations in 8 and 16. pitch_low, pitch_high: keys for all instruments instead of their natural ranges.
    pitch_step: semitones between neighbouring keys. velocities_per_pitch: take so many of `velocities` in turn at each
    key (an instrument still gets all of them), None for all at every key. hold, release: seconds.
    """

    programs: tuple[int, ...] | None = None
    banks: tuple[int, ...] = (0,)
    pitch_low: int | None = None
    pitch_high: int | None = None
    pitch_step: int = 1
    velocities: tuple[int, ...] = VELOCITIES
    velocities_per_pitch: int | None = None
    hold: float = 3.0
    release: float = 1.0
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        def check(ok: bool, field: str, want: str) -> None:
            if not ok:
                raise TimbreError(f"{field} is {getattr(self, field)!r}: give {want}.")

        check(self.programs is None or all(0 <= p <= 127 for p in self.programs), "programs", "numbers from 0 to 127")
        check(
            bool(self.banks) and all(0 <= b <= 127 for b in self.banks),
            "banks",
            "numbers from 0 to 127 (bank 128 holds drum kits, which have no pitch)",
        )
        for field in ("pitch_low", "pitch_high"):
            check(getattr(self, field) is None or 0 <= getattr(self, field) <= 127, field, "a MIDI key from 0 to 127")
        if self.pitch_low is not None and self.pitch_high is not None and self.pitch_low > self.pitch_high:
            raise TimbreError(f"pitch_low {self.pitch_low} is above pitch_high {self.pitch_high}: swap them.")
        check(1 <= self.pitch_step <= 127, "pitch_step", "semitones from 1 to 127")
        check(
            bool(self.velocities) and all(1 <= v <= 127 for v in self.velocities),
            "velocities",
            "numbers from 1 to 127",
        )
        per_pitch = self.velocities_per_pitch
        check(
            per_pitch is None or 1 <= per_pitch <= len(self.velocities),
            "velocities_per_pitch",
            f"a number from 1 to {len(self.velocities)}",
        )
        check(0 < self.hold <= 60, "hold", "seconds above 0, at most 60")
        check(0 <= self.release <= 60, "release", "seconds from 0 to 60")
        check(8000 <= self.sample_rate <= 96_000, "sample_rate", "a rate from 8000 to 96000 Hz")

    @property
    def n_samples(self) -> int:
        """Samples of every rendered note."""
        return round((self.hold + self.release) * self.sample_rate)


@dataclass(frozen=True)
class PlannedNote:
    """One note to render; `number` is bank * 128 + program and tells an instrument apart."""

    number: int
    family: str
    source: str
    program_name: str
    pitch: int
    velocity: int

    @property
    def instrument(self) -> str:
        """Name such as brass_acoustic_gm056; "gm" keeps it apart from NSynth's own brass_acoustic_056."""
        return f"{self.family}_{self.source}_gm{self.number:03d}"

    @property
    def note_id(self) -> str:
        """Name of the note, such as brass_acoustic_gm056-060-100."""
        return f"{self.instrument}-{self.pitch:03d}-{self.velocity:03d}"


def plan_notes(synthesizer: Synthesizer, settings: RenderSettings) -> list[PlannedNote]:
    """All notes that `settings` asks for and the SoundFont has programs for, in order of instrument and pitch."""
    wanted = PROGRAMS if settings.programs is None else {n: _pitched(n) for n in settings.programs}
    plan: list[PlannedNote] = []
    for bank in sorted(set(settings.banks)):
        for number, program in sorted(wanted.items()):
            name = synthesizer.program_name(bank, number)
            if name is None:
                continue
            for pitch, velocity in _keys(program, settings):
                plan.append(PlannedNote(bank * 128 + number, program.family, program.source, name, pitch, velocity))
    if not plan:
        raise TimbreError("The SoundFont has none of the programs that were asked for: choose other programs or banks.")
    return plan


def _pitched(number: int) -> Program:
    if number not in PROGRAMS:
        raise TimbreError(
            f"General MIDI program {number} has no pitch (an effect or a drum): leave it out of programs."
        )
    return PROGRAMS[number]


def _keys(program: Program, settings: RenderSettings) -> Iterator[tuple[int, int]]:
    low = program.low if settings.pitch_low is None else settings.pitch_low
    high = program.high if settings.pitch_high is None else settings.pitch_high
    velocities = settings.velocities
    per_pitch = settings.velocities_per_pitch or len(velocities)
    for i, pitch in enumerate(range(low, high + 1, settings.pitch_step)):
        for j in range(per_pitch):
            yield pitch, velocities[(i * per_pitch + j) % len(velocities)]


def render_soundfont(
    sf2: Path | str,
    out_dir: Path | str,
    settings: RenderSettings | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> dict[str, int]:
    """Render `sf2` into `out_dir`: `audio/*.wav` (16-bit mono) and `examples.json` in NSynth's keys.

    Runs in `workers` processes (default: one per CPU); what comes out does not depend on their number. An interrupted
    render goes on where it stopped: complete files are kept, and `examples.json` is written last.
    Returns the counts {"notes", "instruments", "silent", "kept"}. Raises TimbreError without FluidSynth, for a file
    that is no SoundFont, for a folder that holds another render, and for disk errors.
    """
    from tqdm import tqdm

    settings = settings or RenderSettings()
    sf2, out_dir = Path(sf2).resolve(), Path(out_dir)
    synthesizer = Synthesizer(sf2, settings.sample_rate)
    plan = plan_notes(synthesizer, settings)
    synthesizer.close()
    _claim_folder(sf2, out_dir, settings)

    audio = out_dir / "audio"
    sizes = {entry.name: entry.stat().st_size for entry in os.scandir(audio)}
    complete = 44 + 2 * settings.n_samples
    missing = [note for note in plan if sizes.get(f"{note.note_id}.wav") != complete]
    silent: set[str] = set()
    workers = workers or os.cpu_count() or 1
    chunks = [missing[i : i + _CHUNK] for i in range(0, len(missing), _CHUNK)]
    bar = tqdm(total=len(plan), initial=len(plan) - len(missing), unit="note", disable=not progress, desc="render")
    pool = ProcessPoolExecutor(
        max_workers=max(1, min(workers, len(chunks))),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(str(sf2), str(audio), settings),
    )
    try:
        with interrupts_ignored():
            futures = {pool.submit(_render_chunk, chunk): len(chunk) for chunk in chunks}
        for future in as_completed(futures):
            silent.update(future.result())
            bar.update(futures[future])
    except BrokenProcessPool as error:
        raise TimbreError(
            "A render process was killed, perhaps for lack of memory: run the same command again with fewer --workers."
        ) from error
    finally:
        # On Ctrl-C or an error: finish the notes in hand, start no more.
        pool.shutdown(wait=True, cancel_futures=True)
        bar.close()

    sounding = [note for note in plan if note.note_id not in silent]
    if not sounding:
        raise TimbreError(f"{sf2}: all {len(plan)} notes are silent: choose other programs or pitches.")
    write_json(out_dir / "examples.json", _examples(sounding, settings))
    return {
        "notes": len(sounding),
        "instruments": len({note.instrument for note in sounding}),
        "silent": len(silent),
        "kept": len(plan) - len(missing),
    }


def _examples(notes: Sequence[PlannedNote], settings: RenderSettings) -> dict[str, dict[str, Any]]:
    instruments = {name: i for i, name in enumerate(dict.fromkeys(note.instrument for note in notes))}
    return {
        note.note_id: {
            "instrument": instruments[note.instrument],
            "instrument_family": FAMILIES.index(note.family),
            "instrument_family_str": note.family,
            "instrument_source": SOURCES.index(note.source),
            "instrument_source_str": note.source,
            "instrument_str": note.instrument,
            "note": i,
            "note_str": note.note_id,
            "pitch": note.pitch,
            "program_name": note.program_name,
            "qualities": [0] * len(QUALITIES),
            "qualities_str": [],
            "sample_rate": settings.sample_rate,
            "velocity": note.velocity,
        }
        for i, note in enumerate(notes)
    }


def _claim_folder(sf2: Path, out_dir: Path, settings: RenderSettings) -> None:
    """Make `out_dir` and note in it what is rendered there, so that two different renders are never mixed."""
    with os_errors(out_dir, writing=True):
        (out_dir / "audio").mkdir(parents=True, exist_ok=True)
    label = {"soundfont": sf2.name, "soundfont_bytes": sf2.stat().st_size, "settings": asdict(settings)}
    label = json.loads(json.dumps(label))
    record = out_dir / "render.json"
    if record.exists():
        if read_json(record) != label:
            raise TimbreError(
                f"{out_dir} holds a render of another SoundFont or other settings: choose an empty folder."
            )
    elif any((out_dir / "audio").iterdir()) or (out_dir / "examples.json").exists():
        raise TimbreError(f"{out_dir} already holds notes of another origin: choose an empty folder.")
    else:
        write_json(record, label)
    for leftover in (out_dir / "audio").glob(".*.tmp"):  # of a render that was killed
        leftover.unlink(missing_ok=True)


_worker: tuple[Synthesizer, Path, RenderSettings]


def _start_worker(sf2: str, audio: str, settings: RenderSettings) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for Windows, where it is not inherited
    _worker = (Synthesizer(sf2, settings.sample_rate), Path(audio), settings)


def _render_chunk(notes: list[PlannedNote]) -> list[str]:
    """Render notes to files; returns the ids of those that were silent and left no file."""
    synthesizer, audio, settings = _worker
    silent = []
    for note in notes:
        bank, program = divmod(note.number, 128)
        samples = synthesizer.render(bank, program, note.pitch, note.velocity, settings.hold, settings.release)
        peak = float(np.abs(samples).max())
        if peak < SILENT:
            silent.append(note.note_id)
            continue
        pcm = np.round(samples * (PEAK / peak * 32767)).astype("<i2")
        # A full file has a known size, which is how a resumed render recognises it; no flush to disk per note needed.
        path = audio / f"{note.note_id}.wav"
        temporary = audio / f".{note.note_id}.tmp"
        try:
            with os_errors(path), wave.open(str(temporary), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(settings.sample_rate)
                file.writeframes(pcm.tobytes())
            with os_errors(path):
                os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return silent
