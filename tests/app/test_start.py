"""`streamlit run app.py` on a machine that has never seen Streamlit."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from tests.browser.harness import running_server


def test_a_first_start_asks_nothing_and_works_from_any_folder(tmp_path: Path, checkpoints: Path) -> None:
    # A display is announced, as on a desktop: there Streamlit would ask for an e-mail address and wait. No program is on
    # the path, so that no browser opens.
    environment = {"DISPLAY": ":99", "PATH": "", "BROWSER": "none", "TIMBRE_CHECKPOINTS": str(checkpoints)}
    with running_server(tmp_path, environment, cwd=tmp_path, options=()) as address:
        with urllib.request.urlopen(f"{address}/api/map?checkpoint=alpha") as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{address}/explore") as answer:
            assert b"<title>" in answer.read()
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert "email" not in log.lower()
    assert "usage statistics" not in log.lower()
    assert "Traceback" not in log
