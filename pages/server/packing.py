"""Arrays on their way to the browser: a JSON header followed by the raw numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from timbre_core.features.settings import FeatureSettings

_ALIGN = 4


def pack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """One block of bytes that common.js unpacks into `header` and typed arrays.

    Layout: uint32 (little endian) length of the header, the header as UTF-8 JSON padded with spaces to a multiple of
    four, then each array's bytes, padded likewise. The header gains `arrays`: name -> {dtype, offset, length}, offsets
    counted from the end of the header. Supported dtypes: float32, uint16, uint8.
    """
    described: dict[str, dict[str, Any]] = {}
    parts: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        if array.dtype.name not in {"float32", "uint16", "uint8"}:
            raise ValueError(f"cannot pack dtype {array.dtype.name}")
        data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        described[name] = {"dtype": array.dtype.name, "offset": offset, "length": array.size}
        data += b"\0" * (-len(data) % _ALIGN)
        parts.append(data)
        offset += len(data)
    head = json.dumps({**header, "arrays": described}, allow_nan=False).encode("utf-8")
    head += b" " * (-len(head) % _ALIGN)
    return len(head).to_bytes(4, "little") + head + b"".join(parts)


def pack_frames(frames: np.ndarray, settings: FeatureSettings, reference: float | None = None) -> bytes:
    """Frames (n_bins, n_frames) in [-1, 1] as bytes, 0 for -1 and 255 for +1, packed for spectrogram.js: see `frame_header`."""
    return pack(frame_header(frames, settings, reference), {"frames": frame_bytes(frames, settings)})


def frame_bytes(frames: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """The spectrogram of frames in [-1, 1] as uint8, 0 for -1 and 255 for +1."""
    from timbre_core.features.frames import spectrogram

    frames = spectrogram(frames, settings)
    return np.clip(np.round((frames + 1) * 127.5), 0, 255).astype(np.uint8)


def frame_header(frames: np.ndarray, settings: FeatureSettings, reference: float | None = None) -> dict[str, Any]:
    """What frames (n_bins, n_frames) mean.

    n_bins and n_frames; seconds_per_frame; top_db: what lies between 0 and 255, in `unit` ("dB", or "" for plain values);
    bands: the frequencies that the bins stand for (Hz). None for what these features do not have.

    reference: of the note, which knows its range where every note has its own.
    """
    from timbre_core.features.frames import bin_frequencies, spectrogram
    from timbre_core.features.settings import has_sound

    frames = spectrogram(frames, settings)
    bands = bin_frequencies(settings) if has_sound(settings) else None
    decibels = getattr(reference, "range_db", getattr(settings, "top_db", None))
    rate = getattr(settings, "frame_rate", None)
    return {
        "n_bins": frames.shape[0],
        "n_frames": frames.shape[1],
        "seconds_per_frame": 1 / rate if rate else None,
        "top_db": decibels if decibels is not None else 2.0,
        "unit": "dB" if decibels is not None else "",
        "bands": None if bands is None else bands.round(2).tolist(),
    }
