"""The page Training in a real browser: epochs arrive by themselves, zoom stays, links work."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

pytestmark = pytest.mark.browser
PATIENCE = 120_000  # ms: a busy machine takes its time to start a server and to import Plotly
PLOT = "document.querySelector('.js-plotly-plot')"


@pytest.fixture
def growing(copied: Path) -> Path:
    """A running training beside a finished one: two epochs are done."""
    folder = copied / "growing.training"
    folder.mkdir()
    shutil.copy(copied / "nsynth-cvae" / "recipe.yaml", folder)
    for epoch in (1, 2):
        append(folder, epoch)
    return folder


def append(folder: Path, epoch: int) -> None:
    losses = {"total": 1 / epoch, "recon": 0.5 / epoch, "kl_raw": 0.4, "kl_fb": 0.5}
    line = {"epoch": epoch, "step": 9 * epoch, "seconds": 3.0 * epoch, "beta": 0.1, "learning_rate": 1e-3}
    with open(folder / "history.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line | {"train": losses, "val": losses}) + "\n")


def wait_for_epochs(page: Any, count: int) -> None:
    page.wait_for_function(
        f"(n) => {PLOT} && {PLOT}.data && Math.max(...{PLOT}.data.map((t) => (t.x ?? []).length)) === n",
        arg=count,
        timeout=PATIENCE,
    )


def test_epochs_arrive_by_themselves_and_the_zoom_stays(
    page: Any, fresh_app: Callable[..., str], growing: Path
) -> None:
    address = fresh_app(growing.parent)
    page.goto(f"{address}/training")
    wait_for_epochs(page, 2)
    assert parse_qs(urlsplit(page.url).query) == {"run": ["growing"]}
    page.get_by_text("epoch 2 of 75").wait_for(timeout=PATIENCE)
    before = page.locator(".js-plotly-plot").bounding_box()
    append(growing, 3)
    wait_for_epochs(page, 3)
    page.get_by_text("epoch 3 of 75").wait_for(timeout=PATIENCE)
    assert page.locator(".js-plotly-plot").bounding_box() == before, "nothing jumps"

    box = page.locator(".js-plotly-plot .nsewdrag").nth(1).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7, steps=5)
    page.mouse.up()
    page.wait_for_timeout(700)
    zoomed = page.evaluate(f"() => {PLOT}._fullLayout.xaxis2.range")
    append(growing, 4)
    wait_for_epochs(page, 4)
    page.wait_for_timeout(2500)
    assert page.evaluate(f"() => {PLOT}._fullLayout.xaxis2.range") == pytest.approx(zoomed), "the zoom is lost"
    assert page.evaluate(f"() => {PLOT}._fullLayout.xaxis.range") == pytest.approx(zoomed), "panels zoom together"


def test_pictures_arrive_and_a_vanished_folder_is_told(page: Any, fresh_app: Callable[..., str], growing: Path) -> None:
    page.goto(f"{fresh_app(growing.parent)}/training?run=growing&run=nsynth-cvae")
    page.get_by_text("The first pictures come after the first epoch").wait_for(timeout=PATIENCE)
    (growing / "pictures").mkdir()
    frames = np.random.default_rng(0).integers(0, 256, (2, 20, 30), dtype=np.uint8)
    np.savez_compressed(growing / "pictures" / "000001.npz", originals=frames, reconstructions=frames, samples=frames)
    page.wait_for_selector(".tx-film img", timeout=PATIENCE)
    assert page.locator(".tx-film img").count() == 6
    assert page.evaluate("() => [...document.querySelectorAll('.tx-film img')].every((i) => i.naturalWidth === 30)")
    shutil.rmtree(growing)
    page.get_by_text("growing is no longer there").wait_for(timeout=PATIENCE)
    page.wait_for_function("() => !location.search.includes('growing')", timeout=PATIENCE)
    assert page.locator(".js-plotly-plot").count() == 1
    assert page.get_by_test_id("stException").count() == 0


def test_a_deep_link_on_a_fresh_server_and_a_reload(page: Any, fresh_app: Callable[..., str]) -> None:
    address = fresh_app()
    page.goto(f"{address}/training?run=nsynth-ae&run=nsynth-cvae")
    for _ in range(2):
        page.wait_for_selector(".js-plotly-plot .legend", timeout=PATIENCE)
        assert page.get_by_text("Page not found").count() == 0
        assert page.get_by_role("dialog").count() == 0
        assert urlsplit(page.url).path == "/training"
        assert parse_qs(urlsplit(page.url).query) == {"run": ["nsynth-ae", "nsynth-cvae"]}
        assert (
            page.locator(".js-plotly-plot .xaxislayer-above").count() + page.locator(".js-plotly-plot .subplot").count()
            >= 6
        )
        page.reload()
    page.wait_for_selector(".js-plotly-plot", timeout=PATIENCE)


def test_a_training_that_starts_while_the_page_is_open(page: Any, fresh_app: Callable[..., str], copied: Path) -> None:
    page.goto(f"{fresh_app(copied)}/training")
    page.get_by_text("No training is running").wait_for(timeout=PATIENCE)
    assert page.get_by_text("new, running").count() == 0
    folder = copied / "new.training"
    folder.mkdir()
    shutil.copy(copied / "nsynth-cvae" / "recipe.yaml", folder)
    append(folder, 1)
    page.get_by_text("No training is running").wait_for(state="detached", timeout=PATIENCE)
    page.get_by_text("epoch 1 of 75").wait_for(timeout=PATIENCE)
    assert page.get_by_text("new, running").count() > 0, "it can be chosen"


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (800, 1100)])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits(page: Any, app: str, width: int, height: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{app}/training")
    page.wait_for_selector(".js-plotly-plot .legend", timeout=PATIENCE)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    box = page.locator(".js-plotly-plot").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
