"""Frames back to audio."""

from timbre_core.inversion.inverters import INVERTERS, invert

__all__ = ["INVERTERS", "invert"]
