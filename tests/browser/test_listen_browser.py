"""The listening page in a real browser: loaded by its own address, seen, clicked and heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from timbre_core.analysis.yardsticks.loudness_units import loudness_lufs

pytestmark = pytest.mark.browser
LISTEN = "document.querySelector('.tx-listen').timbreListen"
READY = "td[data-variant={}] button:not([aria-disabled])"


def open_table(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".tx-listen tbody tr", timeout=60_000)


def wait_ready(page: Any, *variants: str) -> None:
    for variant in variants:
        page.locator(READY.format(variant)).first.wait_for(timeout=90_000)


def playing(page: Any) -> list[str]:
    return page.evaluate("() => [...document.querySelectorAll('td.tx-playing')].map((cell) => cell.dataset.variant)")


def wait_playing(page: Any, variant: str, row: int = 0) -> None:
    page.wait_for_function(
        """([variant, row]) => {
          const { deck } = document.querySelector('.tx-listen').timbreListen;
          const cell = document.querySelectorAll('.tx-listen tbody tr')[row].querySelector(`td[data-variant=${variant}]`);
          return deck.playing && deck.position > 0 && cell.classList.contains('tx-playing');
        }""",
        arg=[variant, row],
        timeout=60_000,
    )


def test_its_own_address_works_at_first_and_again(page: Any, fresh_app: Callable[..., str]) -> None:
    address = fresh_app()
    open_table(page, f"{address}/listen?dozen=3&source=reconstruction")
    assert page.get_by_text("Page not found").count() == 0
    first = page.locator(".tx-listen tbody th").all_inner_texts()
    assert len(first) == 12
    page.reload()
    page.wait_for_selector(".tx-listen tbody tr", timeout=60_000)
    assert page.get_by_text("Page not found").count() == 0
    assert urlsplit(page.url).path == "/listen"
    assert "dozen=3" in page.url
    assert page.locator(".tx-listen tbody th").all_inner_texts() == first


def test_one_sound_at_a_time_seen_and_heard(page: Any, app: str) -> None:
    open_table(page, f"{app}/listen")
    wait_ready(page, "original", "fast", "librosa")
    page.locator("td[data-variant=original] button").first.click()
    wait_playing(page, "original")
    page.locator("td[data-variant=fast] button").first.click()
    wait_playing(page, "fast")
    assert playing(page) == ["fast"]
    sounds = page.evaluate(
        f"() => [...{LISTEN}.deck.sounds].map(([kind, sound]) => [kind, sound.sampleRate, [...sound.getChannelData(0)]])"
    )
    gains = page.evaluate(f"() => [...{LISTEN}.deck.sounds.keys()].map((kind) => {LISTEN}.deck.gain(kind))")
    assert [kind for kind, _, _ in sounds] == ["original", "fast"]
    for _, rate, audio in sounds:
        assert rate == 44_100
        assert len(audio) == len(sounds[0][2]) > rate // 4
        assert np.abs(audio).max() > 0.05
    heard = [loudness_lufs(gain * np.array(audio), rate) for gain, (_, rate, audio) in zip(gains, sounds, strict=True)]
    assert heard[1] == pytest.approx(heard[0], abs=0.05), "both are equally loud"
    page.locator("td[data-variant=fast] button").first.click()
    page.wait_for_function(f"() => !{LISTEN}.deck.playing && !document.querySelector('td.tx-playing')")
    shades = page.evaluate(
        """() => ["original", "fast", "librosa"].map((name) => {
          const canvas = document.querySelector(`td[data-variant=${name}] canvas`);
          const { data } = canvas.getContext("2d").getImageData(40, 5, canvas.width - 45, canvas.height - 25);
          return new Set(Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] * 256 + data[4 * i + 1])).size;
        })"""
    )
    assert min(shades) > 30, "a spectrogram is blank"


def test_keyboard_alone(page: Any, app: str) -> None:
    open_table(page, f"{app}/listen")
    wait_ready(page, "original", "fast")
    stops = page.locator(".tx-listen button[tabindex='0']")
    assert stops.count() == 1
    stops.focus()
    page.keyboard.press("Enter")
    wait_playing(page, "original")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.activeElement.closest('td').dataset.variant") == "fast"
    page.keyboard.press("Enter")
    wait_playing(page, "fast")
    page.keyboard.press("1")
    wait_playing(page, "original")
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => !{LISTEN}.deck.playing")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => document.activeElement.closest('tr').dataset.row") == "1"
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')").startswith("Play ")


def test_another_dozen(page: Any, app: str) -> None:
    open_table(page, f"{app}/listen")
    wait_ready(page, "original")
    before = page.locator(".tx-listen tbody th").all_inner_texts()
    page.locator("td[data-variant=original] button").first.click()
    wait_playing(page, "original")
    page.get_by_test_id("stNumberInputStepUp").click()
    page.wait_for_function("() => location.search.includes('dozen=1')")
    page.wait_for_function(
        "(before) => [...document.querySelectorAll('.tx-listen tbody th')].some((th, i) => th.innerText !== before[i])",
        arg=before,
    )
    assert page.locator(".tx-listen tbody th").all_inner_texts() != before
    assert not page.evaluate(f"() => {LISTEN}.deck.playing")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (800, 1100)])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits(page: Any, app: str, width: int, height: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    open_table(page, f"{app}/listen")
    wait_ready(page, "original")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    widths = page.evaluate("() => [...document.querySelectorAll('.tx-listen canvas')].map((each) => each.clientWidth)")
    assert min(widths) >= 120, "a picture is too narrow to be read"
    rows = page.locator(".tx-listen tbody tr")
    seen = [rows.nth(place).bounding_box() for place in range(4)]
    assert seen[2]["y"] + seen[2]["height"] <= height, "three notes are in view at once"
    assert len({round(box["height"]) for box in seen}) == 1
    ends = page.evaluate(
        """() => ["tx-over", "tx-cell"].map((name) => [...document.querySelectorAll(`.tx-listen .${name}`)].at(-1))
          .map((each) => Math.round(each.getBoundingClientRect().right))"""
    )
    assert abs(ends[0] - ends[1]) <= 1, "the last line has no hole at its end"
