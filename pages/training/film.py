"""Spectrograms of a training over its epochs, as a strip of small pictures."""

from __future__ import annotations

import base64
import io
from functools import cache, partial
from pathlib import Path

import numpy as np

from pages.server.memo import Memo
from timbre_core.errors import TimbreError
from timbre_core.training.pictures import Pictures, picture_epochs, read_pictures

_strips = Memo(16)
_MOST_COLUMNS = 14


def film_html(folder: Path) -> tuple[str, list[str]]:
    """The strip of a training or checkpoint folder as HTML, and a sentence for each file that cannot be read.

    A row per note: the original, then what the model made of it after each epoch; below, samples of the prior. Empty when
    there are no pictures.
    """
    epochs = picture_epochs(folder)
    if len(epochs) > _MOST_COLUMNS:
        places = np.linspace(0, len(epochs) - 1, _MOST_COLUMNS).round().astype(int)
        epochs = [epochs[place] for place in places]
    columns: dict[int, Pictures] = {}
    damaged = []
    for epoch in epochs:
        try:
            columns[epoch] = read_pictures(folder, epoch)
        except TimbreError as error:
            damaged.append(str(error))
    if not columns:
        return "", damaged
    key = (folder, tuple(columns), tuple(hash(pictures.reconstructions.tobytes()) for pictures in columns.values()))
    return _strips.get(key, partial(_strip, columns)), damaged


def _strip(columns: dict[int, Pictures]) -> str:
    first = next(iter(columns.values()))
    heads = "".join(f"<span>{'epoch ' if place == 0 else ''}{epoch}</span>" for place, epoch in enumerate(columns))
    cells = [f'<div class="tx-film-row"><span>original</span>{heads}</div>']
    for note in range(len(first.originals)):
        made = "".join(
            _picture(pictures.reconstructions[note], f"note {note + 1} after epoch {epoch}")
            for epoch, pictures in columns.items()
            if note < len(pictures.reconstructions)
        )
        cells.append(
            f'<div class="tx-film-row">{_picture(first.originals[note], f"note {note + 1}, original")}{made}</div>'
        )
    count = max(len(pictures.samples) for pictures in columns.values())
    if count:
        cells.append("<p>Made up by the model: samples of its prior, the same latents after every epoch.</p>")
    for sample in range(count):
        drawn = "".join(
            _picture(pictures.samples[sample], f"sample {sample + 1} after epoch {epoch}")
            if sample < len(pictures.samples)
            else "<i></i>"
            for epoch, pictures in columns.items()
        )
        cells.append(f'<div class="tx-film-row"><i></i>{drawn}</div>')
    return f'<div class="tx-film" style="--tx-columns:{len(columns) + 1}">{"".join(cells)}</div>'


def _picture(frames: np.ndarray, told: str) -> str:
    """Frames (n_bins, n_frames) uint8 as an <img> with low bands at the bottom."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(frames[::-1]))
    image.putpalette(_palette())
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{told}" title="{told}" tabindex="0">'


@cache
def _palette() -> list[int]:
    """Magma, as in the spectrograms of the other pages, as 256 colours one after the other."""
    from plotly.colors import hex_to_rgb, sequential

    stops = np.array([hex_to_rgb(colour) for colour in sequential.Magma])
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return [int(value) for value in np.rint(np.stack(channels, axis=1)).ravel()]
