"""Decoding along a pitch contour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.frames import bin_frequencies
from timbre_core.features.settings import SpectralSettings
from timbre_core.features.windows import overlap_add

if TYPE_CHECKING:
    from timbre_core.space import TimbreSpace


def decode_along(
    space: TimbreSpace, z: np.ndarray, starts: np.ndarray, n_frames: int, contour: np.ndarray
) -> np.ndarray:
    """Latents of windows (n_windows, latent_dim) -> frames (n_bins, n_frames) whose pitch is `contour` (n_frames,) MIDI.

    A window of one frame is decoded at the frame's own pitch. Longer ones are decoded at whole keys, which is what models
    learn from, and each frame is made of the two keys around its pitch: their spectra are moved by the fraction of a
    semitone that they are off, so that their partials lie where they should, and faded one into the other.

    Raises TimbreError for a contour of another length, or outside 0 to 127.
    """
    if contour.shape != (n_frames,):
        raise TimbreError(
            f"a pitch contour of shape {contour.shape} does not fit {n_frames} frames: give one pitch a frame."
        )
    if not ((contour >= 0) & (contour <= 127)).all():
        raise TimbreError("a contour's pitch is outside MIDI's 0-127 (60 is middle C).")
    if space.recipe.window.frames == 1:
        return overlap_add(space.decode_windows(z, contour[starts]), starts, n_frames)
    size = space.recipe.window.frames
    # What lies beyond the last frame is cut off again.
    told = np.pad(contour, (0, max(0, int(starts[-1]) + size - n_frames)), mode="edge")
    rows, keys = [], []
    for row, start in enumerate(starts):
        here = told[start : start + size]
        sounding = np.unique([np.floor(here), np.ceil(here)])
        rows += [row] * len(sounding)
        keys += sounding.tolist()
    windows = np.zeros((len(z), space.recipe.features.n_bins, size), dtype=np.float32)
    for row, key, part in zip(rows, keys, space.decode_windows(z[rows], np.array(keys)), strict=True):
        off = told[starts[row] : starts[row] + size] - key
        share = np.clip(1 - np.abs(off), 0, 1)
        here = share > 0
        if isinstance(space.recipe.features, SpectralSettings):
            part[:, here] = moved_spectra(part[:, here], off[here], bin_frequencies(space.recipe.features))
        windows[row] += share.astype(np.float32) * part
    return overlap_add(windows, starts, n_frames)


def moved_spectra(frames: np.ndarray, semitones: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Spectra (n_bins, n) whose rows stand for `frequencies` (n_bins,) Hz, each moved up by `semitones` (n,)."""
    wanted = frequencies[:, None] * 2.0 ** (-semitones / 12)
    above = np.clip(np.searchsorted(frequencies, wanted), 1, len(frequencies) - 1)
    low, high = frequencies[above - 1], frequencies[above]
    share = np.clip((wanted - low) / (high - low), 0, 1).astype(np.float32)
    column = np.arange(frames.shape[1])
    return frames[above - 1, column] * (1 - share) + frames[above, column] * share
