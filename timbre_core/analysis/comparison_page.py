"""A comparison of checkpoints as one HTML file that needs nothing else: no server, no network."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from timbre_core.analysis.comparison import USUAL_WORDS, Evaluations, compare, measured_on, pitch_rows, table_html
from timbre_core.analysis.comparison_plots import LineStyle, kl_plot, line_styles, pitch_plot, probe_plot, variance_plot
from timbre_core.datasets.vocabulary import Vocabulary
from timbre_core.features.note_names import note_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 1200px; padding: 0 1.5rem; font: 16px/1.5 system-ui, sans-serif;
  background: light-dark(#f3f5f9, #0a0f18); color: light-dark(#172233, #e7edf6); }
h1, h2 { font-family: "Source Serif 4", Georgia, serif; font-weight: 600; }
h2 { margin-top: 2.5rem; }
.warning { padding: .7rem 1rem; border-left: 4px solid #bfa439; background: light-dark(#fff, #121a27); }
table { border-collapse: collapse; width: 100%; background: light-dark(#fff, #121a27); font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .9rem; text-align: right; border-bottom: 1px solid light-dark(#d5dce7, #243146); }
th:first-child { text-align: left; }
.tx-compare th span { display: block; font-weight: 400; font-size: .8rem; opacity: .75; max-width: 34rem; }
.tx-compare td span { display: block; font-size: .8rem; opacity: .75; }
.tx-compare th small { font-weight: 400; opacity: .75; }
.tx-compare i { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin-right: .5rem; }
.tx-compare .tx-none { opacity: .6; }
.tx-compare em, td em { font: 600 .7rem system-ui; padding: .05rem .45rem; border-radius: 1rem;
  background: light-dark(#172233, #e7edf6); color: light-dark(#fff, #0a0f18); }
"""


def comparison_page(
    evaluations: Evaluations,
    warning: str,
    features: Mapping[str, Hashable] | None = None,
    words: Vocabulary = USUAL_WORDS,
) -> str:
    """The whole page as text (about 5 MB, most of it Plotly's own script). `warning` is said at the top, if any.

    features: what each checkpoint reads, words: what their notes are called, as for `compare`.
    """
    names = list(evaluations)
    styles = line_styles(names, names)
    colours = [styles[name].colour for name in names]
    said = f'<p class="warning">{html.escape(warning)}</p>' if warning else ""
    said += f"<p>{html.escape(measured_on(evaluations, words))}</p>"
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Timbre Explorer: {html.escape(", ".join(names))}</title><style>{_STYLE}</style></head>
<body><h1>{html.escape(", ".join(names))}</h1>{said}
{table_html(compare(evaluations, features, words), names, colours)}
{_plots(evaluations, styles, words)}
{_pitch_table(evaluations)}
</body></html>
"""


def _plots(evaluations: Evaluations, styles: Mapping[str, LineStyle], words: Vocabulary) -> str:
    """Those that have something to show, each under its title."""
    titled = (
        ("Reconstruction error per pitch", pitch_plot(evaluations, styles)),
        ("What can be read from the latents", probe_plot(evaluations, styles, words)),
        ("Information per latent dimension", kl_plot(evaluations, styles)),
        ("Variance of the latents along their principal components", variance_plot(evaluations, styles)),
    )
    drawn = [(title, plot) for title, plot in titled if any(len(trace.x or ()) for trace in plot.data)]
    return "\n".join(f"<h2>{title}</h2>{_plot(plot, place == 0)}" for place, (title, plot) in enumerate(drawn))


def _plot(figure: go.Figure, first: bool) -> str:
    # One grey that is read on light and on dark: the file follows the reader's theme.
    figure.update_layout(font={"color": "#76839a", "size": 13}, template="none", height=380)
    figure.update_xaxes(gridcolor="rgba(128,140,160,.25)", zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor="rgba(128,140,160,.25)", zerolinecolor="rgba(128,140,160,.4)", automargin=True)
    text: str = figure.to_html(full_html=False, include_plotlyjs=first, config={"displaylogo": False})
    return text


def _pitch_table(evaluations: Evaluations) -> str:
    rows = pitch_rows(evaluations)
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in evaluations)
    lines = [
        f'<tr><th scope="row">{note_name(pitch)} ({pitch})</th>'
        + "".join("<td></td>" if value is None else f"<td>{value:#.3g}</td>" for value in values)
        + "</tr>"
        for pitch, values in rows
    ]
    return (
        "<h2>Reconstruction MSE per pitch, in figures</h2>"
        f'<table><thead><tr><th scope="col">Pitch</th>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )
