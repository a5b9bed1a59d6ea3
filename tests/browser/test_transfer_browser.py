"""The Transfer page in a real browser: its first sound, sounds of one's own, sliders, A-B, corrections, two visitors."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import soundfile
import soxr

from tests.browser.harness import link
from tests.unit.test_pitch_track import sung
from timbre_core.features.pitch import estimate_f0
from timbre_core.features.pitch_track import track_pitch

pytestmark = pytest.mark.browser
PAGE = "document.querySelector('.tx-transfer').timbreTransfer"
MELODY = np.repeat([60.2, 64.0, 67.0], 30)


def wait_shown(page: Any) -> None:
    """Until the sound and the picture of what is asked for now are there."""
    page.wait_for_function(
        "() => { const root = document.querySelector('.tx-transfer');"
        " return root?.dataset.ready && root.dataset.shown === root.timbreTransfer.resultUrl(); }",
        timeout=90_000,
    )


def open_transfer(page: Any, address: str, **query: str) -> None:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    page.goto(f"{address}/transfer?{asked}")
    wait_shown(page)


def result_address(page: Any) -> str:
    return page.evaluate(f"() => new URL({PAGE}.resultUrl(), location).href")


def fetched(address: str, rate: int = 44_100) -> np.ndarray:
    """A result, which has its source's sample rate, at 16 kHz."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        audio, came = soundfile.read(io.BytesIO(answer.read()))
    assert came == rate
    assert np.abs(audio).max() > 0.02, "silent"
    return soxr.resample(audio, rate, 16_000)


def source_of(page: Any) -> np.ndarray:
    audio = np.array(page.evaluate(f"() => [...{PAGE}.told.arrays.audio]"))
    return soxr.resample(audio, page.evaluate(f"() => {PAGE}.told.rate"), 16_000)


