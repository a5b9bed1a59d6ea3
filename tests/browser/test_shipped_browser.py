"""Every shipped checkpoint in a real browser: its map opens, a note sounds, a key of Play sounds."""

from __future__ import annotations

import io
import urllib.request
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.browser.test_explore_browser import NOTE, click_note, lonely_note, open_map
from tests.browser.test_play_browser import PLAYER, open_play, wait_level
from timbre_core.checkpoint import LATENTS, list_checkpoints

pytestmark = pytest.mark.browser

SHIPPED = [path.name for path in list_checkpoints() if (path / LATENTS).exists()]


@pytest.mark.parametrize("checkpoint", SHIPPED)
def test_it_opens_sounds_and_plays(page: Any, app: str, checkpoint: str) -> None:
    open_map(page, f"{app}/?checkpoint={checkpoint}")
    click_note(page, lonely_note(page))
    if checkpoint == "mnist-vae":
        page.locator(".tx-about h3").filter(has_text="handwriting").wait_for()
        assert page.locator(".tx-elsewhere a").all_inner_texts() == ["Compare"]
        for heard in (".tx-tracks", ".tx-map .tx-sound", ".tx-map .tx-instruments"):
            assert page.locator(heard).is_hidden(), "pictures have nothing to hear"
        page.goto(f"{app}/play?checkpoint={checkpoint}")
        page.get_by_text("no sound to play").wait_for()
        return
    page.wait_for_function(f"() => {NOTE}.deck.playing && {NOTE}.deck.position > 0", timeout=30_000)
    open_play(page, app, checkpoint)
    page.keyboard.down("a")
    wait_level(page, 0.01)
    page.keyboard.up("a")
    with urllib.request.urlopen(
        page.evaluate(f"() => new URL({PLAYER}.soundUrl(64), location).href"), timeout=60
    ) as answer:
        made, rate = soundfile.read(io.BytesIO(answer.read()))
    assert 0.1 < len(made) / rate < 13
    assert np.abs(made).max() > 0.02
