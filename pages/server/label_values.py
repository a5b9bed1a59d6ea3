"""Labels as pages take them, whatever a map's file holds: each is a number or text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype, is_string_dtype

_UNKNOWN = "unknown"


def as_labels(table: pd.DataFrame) -> pd.DataFrame:
    """A map's columns as numbers, NaN where unknown or infinite, and text, `unknown` where a cell is empty.

    Files of this project have them so. Those of others may have dates, bytes, and empty cells of any kind.
    """
    mended = {str(name): _as_label(table[name]) for name in table if not _is_label(table[name])}
    return table.assign(**mended) if mended else table


def _is_label(values: pd.Series) -> bool:
    if is_float_dtype(values):
        return not np.isinf(values.to_numpy()).any()
    return (is_numeric_dtype(values) or is_bool_dtype(values) or is_string_dtype(values)) and not values.hasnans


def _as_label(values: pd.Series) -> pd.Series:
    if is_float_dtype(values):
        return values.where(np.isfinite(values))
    return values.astype(object).where(values.notna(), _UNKNOWN).map(_text).astype(str)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
