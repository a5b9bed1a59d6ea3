"""Frames as a picture file, for verbs that write sounds beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_GAP = 4  # pixels
_LEAST_HEIGHT = 160


def write_picture(path: Path, rows: Sequence[Sequence[np.ndarray]]) -> None:
    """Rows of frames (n_bins, n_frames) in [-1, 1] as a PNG: time to the right, low bins at the bottom, loud is bright."""
    import numpy as np
    from PIL import Image

    from timbre_core.files import atomic_write

    strips = []
    for row in rows:
        columns = [np.clip(np.rint((frames[::-1] + 1) * 127.5), 0, 255).astype(np.uint8) for frames in row]
        zoom = max(1, -(-_LEAST_HEIGHT // len(columns[0])))
        columns = [np.pad(each.repeat(zoom, 0).repeat(zoom, 1), _GAP, constant_values=255) for each in columns]
        strips.append(np.concatenate(columns, axis=1))
    width = max(strip.shape[1] for strip in strips)
    whole = np.concatenate([np.pad(strip, ((0, 0), (0, width - strip.shape[1]))) for strip in strips])
    with atomic_write(path) as temporary:
        Image.fromarray(whole).save(temporary, "png")
