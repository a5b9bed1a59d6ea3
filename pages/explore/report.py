"""How well a checkpoint does, in figures and curves."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.server.words import plain
from timbre_core.checkpoint import Checkpoint
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.errors import TimbreError
from timbre_core.wording import counted


def _figure(evaluation: dict[str, Any], section: str, name: str) -> float | None:
    value = (evaluation.get(section) or {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def show_figures(checkpoint: Checkpoint, words: Vocabulary) -> None:
    """The evaluation's key figures in a row, each with a word on what it means."""
    try:
        evaluation = checkpoint.evaluation
    except TimbreError as error:
        st.warning(plain(str(error), 400))
        return
    if not isinstance(evaluation, dict):
        st.info(f"Not evaluated yet: `python -m timbre_core evaluate checkpoints/{checkpoint.name}` measures it.")
        return
    l1 = _figure(evaluation, "reconstruction", "l1")
    kl = _figure(evaluation, "latent", "kl_total") if checkpoint.recipe.model.sampling else None
    active = _figure(evaluation, "latent", "active_units")
    size = checkpoint.recipe.model.latent_dim
    family, family_chance = (_figure(evaluation, "latent", f"family_{name}") for name in ("probe_accuracy", "chance"))
    pitch, pitch_chance = (_figure(evaluation, "latent", f"pitch_{name}") for name in ("probe_accuracy", "chance"))
    columns = st.columns(5)
    columns[0].metric(
        "Reconstruction L1",
        "–" if l1 is None else f"{l1:.3f}",
        help="Mean absolute difference (L1) between a note's spectrogram and what the model makes of it, on a scale "
        "where 2 is the whole range from silence to the loudest. Lower is better.",
        border=True,
        height="stretch",
    )
    columns[1].metric(
        "Information (KL)",
        "–" if kl is None else f"{kl:.1f} nats",
        help="KL divergence in all: how much the model says about a note in its latents. A plain autoencoder has none.",
        border=True,
        height="stretch",
    )
    columns[2].metric(
        "Active dimensions",
        "–" if active is None else f"{active:.0f} of {size}",
        help="Latent dimensions that really tell notes apart; the others stay at rest for every note.",
        border=True,
        height="stretch",
    )
    columns[3].metric(
        f"{words.title('family')} found",
        _share(family),
        _chance(family_chance),
        help=_FAMILY.format(words.family) + _fitted(evaluation, "family_probe"),
        **_PROBE,
    )
    columns[4].metric(
        "Pitch found", _share(pitch), _chance(pitch_chance), help=_PITCH + _fitted(evaluation, "pitch_probe"), **_PROBE
    )
    notes, instruments = evaluation.get("notes"), evaluation.get("instruments")
    if isinstance(notes, int) and isinstance(instruments, int):
        st.caption(
            f"Measured on {counted(notes, words.note)} that training never saw, of {counted(instruments, words.instrument)}."
        )


_PROBE: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off", "border": True, "height": "stretch"}
_FAMILY = (
    "How often a simple classifier names the {} from the latents alone. Higher means that the space is "
    "ordered by timbre."
)
_PITCH = (
    "How often a simple classifier names the exact pitch from the latents alone. Near chance means that the space is "
    "about timbre and leaves pitch to the player."
)


def _fitted(evaluation: dict[str, Any], probe: str) -> str:
    """On which instruments a probe was fitted, as a sentence; nothing where an older evaluation does not say."""
    latent = evaluation.get("latent")
    fitted = latent.get("fitted_on") if isinstance(latent, dict) else None
    told = fitted.get(probe) if isinstance(fitted, dict) else None
    return f" Fitted on {plain(told, 200)}." if isinstance(told, str) else ""


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _chance(value: float | None) -> str | None:
    return None if value is None else f"chance {100 * value:.0f} %"


def show_training(checkpoint: Checkpoint) -> None:
    """Loss curves of the training that made the checkpoint."""
    try:
        history = checkpoint.history
    except TimbreError as error:
        st.warning(plain(str(error), 400))
        return
    curves = [
        ("Reconstruction", {"training": "train.recon", "validation": "val.recon"}),
        ("KL per dimension (nats)", {"training": "train.kl_raw", "validation": "val.kl_raw"}),
        ("Total loss", {"training": "train.total", "validation": "val.total"}),
    ]
    drawn = [(title, lines) for title, lines in curves if any(column in history for column in lines.values())]
    if "epoch" not in history or not drawn:
        st.info("This checkpoint came without a training history.")
        return
    for column, (title, lines) in zip(st.columns(len(drawn)), drawn, strict=True):
        column.markdown(f"**{title}**")
        column.plotly_chart(_curve(history, lines), key=f"curve_{title}", config={"displayModeBar": False})


def _curve(history: pd.DataFrame, lines: dict[str, str]) -> Any:
    import plotly.graph_objects as go

    figure = go.Figure()
    for (name, column), (colour, dash) in zip(lines.items(), (("#8a94a6", "dot"), ("#48abf2", "solid")), strict=True):
        if column in history:
            figure.add_scatter(
                x=history["epoch"], y=history[column], name=name, mode="lines", line={"color": colour, "dash": dash}
            )
    figure.update_layout(
        height=230,
        margin={"l": 0, "r": 8, "t": 28, "b": 0},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "epoch", "rangemode": "tozero"},
        hovermode="x unified",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure
