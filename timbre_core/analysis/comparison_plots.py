"""Plots of several checkpoints' evaluations, for the app's pages and for files. They read well on light and on dark."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from timbre_core.analysis.comparison import (
    USUAL_WORDS,
    Evaluations,
    errors_by_pitch,
    explained_per_component,
    kl_per_dimension,
    number,
)
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.features.note_names import note_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Found like the families' colours (pages/server/colours.py): as far apart as eight colours can be (OKLab) in normal vision
# and in full protanopia, deuteranopia and tritanopia, among those that stand out from a light and from a dark background.
LINE_COLOURS = ("#41bad9", "#d9a121", "#9d49f2", "#f23000", "#158c2d", "#f26d88", "#6291d9", "#bf568b")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "x", "star")
_PATTERNS = ("", "/", "\\", "x", "-", "|", "+", ".")
MOST_LINES = len(LINE_COLOURS)

_PROBES = (
    ("family_probe_accuracy", "family_chance", "family"),
    ("family_probe_accuracy_nonlinear", "family_chance", "family,<br>non-linear"),
    ("pitch_probe_accuracy", "pitch_chance", "exact pitch"),
    ("pitch_probe_accuracy_nonlinear", "pitch_chance", "exact pitch,<br>non-linear"),
)


@dataclass(frozen=True)
class LineStyle:
    """How one checkpoint is drawn everywhere: a colour (`#rrggbb`), and what tells it from others without colours: a Plotly
    marker symbol on lines, a Plotly pattern in bars."""

    colour: str
    symbol: str

    @property
    def pattern(self) -> str:
        return _PATTERNS[_SYMBOLS.index(self.symbol)]


def line_styles(chosen: Iterable[str], among: Sequence[str]) -> dict[str, LineStyle]:
    """A style for each chosen name, all different; a name keeps its style as long as `among` and its neighbours allow.

    Raises ValueError for more than MOST_LINES names.
    """
    slots: dict[str, int] = {}
    for name in sorted(set(chosen), key=list(among).index):
        wanted = list(among).index(name)
        free = [(wanted + step) % MOST_LINES for step in range(MOST_LINES)]
        slots[name] = next((slot for slot in free if slot not in slots.values()), -1)
        if slots[name] < 0:
            raise ValueError(f"more than {MOST_LINES} lines")
    return {name: LineStyle(LINE_COLOURS[slot], _SYMBOLS[slot]) for name, slot in slots.items()}


def pitch_plot(evaluations: Evaluations, styles: Mapping[str, LineStyle]) -> go.Figure:
    """MSE per MIDI pitch, a line per checkpoint."""
    figure = _figure("reconstruction MSE")
    for name, evaluation in evaluations.items():
        errors = errors_by_pitch(evaluation)
        figure.add_scatter(
            x=[error.pitch for error in errors],
            y=[error.mse for error in errors],
            customdata=[[note_name(error.pitch), error.notes] for error in errors],
            hovertemplate="%{y:.4f} (%{customdata[1]} notes)",
            name=html.escape(name),
            mode="lines+markers",
            line={"color": styles[name].colour, "width": 1.8},
            marker={"symbol": styles[name].symbol, "size": 5.5},
        )
    octaves = list(range(0, 128, 12))
    figure.update_xaxes(title="pitch", tickvals=octaves, ticktext=[note_name(midi) for midi in octaves])
    figure.update_layout(hovermode="x unified")
    return figure


def kl_plot(evaluations: Evaluations, styles: Mapping[str, LineStyle]) -> go.Figure:
    """KL of every latent dimension, largest first; a model without any has no line."""
    figure = _figure("KL in nats")
    for name, evaluation in evaluations.items():
        values = kl_per_dimension(evaluation)
        if any(values):
            figure.add_scatter(
                x=list(range(1, len(values) + 1)),
                y=values,
                name=html.escape(name),
                mode="lines+markers",
                line={"color": styles[name].colour, "width": 1.8, "shape": "hvh"},
                marker={"symbol": styles[name].symbol, "size": 5.5},
                hovertemplate="%{y:.3f} nats",
            )
    figure.update_xaxes(title="latent dimension, most informative first", rangemode="tozero")
    figure.update_layout(hovermode="x unified")
    return figure


def variance_plot(evaluations: Evaluations, styles: Mapping[str, LineStyle]) -> go.Figure:
    """Share of the variance of note means that the first principal components explain, a line per checkpoint."""
    figure = _figure("variance explained")
    for name, evaluation in evaluations.items():
        shares = explained_per_component(evaluation)
        if shares:
            figure.add_scatter(
                x=list(range(1, len(shares) + 1)),
                y=shares,
                name=html.escape(name),
                mode="lines+markers",
                line={"color": styles[name].colour, "width": 1.8},
                marker={"symbol": styles[name].symbol, "size": 5.5},
                hovertemplate="%{y:.1%}",
            )
    figure.update_xaxes(title="principal components", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    figure.update_layout(hovermode="x unified")
    return figure


def probe_plot(evaluations: Evaluations, styles: Mapping[str, LineStyle], words: Vocabulary = USUAL_WORDS) -> go.Figure:
    """How often family and pitch are read from the latents, as far as they were: a bar per checkpoint, across it a line at
    chance."""
    figure = _figure(f"{words.note}s named rightly")
    probes = [
        (accuracy, chance, title.replace("family", words.family))
        for accuracy, chance, title in _PROBES
        if any(number(evaluation, "latent", accuracy) is not None for evaluation in evaluations.values())
    ]
    width = 0.8 / max(1, len(evaluations))
    chance_x: list[float | None] = []
    chance_y: list[float | None] = []
    for place, (name, evaluation) in enumerate(evaluations.items()):
        middles, heights, texts = [], [], []
        for group, (accuracy, chance, title) in enumerate(probes):
            value, level = number(evaluation, "latent", accuracy), number(evaluation, "latent", chance)
            middle = group + (place - (len(evaluations) - 1) / 2) * width
            if value is not None:
                middles.append(middle)
                heights.append(value)
                texts.append(title.replace("<br>", " "))
            if level is not None:
                chance_x += [middle - width / 2, middle + width / 2, None]
                chance_y += [level, level, None]
        figure.add_bar(
            x=middles,
            y=heights,
            width=0.9 * width,
            name=html.escape(name),
            marker={
                "color": styles[name].colour,
                "pattern": {"shape": styles[name].pattern, "size": 7, "solidity": 0.35, "fillmode": "overlay"},
            },
            customdata=texts,
            hovertemplate="%{customdata}: %{y:.1%}",
        )
    figure.add_scatter(
        x=chance_x,
        y=chance_y,
        name="chance",
        mode="lines",
        line={"color": "#8a94a6", "width": 2.5},
        hovertemplate="chance %{y:.1%}<extra></extra>",
    )
    figure.update_xaxes(tickvals=list(range(len(probes))), ticktext=[title for *_, title in probes], showgrid=False)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure


def _figure(y_title: str) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        height=320,
        margin={"l": 0, "r": 8, "t": 34, "b": 0},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        yaxis={"title": y_title, "rangemode": "tozero"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure
