"""The page Compare in a real browser: seen, heard, clicked, and found again by its link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

pytestmark = pytest.mark.browser
MODELS = ("nsynth-cvae", "nsynth-vae")
LINK = "/compare?" + "&".join(f"checkpoint={name}" for name in MODELS)
MODEL_DECK = "document.querySelector('.tx-models').timbreModels.deck"
MAPS = "document.querySelector('.tx-maps').timbreMaps"


def open_compare(page: Any, address: str, link: str = LINK, maps: int = 2) -> None:
    page.goto(address + link)
    page.wait_for_function(f"() => document.querySelectorAll('figure[data-drawn]').length === {maps}", timeout=120_000)


def wait_for_sounds(page: Any) -> None:
    page.wait_for_function(
        "() => !document.querySelector('.tx-waiting') && document.querySelectorAll('.tx-card button:enabled').length >= 3",
        timeout=120_000,
    )


def query(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def playing(page: Any) -> list[str]:
    """What is heard: the cards whose gain is up."""
    return page.evaluate(
        f"""() => {MODEL_DECK}.playing ? [...{MODEL_DECK}.voices].filter(([, voice]) => voice.gain.gain.value > 0.01)
        .map(([kind]) => kind.replace("model ", "")) : []"""
    )


def heard(page: Any, card: int) -> np.ndarray:
    key = page.evaluate(f"() => document.querySelector('.tx-models').timbreModels.cards[{card}].key")
    sound = page.evaluate(f"(key) => [...{MODEL_DECK}.sounds.get(key).getChannelData(0)]", key)
    assert page.evaluate(f"(key) => {MODEL_DECK}.sounds.get(key).sampleRate", key) == 16_000
    return np.array(sound)


def far_note(page: Any) -> str:
    """A note on both maps that no other dot of the first map covers, and that is not chosen."""
    return page.evaluate(
        f"""() => {{
          const all = {MAPS};
          const [first, second] = all.maps;
          const places = first.map.ids.map((_, i) => first.place(i));
          const lonely = (i) => places.every(([x, y], j) => j === i || Math.hypot(x - places[i][0], y - places[i][1]) > 9);
          return first.map.ids.find((id, i) => id !== all.selected && second.rows.has(id) && lonely(i));
        }}"""
    )


def click_note(page: Any, note: str) -> None:
    page.locator(".tx-maps figure").first.scroll_into_view_if_needed()
    spot = page.evaluate(
        f"""(id) => {{ const map = {MAPS}.maps[0]; const box = map.canvas.getBoundingClientRect();
        const [x, y] = map.place(map.rows.get(id)); return [box.left + x, box.top + y]; }}""",
        note,
    )
    page.mouse.click(*spot)


def test_a_deep_link_on_a_fresh_server_and_a_reload(page: Any, fresh_app: Callable[..., str]) -> None:
    address = fresh_app()
    open_compare(page, address)
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_role("dialog").count() == 0
    assert urlsplit(page.url).path == "/compare"
    assert query(page)["checkpoint"] == list(MODELS)
    page.wait_for_function("() => location.search.includes('note=')")
    note = query(page)["note"]
    page.reload()
    page.wait_for_function("() => document.querySelectorAll('figure[data-drawn]').length === 2", timeout=120_000)
    assert page.get_by_text("Page not found").count() == 0
    assert query(page) == {"checkpoint": list(MODELS), "note": note}
    assert page.locator(".tx-compare tbody tr").count() >= 10
    assert page.locator(".tx-compare .tx-best").count() >= 5


def test_models_sound_different_and_one_at_a_time(page: Any, app: str) -> None:
    open_compare(page, app)
    wait_for_sounds(page)
    sounds = [heard(page, card) for card in range(3)]
    for audio in sounds:
        assert np.abs(audio).max() > 0.01, "silence"
        assert 0.5 < len(audio) / 16_000 < 10
    for one, other in ((0, 1), (0, 2), (1, 2)):
        length = min(len(sounds[one]), len(sounds[other]))
        assert np.abs(sounds[one][:length] - sounds[other][:length]).max() > 1e-3
    buttons = page.locator(".tx-models .tx-card button")
    sizes = buttons.evaluate_all("(all) => all.map((button) => [button.offsetWidth, button.offsetHeight])")
    assert np.min(sizes) >= 24, "too small to be seen and hit"
    for card, name in enumerate(("original", *MODELS)):
        buttons.nth(card).click()
        page.wait_for_function(
            "(n) => document.querySelectorAll('.tx-card.tx-playing')[0]?.querySelector('b').title === n",
            arg=(page.locator(".tx-models .tx-card b").nth(card).get_attribute("title")),
        )
        page.wait_for_function(f"(n) => {MODEL_DECK}.playing && {MODEL_DECK}.kind.endsWith(n)", arg=name)
        page.wait_for_timeout(60)  # the fade from one to the other
        assert playing(page) == [name], "the one before stops"
    page.locator(".tx-compare").click()
    page.keyboard.press("1")
    page.wait_for_function(f"() => {MODEL_DECK}.playing && {MODEL_DECK}.kind === 'original'")
    page.wait_for_timeout(60)
    assert playing(page) == ["original"]


def test_a_click_on_one_map_marks_all_and_sounds(page: Any, app: str) -> None:
    open_compare(page, app)
    note = far_note(page)
    click_note(page, note)
    page.wait_for_function(f"() => {MODEL_DECK}.playing && {MODEL_DECK}.kind === 'original'")
    page.wait_for_function("(id) => location.search.includes(id)", arg=note)
    assert page.evaluate(f"() => {MAPS}.selected") == note
    colour = page.evaluate(
        """(id) => { const all = document.querySelector('.tx-maps').timbreMaps; return all.maps.map((map) => {
        const [x, y] = map.place(map.rows.get(id)); const ratio = map.marks.width / map.marks.clientWidth;
        return [...map.marks.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data][3]; }); }""",
        note,
    )
    assert colour == [255, 255], "a mark lies on the note in every map"
    page.wait_for_timeout(800)
    assert page.evaluate(f"() => {MAPS}.selected") == note
    assert query(page)["note"] == [note]
    assert page.get_by_test_id("stSelectbox").filter(has_text="Note").count() == 1
    wait_for_sounds(page)
    assert np.abs(heard(page, 1)).max() > 0.01


def test_a_note_is_found_by_typing(page: Any, app: str) -> None:
    open_compare(page, app)
    box = page.get_by_test_id("stSelectbox").filter(has_text="Note").get_by_role("combobox")
    box.click()
    box.fill("trumpet")
    page.get_by_role("option").filter(has_text="trumpet").first.click()
    page.wait_for_function(
        "() => document.querySelector('.tx-models h3').textContent.toLowerCase().includes('trumpet')", timeout=120_000
    )
    assert page.evaluate(f"() => {MAPS}.selected") == query(page)["note"][0]


def test_keyboard_walks_over_a_map(page: Any, app: str) -> None:
    open_compare(page, app)
    before = page.evaluate(f"() => {MAPS}.selected")
    page.locator(".tx-maps canvas[tabindex]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"(id) => {MAPS}.selected !== id", arg=before)
    page.wait_for_function(f"() => {MODEL_DECK}.playing && {MODEL_DECK}.kind === 'original'")
    assert page.locator(".tx-maps .tx-live").text_content() != ""


def test_a_family_is_hidden_on_all_maps(page: Any, app: str) -> None:
    open_compare(page, app)
    note = far_note(page)
    family = page.evaluate(f"(id) => {{ const m = {MAPS}.maps[0]; return m.family(m.rows.get(id)); }}", note)
    page.locator(".tx-families button", has_text=family.replace("_", " ")).click()
    click_note(page, note)
    page.wait_for_timeout(400)
    assert page.evaluate(f"() => {MAPS}.selected") != note


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (800, 1100)])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits(page: Any, app: str, width: int, height: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    open_compare(page, app, LINK + "&checkpoint=nsynth-ae", maps=3)
    page.wait_for_selector(".js-plotly-plot", timeout=120_000)
    page.wait_for_function("() => document.querySelectorAll('.tx-models .tx-card').length === 4", timeout=120_000)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    boxes = [box.bounding_box() for box in page.locator(".tx-models .tx-card").all()]
    assert len(boxes) == 4
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    wait_for_sounds(page)
    assert [box.bounding_box()["height"] for box in page.locator(".tx-models .tx-card").all()] == [
        box["height"] for box in boxes
    ], "nothing jumps when the pictures come"
