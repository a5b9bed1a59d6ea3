"""Frames back to audio."""

from timbre_core.inversion.classical import invert

__all__ = ["invert"]
