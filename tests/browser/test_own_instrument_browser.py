"""A dropped sound in a real browser: played as a chord, shaped, kept as a preset, there after a reload, taken along."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.browser.test_play_browser import PLAYER, READY, open_play, point
from tests.players import fluidsynth, midi, sfizz
from tests.readers import played, regions

pytestmark = pytest.mark.browser

_DROP = """([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def note(hz: float) -> bytes:
    time = np.arange(24_000) / 16_000
    tone = sum(np.sin(2 * np.pi * hz * number * time) / number for number in range(1, 9))
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.2 * tone * np.minimum(1, time / 0.03), 16_000, format="WAV")
    return buffer.getvalue()


def noise() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.1 * np.random.default_rng(0).standard_normal(16_000), 16_000, format="WAV")
    return buffer.getvalue()


def macro(page: Any, name: str, steps: float) -> None:
    page.get_by_role("slider", name=name).evaluate(
        """(slider, steps) => {
          slider.value = steps;
          for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type, { bubbles: true }));
        }""",
        steps,
    )


def test_a_dropped_sound_is_played_shaped_kept_and_taken_along(page: Any, app: str, tmp_path: Path) -> None:
    open_play(page, app, family="organ")
    page.evaluate(_DROP, ["sea.wav", list(noise())])
    page.get_by_text("sea.wav: say at which key it sounds as it is").wait_for()
    page.get_by_label("MIDI pitch of the sound").fill("60")
    page.keyboard.press("Enter")
    page.get_by_text("sea.wav: C4").wait_for()
    page.evaluate(_DROP, ["my note.wav", list(note(220.0))])
    page.get_by_text("my note.wav: A3").wait_for()
    real = page.locator(".tx-keyboard .tx-real")
    assert [each.get_attribute("data-key") for each in real.all()] == ["57"]

    for key in "adg":
        page.keyboard.down(key)
    page.wait_for_function(f"() => {PLAYER}.hands.held.size === 3 && {PLAYER}.synth.level() > 0.02", timeout=30_000)
    for key in "adg":
        page.keyboard.up(key)

    macro(page, "Brightness", 2)
    macro(page, "Release", 2)
    assert page.evaluate(f"() => [{PLAYER}.sounding.shape, {PLAYER}.synth.release]") == ["brightness=2", 1.0]
    carrier = page.evaluate(f"() => {PLAYER}.sounding.carrier")
    assert carrier.startswith("own-"), "macros shape recordings too"

    page.get_by_role("button", name="Presets", exact=True).click()
    page.locator(".tx-preset").nth(20).wait_for()
    page.get_by_label("Name of the sound").fill("Mine, shaped")
    page.get_by_label("Tags").fill("test")
    page.locator(".tx-keep").click()
    mine = page.locator(".tx-preset.tx-chosen")
    mine.wait_for()
    assert "Mine, shaped" in mine.inner_text()
    place = point(page)
    page.get_by_label("Find presets by name, tag or sound").fill("plucked")
    found = page.locator(".tx-preset").all_inner_texts()
    assert 5 < len(found) < 60
    assert all("plucked" in text for text in found)
    page.locator(".tx-preset-name").last.click()
    page.wait_for_function(f"(z) => {PLAYER}.z[0] !== z", arg=place[0])
    loaded = point(page)

    page.reload()
    page.wait_for_selector(READY.format("nsynth-cvae"), timeout=60_000)
    assert np.allclose(point(page), loaded, atol=1e-3)
    page.keyboard.press("Control+z")
    assert np.allclose(point(page), place, atol=1e-3), "undo survives a reload"
    assert page.evaluate(f"() => {PLAYER}.sounding.carrier") == carrier
    page.get_by_label("Find presets by name, tag or sound").fill("Mine, shaped")
    page.locator(".tx-preset-name").first.click()
    page.wait_for_function(f"(before) => {PLAYER}.own && {PLAYER}.own.carrier !== before", arg=carrier)
    assert page.evaluate(f"() => [{PLAYER}.sounding.shape, {PLAYER}.changed]") == ["brightness=2", False]
    assert [each.get_attribute("data-key") for each in real.all()] == ["57"], "its recording was kept with it"

    for label, value in (("Lowest key", "57"), ("Highest key", "57")):
        page.get_by_label(label).evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", value
        )
    folders = {kind: exported(page, kind, tmp_path / kind) for kind in ("wav", "dspreset", "multisample", "sfz", "sf2")}
    for kind, folder in folders.items():
        preset = json.loads(next(folder.glob("*.json")).read_text())
        assert (preset["macros"], preset["release"]) == ({"brightness": 2.0}, 1.0)
        assert "my note.wav" in (folder / "LICENCE.txt").read_text()
        if kind != "sf2":
            (region,) = regions(folder, kind)
            assert (region.keys, region.loop is not None) == ((0, 127), True), kind
    opened = {
        kind: played(regions(folder, kind), tmp_path / f"{kind}-read") for kind, folder in list(folders.items())[:3]
    }
    opened["sfz"] = sfizz(next(folders["sfz"].glob("*.sfz")))
    opened["sf2"] = fluidsynth(next(folders["sf2"].glob("*.sf2")))
    for kind, play in opened.items():
        for key in (57, 60):
            assert midi(play(key, 100, 1.0)) == pytest.approx(key, abs=0.05), (kind, key)


def exported(page: Any, kind: str, folder: Path) -> Path:
    """The sound exported in a format by the page's menu, unpacked."""
    page.locator(".tx-menu summary").click()
    page.get_by_label("Format").select_option(kind)
    with page.expect_download(timeout=60_000) as download:
        page.locator(".tx-export").click()
    with zipfile.ZipFile(Path(download.value.path())) as made:
        made.extractall(folder)
    page.wait_for_function("() => !document.querySelector('.tx-menu').open")
    return folder
