"""The Play page in a real browser, on the shipped checkpoints: played, bent, heard, saved."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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


def test_sliders_change_the_sound_and_can_be_taken_back(page: Any, app: str) -> None:
    open_play(page, app, family="string")
    before, sound = point(page), fetched(page, 60)
    key_button(page, 60).click()
    set_slider(page, 0, 2.5)
    page.wait_for_function("() => performance.getEntriesByName('timbre:slider-to-sound').length > 0")
    moved, changed = point(page), fetched(page, 60)
    assert sum(a != b for a, b in zip(before, moved, strict=True)) == 1
    size = min(len(sound), len(changed))
    assert np.sqrt(np.mean((sound[:size] - changed[:size]) ** 2)) > 0.01
    assert page.get_by_text("changed", exact=True).is_visible()
    page.keyboard.press("Control+z")
    assert np.allclose(point(page), before)
    page.keyboard.press("Control+y")
    assert np.allclose(point(page), moved)

    page.locator(".tx-axis[data-axis='0'] .tx-lock").click()
    page.locator(".tx-randomise").click()
    thrown = point(page)
    axis = page.evaluate(f"() => {PLAYER}.space.axes.dimensions.numbers[0]")
    assert thrown[axis] == pytest.approx(moved[axis])
    assert sum(abs(a - b) > 1e-3 for a, b in zip(moved, thrown, strict=True)) > 25
    page.locator(".tx-reset").click()
    assert np.allclose(point(page), before)


def test_principal_directions_move_many_dimensions(page: Any, app: str) -> None:
    open_play(page, app)
    before = point(page)
    page.get_by_role("radio", name="Principal directions").click()
    assert page.locator(".tx-axis").first.inner_text().startswith("Direction 1")
    set_slider(page, 0, -2.0)
    after = point(page)
    assert sum(abs(a - b) > 1e-3 for a, b in zip(before, after, strict=True)) > 10
    shown = page.locator(".tx-axis[data-axis='0'] output").inner_text()
    assert shown == "−2.00"


def test_sliders_say_what_they_change(page: Any, app: str) -> None:
    open_play(page, app)
    page.get_by_text("correlation over").wait_for(timeout=150_000)
    page.get_by_role("radio", name="Principal directions").click()
    told = page.locator(".tx-axis-name em").all_inner_texts()
    assert any("attack" in text for text in told[:4])
    table = np.array(page.evaluate(f"() => {PLAYER}.traits.correlations.principal"), dtype=float)
    assert np.nanmax(np.abs(table)) > 0.3
    # In order of variance, and this is what the words stand for.
    attack = table[0, 1]
    assert ("slower attack" if attack > 0 else "faster attack") in told[0]


def test_start_from_a_note_by_search_family_prior_and_map(page: Any, app: str) -> None:
    open_play(page, app)
    field = page.get_by_role("combobox", name="Start from a note of the map")
    field.fill("flute c")
    page.get_by_role("option").first.wait_for()
    assert "flute" in page.get_by_role("option").first.inner_text()
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_function("() => location.search.includes('note=')")
    assert "flute" in link(page)["note"]
    one = point(page)
    field.fill("no such note")
    page.get_by_text("has “no such note” in its name").wait_for()
    field.press("Escape")
    page.locator(".tx-chip[data-family='guitar']").click()
    page.wait_for_function("() => location.search.includes('family=guitar')")
    assert "note" not in link(page)
    two = point(page)
    page.get_by_role("button", name="Start from a random draw of the prior").click()
    page.wait_for_function("() => location.search.includes('seed=')")
    three = point(page)
    page.locator(".tx-small-map canvas").click()
    assert len({tuple(z) for z in (one, two, three)}) == 3
    assert fetched(page, 60).std() > 0.01


@pytest.mark.parametrize("query", [{"family": "mallet"}, {"seed": "7"}])
def test_deep_link_and_reload_on_a_fresh_server(
    page: Any, fresh_app: Callable[..., str], query: dict[str, str]
) -> None:
    address = fresh_app()
    open_play(page, address, "nsynth-cvae", **query)
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_role("dialog").count() == 0
    assert link(page) == {"checkpoint": "nsynth-cvae", **query}
    assert urlsplit(page.url).path == "/play"
    set_slider(page, 3, 1.5)
    moved = point(page)
    page.wait_for_timeout(300)
    page.reload()
    page.wait_for_selector(READY.format("nsynth-cvae"), timeout=60_000)
    assert page.get_by_text("Page not found").count() == 0
    assert np.allclose(point(page), moved), "a reload keeps the sound"
    assert link(page) == {"checkpoint": "nsynth-cvae", **query}
    assert np.abs(fetched(page, 60)).max() > 0.05


def test_models_that_are_not_told_the_pitch_say_so(page: Any, app: str) -> None:
    open_play(page, app, "nsynth-vae")
    page.get_by_text("the keys play it faster or slower").wait_for()
    assert page.evaluate(f"() => Boolean({PLAYER}.start.note)"), "the mean of notes of many pitches has none"
    low, high = fetched(page, 60), fetched(page, 72)
    assert np.abs(low).max() > 0.05
    interval = estimate_f0(high, 16_000).midi - estimate_f0(low, 16_000).midi
    assert interval == pytest.approx(12, abs=0.5)
    open_play(page, app, "nsynth-ae", family="flute")
    assert page.get_by_role("button", name="Start from a random draw of the prior").is_disabled()
    assert np.abs(fetched(page, 60)).max() > 0.05


def saved(page: Any, selector: str) -> bytes:
    with page.expect_download(timeout=120_000) as download:
        page.locator(selector).click()
    return Path(download.value.path()).read_bytes()


def load(page: Any, data: bytes) -> None:
    page.locator(".tx-file").set_input_files({"name": "p.json", "mimeType": "application/json", "buffer": data})


def test_presets(page: Any, app: str) -> None:
    open_play(page, app, family="vocal")
    set_slider(page, 1, -1.5)
    kept = point(page)
    page.get_by_label("Name of the sound").fill("My choir")
    preset = saved(page, ".tx-save")
    page.locator(".tx-chip[data-family='bass']").click()
    page.wait_for_function("() => location.search.includes('family=bass')")
    load(page, preset)
    page.wait_for_function(f"(z) => Math.abs({PLAYER}.z[3] - z[3]) < 1e-3", arg=kept)
    assert np.allclose(point(page), kept, atol=1e-3)
    assert page.get_by_label("Name of the sound").input_value() == "My choir"
    page.wait_for_function("() => !location.search.includes('family=')")

    told = json.loads(preset)
    for bad, said in (
        (json.dumps({**told, "z": told["z"][:5]}), "5 latent values"),
        (json.dumps({**told, "z": [float("nan")] * 32}), "makes no sense"),
        (json.dumps({**told, "checkpoint": "nsynth-vae"}), "belongs to the checkpoint 'nsynth-vae'"),
        ("<html>", "not a preset"),
        (" " * 400_000, "a few kilobytes"),
    ):
        load(page, bad.encode())
        page.locator(".tx-told.tx-wrong", has_text=said).wait_for()
        assert np.allclose(point(page), kept, atol=1e-3), "a refused preset changes nothing"


def test_export(page: Any, app: str) -> None:
    open_play(page, app, family="flute")
    wav = saved(page, ".tx-wav")
    audio, rate = soundfile.read(io.BytesIO(wav))
    assert rate == 16_000
    assert len(audio) / rate == pytest.approx(4, abs=0.1)
    page.locator(".tx-menu summary").click()
    for label, value in (("Lowest key", "60"), ("Highest key", "72"), ("Every … semitones", "6")):
        page.get_by_label(label).fill(value)
    page.get_by_text("3 samples, C4 to C5").wait_for()
    archive = zipfile.ZipFile(io.BytesIO(saved(page, ".tx-export")))
    sfz = next(name for name in archive.namelist() if name.endswith(".sfz"))
    regions = [line for line in archive.read(sfz).decode().splitlines() if line.startswith("<region>")]
    opcodes = [dict(part.split("=") for part in line.split()[1:]) for line in regions]
    assert [int(o["pitch_keycenter"]) for o in opcodes] == [60, 66, 72]
    covered = [key for o in opcodes for key in range(int(o["lokey"]), int(o["hikey"]) + 1)]
    assert covered == list(range(128))
    for told in opcodes:
        audio, rate = soundfile.read(io.BytesIO(archive.read(told["sample"])))
        cents = 100 * (estimate_f0(audio, rate).midi - int(told["pitch_keycenter"])) + int(told["tune"])
        assert abs(cents) < 50


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
