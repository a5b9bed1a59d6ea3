"""Render a SoundFont into a folder in NSynth's layout, the way NSynth itself was made from sample libraries.

Every note is played alone on a synthesizer that was just reset. What sounds as long as its key is held is held for `hold`
seconds, and `release` seconds of its tail follow; what dies away by itself, as plucked and struck sounds do, is held until
it has (at most `ring` seconds). Which of the two a sound is, the font says: see `soundfont_file.Zone.rings`. Like NSynth's,
notes are scaled to a common peak: 16 bits then serve soft notes as well as loud ones, and velocity is heard as timbre.
"""

from __future__ import annotations

import os
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.datasets.duplicates import SAME
from timbre_core.datasets.general_midi import FAMILIES, QUALITIES, SOURCES
from timbre_core.datasets.processes import Processes
from timbre_core.datasets.soundfont_doubles import leave_out_doubles
from timbre_core.datasets.soundfont_file import read_presets
from timbre_core.datasets.soundfont_plan import PlannedNote, RenderSettings, plan_notes
from timbre_core.datasets.soundfont_record import LeftOut, claim_folder
from timbre_core.datasets.synthesizer import Synthesizer
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import write_json

PEAK = 0.9
SILENT = 1e-4  # a note whose synthesized peak stays below this is dropped
_CHUNK = 12  # keys that a worker renders between two reports
_DIED_AWAY = 1e-3  # of the loudest 20 ms: 60 dB
_SHORTEST = 1.0  # seconds of a sound that has died away
_STEP = 0.02  # seconds

_Chunk = list[list[PlannedNote]]


