"""Numbers in the addresses of the Play page, checked: BadRequest says what is wrong with one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from starlette.requests import Request

from pages.play.own import is_own
from pages.server.answers import BadRequest, parameter
from pages.server.catalog import NoteMap
from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.generation.macros import Shape

_LONGEST_NUMBER = 24  # characters
_LONGEST_SHAPE = 300
_LONGEST_TUNING = 1600
_FARTHEST_PITCH = 10_000.0


def point(request: Request, notes: NoteMap) -> tuple[float, ...]:
    """The point `z` of a map's latent space, rounded, so that one address is one sound."""
    from timbre_core.generation.presets import FARTHEST

    size = notes.checkpoint.recipe.model.latent_dim
    parts = parameter(request, "z", _LONGEST_NUMBER * size).split(",")
    if len(parts) != size:
        raise BadRequest(f"parameter 'z' has {len(parts)} numbers, this checkpoint's latents have {size}.")
    try:
        values = tuple(round(float(part), 4) for part in parts)
    except (ValueError, OverflowError):
        raise BadRequest("parameter 'z' must be numbers between commas.") from None
    if not all(abs(value) <= FARTHEST for value in values):
        raise BadRequest(f"parameter 'z' must be finite numbers from {-FARTHEST:g} to {FARTHEST:g}.")
    return values


def carrier(request: Request, notes: NoteMap) -> str | None:
    """The id of the note whose instrument's recordings sound, or a dropped sound's token; None where the model sounds."""
    if "carrier" not in request.query_params:
        return None
    note = parameter(request, "carrier")
    if is_own(note):
        return note
    if note not in notes.rows:
        raise BadRequest(f"this map has no note {note[:80]!r}.")
    return note


def shape(request: Request) -> Shape:
    """The macros that a sound is shaped by, as `shape=brightness=2,noise=-1`; none by default."""
    from timbre_core.generation.macros import Shape, read_shape

    if not request.query_params.get("shape"):
        return Shape()
    try:
        return read_shape(parameter(request, "shape", _LONGEST_SHAPE))
    except TimbreError as error:
        raise BadRequest(str(error)) from error


def tuning(request: Request) -> list[float | None] | None:
    """The MIDI pitch of each key 0-127, as `tuning=8.18,x,...`, x for keys that play nothing; None where none is given."""
    if "tuning" not in request.query_params:
        return None
    parts = parameter(request, "tuning", _LONGEST_TUNING).split(",")
    try:
        pitches = [None if part == "x" else float(part) for part in parts]
    except ValueError:
        pitches = []
    if len(pitches) != 128 or not all(pitch is None or abs(pitch) < _FARTHEST_PITCH for pitch in pitches):
        raise BadRequest("parameter 'tuning' must be 128 MIDI pitches between commas, x for none.")
    return pitches


def whole(request: Request, name: str, low: int, high: int, fallback: int | None = None) -> int:
    """A whole number from `low` to `high`; `fallback`, unless that is None, where none is given."""
    if fallback is not None and name not in request.query_params:
        return fallback
    text = parameter(request, name, 12)
    try:
        value = int(text)
    except ValueError:
        raise BadRequest(f"parameter {name!r} must be a whole number.") from None
    if not low <= value <= high:
        raise BadRequest(f"parameter {name!r} must lie between {low} and {high}.")
    return value


def number(request: Request, name: str, fallback: float, high: float) -> float:
    """A number from 0 to `high`, `fallback` where none is given."""
    if name not in request.query_params:
        return fallback
    try:
        value = float(parameter(request, name, _LONGEST_NUMBER))
    except ValueError:
        value = math.nan
    if not 0 <= value <= high:
        raise BadRequest(f"parameter {name!r} must lie between 0 and {high:g}.")
    return value
