"""How well a checkpoint does, in figures and curves."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.explore.report_words import figure
from pages.server.words import plain
from timbre_core.checkpoint import Checkpoint
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.errors import TimbreError
from timbre_core.wording import counted


def evaluation_of(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """What was measured of a checkpoint; where nothing was, that is said."""
    try:
        evaluation = checkpoint.evaluation
    except TimbreError as error:
        st.warning(plain(str(error), 400))
        return None
    if not isinstance(evaluation, dict):
        st.info(f"Not evaluated yet: `python -m timbre_core evaluate checkpoints/{checkpoint.name}` measures it.")
        return None
    return evaluation


def show_figures(checkpoint: Checkpoint, evaluation: dict[str, Any], words: Vocabulary) -> None:
    """The evaluation's key figures, each with a word on what it means."""
    l1 = figure(evaluation, "reconstruction", "l1")
    kl = figure(evaluation, "latent", "kl_total") if checkpoint.recipe.model.sampling else None
    active = figure(evaluation, "latent", "active_units")
    size = checkpoint.recipe.model.latent_dim
    family, family_chance = (figure(evaluation, "latent", f"family_{name}") for name in ("probe_accuracy", "chance"))
    pitch, pitch_chance = (figure(evaluation, "latent", f"pitch_{name}") for name in ("probe_accuracy", "chance"))
    columns = [*st.columns(3), *st.columns(2)]
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


def show_measured_on(evaluation: dict[str, Any], words: Vocabulary) -> None:
    """Of how many notes and instruments the figures are."""
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
    for title, lines in drawn:
        st.markdown(f"**{title}**")
        st.plotly_chart(_curve(history, lines), key=f"curve_{title}", config={"displayModeBar": False})


def _curve(history: pd.DataFrame, lines: dict[str, str]) -> Any:
    import plotly.graph_objects as go

    drawing = go.Figure()
    for (name, column), (colour, dash) in zip(lines.items(), (("#8a94a6", "dot"), ("#48abf2", "solid")), strict=True):
        if column in history:
            drawing.add_scatter(
                x=history["epoch"], y=history[column], name=name, mode="lines", line={"color": colour, "dash": dash}
            )
    drawing.update_layout(
        height=230,
        margin={"l": 0, "r": 8, "t": 28, "b": 0},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "epoch", "rangemode": "tozero"},
        hovermode="x unified",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return drawing
