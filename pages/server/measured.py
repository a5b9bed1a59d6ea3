"""What was measured of the starter library's notes when it was built."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq

from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError

_MEASURED = ["attack", "noisiness"]


def measured_when_built(checkpoint: Checkpoint, ids: pd.Series) -> pd.DataFrame:
    """Columns `attack` (s) and `noisiness` (0 to 1), a row for each note id; no columns for a map of other notes."""
    from timbre_core.datasets.roots import STARTER
    from timbre_core.datasets.starter import starter_path

    nothing = pd.DataFrame(index=range(len(ids)))
    if checkpoint.latents_roots != [STARTER]:
        return nothing
    try:
        path = starter_path()
    except TimbreError:  # said where its recordings are asked for
        return nothing
    # pandas would import all of Arrow's datasets for one file.
    with pq.ParquetFile(path) as file:
        table = file.read(columns=["note_id", *_MEASURED]).to_pandas()
    return table.set_index("note_id").reindex(ids).reset_index(drop=True)
