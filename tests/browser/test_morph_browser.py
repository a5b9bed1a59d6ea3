"""The Morph page in a real browser, on the shipped checkpoints: paths, the pad, and a pitch that is drawn."""

from __future__ import annotations

import io
import urllib.request
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
import soundfile

from timbre_core.features.pitch import estimate_f0
from timbre_core.features.pitch_track import track_pitch

pytestmark = pytest.mark.browser
MORPH = "document.querySelector('.tx-morph').timbreMorph"


def open_morph(page: Any, address: str, checkpoint: str = "nsynth-cvae", **query: str) -> None:
    page.goto(f"{address}/morph?{urlencode({'checkpoint': checkpoint, **query})}")
    page.wait_for_selector(f".tx-morph[data-ready={checkpoint}]", timeout=60_000)


def notes(page: Any) -> list[str]:
    return page.evaluate(f"() => {MORPH}.chosen.notes")


def fetched(page: Any, expression: str) -> np.ndarray:
    """The sound of an address that the page would play, fetched and decoded."""
    source = page.evaluate(f"() => new URL({expression}, location).href")
    with urllib.request.urlopen(source, timeout=60) as answer:
        audio, rate = soundfile.read(io.BytesIO(answer.read()))
    assert rate == 16_000
    assert np.abs(audio).max() > 0.05, "silent"
    return audio


def brightness(audio: np.ndarray) -> float:
    """The centre of the power spectrum, Hz."""
    power = np.abs(np.fft.rfft(audio)) ** 2
    return float(np.sum(power * np.fft.rfftfreq(len(audio), 1 / 16_000)) / power.sum())


def wait_level(page: Any, above: float) -> None:
    page.wait_for_function(f"level => {MORPH}.synth.level() > level", arg=above, timeout=30_000)


def test_a_path_is_heard_as_steps_and_as_one_sound(page: Any, app: str) -> None:
    open_morph(page, app)
    assert len(notes(page)) == 4
    page.wait_for_function(f"() => {MORPH}.map.trail?.length > 50")
    panel = f"{MORPH}.panels.path"
    first, middle, second = (fetched(page, f"{panel}.stepUrl({place})") for place in (0, 0.5, 1))
    for step in (first, middle, second):
        assert abs(100 * (estimate_f0(step, 16_000).midi - 60)) < 50
    assert brightness(second) < brightness(first), "from a trumpet to a flute"
    whole = fetched(page, f"{panel}.wholeUrl()")
    assert len(whole) == 4 * 16_000
    page.locator(".tx-steps button").nth(4).click()
    wait_level(page, 0.01)
    page.locator(".tx-whole").click()
    page.wait_for_selector(".tx-whole:has-text('Stop')", timeout=30_000)
    page.wait_for_function(f"() => {MORPH}.map.part > 0.1")
    page.locator(".tx-whole").click()
    page.wait_for_function(f"() => {MORPH}.synth.voices.size === 0")
    page.get_by_role("radio", name="Linear").click()
    page.wait_for_url("**path=linear**")
    assert not np.allclose(fetched(page, f"{panel}.stepUrl(0.5)"), middle, atol=1e-3)


def test_the_pad_follows_the_hand(page: Any, app: str) -> None:
    open_morph(page, app, view="pad")
    page.wait_for_selector(".tx-pad-panel[data-ready='49']", timeout=120_000)
    corners = [fetched(page, f"{MORPH}.panels.pad.urlAt({x}, {y})") for x, y in ((0, 0), (6, 0), (0, 6), (6, 6))]
    for corner in corners:
        assert abs(100 * (estimate_f0(corner, 16_000).midi - 60)) < 50
    centres = [brightness(corner) for corner in corners]
    assert max(centres) > 1.2 * min(centres), "corners differ"
    box = page.locator(".tx-pad canvas").bounding_box()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/play/sound" in request.url else None)
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    wait_level(page, 0.01)
    heard = set()
    for step in range(12):
        page.mouse.move(
            box["x"] + 20 + step * (box["width"] - 40) / 11, box["y"] + 20 + step * (box["height"] - 40) / 11
        )
        heard.add(page.evaluate(f"() => {MORPH}.panels.pad.sounding"))
        assert page.evaluate(f"() => [...{MORPH}.synth.voices].filter(v => !v.ending).length") == 1
    assert len(heard) >= 6
    assert not asked, "all that a drag needs was decoded before"
    page.mouse.up()
    page.wait_for_function(f"() => {MORPH}.synth.voices.size === 0")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    wait_level(page, 0.01)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_function(f"() => {MORPH}.synth.voices.size === 0")


