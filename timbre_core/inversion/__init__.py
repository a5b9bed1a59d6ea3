"""Frames back to audio."""

from timbre_core.inversion.classical import invert
from timbre_core.inversion.streaming import stream

__all__ = ["invert", "stream"]
