"""What the Transfer page hears and sees: a sound opened in a checkpoint's space, and what becomes of it.

Stateless towards visitors: everything hangs on the checkpoint, the sound and the settings asked for, is computed once and
kept for a while.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.server.catalog import NoteMap
from pages.server.map_data import note_card
from pages.server.memo import Memo
from pages.server.packing import pack
from pages.server.studio import RecordingMissing, Studio
from pages.server.words import note_name, several
from pages.transfer.own_sounds import SHELF

if TYPE_CHECKING:
    from timbre_core.features.pitch_track import Correction, PitchContour
    from timbre_core.generation.transfer import Sound, Transferred, Way

UNHEARD_KEY = 60.0
"""Where a sound without pitch is played, unless it is shifted."""

_NEAREST = 6  # notes that a place on the map is told by


@dataclass(frozen=True)
class Source:
    """Which sound: a note of the map, or a token of one's own."""

    note: str = ""
    token: str = ""


@dataclass(frozen=True)
class Change:
    """What is to become of a sound: see `timbre_core.generation.transfer`. `steady` holds its pitch."""

    toward: str | None = None
    amount: float = 0.0
    shift: float = 0.0
    steady: bool = False
    corrections: tuple[Correction, ...] = ()


_opened = Memo.of_bytes(lambda sound: int(sound.audio.nbytes + sound.carrier.nbytes + sound.frames.nbytes))
_ways = Memo(2)  # maps, with four ways each for sliders that move: they hold a model, a sound and what is decoded of it
_moved = Memo.of_bytes(lambda result: int(result.audio.nbytes + result.frames.nbytes))


def opened(notes: NoteMap, source: Source) -> Sound:
    """A sound in the map's space. Raises SoundGone, or TimbreError for a sound that is too short."""
    from timbre_core.generation.transfer import open_sound

    audio, rate, _ = _audio(notes, source)
    key = (notes.checkpoint.path, notes.version, source)
    return _opened.get(key, lambda: open_sound(Studio(notes).space(), audio, sample_rate=rate))


def _audio(notes: NoteMap, source: Source) -> tuple[np.ndarray, int, list[str]]:
    """Audio (n_samples,), its rate in Hz, and what is to be said of it: a note without its recording is the model's version."""
    if source.token:
        own = SHELF.get(source.token)
        return own.audio, own.sample_rate, list(own.remarks)
    studio, row = Studio(notes), notes.rows[source.note]
    rate = notes.checkpoint.recipe.features.sample_rate
    try:
        return studio.recording(row), rate, []
    except RecordingMissing:
        where = ", ".join(Path(root).name for root in notes.checkpoint.latents_roots)
        remark = f"The recording of this note is not on this machine ({where}): A is the model's version of it."
        return studio.audio(row, "reconstruction"), rate, [remark]


def title(notes: NoteMap, source: Source) -> str:
    """What the sound is called."""
    if source.token:
        return SHELF.get(source.token).name
    card = note_card(notes, notes.rows[source.note])
    name = f"{card['title']} {card['pitch_name']}".strip()
    return name if card["pitch_name"] or not card["detail"] else f"{name} · {card['detail']}"


def wanted_pitch(sound: Sound, change: Change) -> PitchContour:
    """The contour that the result is to have."""
    from timbre_core.features.pitch_track import corrected

    pitch = corrected(sound.pitch, change.corrections)
    if not pitch.voiced.any():
        return pitch if not change.shift else pitch.held_at(UNHEARD_KEY + change.shift)
    return pitch.held_at(pitch.told + change.shift) if change.steady else pitch.shifted(change.shift)


def moved(notes: NoteMap, source: Source, change: Change) -> Transferred:
    """What becomes of a sound. Raises TimbreError as `opened` does, and for a target that is not on the map."""
    from timbre_core.features.pitch_track import corrected
    from timbre_core.generation.transfer import way_toward

    sound, space = opened(notes, source), Studio(notes).space()
    at = (notes.checkpoint.path, notes.version, source)

    def way() -> Way:
        # What is corrected was never there: the sound itself has the corrected pitch.
        mended = replace(sound, pitch=corrected(sound.pitch, change.corrections))
        return way_toward(space, mended, change.toward, wanted_pitch(sound, change))

    def make() -> Transferred:
        return _ways.within(at[:2], 4).get((source, replace(change, amount=0.0)), way).at(change.amount)

    return _moved.get((*at, change), make)


