"""The note panel in a real browser: versions in step, pictures, latents, neighbours, a sound of one's own."""

from __future__ import annotations

import io
import urllib.request
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.browser.test_explore_browser import (
    KINDS,
    NOTE,
    TRACK,
    click_note,
    heard,
    lonely_note,
    open_map,
    position,
    wait_playing,
)
from timbre_core.analysis.yardsticks.loudness_units import loudness_lufs

pytestmark = pytest.mark.browser
MAP = "document.querySelector('.tx-map').timbreMap"
CHOOSE = ".tx-similar input[type=file]"


def open_note(page: Any, address: str) -> str:
    """Click a note and wait for all that is shown of it."""
    open_map(page, address)
    note = lonely_note(page)
    click_note(page, note)
    for kind in KINDS:
        page.wait_for_selector(f"{TRACK.format(kind)} button:not([disabled])", timeout=60_000)
    page.wait_for_function("() => !document.querySelector('.tx-waiting')", timeout=60_000)
    return note


def level(page: Any, kind: str) -> float:
    return page.evaluate(f"kind => {NOTE}.deck.voices.get(kind)?.gain.gain.value ?? 0", kind)


def ink(page: Any, canvas: str) -> int:
    """How many different colours a canvas shows."""
    return page.evaluate(
        """(name) => { const c = document.querySelector(name);
        const data = new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer);
        return new Set(data).size; }""",
        canvas,
    )


def test_switching_keeps_the_place_in_the_sound(page: Any, app: str) -> None:
    open_note(page, app)
    page.keyboard.press("1")  # from the start again: the click's sound may be over
    if not page.evaluate(f"() => {NOTE}.deck.playing"):
        page.keyboard.press("1")
    wait_playing(page, "original")
    page.wait_for_function(f"() => {NOTE}.deck.position > 0.5")
    began = page.evaluate(f"() => {NOTE}.deck.began")
    before = position(page)
    page.keyboard.press("3")
    wait_playing(page, "reconstruction")
    assert position(page) >= before
    page.wait_for_timeout(60)
    assert page.evaluate(f"() => {NOTE}.deck.began") == began, "the sounds run on in step"
    gain = page.evaluate(f"() => {NOTE}.deck.gain('reconstruction')")
    assert (level(page, "original"), level(page, "reconstruction")) == (0, pytest.approx(gain))
    page.keyboard.press("x")
    wait_playing(page, "original")
    page.locator(f"{TRACK.format('inversion')} button").click()
    wait_playing(page, "inversion")
    assert page.evaluate(f"() => {NOTE}.deck.began") == began
    assert page.locator(".tx-track.tx-playing").count() == 1
    page.keyboard.press("2")
    page.wait_for_function(f"() => !{NOTE}.deck.playing")


def test_versions_are_equally_loud_unless_one_wants_them_as_they_are(page: Any, app: str) -> None:
    open_note(page, f"{app}/?checkpoint=nsynth-cvae")
    off = [loudness_lufs(heard(page, kind, 16_000), 16_000) for kind in KINDS]
    gains = page.evaluate(f"(kinds) => kinds.map((kind) => {NOTE}.deck.gain(kind))", list(KINDS))
    assert np.ptp(off + 20 * np.log10(gains)) < 0.05
    assert np.ptp(off) > 0.2, "or nothing was to be done"
    switch = page.get_by_role("button", name="Equal loudness")
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    open_note(page, f"{app}/?checkpoint=nsynth-cvae")
    assert switch.get_attribute("aria-pressed") == "false"
    assert page.evaluate(f"(kinds) => kinds.map((kind) => {NOTE}.deck.gain(kind))", list(KINDS)) == [1, 1, 1]


