"""Where the app's HTTP routes are. Imports next to nothing."""

from __future__ import annotations

from streamlit import config

_BASE = config.get_option("server.baseUrlPath").strip("/")
API = f"/{_BASE}/api" if _BASE else "/api"
ADDRESS = "api"
"""Where pages ask: the same, from the page's own address, so that a proxy may put the app below any prefix."""
