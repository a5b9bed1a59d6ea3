"""The Play page in a real browser, on the shipped checkpoints: played, heard, seen."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.browser.harness import link
from timbre_core.features.pitch import estimate_f0

pytestmark = pytest.mark.browser


READY = ".tx-play[data-ready={}]"
PLAYER = "document.querySelector('.tx-play').timbrePlayer"


def open_play(page: Any, address: str, checkpoint: str = "nsynth-cvae", **query: str) -> None:
    asked = "&".join(f"{name}={value}" for name, value in {"checkpoint": checkpoint, **query}.items())
    page.goto(f"{address}/play?{asked}")
    page.wait_for_selector(READY.format(checkpoint), timeout=60_000)


def fetched(page: Any, key: int) -> np.ndarray:
    """The sound of a key at the page's point, fetched from the page's own address and decoded."""
    source = page.evaluate(f"key => new URL({PLAYER}.soundUrl(key), location).href", key)
    with urllib.request.urlopen(source, timeout=60) as answer:
        audio, rate = soundfile.read(io.BytesIO(answer.read()))
    assert rate == 16_000
    return audio


def point(page: Any) -> list[float]:
    return page.evaluate(f"() => {PLAYER}.z")


def voices(page: Any) -> int:
    return page.evaluate(f"() => [...{PLAYER}.synth.voices].filter(v => !v.ending).length")


def wait_level(page: Any, above: float) -> None:
    page.wait_for_function(f"level => {PLAYER}.synth.level() > level", arg=above, timeout=30_000)


def wait_silence(page: Any) -> None:
    page.wait_for_function(f"() => {PLAYER}.synth.voices.size === 0 && {PLAYER}.synth.level() < 1e-3", timeout=30_000)


def key_button(page: Any, key: int) -> Any:
    return page.locator(f".tx-keyboard button[data-key='{key}']")


def set_slider(page: Any, axis: int, value: float) -> None:
    page.locator(f".tx-axis[data-axis='{axis}'] input").evaluate(
        """(slider, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          slider.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        value,
    )


def test_keys_sound_at_their_pitch(page: Any, app: str) -> None:
    open_play(page, app, family="flute")
    assert page.get_by_text("enable sound").is_visible()
    for key in (55, 60, 67, 74):
        audio = fetched(page, key)
        assert np.abs(audio).max() > 0.05, "silent"
        assert abs(100 * (estimate_f0(audio, 16_000).midi - key)) < 50
    box = key_button(page, 60).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.85)
    page.mouse.down()
    wait_level(page, 0.02)
    assert not page.get_by_text("enable sound").is_visible()
    assert voices(page) == 1
    heard = page.evaluate(
        f"""async () => {{
          const {{ context, meter }} = {PLAYER}.synth;
          meter.fftSize = 16384;
          await new Promise((done) => setTimeout(done, 1300));
          const wave = new Float32Array(meter.fftSize);
          meter.getFloatTimeDomainData(wave);
          return {{ rate: context.sampleRate, wave: [...wave] }};
        }}"""
    )
    assert heard["rate"] == 16_000
    measured = estimate_f0(np.array(heard["wave"]), heard["rate"]).midi
    assert abs(100 * (measured - 60)) < 50, "what goes to the loudspeaker has the key's pitch"
    page.mouse.up()
    wait_silence(page)


def test_a_held_key_sounds_on(page: Any, app: str) -> None:
    open_play(page, app, family="brass")
    page.keyboard.down("a")
    wait_level(page, 0.02)
    page.wait_for_timeout(5000)
    assert page.evaluate(f"() => {PLAYER}.synth.level()") > 0.01, "the steady part is repeated"
    page.keyboard.up("a")
    wait_silence(page)


def test_chords_glissando_octaves_and_pedal(page: Any, app: str) -> None:
    open_play(page, app, family="organ")
    for key in "adg":
        page.keyboard.down(key)
    page.wait_for_function(f"() => [...{PLAYER}.synth.voices].filter(v => !v.ending).length === 3")
    assert page.evaluate(f"() => [...{PLAYER}.hands.held.keys()]") == [60, 64, 67]
    for key in "adg":
        page.keyboard.up(key)
    page.wait_for_function(f"() => {PLAYER}.hands.held.size === 0")
    page.keyboard.press("x")
    page.keyboard.down("a")
    assert page.evaluate(f"() => [...{PLAYER}.hands.held.keys()]") == [72]
    page.keyboard.press("z")
    page.keyboard.up("a")
    assert page.evaluate(f"() => {PLAYER}.hands.held.size") == 0, "a key let go after an octave shift ends its own note"

    first, last = (key_button(page, key).bounding_box() for key in (60, 65))
    page.mouse.move(first["x"] + 8, first["y"] + first["height"] - 12)
    page.mouse.down()
    played = []
    for step in range(25):
        part = step / 24
        page.mouse.move(first["x"] + 8 + part * (last["x"] - first["x"]), first["y"] + first["height"] - 12)
        played += page.evaluate(f"() => [...{PLAYER}.hands.held.keys()]")
    page.mouse.up()
    assert set(played) == {60, 62, 64, 65}
    assert page.evaluate(f"() => {PLAYER}.hands.held.size") == 0

    page.locator(".tx-sustain").click()
    key_button(page, 64).click()
    wait_level(page, 0.01)
    page.wait_for_timeout(900)
    assert voices(page) == 1, "the pedal holds it"
    page.locator(".tx-sustain").click()
    wait_silence(page)