def test_a_drawn_pitch_is_sung_and_measured(page: Any, app: str) -> None:
    open_morph(page, app, view="pitch", contour="0.2:60,3:67", vibrato="60,5")
    page.wait_for_selector(".tx-contour-panel[data-cents]", timeout=60_000)
    assert float(page.locator(".tx-contour-panel").get_attribute("data-cents")) < 30
    audio = fetched(page, f"{MORPH}.panels.pitch.url()")
    times = np.arange(1 + len(audio) // 256) * 256 / 16_000
    wanted = np.interp(times, [0.2, 3], [60, 67]) + 0.6 * np.sin(2 * np.pi * 5 * times)
    distance = np.abs(track_pitch(audio, 16_000, 256).midi - wanted)
    assert np.isfinite(distance).mean() > 0.5
    assert 100 * np.nanmedian(distance) < 50

    box = page.locator(".tx-draw canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.2)
    page.wait_for_function(f"() => {MORPH}.chosen.contour.split(',').length === 3")
    page.wait_for_function("() => new URLSearchParams(location.search).get('contour').split(',').length === 3")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    page.wait_for_function(f"() => {MORPH}.chosen.contour.split(',').length === 2")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_level(page, 0.01)
    page.wait_for_function(f"() => {MORPH}.panels.pitch.part > 0.05")


def test_notes_are_chosen_by_words_dots_and_dice(page: Any, app: str) -> None:
    open_morph(page, app)
    before = notes(page)
    page.locator(".tx-remove").first.click()
    assert notes(page) == before[1:]
    page.get_by_role("combobox", name="Add a note of the map").fill("flute C5")
    page.keyboard.press("Enter")
    added = notes(page)
    assert added[:3] == before[1:]
    assert "flute" in added[3]
    spot = page.evaluate(
        f"""() => {{
          const {{ map, notes }} = {MORPH};
          const box = map.canvas.getBoundingClientRect();
          const taken = new Set({MORPH}.chosen.notes);
          for (let row = 7; row < notes.ids.length; row++) {{
            const [x, y] = map.place(row);
            // A click's place is whole pixels.
            const event = {{ clientX: Math.floor(box.left + x), clientY: Math.floor(box.top + y) }};
            const hit = notes.ids[map.nearestDot(event)];
            if (y < box.height - 30 && !taken.has(hit)) return {{ x: event.clientX, y: event.clientY, note: hit }};
          }}
        }}"""
    )
    page.locator(".tx-arm").nth(1).click()
    page.mouse.click(spot["x"], spot["y"])
    assert notes(page) == [added[0], spot["note"], *added[2:]]
    page.get_by_role("button", name="Dice").click()
    page.wait_for_function(
        f"() => new URLSearchParams(location.search).get('notes') === {MORPH}.chosen.notes.join(',')"
    )
    assert len(notes(page)) == 4
    chosen = notes(page)
    page.reload()
    page.wait_for_selector(".tx-morph[data-ready]", timeout=60_000)
    assert notes(page) == chosen


def test_a_step_sounds_on_when_its_path_gets_shorter(page: Any, app: str) -> None:
    open_morph(page, app)
    page.wait_for_function(f"() => {MORPH}.map.trail")
    drawn = {}
    for part in ("null", "1.5", "-1", "0 / 0", "0.5"):
        drawn[part] = page.evaluate(f"() => {{ {MORPH}.map.moveTo({part}); return {MORPH}.map.canvas.toDataURL(); }}")
    assert drawn["1.5"] == drawn["-1"] == drawn["0 / 0"] == drawn["null"], "no place on the path is marked"
    assert drawn["0.5"] != drawn["null"]


def test_notes_gathered_on_the_map_are_morphed(page: Any, app: str) -> None:
    page.goto(f"{app}/?checkpoint=nsynth-vae")
    page.wait_for_selector("#root .tx-map[data-drawn]", timeout=60_000)
    page.evaluate(
        "() => document.querySelector('.tx-map').timbreMap.gather(Array.from({ length: 40 }, (_, i) => 9 * i))"
    )
    page.get_by_role("button", name="Morph").click()
    page.wait_for_selector(".tx-morph[data-ready=nsynth-vae]", timeout=60_000)
    assert len(set(notes(page))) == 8


def test_a_model_without_pitch_says_so_kindly(page: Any, app: str) -> None:
    open_morph(page, app, "nsynth-vae", view="pitch")
    assert page.get_by_text("cannot follow one: choose a checkpoint").is_visible()
    assert not page.locator(".tx-ways-head .tx-pitch").is_visible()
    page.get_by_role("tab", name="Path").click()
    fetched(page, f"{MORPH}.panels.path.stepUrl(0.5)")


@pytest.mark.parametrize("size", [(1280, 720), (900, 1180)])
def test_everything_fits(page: Any, app: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for view in ("path", "pad", "pitch"):
        open_morph(page, app, view=view)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        panel = page.locator(".tx-panel:visible")
        assert panel.evaluate("(panel) => panel.scrollHeight - panel.clientHeight") <= 1, f"{view} needs no scrolling"
