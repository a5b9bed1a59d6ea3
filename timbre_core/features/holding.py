"""A whole note made longer: its attack and its release stay as quick as they were, what lies between is stretched."""

from __future__ import annotations

import numpy as np

_SOUNDING_DB = 20.0  # below its loudest: what is softer has died away
_RELEASED_DB = 9.0  # the same of a note that is held evenly: what is softer is its release
_ATTACK, _RELEASE = 0.15, 0.3  # seconds that are not stretched
_EVEN_DB = 8.0  # by which a note that is held may become softer until it is released


def held_places(level: np.ndarray, count: int, rate: float, always: bool = True) -> np.ndarray:
    """Where in a note, whose level (n,) in dB has `rate` values a second, each of `count` values of a longer one lies: (count,).

    A note as long as that, or longer, stays as it is and is cut. Unless `always`, so does one that dies away by itself, as
    plucked and struck ones do: places behind its last value, n - 1, are beyond its end.
    """
    natural = np.arange(count, dtype=np.float64)
    begin, end = sounding_span(level)
    attack = begin + round(_ATTACK * rate)
    even = end > attack and _is_even(level[attack:end])
    if even:
        end = sounding_span(level, _RELEASED_DB)[1]
    release = min(len(level) - end, round(_RELEASE * rate))
    stop = count - release
    if stop <= end or end - attack < attack - begin or not (always or even):
        return natural
    return np.interp(natural, [0, attack, stop, count], [0, attack, end, end + release]).clip(0, len(level) - 1)


def sounding_span(level: np.ndarray, within: float = _SOUNDING_DB) -> tuple[int, int]:
    """The first value of a level (n,) in dB that is `within` so many of the loudest, and the one behind the last."""
    heard = np.flatnonzero(level >= level.max() - within)
    return int(heard[0]), int(heard[-1]) + 1


def at_places(track: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values between those of a track (..., n) at `places` (count,), beyond its end the last: (..., count)."""
    places = np.minimum(places, track.shape[-1] - 1)
    below = places.astype(int)
    share = (places - below).astype(track.dtype)
    return track[..., below] * (1 - share) + track[..., np.minimum(below + 1, track.shape[-1] - 1)] * share


def to_and_fro(track: np.ndarray, count: int, end: int) -> np.ndarray:
    """A track (count,): cut, or its values before `end` forwards and backwards in turn, so that swings go on as fast."""
    if count <= len(track):
        return track[:count]
    turning = max(1, end - 1)
    place = np.arange(count) % (2 * turning)
    there_and_back: np.ndarray = track[
        np.minimum(np.where(place <= turning, place, 2 * turning - place), len(track) - 1)
    ]
    return there_and_back


def _is_even(level: np.ndarray) -> bool:
    quarter = max(1, len(level) // 4)
    return bool(np.median(level[:quarter]) - np.median(level[-quarter:]) <= _EVEN_DB)
