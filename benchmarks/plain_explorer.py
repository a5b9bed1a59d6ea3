"""The plainest explorer that Streamlit gives: a Plotly scatter whose selection is played by st.audio. For comparison alone.

Run by explorer.py as `streamlit run plain_explorer.py -- CHECKPOINT`.
"""

import sys
from pathlib import Path

import pandas as pd
import plotly.express as px
import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from timbre_core.datasets.library import open_library


@st.cache_data
def latents(checkpoint: str) -> pd.DataFrame:
    columns = ["note_id", "instrument", "family", "pitch", "umap_1", "umap_2"]
    return pd.read_parquet(Path(checkpoint) / "latents.parquet", columns=columns)


@st.cache_resource
def library():
    return open_library(["starter"], progress=False)


st.set_page_config(layout="wide")
table = latents(sys.argv[-1])
figure = px.scatter(
    table, "umap_1", "umap_2", color="family", custom_data=["note_id"], hover_name="note_id", render_mode="webgl"
)
chosen = st.plotly_chart(figure, on_select="rerun", selection_mode="points", height=560)
points = chosen["selection"]["points"]
if points:
    notes = library()
    recording = notes.load(notes.find(points[0]["customdata"][0].partition("~")[0]), 16_000)
    st.audio(recording, sample_rate=16_000, autoplay=True)