def described_source(notes: NoteMap, source: Source, change: Change) -> bytes:
    """The sound itself, packed: see `_packed`; with `notes`, [start, end, MIDI] of each in seconds, to be corrected,
    and `remarks`, sentences on where it comes from."""
    from timbre_core.features.pitch_track import corrected

    sound = opened(notes, source)
    pitch = corrected(sound.pitch, change.corrections)
    _, _, remarks = _audio(notes, source)
    header: dict[str, Any] = {
        "title": f"{title(notes, source)} (the model's version)" if remarks and source.note else title(notes, source),
        "remarks": remarks,
        "pitch": _told_pitch(pitch),
        "several": "" if change.corrections else _several(sound),
        "notes": [
            [run.start / pitch.frame_rate, run.stop / pitch.frame_rate, round(float(np.median(pitch.midi[run])), 2)]
            for run in pitch.notes()
        ],
        "near": _near(notes, sound.trajectory.mean),
    }
    header = {**header, "rate": sound.carrier_rate, "seconds": len(sound.carrier) / sound.carrier_rate}
    return _packed(notes, header, sound.audio, pitch, {"audio": sound.carrier})


def described_result(notes: NoteMap, source: Source, change: Change) -> bytes:
    """What becomes of it, packed: see `_packed`; `remarks` says what is not kept, `aim` where it was moved toward, `way`
    how much of the way there it has gone in the latents, as it is heard: the recording stays in it, so that this is less than
    was asked for."""
    from timbre_core.generation.transfer import open_sound, target_mean

    result = moved(notes, source, change)
    space = Studio(notes).space()
    again = open_sound(space, result.audio, result.pitch, result.sample_rate)
    own = opened(notes, source)
    register = result.pitch.told if space.recipe.uses_pitch else own.pitch.told
    aim = None if change.toward is None else target_mean(space, change.toward, register)
    way = None if aim is None else _share_of_way(own.trajectory.mean, again.trajectory.mean, aim)
    header: dict[str, Any] = {
        "aim": None if aim is None else _near(notes, aim),
        "way": way if change.amount else None,
        "pitch": _told_pitch(result.pitch),
        "remarks": result.remarks,
        "near": _near(notes, again.trajectory.mean),
    }
    header = {**header, "rate": result.sample_rate, "seconds": len(result.audio) / result.sample_rate}
    return _packed(notes, header, again.audio, result.pitch, {})


def _packed(
    notes: NoteMap, header: dict[str, Any], audio: np.ndarray, pitch: PitchContour, arrays: dict[str, np.ndarray]
) -> bytes:
    """Header: what frames mean, as spectrogram.js wants it, of audio (n_samples,) at the map's rate; arrays: contour (n_frames,)
    MIDI, NaN where there is none, frames (n_bins, n_frames) on a logarithmic axis, whatever the model's own features are."""
    from timbre_core.features.pitch_picture import pitch_picture

    rate = notes.checkpoint.recipe.features.sample_rate
    picture = pitch_picture(audio, rate, round(rate / pitch.frame_rate))
    described = {
        "n_bins": picture.levels.shape[0],
        "n_frames": picture.levels.shape[1],
        "seconds_per_frame": 1 / pitch.frame_rate,
        "top_db": picture.range_db,
        "unit": "dB",
        "bands": picture.hz.round(2).tolist(),
    }
    return pack(
        {**header, **described},
        {**arrays, "contour": pitch.midi.astype(np.float32), "frames": picture.levels},
    )


def _several(sound: Sound) -> str:
    """That there are several notes, where there are; the median of their pitches would be none of them."""
    from timbre_core.features.heard_pitch import heard_along

    heard = heard_along(sound.pitch, sound.carrier, sound.carrier_rate)
    return several(heard) if heard.several else ""


def _told_pitch(pitch: PitchContour) -> dict[str, Any] | None:
    """The one pitch that is told and its note's name, None where none is heard."""
    if not pitch.voiced.any():
        return None
    return {
        "midi": round(pitch.told, 2),
        "name": note_name(pitch.told),
        "voiced": round(float(pitch.voiced.mean()), 3),
    }


def _share_of_way(start: np.ndarray, end: np.ndarray, aim: np.ndarray) -> float | None:
    """How far `end` lies along the way from `start` to `aim` (latent_dim,): 0 at the start, 1 there; None where there is none."""
    way = aim - start
    length = float(way @ way)
    return round(float((end - start) @ way) / length, 2) if length > 0 else None


def _near(notes: NoteMap, z: np.ndarray) -> list[dict[str, Any]]:
    """Cards of the nearest notes, nearest first, with their distances and what each weighs in the place on the map."""
    distances = notes.distances(z)
    rows = np.argsort(distances, kind="stable")[:_NEAREST]
    weights = 1 / np.maximum(distances[rows], 1e-3) ** 2
    weights /= weights.sum()
    return [
        {**note_card(notes, int(row)), "distance": round(float(distances[row]), 3), "weight": round(float(weight), 4)}
        for row, weight in zip(rows, weights, strict=True)
    ]