def render_soundfont(
    sf2: Path | str,
    out_dir: Path | str,
    settings: RenderSettings | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> dict[str, int]:
    """Render `sf2` into `out_dir`: `audio/*.wav` (16-bit mono) and `examples.json` in NSynth's keys.

    Notes that are the same recording as another one, level aside, are left out unless the settings keep them; instruments
    that have the same recordings are named in `linked.json`, so that a split never parts them. Instruments whose keys are
    labelled otherwise than they sound are told on stderr. Runs in `workers` processes (default: one per CPU); what comes
    out does not depend on their number. An interrupted render goes on where it stopped: complete files are kept, and
    `examples.json` is written last.
    Returns the counts {"notes", "instruments", "silent", "doubles", "kept"}. Raises TimbreError without FluidSynth, for a
    file that is no SoundFont, for a folder that holds another render, and for disk errors.
    """
    from tqdm import tqdm

    from timbre_core.datasets.soundfont_pitch import labelled_as_heard

    settings = settings or RenderSettings()
    sf2, out_dir = Path(sf2).expanduser().resolve(), Path(out_dir).expanduser()
    Synthesizer(sf2, settings.sample_rate).close()  # what is wrong with it is said before a folder is made
    plan = plan_notes(read_presets(sf2), settings)
    claim_folder(sf2, out_dir, settings)
    audio = out_dir / "audio"
    left_out = LeftOut(out_dir)
    done = {note.note_id for note in plan if note.note_id in left_out or _complete(audio / f"{note.note_id}.wav")}
    kept = len(done) - len(left_out)
    keys = [key for key in _by_key(plan) if not all(note.note_id in done for note in key)]
    chunks = [keys[i : i + _CHUNK] for i in range(0, len(keys), _CHUNK)]
    processes = min(workers or os.cpu_count() or 1, len(chunks))
    with Processes(processes, partial(_rendering, sf2, audio, settings)) as renderers:
        before = len(plan) - sum(map(len, keys))
        with tqdm(total=len(plan), initial=before, unit="note", disable=not progress, desc="render") as bar:
            for chunk, found in zip(chunks, renderers.done(chunks), strict=True):
                left_out.add(found)
                bar.update(sum(map(len, chunk)))
    written = [note for note in plan if note.note_id not in left_out]
    if not written:
        raise TimbreError(f"{sf2}: all {len(plan)} notes are silent: choose other programs or pitches.")
    if not settings.keep_doubles:
        leave_out_doubles(out_dir, written, left_out, progress)
        written = [note for note in written if note.note_id not in left_out]
    left_out.sort()
    pitches = labelled_as_heard(audio, written, settings.octave, progress)
    write_json(out_dir / "examples.json", _examples(written, pitches, settings))
    return {
        "notes": len(written),
        "instruments": len({note.instrument for note in written}),
        "silent": left_out.count("silent"),
        "doubles": len(left_out) - left_out.count("silent"),
        "kept": kept,
    }


def _by_key(plan: Sequence[PlannedNote]) -> list[list[PlannedNote]]:
    """The notes of one key of one instrument together: they are compared with each other."""
    keys: dict[tuple[str, int], list[PlannedNote]] = {}
    for note in plan:
        keys.setdefault((note.instrument, note.pitch), []).append(note)
    return list(keys.values())


def _complete(path: Path) -> bool:
    """Whether a WAV file is as long as its header says."""
    try:
        with open(path, "rb") as file:
            header = file.read(44)
            return len(header) == 44 and int.from_bytes(header[40:44], "little") == os.fstat(file.fileno()).st_size - 44
    except OSError:
        return False


def _examples(
    notes: Sequence[PlannedNote], pitches: dict[str, int], settings: RenderSettings
) -> dict[str, dict[str, Any]]:
    instruments = {name: i for i, name in enumerate(dict.fromkeys(note.instrument for note in notes))}
    return {
        note.note_id: {
            "instrument": instruments[note.instrument],
            "instrument_family": FAMILIES.index(note.family) if note.family in FAMILIES else -1,
            "instrument_family_str": note.family,
            "instrument_source": SOURCES.index(note.source) if note.source in SOURCES else -1,
            "instrument_source_str": note.source,
            "instrument_str": note.instrument,
            "note": i,
            "note_str": note.note_id,
            "pitch": pitches[note.note_id],
            "program_name": note.program_name,
            "qualities": [0] * len(QUALITIES),
            "qualities_str": [],
            "sample_rate": settings.sample_rate,
            "velocity": note.velocity,
        }
        for i, note in enumerate(notes)
    }


def render_note(synthesizer: Synthesizer, note: PlannedNote, settings: RenderSettings) -> np.ndarray:
    """One planned note: float32 mono (n_samples,) at the synthesizer's level, as long as its kind asks for.

    The end is faded out: tails of strings and pads go on after `release`.
    """
    key = (note.bank, note.program, note.pitch, note.velocity)
    if note.rings:
        samples = died_away(synthesizer.render(*key, settings.ring, 0.0), settings.sample_rate)
    else:
        samples = synthesizer.render(*key, settings.hold, settings.release)
    fade = min(len(samples), round(settings.fade * settings.sample_rate))
    samples[len(samples) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return samples


def died_away(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Samples (n_samples,) up to where their level stays 60 dB below its highest, a second at least.

    The level is that of 20 ms, and 20 ms more are kept.
    """
    step = round(_STEP * sample_rate)
    level = np.sqrt(np.add.reduceat(samples.astype(np.float64) ** 2, np.arange(0, len(samples), step)))
    last = int(np.flatnonzero(level > _DIED_AWAY * level.max())[-1]) + 1 if level.max() > 0 else 1
    return samples[: max((last + 1) * step, round(_SHORTEST * sample_rate))].copy()


@contextmanager
def _rendering(sf2: Path, audio: Path, settings: RenderSettings) -> Iterator[Callable[[_Chunk], dict[str, str]]]:
    """Opens what renders keys to files, and gives the ids of the notes that left none, and what they are: silent, or
    another's double."""
    synthesizer = Synthesizer(sf2, settings.sample_rate)
    try:
        yield lambda keys: _render_chunk(keys, synthesizer, audio, settings)
    finally:
        synthesizer.close()


def _render_chunk(keys: _Chunk, synthesizer: Synthesizer, audio: Path, settings: RenderSettings) -> dict[str, str]:
    left_out: dict[str, str] = {}
    for key in keys:
        sounds: dict[str, np.ndarray] = {}
        for note in key:
            samples = render_note(synthesizer, note, settings)
            if np.abs(samples).max() < SILENT:
                left_out[note.note_id] = "silent"
            elif not settings.keep_doubles and (twin := _twin(samples, sounds)):
                left_out[note.note_id] = twin
            else:
                sounds[note.note_id] = samples
        for name, samples in sounds.items():
            _write(audio, name, samples, settings.sample_rate)
    return left_out


def _twin(samples: np.ndarray, others: dict[str, np.ndarray]) -> str:
    """The name of the sound that begins alike and is the same, level aside; empty where there is none."""
    for name, other in others.items():
        n = min(len(samples), len(other))
        size = float(np.vdot(samples, samples)) * float(np.vdot(other, other))
        if float(np.vdot(samples[:n], other[:n])) > SAME * np.sqrt(size):
            return name
    return ""


def _write(audio: Path, name: str, samples: np.ndarray, sample_rate: int) -> None:
    pcm = np.round(samples * (PEAK / np.abs(samples).max() * 32767)).astype("<i2")
    # Whether a file is whole its header tells, which is how a resumed render knows; no flush to disk per note needed.
    path, temporary = audio / f"{name}.wav", audio / f".{name}.tmp"
    try:
        with os_errors(path), wave.open(str(temporary), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sample_rate)
            file.writeframes(pcm.tobytes())
        with os_errors(path):
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


__all__ = ["PlannedNote", "RenderSettings", "plan_notes", "render_soundfont"]
