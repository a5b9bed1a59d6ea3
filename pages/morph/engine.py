"""What the Morph page hears and sees: sounds along paths between notes, the pitch they have, and where a path runs on the map.

Stateless towards visitors, as play_engine.py is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.server.catalog import NoteMap
from pages.server.memo import Memo
from pages.server.studio import Studio, mean_of
from timbre_core.errors import TimbreError
from timbre_core.features.settings import has_sound
from timbre_core.generation.contours import Contour
from timbre_core.generation.paths import along_path

if TYPE_CHECKING:
    from timbre_core.features.performance import Performance
    from timbre_core.generation.sounds import Generated
    from timbre_core.space import TimbreSpace

MOST_NOTES = 8
"""Notes that a path on this page goes through: more are not told apart on it."""

_A_SEGMENT = 24  # points of a path that are drawn between two notes
_NEAR = 12  # notes that say where on the map a point of the latent space is
_EDGE = 0.1  # seconds at the end where a sound dies away and has no sure pitch

_sounds = Memo.of_bytes(lambda sound: int(sound.audio.nbytes + sound.frames.nbytes + sound.z.nbytes))
_tracks = Memo(256)


@dataclass(frozen=True)
class Asked:
    """A sound of this page: through which notes, all the way or at one `place`, how long, at which pitch (none: its own)."""

    notes: tuple[str, ...]
    path: str
    place: float | None
    seconds: float
    pitch: float | Contour | None


def follows_pitch(notes: NoteMap) -> bool:
    """Whether a checkpoint's sounds can be asked for at a pitch."""
    return has_sound(notes.checkpoint.recipe.features) and notes.checkpoint.recipe.uses_pitch


def sound(notes: NoteMap, asked: Asked) -> Generated:
    """The sound that is asked for. Raises TimbreError for one that cannot be made."""
    if not has_sound(notes.checkpoint.recipe.features):
        raise TimbreError(
            f"{notes.checkpoint.name} makes pictures, which have no sound: choose a checkpoint of sounds."
        )
    key = (notes.checkpoint.path, notes.version, asked)
    return _sounds.get(key, lambda: _make(notes, asked))


def _make(notes: NoteMap, asked: Asked) -> Generated:
    from timbre_core.generation.sounds import generate, morph, morph_step

    space = Studio(notes).space()
    if len(asked.notes) == 1:
        return generate(space, asked.pitch, asked.seconds, like=asked.notes[0])
    played = _performances(notes, space, asked.notes)
    if asked.place is not None:
        return morph_step(space, asked.notes, asked.place, asked.seconds, asked.path, asked.pitch, performances=played)
    return morph(space, asked.notes, asked.seconds, asked.path, asked.pitch, performances=played)


def _performances(notes: NoteMap, space: TimbreSpace, chosen: tuple[str, ...]) -> list[Performance] | None:
    """How the notes were played; None where the space does not perform, or a recording is missing."""
    from timbre_core.generation.played import performances_of

    studio = Studio(notes)
    try:
        return performances_of(space, chosen, lambda note: studio.recording(notes.rows[note]))
    except TimbreError:
        return None


def heard_pitch(notes: NoteMap, asked: Asked) -> dict[str, Any]:
    """The pitch over time that is measured in a sound: `seconds` a frame, `midi` (None where none is heard), the `asked` one,
    and `cents`, the median distance between both (None where there is nothing to compare)."""
    key = (notes.checkpoint.path, notes.version, asked)
    return _tracks.get(key, lambda: _measure(notes, asked))


def _measure(notes: NoteMap, asked: Asked) -> dict[str, Any]:
    from timbre_core.features.pitch_track import track_pitch

    made = sound(notes, asked)
    features = notes.checkpoint.recipe.features
    heard = track_pitch(made.audio, made.sample_rate, features.hop_length).midi.astype(float)
    wanted = np.full(len(heard), made.pitch) if made.contour is None else made.contour
    count = min(len(heard), len(wanted))
    inside = slice(0, max(1, count - round(_EDGE * features.frame_rate)))
    distances = np.abs(heard[:count] - wanted[:count])[inside]
    known = distances[np.isfinite(distances)]
    return {
        "seconds": 1 / features.frame_rate,
        "midi": [round(value, 3) if math.isfinite(value) else None for value in heard.tolist()],
        "asked": [round(value, 3) for value in wanted.tolist()],
        "cents": round(100 * float(np.median(known)), 1) if len(known) else None,
    }


def trail(notes: NoteMap, chosen: tuple[str, ...], path: str, projection: str) -> list[list[float]]:
    """Where the path through the `chosen` notes runs on the map: [x, y] of points along it, _A_SEGMENT between two notes.

    A projection has no place for a latent that is no note's: it is drawn amid the notes nearest to it, the nearer the more.
    """
    rows = [notes.rows[note] for note in chosen]
    places = np.linspace(0, len(rows) - 1, _A_SEGMENT * (len(rows) - 1) + 1)
    points = along_path(np.stack([mean_of(notes, row) for row in rows]), places, path)
    positions = notes.labels[[f"{projection}_1", f"{projection}_2"]].to_numpy(np.float64)
    drawn = []
    for point in points:
        distances = notes.distances(point)
        near = np.argsort(distances)[:_NEAR]
        weights = 1 / (distances[near] + 1e-6) ** 2
        drawn.append(np.average(positions[near], axis=0, weights=weights).round(4).tolist())
    return drawn
