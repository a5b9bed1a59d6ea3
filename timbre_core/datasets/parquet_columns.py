"""Which columns of a Parquet file hold sounds and which labels, and the names of classes that are numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa


def audio_column(schema: pa.Schema) -> str | None:
    """The column of encoded files: `audio`, or the first one of a struct with bytes."""
    fits = [
        name
        for name in schema.names
        if is_bytes(schema.field(name).type) or (name == "audio" and _bytes_field(schema.field(name).type))
    ]
    structs = [n for n in schema.names if _bytes_field(schema.field(n).type) or is_decoded(schema.field(n).type)]
    for name in ("audio", "sound", "wav", "recording", "file"):
        if name in fits or name in structs:
            return name
    return structs[0] if structs else None


def is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _bytes_field(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind) and any(f.name == "bytes" and is_bytes(f.type) for f in kind))


def is_decoded(kind: pa.DataType) -> bool:
    """Whether a column is of samples and their rate: `{"array": list of numbers, "sampling_rate": int}`."""
    if not pa.types.is_struct(kind):
        return False
    fields = {f.name: f.type for f in kind}
    samples = fields.get("array")
    if samples is None or not (pa.types.is_list(samples) or pa.types.is_large_list(samples)):
        return False
    return bool(pa.types.is_floating(samples.value_type)) and "sampling_rate" in fields


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
