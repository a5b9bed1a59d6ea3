"""Frames back to audio, whatever kind of features they are."""

from timbre_core.inversion.any_kind import invert, stream

__all__ = ["invert", "stream"]
