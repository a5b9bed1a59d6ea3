"""A Plotly figure that may grow while it is looked at: new points come in, zoom and hidden lines stay.

`st.plotly_chart` builds its plot anew whenever the figure changes, and the zoom is gone. This component hands the new
figure to `Plotly.react`, which keeps what the user did as long as the layout's `uirevision` is the same. Plotly's script
is the one inside the Python package, served beside the app: nothing comes from another machine.
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from pages.browser.component import component
from pages.server.answers import ADDRESS

if TYPE_CHECKING:
    import plotly.graph_objects as go

PLOTLY = f"{ADDRESS}/plotly.js?v={version('plotly')}"
"""Where browsers find Plotly's script; plotly_loader.js loads it."""
_SCRIPT = Path(str(files("plotly") / "package_data" / "plotly.min.js"))

_plot = component(
    "plot",
    '<div class="tx-plotly"><div role="img"></div><p role="status">Drawing…</p></div>',
    ["browser/growing_plot.css"],
    "browser/growing_plot.js",
)


async def plotly_route(request: Request) -> Response:
    """`/api/plotly.js`: Plotly's script; the address carries its version, so browsers may keep it."""
    return FileResponse(_SCRIPT, media_type="text/javascript", headers={"Cache-Control": "private, max-age=31536000"})


def show_growing_plot(figure: go.Figure, key: str, alt: str) -> None:
    """Draw a figure of fixed height as wide as there is room, in the theme's colours."""
    data = {
        "script": PLOTLY,
        "figure": figure.to_json(),
        "height": figure.layout.height,
        "alt": alt,
    }
    _plot(key=key, data=data)
