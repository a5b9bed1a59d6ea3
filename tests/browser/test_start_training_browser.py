"""A training from the page: started, followed over a reload, stopped, gone on with where it was."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import harness
from timbre_core.catalogue import jobs

pytestmark = pytest.mark.browser
PATIENCE = 120_000  # ms


@pytest.fixture
def address(tiny_checkpoint: Path, tiny_nsynth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with one small checkpoint and one library; what still trains at the end is ended."""
    from timbre_core.catalogue.libraries import create_library

    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tiny_checkpoint.parent))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    create_library("my notes", tiny_nsynth, tiny_checkpoint, {})
    home = tmp_path / "home"
    home.mkdir()
    try:
        with harness.running_server(home, dict(os.environ)) as opened:
            yield opened
    finally:
        for job in jobs.list_jobs(only_open=True):
            jobs.cancel(job.id)


def stop_button(page: Any) -> Any:
    """What stops the training; Streamlit has a button of that name in its header while it works."""
    return page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)


def epoch_told(page: Any, after: int) -> int:
    """Wait until the page tells of an epoch later than `after`; that epoch."""
    page.wait_for_function(
        "(n) => Number(/mine · epoch (\\d+) of 10000/.exec(document.body.innerText)?.[1] ?? 0) > n",
        arg=after,
        timeout=PATIENCE,
    )
    found = re.search(r"mine · epoch (\d+) of", page.inner_text("body"))
    assert found
    return int(found[1])


def test_a_training_is_started_followed_stopped_and_gone_on_with(page: Any, address: str) -> None:
    page.goto(f"{address}/training")
    page.get_by_test_id("stExpander").get_by_text("Start a training").click()
    page.get_by_role("spinbutton", name="Epochs").fill("10000")
    page.get_by_role("spinbutton", name="Epochs").press("Enter")
    page.get_by_role("button", name="Start", exact=True).click()
    stop_button(page).wait_for(timeout=PATIENCE)
    (job,) = jobs.list_jobs(only_open=True)
    seen = epoch_told(page, 0)

    page.reload()
    stop_button(page).wait_for(timeout=PATIENCE)
    seen = epoch_told(page, seen)
    stop_button(page).click()
    page.get_by_text("mine was stopped: what it learned is kept.").wait_for(timeout=PATIENCE)
    assert jobs.job_of_id(job.id).state == "cancelled"

    page.get_by_role("button", name="Go on", exact=True).click()
    stop_button(page).wait_for(timeout=PATIENCE)
    (again,) = jobs.list_jobs(only_open=True)
    assert again.arguments == job.arguments
    assert epoch_told(page, seen) > seen, "it goes on where it was"