def test_keys_by_keyboard_alone(page: Any, app: str) -> None:
    open_play(page, app)
    key_button(page, 60).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "C♯4"
    page.keyboard.down("Enter")
    wait_level(page, 0.005)
    page.keyboard.up("Enter")
    wait_silence(page)


def test_midi(chromium: Any, app: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.add_init_script(
        """
        const input = { name: "Test keys", state: "connected" };
        window.midi = (...data) => input.onmidimessage({ data, timeStamp: performance.now() });
        navigator.requestMIDIAccess = async () => ({ inputs: new Map([["1", input]]) });
        """
    )
    open_play(page, app, family="reed")
    page.locator(".tx-midi").click()
    page.get_by_text("MIDI: Test keys").wait_for()
    page.evaluate("() => midi(0x90, 62, 100)")
    wait_level(page, 0.01)
    page.evaluate("() => midi(0xb0, 64, 127)")
    page.evaluate("() => midi(0x80, 62, 0)")
    page.wait_for_timeout(700)
    assert voices(page) == 1
    page.evaluate("() => midi(0xe0, 127, 127)")
    assert page.evaluate(f"() => {PLAYER}.synth.cents") == pytest.approx(200, abs=0.1)
    page.evaluate("() => midi(0xb0, 64, 0)")
    wait_silence(page)
    page.evaluate("() => { midi(0x90, 50, 30); }")
    quiet = page.evaluate(
        f"() => new Promise(done => setTimeout(() => done([...{PLAYER}.synth.voices][0]?.level), 900))"
    )
    assert 0 < quiet < 0.2, "soft keys are soft"
    context.close()


def test_two_visitors_do_not_share_their_sound(page: Any, chromium: Any, app: str) -> None:
    open_play(page, app, family="flute")
    other = chromium.new_context().new_page()
    open_play(other, app, family="flute")
    before = point(other)
    set_slider(page, 0, 2.0)
    page.locator(".tx-chip[data-family='bass']").click()
    page.wait_for_function("() => location.search.includes('family=bass')")
    assert point(other) == before
    assert link(other)["family"] == "flute"
    other.reload()
    other.wait_for_selector(READY.format("nsynth-cvae"), timeout=60_000)
    assert point(other) == before
    other.context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1024, 768), (900, 1100)])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits(page: Any, app: str, width: int, height: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    open_play(page, app)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    keys = page.locator(".tx-keyboard").bounding_box()
    assert keys["y"] + keys["height"] <= height, "the whole keyboard is in view"
    page.wait_for_timeout(500)
    page.locator(".tx-chip[data-family='flute']").click()
    page.wait_for_function("() => document.querySelector('.tx-nearby').textContent.includes('distance')")
    assert page.locator(".tx-keyboard").bounding_box() == keys, "nothing may jump"


def test_truncated_weights_are_told_once(page: Any, fresh_app: Callable[..., str], copied: Path) -> None:
    weights = copied / "nsynth-cvae" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    address = fresh_app(copied)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.goto(f"{address}/play")
    told = page.locator(".tx-alarm")
    told.wait_for(timeout=60_000)
    assert "model.safetensors" in told.inner_text()
    assert told.inner_text().endswith(".")
    assert told.bounding_box()["y"] < 300, "it is said where it is seen"
    page.wait_for_timeout(1500)
    before = len(asked)
    page.wait_for_timeout(2500)
    assert len(asked) - before <= 3, "only the measurement of the recordings, which need no model, may be asked for"


def test_notes_found_are_told_apart(page: Any, app: str) -> None:
    open_play(page, app)
    page.locator(".tx-search input").fill("trumpet c4")
    rows = page.locator(".tx-found [role=option]")
    rows.first.wait_for()
    texts = rows.all_inner_texts()
    assert len(set(texts)) == len(texts) > 1
    assert "velocity" in texts[0]
    assert page.evaluate(
        "() => [...document.querySelectorAll('.tx-found em')].every((e) => e.scrollWidth <= e.clientWidth + 1)"
    ), "a row's velocity is cut off"