def set_slider(page: Any, name: str, value: float) -> None:
    page.locator(f"input[data-setting={name}]").evaluate(
        """(slider, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          slider.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        value,
    )
    wait_shown(page)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A melody in stereo at 44.1 kHz."""
    path = tmp_path / "my voice.wav"
    audio = sung(MELODY, 44_100, 706)
    soundfile.write(path, np.stack([audio, audio], axis=1), 44_100)
    return path


def upload(page: Any, path: Path) -> None:
    page.get_by_text("A file", exact=True).click()
    page.locator("input[type=file]").set_input_files(path)


def test_its_first_sound_keeps_pitch_and_changes_with_the_amount(page: Any, fresh_app: Callable[..., str]) -> None:
    open_transfer(page, fresh_app())
    assert page.get_by_text("Page not found").count() == 0
    pitch = estimate_f0(source_of(page), 16_000).midi
    sounds = []
    for amount in (0, 0.5, 1):
        set_slider(page, "amount", amount)
        sounds.append(fetched(result_address(page)))
        assert abs(100 * (estimate_f0(sounds[-1], 16_000).midi - pitch)) < 50
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert np.abs(sounds[one] - sounds[other]).max() > 0.01
    page.wait_for_function("() => new URL(location).searchParams.get('amount') === '1'")
    before = link(page)
    page.reload()
    wait_shown(page)
    assert link(page) == before
    assert page.evaluate(f"() => {PAGE}.settings.amount") == 1


def test_targets_shift_and_steady(page: Any, app: str) -> None:
    open_transfer(page, app, toward="organ", amount="0.6")
    pitch = estimate_f0(source_of(page), 16_000).midi
    toward_organ = fetched(result_address(page))
    page.locator(".tx-chip[data-family=flute]").click()
    wait_shown(page)
    assert np.abs(fetched(result_address(page)) - toward_organ).max() > 0.01
    set_slider(page, "shift", 7)
    assert abs(100 * (estimate_f0(fetched(result_address(page)), 16_000).midi - pitch - 7)) < 50
    page.get_by_label("One pitch throughout").click()
    wait_shown(page)
    assert "steady=1" in result_address(page)
    page.get_by_label("Toward a note").fill("trumpet")
    page.keyboard.press("Enter")
    page.wait_for_function("() => new URL(location).searchParams.get('toward')?.includes('brass')")


def test_source_and_result_play_in_step(page: Any, app: str) -> None:
    open_transfer(page, app)
    page.locator("button[data-kind=source]").click()
    page.wait_for_function(f"() => {PAGE}.deck.playing && {PAGE}.deck.position > 0.3")
    page.locator(".tx-swap").click()
    place, kind = page.evaluate(f"() => [{PAGE}.deck.position, {PAGE}.deck.kind]")
    assert kind == "result"
    assert place > 0.3, "goes on from the same place"
    page.locator("input[data-setting=amount]").focus()
    page.keyboard.press("ArrowRight")
    wait_shown(page)
    assert page.evaluate(f"() => {PAGE}.deck.voices.size") <= 2
    page.keyboard.press("1")
    page.wait_for_function(f"() => {PAGE}.deck.kind === 'source'")
    page.keyboard.press("l")
    assert page.evaluate(f"() => {PAGE}.deck.loop")
    page.keyboard.press(" ")
    page.wait_for_function(f"() => !{PAGE}.deck.playing")


def test_a_file_of_ones_own_is_tracked_corrected_and_private(page: Any, app: str, voice: Path, chromium: Any) -> None:
    open_transfer(page, app)
    upload(page, voice)
    page.wait_for_selector(".tx-transfer[data-ready=own]", timeout=60_000)
    wait_shown(page)
    notes = page.evaluate(f"() => {PAGE}.view.pictures.source.notes")
    assert [round(midi) for _, _, midi in notes] == [60, 64, 67]
    audio = fetched(result_address(page), 44_100)
    measured = track_pitch(audio, 16_000, 256).midi
    heard = np.median(np.abs(measured[3:27] - MELODY[3:27]))
    assert 100 * heard < 50
    place = page.evaluate(
        f"""() => {{
          const picture = {PAGE}.view.pictures.source;
          const midi = picture.contour[45];
          return [picture.placeOf(45 / picture.rate, picture.seconds()), picture.heightOf(midi, picture.plot())];
        }}"""
    )
    canvas = page.locator("figure[data-kind=source] canvas")
    canvas.click(position={"x": place[0], "y": place[1]})
    assert page.get_by_text("Correct note 2 of 3 (E4)").is_visible()
    page.locator("[data-mend='-12']").click()
    wait_shown(page)
    measured = track_pitch(fetched(result_address(page), 44_100), 16_000, 256).midi
    assert abs(float(np.nanmedian(measured[35:55])) - 64) < 0.5, "the sound's own pitch stays, whatever is said of it"
    assert abs(page.evaluate(f"() => {PAGE}.view.pictures.result.contour[45]") - 52) < 0.5
    # Another visitor neither sees the sound nor gets it without its token.
    mine = result_address(page)
    other = chromium.new_context().new_page()
    open_transfer(other, app)
    assert "sound=" not in result_address(other)
    upload(other, voice)
    other.wait_for_selector(".tx-transfer[data-ready=own]", timeout=60_000)
    token, another = (parse_qs(urlsplit(address).query)["sound"][0] for address in (mine, result_address(other)))
    assert token != another
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(mine.replace(token, token[::-1]))
    assert refused.value.code == 410
    other.context.close()


def test_a_recording(page: Any, app: str) -> None:
    page.context.grant_permissions(["microphone"])
    open_transfer(page, app)
    page.get_by_text("Record", exact=True).click()
    page.get_by_label("Record", exact=True).last.click()
    page.wait_for_timeout(2500)
    page.get_by_label("Stop recording").click()
    page.wait_for_selector(".tx-transfer[data-ready=own]", timeout=60_000)
    wait_shown(page)
    assert page.locator("figure[data-kind=source] .tx-name").inner_text() == "my recording"
    assert len(fetched(result_address(page), 48_000)) > 16_000


@pytest.mark.parametrize(
    ("content", "said"), [(b"RIFF, but no sound", "not readable as audio"), (b"", "empty"), ("silence", "silent")]
)
def test_hostile_uploads_get_one_sentence(page: Any, app: str, tmp_path: Path, content: Any, said: str) -> None:
    path = tmp_path / "x.wav"
    if content == "silence":
        soundfile.write(path, np.zeros(16_000), 16_000)
    else:
        path.write_bytes(content)
    open_transfer(page, app)
    upload(page, path)
    page.get_by_text(said).first.wait_for(timeout=60_000)
    assert page.locator("[data-testid=stAlert]").count() == 1
    assert page.locator("[data-testid=stException]").count() == 0


def test_saved_as_a_file(page: Any, app: str) -> None:
    open_transfer(page, app, toward="brass", amount="1")
    with page.expect_download() as started:
        page.locator(".tx-save").click()
    assert started.value.suggested_filename.endswith(" to brass.wav")
    assert soundfile.info(started.value.path()).samplerate == 44_100


@pytest.mark.parametrize("checkpoint", ["nsynth-vae"])
def test_models_without_pitch_say_what_changes(page: Any, app: str, checkpoint: str) -> None:
    open_transfer(page, app, checkpoint=checkpoint)
    said = page.get_by_text("is not told the pitch")
    said.wait_for(timeout=30_000)
    assert said.inner_text().startswith(checkpoint)
    assert "another pitch takes the timbre along" in said.inner_text()


def test_fits_small_screens(page: Any, app: str) -> None:
    open_transfer(page, app)
    for width, height in ((1280, 720), (820, 1180)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.wait_for_timeout(300)
    for part in (".tx-hear", ".tx-steer"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 720