def test_again_and_again(page: Any, app: str) -> None:
    open_note(page, app)
    page.keyboard.press("l")
    assert page.locator(".tx-loop").get_attribute("aria-pressed") == "true"
    length = page.evaluate(f"() => {NOTE}.deck.duration")
    wave = page.locator(f"{TRACK.format('reconstruction')} canvas").bounding_box()
    page.mouse.click(wave["x"] + 0.95 * wave["width"], wave["y"] + 10)
    wait_playing(page, "reconstruction")
    assert page.evaluate(f"() => {NOTE}.deck.context.currentTime - {NOTE}.deck.began") > 0.9 * length
    page.wait_for_function(f"() => {NOTE}.deck.playing && {NOTE}.deck.position < 1")


def test_it_is_seen(page: Any, app: str) -> None:
    open_note(page, app)
    for kind in KINDS:
        assert ink(page, f"{TRACK.format(kind)} canvas") > 1
    assert "dB on average" in page.locator(".tx-card[data-kind=difference]").inner_text()
    page.hover(".tx-card[data-kind=reconstruction] canvas")
    assert " Hz · " in page.locator(".tx-reading").inner_text()
    page.get_by_role("tab", name="Latents").click()
    assert ink(page, ".tx-latents canvas") > 5
    page.locator(".tx-latents canvas").focus()
    page.keyboard.press("ArrowRight")
    told = page.locator(".tx-latent-told").inner_text()
    assert told.startswith("Dimension ")
    assert "library" in told
    page.keyboard.press("ArrowRight")
    assert page.locator(".tx-latent-told").inner_text() != told


def test_a_sound_of_ones_own(page: Any, app: str) -> None:
    note = open_note(page, app)
    source = page.evaluate(f"() => new URL({NOTE}.soundUrl('original'), location).href")
    with urllib.request.urlopen(source) as answer:
        recording = answer.read()
    heard(page, "original")
    page.get_by_role("tab", name="Find similar").click()
    page.locator(CHOOSE).set_input_files({"name": "mine.wav", "mimeType": "audio/wav", "buffer": recording})
    page.wait_for_function("() => document.querySelector('.tx-about h3').textContent === 'mine.wav'", timeout=60_000)
    wait_playing(page, "original")
    assert page.locator(".tx-near-list button").first.get_attribute("data-note") == note
    assert page.evaluate(f"() => [{MAP}.selected, {MAP}.neighbours.length, {MAP}.guest !== null]") == [-1, 0, True]
    assert "pitch measured" in page.locator(".tx-facts").inner_text()
    sounds = page.evaluate(f"() => ['original', 'inversion', 'reconstruction'].map(k => [...{NOTE}.guest.arrays[k]])")
    assert min(np.abs(sound).max() for sound in sounds) > 0.01
    assert np.abs(np.subtract(sounds[0], sounds[2])).max() > 1e-3
    page.locator(".tx-near-list button").nth(1).click()
    page.wait_for_function("() => document.querySelector('.tx-about h3').textContent !== 'mine.wav'")
    wait_playing(page, "original")
    page.get_by_role("tab", name="Find similar").click()
    page.get_by_role("button", name="Show mine.wav again").click()
    page.wait_for_function("() => document.querySelector('.tx-about h3').textContent === 'mine.wav'")


def test_sounds_that_are_none_are_refused_in_a_sentence(page: Any, app: str) -> None:
    open_map(page, app)
    page.get_by_role("tab", name="Find similar").click()
    silence = io.BytesIO()
    soundfile.write(silence, np.zeros(16_000), 16_000, format="WAV")
    for name, content, said in (
        ("a.wav", b"nothing", "not readable as audio"),
        ("b.wav", silence.getvalue(), "silent"),
        ("c.wav", b"\0" * 20_000_001, "too much"),
    ):
        page.locator(CHOOSE).set_input_files({"name": name, "mimeType": "audio/wav", "buffer": content})
        page.locator(".tx-found-told.tx-wrong", has_text=said).wait_for()
        text = page.locator(".tx-found-told").inner_text()
        assert text.startswith(name)
        assert text.endswith(".")
    assert page.locator(".tx-note.tx-empty").count() == 1
