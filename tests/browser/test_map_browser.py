"""The map in a real browser: heard under the pointer, filtered, turned in three dimensions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_explore_browser import (
    choose,
    click_note,
    link,
    lonely_note,
    note_ids,
    open_map,
    place_of,
    selected,
)

pytestmark = pytest.mark.browser


_MAP = "document.querySelector('.tx-map').timbreMap"
_FREE = (660, 590)  # a place on the map where no note is


def wake(page: Any) -> None:
    """A gesture, so that the browser lets the page sound."""
    page.mouse.click(*_FREE)


def lit(page: Any) -> list[str]:
    return page.evaluate(f"() => {_MAP}.points.map.ids.filter((_, i) => {_MAP}.points.lit[i])")


def heard(page: Any) -> dict[str, Any]:
    """What sounds under the pointer: its note, and the loudest sample of its buffer."""
    page.wait_for_function(f"() => {_MAP}.sound.voice", timeout=30_000)
    return page.evaluate(
        f"""() => {{ const {{ voice, context }} = {_MAP}.sound;
        return {{ note: voice.note, peak: Math.max(...voice.buffer.getChannelData(0)), state: context.state }}; }}"""
    )


def test_the_note_under_the_pointer_is_heard_until_it_is_switched_off(page: Any, app: str) -> None:
    open_map(page, app)
    wake(page)
    first, second = lonely_note(page), lonely_note(page, 7)
    page.mouse.move(*place_of(page, first))
    one = heard(page)
    assert one["note"] == first
    assert one["peak"] > 0.01
    assert one["state"] == "running"
    assert selected(page) is None, "pointing chooses nothing"
    page.mouse.move(*place_of(page, second))
    page.wait_for_function(f"(id) => {_MAP}.sound.voice?.note === id", arg=second)
    page.mouse.move(*_FREE)
    page.locator(".tx-sound").click()
    assert page.locator(".tx-sound").get_attribute("aria-pressed") == "false"
    page.mouse.move(*place_of(page, first))
    page.wait_for_timeout(600)
    assert page.evaluate(f"() => {_MAP}.sound.voice") is None
    page.reload()
    page.wait_for_selector("#root .tx-map[data-drawn]")
    assert page.locator(".tx-sound").get_attribute("aria-pressed") == "false", "the choice is remembered"


def test_where_notes_are_decoded_those_around_the_pointer_are_read_ahead(page: Any, app: str) -> None:
    page.goto(f"{app}/?checkpoint=fsdd-stft-vae")
    page.wait_for_selector("#root .tx-map[data-drawn]", timeout=60_000)
    wake(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/preview?" in request.url else None)
    crowded = page.evaluate(
        f"""() => {{ const {{ points, canvas }} = {_MAP};
        return points.map.ids.find((id, i) => {{
          const [x, y] = points.place(i), box = canvas.getBoundingClientRect();
          return points.around(x, y, 40, 3).length > 2 && document.elementFromPoint(box.left + x, box.top + y) === canvas;
        }}); }}"""
    )
    page.mouse.move(*place_of(page, crowded))
    assert heard(page)["note"] == crowded
    assert heard(page)["peak"] > 0.01
    # Once it is known that this map's notes are decoded, the pointer's next rest is used.
    x, y = place_of(page, crowded)
    page.mouse.move(x + 1, y)
    page.wait_for_function(
        f"() => [...{_MAP}.sound.kept.values()].filter(({{ there }}) => there).length > 2", timeout=30_000
    )
    assert any("ahead=1" in url for url in asked)
    ready = page.evaluate(
        f"(id) => [...{_MAP}.sound.kept].find(([note, {{ there }}]) => note !== id && there)[0]", crowded
    )
    before = len(asked)
    page.mouse.move(*place_of(page, ready))
    page.wait_for_function(f"(id) => {_MAP}.sound.voice?.note === id", arg=ready)
    assert not [url for url in asked[before:] if f"note={ready}&" in url], "it was there already"


def test_before_the_first_gesture_sound_is_offered(chromium: Any, app: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    # Scripts that a test runs count as gestures, so the page is told that there was none.
    context.add_init_script(
        "Object.defineProperty(navigator, 'userActivation', { value: { get hasBeenActive() { return !!window.touched; } } });"
        "addEventListener('pointerdown', () => (window.touched = true), { capture: true });"
    )
    page = context.new_page()
    open_map(page, app)
    button = page.get_by_role("button", name="Enable sound")
    assert button.is_visible()
    page.mouse.move(*place_of(page, lonely_note(page)))
    page.wait_for_timeout(400)
    assert page.evaluate(f"() => {_MAP}.sound.voice") is None
    box = button.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # it may go as soon as it is pressed
    button.wait_for(state="hidden")
    page.mouse.move(*place_of(page, lonely_note(page, 3)))
    assert heard(page)["peak"] > 0.01
    context.close()


def test_filters_grey_out_at_once_and_the_link_keeps_them(page: Any, app: str) -> None:
    open_map(page, app)
    everything = note_ids(page)
    page.get_by_label("Search notes").fill("trumpet")
    found = lit(page)
    assert 0 < len(found) < len(everything) / 10
    assert page.locator(".tx-shown").inner_text() == f"{len(found)} of {len(everything):,}"
    hidden = next(note for note in everything if note not in found)
    click_note(page, hidden)
    assert selected(page) != hidden, "grey notes cannot be clicked"
    for _ in ("closes the list", "clears the search"):
        page.get_by_label("Search notes").press("Escape")
    assert page.get_by_label("Search notes").input_value() == ""
    page.get_by_role("button", name="Filter").click()
    page.locator(".tx-panel").get_by_role("button", name="none", exact=True).first.click()
    assert lit(page) == []
    page.locator(".tx-panel").get_by_role("button", name="brass", exact=True).click()
    page.get_by_label("Pitch: lowest").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    low = float(page.get_by_label("Pitch: lowest").input_value())
    labels = page.evaluate(
        f"""() => {{ const {{ columns, arrays }} = {_MAP}.points.map, {{ lit }} = {_MAP}.points;
        return Array.from(lit.keys()).filter((i) => lit[i])
          .map((i) => [columns.family.values[arrays.label_family[i]], arrays.label_pitch[i]]); }}"""
    )
    assert labels
    assert {family for family, _ in labels} == {"brass"}
    assert min(pitch for _, pitch in labels) >= low > 24
    told = "(low) => location.search.includes('brass') && decodeURIComponent(location.search).includes(`${low}..`)"
    page.wait_for_function(told, arg=low)
    kept = lit(page)
    page.reload()
    page.wait_for_selector("#root .tx-map[data-drawn]")
    assert lit(page) == kept
    assert page.locator(".tx-legend button[aria-pressed=true]").all_inner_texts() == ["brass"]
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("button", name="Clear all").click()
    assert len(lit(page)) == len(everything)
    panel = page.locator(".tx-panel")
    page.locator(".tx-title").click()
    assert panel.is_hidden(), "what is pressed outside closes it"
    page.get_by_role("button", name="Filter").click()
    page.keyboard.press("Escape")
    assert panel.is_hidden()
    page.wait_for_function("() => !location.search.includes('only=')")


def test_in_three_dimensions(page: Any, app: str) -> None:
    open_map(page, f"{app}/?projection=3d&colour=pitch")
    page.wait_for_selector(".tx-space[data-drawn]", timeout=60_000)
    assert link(page)["projection"] == "3d"
    traces = page.evaluate(
        "() => document.querySelector('.tx-space').data.map(({ x, marker }) => [x.length, marker.color?.length])"
    )
    count = len(note_ids(page))
    assert traces[1] == [count, count]
    same = page.evaluate(
        f"""() => {{ const [, lit] = document.querySelector('.tx-space').data;
        return lit.customdata.every((i, k) => lit.marker.color[k] === {_MAP}.points.colourOf(i)); }}"""
    )
    assert same, "the colours are those of the flat map"
    camera = "() => Object.values(document.querySelector('.tx-space')._fullLayout.scene._scene.getCamera().eye)"
    box = page.locator(".tx-space").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    page.wait_for_timeout(300)
    turned = page.evaluate(camera)
    choose(page, "Colour by", "Brightness")
    page.wait_for_function("() => location.search.includes('colour=brightness')")
    page.wait_for_timeout(500)
    assert page.evaluate(camera) == pytest.approx(turned), "other colours do not turn it back"
    page.get_by_role("button", name="Zoom in").click()
    nearer = [part / 1.6 for part in turned]
    page.wait_for_function(f"(part) => Math.abs(({camera})()[0] - part) < 1e-4", arg=nearer[0])
    assert page.evaluate(camera) == pytest.approx(nearer, abs=1e-4)
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function(f"() => Math.abs(({camera})()[0] - 1.25) < 1e-4")
    for dx in range(-200, 200, 9):
        page.mouse.move(x + dx, y + dx / 3)
        page.wait_for_timeout(60)
        under = page.evaluate(f"() => {_MAP}.space.part.under")
        if under >= 0:
            break
    assert under >= 0, "no note was met on a way across the middle"
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function(f"() => {_MAP}.selected >= 0")
    page.wait_for_function("() => location.search.includes('note=')")


def test_the_note_goes_along_to_the_play_page(page: Any, app: str) -> None:
    open_map(page, f"{app}/?checkpoint=nsynth-vae")
    note = lonely_note(page)
    click_note(page, note)
    page.wait_for_function("() => location.search.includes('note=')")
    page.get_by_role("link", name="Play").first.click()
    page.wait_for_selector(".tx-play", timeout=60_000)
    page.wait_for_function("() => location.search.includes('note=')")
    assert link(page) == {"checkpoint": "nsynth-vae", "note": note}
    page.get_by_role("link", name="Explore").click()
    page.wait_for_selector("#root .tx-map[data-drawn]", timeout=60_000)
    assert selected(page) == note


def test_the_checkpoint_goes_along_untouched(page: Any, app: str) -> None:
    open_map(page, f"{app}/?checkpoint=nsynth-vae")
    for name in ("Play", "Morph"):
        page.get_by_role("link", name=name).click()
        page.wait_for_selector(f".tx-{name.lower()}", timeout=60_000)
        page.wait_for_function("() => location.search.includes('checkpoint=')")
        assert link(page)["checkpoint"] == "nsynth-vae", f"lost on the way to {name}"
    open_map(page, f"{app}/?checkpoint=nsynth-ae")
    page.get_by_role("link", name="Explore").click()
    page.get_by_role("link", name="Listen").click()
    page.wait_for_function("() => location.pathname === '/listen' && location.search.includes('checkpoint=')")
    assert link(page)["checkpoint"] == "nsynth-ae"


@pytest.mark.parametrize("width", [1280, 820])
def test_legend_and_tools_are_in_view(page: Any, app: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720 if width == 1280 else 1180})
    open_map(page, app)
    for name in (".tx-legend", ".tx-tools", ".tx-find"):
        box = page.locator(name).bounding_box()
        assert box["y"] + box["height"] <= page.viewport_size["height"], name
        assert box["x"] + box["width"] <= width, name


def test_instruments_are_dots_and_open(page: Any, app: str) -> None:
    open_map(page, app)
    visible = """() => {
      const { points } = document.querySelector(".tx-map").timbreMap;
      const shown = [...Array(points.count).keys()].filter((i) => !points.isMuted(i));
      return shown.map((i) => [i, points.map.arrays.label_instrument[i]]);
    }"""
    notes = page.evaluate(visible)
    page.locator(".tx-instruments").click()
    page.wait_for_function(f"(all) => ({visible})().length < all", arg=len(notes))
    instruments = page.evaluate(visible)
    assert len({code for _, code in instruments}) == len(instruments) == len({code for _, code in notes})
    row, chosen = instruments[0]
    page.evaluate("(row) => document.querySelector('.tx-map').timbreMap.select(row)", row)
    page.wait_for_function(f"(few) => ({visible})().length > few", arg=len(instruments))
    opened = [row for row, code in page.evaluate(visible) if code == chosen]
    assert sorted(opened) == sorted(row for row, code in notes if code == chosen)
    page.locator(".tx-instruments").click()
    page.wait_for_function(f"(all) => ({visible})().length === all", arg=len(notes))
