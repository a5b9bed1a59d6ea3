"""Which notes the starter library has: different instruments of several SoundFonts, and of each the keys it is played in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from timbre_core.datasets.duplicates import Near, find_twins
from timbre_core.datasets.general_midi import PROGRAMS
from timbre_core.datasets.soundfont import SILENT, render_note
from timbre_core.datasets.soundfont_file import DRUMS, Preset, read_presets
from timbre_core.datasets.soundfont_pitch import common_shift
from timbre_core.datasets.soundfont_plan import PlannedNote, RenderSettings, layers, natural_keys, plan_notes, slug
from timbre_core.datasets.synthesizer import Synthesizer
from timbre_core.errors import TimbreError
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.recording import fingerprint, recording_correlation

RATE = 44_100
NOTES_PER_INSTRUMENT = 16
# Programs that sound at another pitch than the key's or a chord, click (83), or are hardly different from another one.
LEFT_OUT = frozenset((31, 44, 47, 83, 86, 95, 100, 112))
SETTINGS = RenderSettings(hold=2.0, release=0.7, ring=3.4, fade=0.2)
_SHORT = RenderSettings(hold=1.2, release=0.3, ring=1.5)  # enough to tell instruments apart
_EXPRESSIVE = "Expr"  # MuseScore's names for presets with the recordings of others, their loudness following a pedal
_DIFFERENT = 0.985  # notes that correlate more are the same recording, with a margin to what is called so
_OTHER = 0.9  # instruments that correlate more at most of the keys that they share are one
_LAYERED = 0.97  # of two velocities that correlate more one is enough
_PROBES = (36, 43, 48, 55, 60, 67, 72, 79, 84, 91, 96)  # keys at which instruments are compared
_FEWEST = 6  # notes of an instrument that is worth having
_OCTAVES = (-24, -12, 0, 12)  # from the key, where all keys of an instrument may sound
_NEAR = 0.6  # semitones


@dataclass(frozen=True)
class StarterNote:
    """A note of the starter library: its labels, its samples float32 (n_samples,) at the synthesizer's level, and the MIDI
    pitch that is heard in it."""

    labels: dict[str, Any]
    samples: np.ndarray
    heard: float


@dataclass(frozen=True)
class Candidate:
    """A preset of one of the fonts, and where it is played."""

    font: int
    preset: Preset
    note: PlannedNote
    keys: list[int]
    velocities: list[int]


def render_starter(fonts: Sequence[Path], progress: bool) -> tuple[list[StarterNote], dict[str, int]]:
    """All notes of the starter library, and the counts {"silent", "doubles", "unclear"} of those that were left out.

    Raises TimbreError without FluidSynth, for a file that is no SoundFont, and for fonts without an instrument.
    """
    from tqdm import tqdm

    candidates = [each for number, font in enumerate(fonts) for each in _candidates(number, font)]
    if not candidates:
        raise TimbreError(f"{fonts[0]}: has no General MIDI instrument that sounds: choose another SoundFont.")
    synthesizers = [Synthesizer(font, RATE) for font in fonts]
    chosen = different_instruments(candidates, synthesizers, progress)
    counts = {"silent": 0, "doubles": 0, "unclear": 0}
    notes: list[StarterNote] = []
    for number, candidate in enumerate(tqdm(chosen, unit="instrument", desc="render", disable=not progress)):
        font = candidate.font
        named = replace(candidate, note=replace(candidate.note, instrument=_named(candidate, fonts[font])))
        notes += _instrument(named, number, synthesizers[font], fonts[font].stem, counts)
    for synthesizer in synthesizers:
        synthesizer.close()
    kept = without_doubles(notes, progress)
    counts["doubles"] += len(notes) - len(kept)
    sizes: dict[str, int] = {}
    for note in kept:
        sizes[note.labels["instrument"]] = sizes.get(note.labels["instrument"], 0) + 1
    return [note for note in kept if sizes[note.labels["instrument"]] >= _FEWEST], counts


def _candidates(number: int, font: Path) -> list[Candidate]:
    presets = [
        preset
        for preset in read_presets(font)
        if preset.bank != DRUMS and preset.program not in LEFT_OUT and _EXPRESSIVE not in preset.name
    ]
    banks = tuple({preset.bank for preset in presets}) or (0,)
    programs = tuple(PROGRAMS)
    first: dict[tuple[int, int], PlannedNote] = {}
    for note in plan_notes(presets, RenderSettings(programs=programs, banks=banks)):
        first.setdefault((note.bank, note.program), note)
    return [
        Candidate(
            number,
            preset,
            first[preset.bank, preset.program],
            natural_keys(preset, PROGRAMS[preset.program]),
            layers(preset),
        )
        for preset in presets
        if (preset.bank, preset.program) in first
    ]


def _named(candidate: Candidate, font: Path) -> str:
    """As in a render of the first font alone; an instrument of another font by its preset's name and the font's."""
    note = candidate.note
    return (
        note.instrument
        if candidate.font == 0
        else f"{note.family}_{note.source}_{slug(note.program_name)}-{font.stem[:4].lower()}"
    )


def different_instruments(
    candidates: Sequence[Candidate], synthesizers: Sequence[Synthesizer], progress: bool = True
) -> list[Candidate]:
    """Those candidates that sound different from all before them at one of the keys they share at least, and in most.

    Found by their sound, not by name: one key after another, each candidate's note is compared with the others' there.
    """
    from tqdm import tqdm

    rows: list[tuple[int, int, np.ndarray]] = []
    for number, candidate in enumerate(tqdm(candidates, unit="preset", desc="compare", disable=not progress)):
        for key in _PROBES:
            if key in candidate.keys:
                samples = render_note(
                    synthesizers[candidate.font], replace(candidate.note, pitch=key, velocity=110), _SHORT
                )
                if np.abs(samples).max() >= SILENT:
                    rows.append((number, key, _at_16k(samples)))
    marks = np.stack([fingerprint(sound, 16_000) for _, _, sound in rows])
    keys = np.array([key for _, key, _ in rows])
    owners = np.array([number for number, _, _ in rows])
    near = Near(marks, _OTHER)
    shared: dict[tuple[int, int], int] = {}
    for first in range(len(rows)):
        for second in map(int, near.after(first)):
            pair = (int(owners[first]), int(owners[second]))
            if keys[first] != keys[second] or pair[0] == pair[1]:
                continue
            one, other = rows[first][2], rows[second][2]
            if recording_correlation(one, 16_000, other, 16_000, enough=_OTHER) > _OTHER:
                shared[pair] = shared.get(pair, 0) + 1
    of: dict[int, set[int]] = {}
    for number, key, _ in rows:
        of.setdefault(number, set()).add(key)
    left: list[int] = []
    for number in of:
        if not any(2 * shared.get((other, number), 0) >= max(1, len(of[other] & of[number])) for other in left):
            left.append(number)
    return [candidates[number] for number in left]


def _instrument(
    candidate: Candidate, number: int, synthesizer: Synthesizer, font: str, counts: dict[str, int]
) -> list[StarterNote]:
    """The notes of an instrument: as many keys as make NOTES_PER_INSTRUMENT, half as many where it has two layers."""
    loud = min(candidate.velocities, key=lambda velocity: abs(velocity - 110))
    middle = replace(candidate.note, pitch=candidate.keys[len(candidate.keys) // 2])
    soft = _other_layer(candidate, middle, loud, synthesizer)
    velocities = [loud] if soft is None else [loud, soft]
    count = min(len(candidate.keys), round(NOTES_PER_INSTRUMENT / len(velocities)))
    place = number * 0.618034 % 1  # golden ratio steps spread evenly: all instruments together still play every key
    keys = [candidate.keys[int((i + place) * len(candidate.keys) / count)] for i in range(count)]
    rendered: list[tuple[PlannedNote, np.ndarray]] = []
    for key in dict.fromkeys(keys):
        for velocity in velocities:
            note = replace(candidate.note, pitch=key, velocity=velocity)
            samples = render_note(synthesizer, note, SETTINGS)
            if np.abs(samples).max() < SILENT:
                counts["silent"] += 1
                continue
            rendered.append((note, samples))
    heard = [float(estimate_f0(_at_16k(samples), 16_000).midi) - note.pitch for note, samples in rendered]
    clear = [offset for offset in heard if np.isfinite(offset)]
    shift = common_shift(clear)
    if shift not in _OCTAVES:
        counts["unclear"] += len(rendered)
        return []
    kept = []
    for (note, samples), offset in zip(rendered, heard, strict=True):
        # A note in which another octave is heard is labelled all the same; one that is out of tune is not.
        if not np.isfinite(offset) or abs((offset - shift + 6) % 12 - 6) > _NEAR:
            counts["unclear"] += 1
            continue
        labels = {
            "note_id": f"{note.instrument}-{note.pitch + shift:03d}-{note.velocity:03d}",
            "instrument": note.instrument,
            "family": note.family,
            "source": note.source,
            "pitch": float(note.pitch + shift),
            "velocity": float(note.velocity),
            "soundfont": font,
            "program": note.bank * 128 + note.program,
            "program_name": note.program_name,
        }
        kept.append(StarterNote(labels, samples, note.pitch + offset))
    return kept


def _other_layer(candidate: Candidate, note: PlannedNote, loud: int, synthesizer: Synthesizer) -> int | None:
    """The velocity whose sound is least like that of `loud`, None where all are alike."""
    reference = render_note(synthesizer, replace(note, velocity=loud), SETTINGS)
    found: dict[int, float] = {}
    for velocity in candidate.velocities:
        samples = render_note(synthesizer, replace(note, velocity=velocity), SETTINGS)
        n = min(len(samples), len(reference))
        size = float(np.linalg.norm(samples) * np.linalg.norm(reference))
        if velocity != loud and np.abs(samples).max() >= SILENT and size:
            found[velocity] = float(np.vdot(samples[:n], reference[:n])) / size
    least = min(found, key=lambda velocity: found[velocity], default=None)
    return least if least is not None and found[least] < _LAYERED else None


def without_doubles(notes: Sequence[StarterNote], progress: bool = True) -> list[StarterNote]:
    """The notes without those that are the same recording as one before them."""
    sounds = [_at_16k(note.samples) for note in notes]
    near = Near(np.stack([fingerprint(sound, 16_000) for sound in sounds]), _DIFFERENT)
    doubles = {second for _, second, _ in find_twins(near, lambda i: sounds[i], _DIFFERENT, progress=progress)}
    return [note for i, note in enumerate(notes) if i not in doubles]


def _at_16k(samples: np.ndarray) -> np.ndarray:
    import soxr

    return np.asarray(soxr.resample(samples, RATE, 16_000, quality="HQ"), dtype=np.float32)
