"""Which columns of a Parquet file hold sounds and which labels, and the names of classes that are numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

_NAMES = ("audio", "sound", "wav", "recording", "file", "audio_bytes", "wav_bytes", "audio_data", "bytes")
"""Of columns of encoded files, the likeliest first."""
_SAMPLES = (*_NAMES, "array", "samples", "waveform", "signal")
_RATES = ("sampling_rate", "sample_rate", "samplerate", "sr", "fs", "rate")


def audio_column(schema: pa.Schema) -> str | None:
    """The column of encoded files: `audio` and the like, or the first one of a struct with bytes."""
    fits = [n for n in schema.names if is_bytes(schema.field(n).type) or is_byte_list(schema.field(n).type)]
    structs = [n for n in schema.names if _bytes_field(schema.field(n).type) or is_decoded(schema.field(n).type)]
    for name in _NAMES:
        if name in fits or name in structs:
            return name
    if structs:
        return structs[0]
    return next((name for name in _SAMPLES if rate_column(schema, name)), None)


def rate_column(schema: pa.Schema, audio: str) -> str | None:
    """The column of the sample rates of a column of lists of samples; None where `audio` is no such column, or has none."""
    if audio not in schema.names or not _is_samples(schema.field(audio).type):
        return None
    numbers = [n for n in schema.names if _is_number(schema.field(n).type)]
    return next((name for name in _RATES if name in numbers), None)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_samples(kind: pa.DataType | None) -> bool:
    """Whether a column is of lists of samples: fractions, or whole numbers of 16 or 32 bits."""
    if kind is None or not _is_list(kind):
        return False
    value = kind.value_type
    return bool(pa.types.is_floating(value) or pa.types.is_int16(value) or pa.types.is_int32(value))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def is_byte_list(kind: pa.DataType) -> bool:
    """Whether a column is of lists of bytes, as tables write them that know no binary type."""
    return bool(_is_list(kind) and (pa.types.is_uint8(kind.value_type) or pa.types.is_int8(kind.value_type)))


def _bytes_field(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_struct(kind) and any(f.name == "bytes" and (is_bytes(f.type) or is_byte_list(f.type)) for f in kind)
    )


def bytes_of(value: pa.Scalar) -> bytes:
    """The bytes in a binary value or in a list of bytes; none where there is no value."""
    if not value.is_valid:
        return b""
    if is_byte_list(value.type):
        return bytes(value.values.to_numpy(zero_copy_only=False).tobytes())
    return bytes(value.as_py())


def is_decoded(kind: pa.DataType) -> bool:
    """Whether a column is of samples and their rate: `{"array": list of numbers, "sampling_rate": int}`."""
    if not pa.types.is_struct(kind):
        return False
    fields = {f.name: f.type for f in kind}
    return _is_samples(fields.get("array")) and "sampling_rate" in fields


def is_label(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
    )


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of columns whose numbers stand for classes, from what `datasets` keeps in a file's metadata."""
    try:
        about: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = about["info"]["features"]
        return {
            name: [str(label) for label in kind["names"]]
            for name, kind in features.items()
            if isinstance(kind, Mapping) and kind.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError):
        return {}
