"""Sounds that visitors bring along, kept for a while so that they can be heard in other shapes.

Each has a token that nobody can guess and that only its visitor's session is told: without it no route gives the sound
away. What is kept is bounded in bytes, in number and in time.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from timbre_core.errors import TimbreError

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


class SoundGone(TimbreError):
    """The sound of a token is not kept any longer, or never was."""


@dataclass(frozen=True)
class OwnSound:
    """Audio (n_samples,) float32 at `sample_rate` Hz, what its visitor calls it, and what is to be told of it."""

    audio: np.ndarray
    sample_rate: int
    name: str
    remarks: tuple[str, ...] = ()


class Shelf:
    """Keeps sounds by token; those not asked for the longest go first. Thread-safe."""

    def __init__(
        self,
        most_bytes: int = 128_000_000,
        most_sounds: int = 200,
        seconds: float = 3600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_bytes = most_bytes
        self._most_sounds = most_sounds
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._sounds: OrderedDict[str, tuple[float, OwnSound]] = OrderedDict()

    def put(self, sound: OwnSound) -> str:
        """Keep a sound; returns its token."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._sounds[token] = (self._clock(), sound)
            self._forget()
        return token

    def get(self, token: str) -> OwnSound:
        """The sound of a token. Raises SoundGone."""
        with self._lock:
            self._forget()
            if not _TOKEN.fullmatch(token) or token not in self._sounds:
                raise SoundGone("this sound is not kept here any longer: choose or record it again.")
            sound = self._sounds[token][1]
            self._sounds[token] = (self._clock(), sound)
            self._sounds.move_to_end(token)
            return sound

    def __contains__(self, token: str) -> bool:
        with self._lock:
            self._forget()
            return token in self._sounds

    def drop(self, token: str) -> None:
        """Forget a sound."""
        with self._lock:
            self._sounds.pop(token, None)

    def _forget(self) -> None:
        oldest = self._clock() - self._seconds
        total = sum(sound.audio.nbytes for _, sound in self._sounds.values())
        while self._sounds:
            used, sound = next(iter(self._sounds.values()))
            fits = total <= self._most_bytes and len(self._sounds) <= self._most_sounds
            if used >= oldest and (fits or len(self._sounds) == 1):
                return
            self._sounds.popitem(last=False)
            total -= sound.audio.nbytes


SHELF = Shelf()
"""The sounds of all visitors of this server."""
