"""A Plotly figure that may grow while it is looked at: new points come in, zoom and hidden lines stay.

`st.plotly_chart` builds its plot anew whenever the figure changes, and the zoom is gone. This component hands the new
figure to `Plotly.react`, which keeps what the user did as long as the layout's `uirevision` is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.browser.component import component
from pages.browser.plotly_script import PLOTLY

if TYPE_CHECKING:
    import plotly.graph_objects as go

_plot = component(
    "plot",
    '<div class="tx-plotly"><div role="img"></div><p role="status">Drawing…</p></div>',
    ["browser/growing_plot.css"],
    "browser/growing_plot.js",
)


def show_growing_plot(figure: go.Figure, key: str, alt: str) -> None:
    """Draw a figure of fixed height as wide as there is room, in the theme's colours."""
    data = {
        "script": PLOTLY,
        "figure": figure.to_json(),
        "height": figure.layout.height,
        "alt": alt,
    }
    _plot(key=key, data=data)
