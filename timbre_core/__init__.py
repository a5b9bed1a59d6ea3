"""Timbre Explorer's engine: learn, open and use timbre spaces of musical notes.

Importing this package costs nothing: torch, librosa, umap and pandas are imported by the modules that use them.
"""

__version__ = "0.1.0"
