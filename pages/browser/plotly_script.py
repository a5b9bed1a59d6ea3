"""Plotly's own script, the one inside the Python package: nothing comes from another machine. Imports next to nothing."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from pages.server.address import ADDRESS

PLOTLY = f"{ADDRESS}/plotly.js?v={version('plotly')}"
"""Where browsers find Plotly's script; plotly_loader.js loads it."""


async def plotly_route(request: Request) -> Response:
    """`/api/plotly.js`: Plotly's script; the address carries its version, so browsers may keep it."""
    script = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
    return FileResponse(script, media_type="text/javascript", headers={"Cache-Control": "private, max-age=31536000"})
