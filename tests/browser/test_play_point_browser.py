"""The point that is played, in a real browser: bent by sliders, begun from notes and links, saved and exported."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import mido
import numpy as np
import pytest
import soundfile

from tests.browser.harness import link
from tests.browser.test_play_browser import PLAYER, READY, fetched, key_button, open_play, point, set_slider
from timbre_core.features.pitch import estimate_f0

pytestmark = pytest.mark.browser


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

    page.locator(".tx-turn-latents").click()
    page.locator(".tx-axis[data-axis='0'] .tx-lock").click()
    page.locator(".tx-randomise").click()
    page.wait_for_function(f"(z) => {PLAYER}.z[1] !== z", arg=moved[1])
    thrown = point(page)
    axis = page.evaluate(f"() => {PLAYER}.space.axes.dimensions.numbers[0]")
    assert thrown[axis] == pytest.approx(moved[axis])
    assert sum(abs(a - b) > 1e-3 for a, b in zip(moved, thrown, strict=True)) > 25
    page.locator(".tx-reset").click()
    assert np.allclose(point(page), before)


def test_principal_directions_move_many_dimensions(page: Any, app: str) -> None:
    open_play(page, app)
    before = point(page)
    page.locator(".tx-turn-latents").click()
    page.get_by_role("radio", name="Principal directions").click()
    assert page.locator(".tx-axis").first.inner_text().startswith("Direction 1")
    set_slider(page, 0, -2.0)
    after = point(page)
    assert sum(abs(a - b) > 1e-3 for a, b in zip(before, after, strict=True)) > 10
    shown = page.locator(".tx-axis[data-axis='0'] output").inner_text()
    assert shown == "−2.00"


def test_sliders_say_what_they_change(page: Any, app: str) -> None:
    open_play(page, app)
    page.locator(".tx-turn-latents").click()
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
    page.get_by_role("button", name="Start from a sound that the model makes up").click()
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


def test_recordings_are_there_again_after_a_reload(page: Any, app: str) -> None:
    open_play(page, app, "nsynth-vae")
    page.get_by_text("Keys with a bar are recorded").wait_for()
    heard, marked = fetched(page, 60), page.locator(".tx-real").count()
    page.reload()
    page.wait_for_selector(READY.format("nsynth-vae"), timeout=60_000)
    page.get_by_text("Keys with a bar are recorded").wait_for()
    assert page.locator(".tx-real").count() == marked > 0
    assert np.allclose(fetched(page, 60), heard, atol=1e-3)


def test_models_that_are_not_told_the_pitch_say_so(page: Any, app: str) -> None:
    open_play(page, app, "nsynth-vae")
    page.get_by_text("Keys with a bar are recorded").wait_for()
    page.get_by_role("button", name="Recordings").click()
    page.get_by_text("the keys play it faster or slower").wait_for()
    assert page.evaluate(f"() => Boolean({PLAYER}.start.note)"), "the mean of notes of many pitches has none"
    low, high = fetched(page, 60), fetched(page, 72)
    assert np.abs(low).max() > 0.05
    interval = estimate_f0(high, 16_000).midi - estimate_f0(low, 16_000).midi
    assert interval == pytest.approx(12, abs=0.5)
    open_play(page, app, "nsynth-ae", family="flute")
    assert page.get_by_role("button", name="Start from a sound that the model makes up").is_disabled()
    assert np.abs(fetched(page, 60)).max() > 0.05


def saved(page: Any, selector: str) -> bytes:
    with page.expect_download(timeout=120_000) as download:
        page.locator(selector).click()
    return Path(download.value.path()).read_bytes()


def load(page: Any, data: bytes) -> None:
    page.get_by_label("Preset file").set_input_files({"name": "p.json", "mimeType": "application/json", "buffer": data})


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
    page.get_by_label("Format").select_option("sf2")
    page.get_by_label("Loops").select_option("off")
    with zipfile.ZipFile(io.BytesIO(saved(page, ".tx-export"))) as font:
        name = next(name for name in font.namelist() if name.endswith(".sf2"))
        assert font.read(name)[8:12] == b"sfbk"
    page.locator(".tx-menu summary").click()
    page.get_by_label("Format").press("Escape")
    assert page.get_by_label("Format").is_hidden()
    page.keyboard.press("Enter")  # the keyboard is on what opened it
    page.locator(".tx-title").click()
    assert page.get_by_label("Format").is_hidden()
    page.locator(".tx-menu summary").click()
    page.get_by_label("Format").select_option("sfz")
    page.get_by_label("Loops").select_option("auto")
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


def test_a_piece_is_chosen_dropped_and_saved(page: Any, app: str) -> None:
    open_play(page, app, family="flute")
    page.locator(".tx-piece summary").click()
    page.get_by_label("Piece", exact=True).select_option("ode-to-joy")
    file = mido.MidiFile()
    file.add_track().extend([mido.Message("note_on", note=69), mido.Message("note_off", note=69, time=960)])
    buffer = io.BytesIO()
    file.save(file=buffer)
    chosen = page.get_by_label("MIDI file", exact=True)
    chosen.set_input_files({"name": "mine.mid", "mimeType": "audio/midi", "buffer": buffer.getvalue()})
    audio, rate = soundfile.read(io.BytesIO(saved(page, ".tx-piece-wav")))
    assert estimate_f0(audio[: rate // 2], rate).midi == pytest.approx(69, abs=0.1)
    page.locator(".tx-piece-play").click()
    page.wait_for_function("() => document.querySelector('.tx-piece-audio').duration > 0.5")
    chosen.set_input_files({"name": "torn.mid", "mimeType": "audio/midi", "buffer": buffer.getvalue()[:25]})
    page.locator(".tx-piece-play").click()
    page.locator(".tx-piece .tx-wrong", has_text="damaged or truncated").wait_for()


def drop(page: Any, file: Path, x: int = 640, y: int = 300) -> None:
    """Drops a file as a file manager does: where nothing takes it, the browser leaves the page for it."""
    tools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        tools.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})


def test_what_is_dropped_never_leaves_the_app(page: Any, app: str, tmp_path: Path) -> None:
    text, sound = tmp_path / "words.txt", tmp_path / "beep.wav"
    text.write_text("words")
    time = np.arange(16_000) / 16_000
    soundfile.write(sound, 0.2 * sum(np.sin(2 * np.pi * 220 * n * time) / n for n in (1, 2, 3)), 16_000)
    page.goto(f"{app}/library")
    page.get_by_role("heading", name="Library", exact=True).wait_for()
    drop(page, text, 900, 20)
    open_play(page, app, family="flute")
    drop(page, text)
    page.locator(".tx-told.tx-wrong", has_text="words.txt is neither a sound").wait_for()
    drop(page, sound, 30, 500)
    page.get_by_text("beep.wav: A3").wait_for()
    assert len(page.context.pages) == 1
    assert urlsplit(page.url).path == "/play"


def test_a_sound_is_dropped_corrected_and_exported(page: Any, app: str) -> None:
    open_play(page, app, family="flute")
    time = np.arange(16_000) / 16_000
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.2 * sum(np.sin(2 * np.pi * 220 * n * time) / n for n in (1, 2, 3)), 16_000, format="WAV")
    page.get_by_label("Sound files").set_input_files(
        {"name": "mine.wav", "mimeType": "audio/wav", "buffer": buffer.getvalue()}
    )
    page.get_by_text("mine.wav: A3").wait_for()
    assert page.get_by_label("Name of the sound").input_value() == "mine"
    assert "tx-real" in (key_button(page, 57).get_attribute("class") or "")
    assert estimate_f0(fetched(page, 60).astype(np.float32), 16_000).midi == pytest.approx(60, abs=0.1)
    page.get_by_label("MIDI pitch of the sound").fill("56")
    page.keyboard.press("Enter")
    page.get_by_text("mine.wav: G♯3").wait_for()
    assert estimate_f0(fetched(page, 60).astype(np.float32), 16_000).midi == pytest.approx(61, abs=0.1)
    torn = {"name": "torn.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}
    page.get_by_label("Sound files").set_input_files(torn)
    page.locator(".tx-told.tx-wrong", has_text="torn.wav: not readable as audio").wait_for()
