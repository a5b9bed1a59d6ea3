"""A comparison of checkpoints as one HTML file that needs nothing else: no server, no network."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from timbre_core.analysis.comparison import Evaluations, compare, measured_on, pitch_rows, table_html
from timbre_core.analysis.comparison_plots import kl_plot, line_styles, pitch_plot, probe_plot, variance_plot
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


def comparison_page(evaluations: Evaluations, warning: str, features: Mapping[str, Hashable] | None = None) -> str:
    """The whole page as text (about 5 MB, most of it Plotly's own script). `warning` is said at the top, if any.

    features: what each checkpoint reads, as for `compare`.
    """
    names = list(evaluations)
    styles = line_styles(names, names)
    colours = [styles[name].colour for name in names]
    plots = [plot(evaluations, styles) for plot in (pitch_plot, probe_plot, kl_plot, variance_plot)]
    drawn = [_plot(plot, first=plot is plots[0]) for plot in plots]
    said = (
        f'<p class="warning">{html.escape(warning)}</p>'
        if warning
        else f"<p>{html.escape(measured_on(evaluations))}</p>"
    )
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Timbre Explorer: {html.escape(", ".join(names))}</title><style>{_STYLE}</style></head>
<body><h1>{html.escape(", ".join(names))}</h1>{said}
{table_html(compare(evaluations, features), names, colours)}
<h2>Reconstruction error per pitch</h2>{drawn[0]}
<h2>What can be read from the latents</h2>{drawn[1]}
<h2>Information per latent dimension</h2>{drawn[2]}
<h2>Variance of the latents along their principal components</h2>{drawn[3]}
<h2>Reconstruction MSE per pitch, in figures</h2>{_pitch_table(evaluations)}
</body></html>
"""


def _plot(figure: go.Figure, first: bool) -> str:
    # One grey that is read on light and on dark: the file follows the reader's theme.
    figure.update_layout(font={"color": "#76839a", "size": 13}, template="none", height=380)
    figure.update_xaxes(gridcolor="rgba(128,140,160,.25)", zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor="rgba(128,140,160,.25)", zerolinecolor="rgba(128,140,160,.4)", automargin=True)
    text: str = figure.to_html(full_html=False, include_plotlyjs=first, config={"displaylogo": False})
    return text


def _pitch_table(evaluations: Evaluations) -> str:
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in evaluations)
    lines = [
        f'<tr><th scope="row">{note_name(pitch)} ({pitch})</th>'
        + "".join("<td></td>" if value is None else f"<td>{value:#.3g}</td>" for value in values)
        + "</tr>"
        for pitch, values in pitch_rows(evaluations)
    ]
    return f'<table><thead><tr><th scope="col">Pitch</th>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
