"""Curves of several trainings, one plot of them all: each run in its own colour, zoom kept while they grow."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pages.server.words import readable
from pages.training.runs import Run
from timbre_core.analysis.comparison_plots import LineStyle

if TYPE_CHECKING:
    import plotly.graph_objects as go

AXES = {"epoch": "Epochs", "step": "Steps", "seconds": "Time"}
PARTS = {"val": "Validation", "train": "Training"}
_PANELS = {
    "total": "Total loss",
    "recon": "Reconstruction",
    "kl_raw": "KL, raw (nats per dimension)",
    "kl_fb": "KL with free bits (nats per dimension)",
    "beta": "Beta: weight of the KL",
    "learning_rate": "Learning rate",
}
_SINGLE = ("beta", "learning_rate")
_ACROSS = 3
_MOST_MARKS = 10


def curves_plot(
    runs: Mapping[str, Run], styles: Mapping[str, LineStyle], axis: str, parts: list[str], logarithmic: bool
) -> go.Figure:
    """All figures of all runs, a panel each. A dot marks the epoch whose weights were kept.

    axis: one of AXES. parts: of PARTS.
    """
    from plotly.subplots import make_subplots

    panels = _panels(runs)
    rows = math.ceil(len(panels) / _ACROSS)
    figure = make_subplots(
        rows,
        _ACROSS,
        shared_xaxes="all",
        subplot_titles=list(panels.values()),
        vertical_spacing=0.4 / rows**1.4,
        horizontal_spacing=0.055,
    )
    for name, run in runs.items():
        figure.add_scatter(
            x=[None], y=[None], name=html.escape(name), legendgroup=name, **_look(styles[name], "val"), row=1, col=1
        )
        for place, metric in enumerate(panels):
            for part in [""] if metric in _SINGLE else parts:
                _draw(figure, run, styles[name], axis, metric, part, place)
    grey = {"mode": "lines", "x": [None], "y": [None], "hoverinfo": "skip"}
    for part in parts:
        dash = {"color": "#8a94a6", "width": 1.6, "dash": "solid" if part == "val" else "dot"}
        figure.add_scatter(name=PARTS[part].lower(), line=dash, **grey, row=1, col=1)
    figure.update_layout(
        height=80 + 235 * rows,
        margin={"l": 0, "r": 8, "t": 60, "b": 0},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1 + 40 / (235 * rows), "yanchor": "bottom"},
        # The same word as long as the same thing is drawn: zoom and hidden lines stay while epochs are added.
        uirevision=f"{axis} {logarithmic}",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
    )
    figure.update_annotations(font={"size": 13})
    figure.update_yaxes(type="log" if logarithmic else "linear", nticks=6, exponentformat="power")
    longest = max((run.done for run in runs.values()), default=0)
    figure.update_xaxes(showticklabels=True, nticks=7, dtick=1 if axis == "epoch" and longest <= 8 else None)
    figure.update_xaxes(title={"text": _axis_title(axis), "font": {"size": 12}}, row=rows)
    return figure


def _panels(runs: Mapping[str, Run]) -> dict[str, str]:
    """The figures that some run has, the known ones first, each with its title."""
    known = {name for run in runs.values() for name in run.epochs.columns}
    metrics = {name.split(".", 1)[1] for name in known if name.split(".", 1)[0] in PARTS and "." in name}
    found = {name: title for name, title in _PANELS.items() if name in metrics or (name in _SINGLE and name in known)}
    warmed_up = [run for run in runs.values() if _warms_up(run)]
    if warmed_up and "total" in found:
        # Validation losses are taken at the full beta, so that epochs compare.
        comparable = all(at_full_beta(run) is not None for run in warmed_up)
        found |= {"total": "Total loss (at the full beta)" if comparable else "Total loss (training: epoch’s beta)"}
    return found | {name: readable(name).capitalize() for name in sorted(metrics - set(found))}


def _warms_up(run: Run) -> bool:
    """Whether beta grows over the first steps, so that the total losses of epochs are of different objectives."""
    recipe = run.recipe
    planned = (
        recipe is not None and recipe.makes_a_space and recipe.objective.beta > 0 and recipe.objective.warmup_steps > 0
    )
    return planned or len(set(run.epochs.columns.get("beta", []))) > 1


def at_full_beta(run: Run) -> list[float] | None:
    """The training's total losses as they would be at the beta that warms up over the first epochs: what validation has, too,
    so that the two curves compare. None where the recipe or one of the terms is not known."""
    columns, recipe = run.epochs.columns, run.recipe
    terms: tuple[str, ...] = ("train.recon", "train.kl_fb")
    if recipe is None or not recipe.makes_a_space or not set(terms) <= set(columns):
        return None
    weights = [recipe.model.likelihood.weight, recipe.objective.beta]
    if recipe.objective.total_correlation is not None:
        terms, weights = (*terms, "train.total_correlation"), [*weights, recipe.objective.total_correlation.weight]
    if not set(terms) <= set(columns):
        return None
    # Means over the epoch's steps: the sum is linear in each.
    return [
        sum(weight * value for weight, value in zip(weights, epoch, strict=True))
        for epoch in zip(*(columns[term] for term in terms), strict=True)
    ]


def _draw(figure: go.Figure, run: Run, style: LineStyle, axis: str, metric: str, part: str, place: int) -> None:
    columns = run.epochs.columns
    column = f"{part}.{metric}" if part else metric
    if column not in columns or axis not in columns:
        return
    comparable = at_full_beta(run) if column == "train.total" and _warms_up(run) else None
    values = columns[column] if comparable is None else comparable
    x, y = _places(run, axis), [value if math.isfinite(value) else None for value in values]
    where = {"row": place // _ACROSS + 1, "col": place % _ACROSS + 1}
    shared = {"name": html.escape(run.name), "legendgroup": run.name, "showlegend": False}
    called = html.escape(run.name)
    told = f"{called}{', ' + PARTS[part].lower() if part else ''}: %{{y:.4g}}<extra>epoch %{{customdata:.0f}}</extra>"
    figure.add_scatter(
        x=x, y=y, customdata=columns["epoch"], hovertemplate=told, **shared, **_look(style, part), **where
    )
    kept = _kept(run) if part == "val" and run.recipe and metric == run.recipe.training.keep else None
    if kept is not None:
        dot = {"symbol": style.symbol, "size": 10, "color": style.colour, "line": {"color": "#8a94a6", "width": 1.5}}
        best = f"{called}: best so far, epoch {columns['epoch'][kept]:.0f}: %{{y:.4g}}<extra></extra>"
        figure.add_scatter(x=[x[kept]], y=[y[kept]], mode="markers", marker=dot, hovertemplate=best, **shared, **where)


def _look(style: LineStyle, part: str) -> dict:
    """How a line looks: validation solid with a few of its run's own marks, training dotted."""
    line = {
        "color": style.colour,
        "width": 1.4 if part == "train" else 2,
        "dash": "dot" if part == "train" else "solid",
    }
    marker = {"symbol": style.symbol, "size": 6, "color": style.colour, "maxdisplayed": _MOST_MARKS}
    return {"mode": "lines" if part == "train" else "lines+markers", "line": line, "marker": marker}


def _kept(run: Run) -> int | None:
    """Where the epoch stands whose weights were kept."""
    assert run.recipe is not None
    values = run.epochs.columns[f"val.{run.recipe.training.keep}"]
    finite = [(value, place) for place, value in enumerate(values) if math.isfinite(value)]
    return min(finite)[1] if finite else None


def _places(run: Run, axis: str) -> list[float]:
    values = run.epochs.columns[axis]
    return [value / 60 for value in values] if axis == "seconds" else values


def _axis_title(axis: str) -> str:
    return "minutes" if axis == "seconds" else AXES[axis].lower()
