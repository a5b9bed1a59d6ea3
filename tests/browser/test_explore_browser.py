"""The first page in a real browser, on the shipped checkpoints: seen, clicked and heard."""

from __future__ import annotations

import io
import urllib.request
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.browser.harness import DRAWN, link

pytestmark = pytest.mark.browser


RATE = 44_100  # of the checkpoint that is shown first
TRACK = ".tx-track[data-kind={}]"
KINDS = ("original", "inversion", "reconstruction")
NOTE = "document.querySelector('.tx-note').timbreNote"


def open_map(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(DRAWN, timeout=30_000)


def note_ids(page: Any) -> list[str]:
    return page.evaluate("() => document.querySelector('.tx-map').timbreMap.points.map.ids")


def place_of(page: Any, note: str) -> tuple[float, float]:
    place = page.evaluate("id => document.querySelector('.tx-map').timbreMap.positionOf(id)", note)
    return place["x"], place["y"]


def selected(page: Any) -> str | None:
    return page.evaluate(
        "() => { const m = document.querySelector('.tx-map').timbreMap; return m.points.map.ids[m.selected] ?? null; }"
    )


def lonely_note(page: Any, skip: int = 0) -> str:
    """A note that no other dot covers, so that a click on it means it."""
    return page.evaluate(
        """(skip) => {
          const m = document.querySelector(".tx-map").timbreMap;
          const box = m.canvas.getBoundingClientRect();
          const clear = (i) => {
            const { x, y } = m.positionOf(m.points.map.ids[i]);
            if (document.elementFromPoint(x, y) !== m.canvas) return false;
            for (let j = 0; j < m.points.count; j++) {
              const other = m.positionOf(m.points.map.ids[j]);
              if (j !== i && Math.hypot(other.x - x, other.y - y) < 6) return false;
            }
            return true;
          };
          return m.points.map.ids.filter((_, i) => clear(i))[skip];
        }""",
        skip,
    )


def click_note(page: Any, note: str) -> None:
    page.mouse.click(*place_of(page, note))


def is_playing(page: Any, kind: str) -> bool:
    return page.evaluate(f"kind => {NOTE}.deck.playing && {NOTE}.deck.kind === kind", kind)


def wait_playing(page: Any, kind: str) -> None:
    page.wait_for_function(
        f"kind => {NOTE}.deck.playing && {NOTE}.deck.kind === kind && {NOTE}.deck.position > 0", arg=kind
    )


def position(page: Any) -> float:
    return page.evaluate(f"() => {NOTE}.deck.position")


def heard(page: Any, kind: str, wanted_rate: int = RATE) -> np.ndarray:
    """The sound of a version, fetched from its own address and decoded."""
    page.wait_for_selector(f"{TRACK.format(kind)} button:not([disabled])", timeout=60_000)
    source = page.evaluate(f"kind => new URL({NOTE}.soundUrl(kind), location).href", kind)
    with urllib.request.urlopen(source) as answer:
        audio, rate = soundfile.read(io.BytesIO(answer.read()))
    assert rate == wanted_rate
    return audio


def choose(page: Any, label: str, option: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_role("combobox").click()
    page.get_by_role("option", name=option).first.click()


def test_a_click_sounds(page: Any, app: str) -> None:
    open_map(page, app)
    assert len(note_ids(page)) >= 1500
    note = lonely_note(page)
    click_note(page, note)
    wait_playing(page, "original")
    assert selected(page) == note
    sounds = {kind: heard(page, kind) for kind in KINDS}
    for kind, audio in sounds.items():
        assert np.abs(audio).max() > 0.01, f"{kind} is silent"
        assert 0.5 < len(audio) / RATE < 10
    lengths = {len(audio) for audio in sounds.values()}
    assert len(lengths) == 1
    for a, b in (("original", "inversion"), ("inversion", "reconstruction")):
        assert np.abs(sounds[a] - sounds[b]).max() > 1e-3, f"{a} and {b} are the same sound"
    page.wait_for_function("() => !document.querySelector('.tx-waiting')", timeout=60_000)
    drawn = page.evaluate(
        """() => [...document.querySelectorAll(".tx-card canvas")].map((canvas) => {
          const data = canvas.getContext("2d").getImageData(40, 5, canvas.width - 45, canvas.height - 25).data;
          return new Set(Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] * 65536 + data[4 * i + 1] * 256
            + data[4 * i + 2])).size;
        })"""
    )
    assert len(drawn) == 3
    assert min(drawn) > 30, "a spectrogram is blank"


def test_clicking_the_same_note_again_plays_it_again(page: Any, app: str) -> None:
    open_map(page, app)
    note = lonely_note(page)
    click_note(page, note)
    wait_playing(page, "original")
    page.wait_for_timeout(700)
    before = position(page)
    assert before > 0.3
    click_note(page, note)
    page.wait_for_function(f"(t) => {NOTE}.deck.playing && {NOTE}.deck.position < t", arg=before)
    page.wait_for_timeout(1000)
    assert selected(page) == note
    assert link(page)["note"] == note
    assert page.locator(".tx-note h3").inner_text() != ""


def test_only_one_sound_at_a_time(page: Any, app: str) -> None:
    open_map(page, app)
    first, second = lonely_note(page, 0), lonely_note(page, 5)
    click_note(page, first)
    wait_playing(page, "original")
    page.wait_for_selector(f"{TRACK.format('reconstruction')} button:not([disabled])", timeout=60_000)
    page.keyboard.press("3")
    wait_playing(page, "reconstruction")
    assert not is_playing(page, "original")
    click_note(page, second)
    wait_playing(page, "original")
    assert not is_playing(page, "reconstruction")
    assert sum(is_playing(page, kind) for kind in KINDS) == 1
    assert selected(page) == second
    page.wait_for_timeout(1500)
    assert selected(page) == second, "an answer to the first click came late and won"
    assert link(page)["note"] == second


def test_zoom_and_note_stay_when_colours_change(page: Any, app: str) -> None:
    open_map(page, app)
    click_note(page, lonely_note(page))
    page.wait_for_function("() => location.search.includes('note=')")
    note = selected(page)
    page.mouse.move(380, 400)
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(200)
    view = page.evaluate("() => document.querySelector('.tx-map').timbreMap.points.view")
    assert view["k"] > 1.5
    choose(page, "Colour by", "Pitch")
    page.wait_for_function("() => location.search.includes('colour=pitch')")
    page.wait_for_selector(".tx-legend.tx-scale")
    assert page.locator(".tx-legend").inner_text().startswith("Pitch")
    assert page.evaluate("() => document.querySelector('.tx-map').timbreMap.points.view") == view
    assert selected(page) == note


def test_another_checkpoint_has_its_own_map_and_sounds(page: Any, app: str) -> None:
    open_map(page, app)
    note = lonely_note(page)
    click_note(page, note)
    one = heard(page, "reconstruction")
    before = place_of(page, note)
    page.get_by_role("button", name="Model and map").click()
    choose(page, "Checkpoint", "NSynth AE")
    page.wait_for_function("() => location.search.includes('checkpoint=nsynth-ae')")
    page.wait_for_function(f"() => {NOTE}.soundUrl('reconstruction').includes('nsynth-ae')")
    other = heard(page, "reconstruction", 16_000)
    assert selected(page) == note
    assert np.abs(other).max() > 0.01
    assert len(one) / RATE == pytest.approx(len(other) / 16_000, abs=0.01)
    page.wait_for_function("() => document.querySelector('.tx-map').timbreMap.points.map")
    page.wait_for_timeout(700)
    assert np.hypot(*np.subtract(place_of(page, note), before)) > 1


def test_neighbours_can_be_played(page: Any, app: str) -> None:
    open_map(page, app)
    note = lonely_note(page)
    click_note(page, note)
    chip = page.locator(".tx-near-list button").first
    chip.wait_for()
    assert page.locator(".tx-near-list button").count() == 8
    chip.click()
    page.wait_for_function(
        "(id) => { const m = document.querySelector('.tx-map').timbreMap; return m.points.map.ids[m.selected] !== id; }",
        arg=note,
    )
    wait_playing(page, "original")
    page.wait_for_function("(id) => new URLSearchParams(location.search).get('note') === id", arg=selected(page))
    assert selected(page) != note


def test_keyboard_alone(page: Any, app: str) -> None:
    open_map(page, app)
    page.locator(".tx-points").focus()
    page.keyboard.press("ArrowRight")
    wait_playing(page, "original")
    first = selected(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "(id) => { const m = document.querySelector('.tx-map').timbreMap; return m.points.map.ids[m.selected] !== id; }",
        arg=first,
    )
    assert page.locator(".tx-live").inner_text() != ""


def test_legend_hides_a_family(page: Any, app: str) -> None:
    open_map(page, app)
    note = lonely_note(page)
    family = page.evaluate(
        """(id) => { const m = document.querySelector('.tx-map').timbreMap;
        return m.points.map.columns.family.names[m.points.map.arrays.label_family[m.points.row.get(id)]]; }""",
        note,
    )
    page.locator(".tx-legend button", has_text=family).first.click()
    click_note(page, note)
    page.wait_for_timeout(400)
    assert selected(page) != note, "a hidden note cannot be clicked"
    page.locator(".tx-legend button", has_text=family).first.click()
    click_note(page, note)
    page.wait_for_function("() => document.querySelector('.tx-map').timbreMap.selected >= 0")
    assert selected(page) == note


def test_two_visitors_do_not_see_each_other(page: Any, chromium: Any, app: str) -> None:
    open_map(page, app)
    other = chromium.new_context().new_page()
    open_map(other, app)
    click_note(page, lonely_note(page))
    wait_playing(page, "original")
    page.wait_for_function("() => location.search.includes('note=')")
    assert selected(other) is None
    assert "note" not in link(other)
    other.context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1000, 700), (800, 1100)])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits(page: Any, app: str, width: int, height: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    open_map(page, app)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    field, cards = (page.locator(name).bounding_box() for name in (".tx-field", ".tx-cards"))
    assert field["y"] + field["height"] <= height, "the whole map is in view"
    before = cards
    panels = page.locator(".tx-panels").bounding_box()
    click_note(page, lonely_note(page))
    page.wait_for_function("() => document.querySelectorAll('.tx-near-list button').length > 0")
    page.wait_for_function("() => !document.querySelector('.tx-waiting')", timeout=60_000)
    assert page.locator(".tx-cards").bounding_box() == before, "nothing may jump when a note is chosen"
    for name in ("Latents", "Find similar", "Nearest"):
        page.get_by_role("tab", name=name).click()
        assert page.locator(".tx-panels").bounding_box() == panels, "nothing may jump when a tab is chosen"
