"""Opens a page of the app as a browser with a link to it would."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"


def open_link(page: str, **query: str | list[str]) -> AppTest:
    """`open_link("compare", checkpoint=["alpha"])`. AppTest.switch_page knows a page by its file's name until a page was
    run, and every page's file is called page.py."""
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app._page_hash = calc_hash(page)
    return app.run()
