"""The page Library: adding a folder, its labels, layers, what runs and what went wrong."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.library.labels import in_words_of_page
from tests.app.test_explore import everything_said
from tests.synthetic import record
from timbre_core.catalogue import jobs
from timbre_core.catalogue.libraries import create_library, find_library, list_libraries, notes_of, remove_library
from timbre_core.catalogue.uploads import Sent, keep_uploads

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def library(
    checkpoints: Path, tiny_nsynth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Opens the page; no process is started for what it asks for."""
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TIMBRE_ROOTS", str(tmp_path / "music"))
    folder = tmp_path / "music" / "notes"
    folder.mkdir(parents=True)
    for path in sorted((tiny_nsynth / "audio").glob("bass*.wav"))[:3]:
        shutil.copy(path, folder / path.name)
    monkeypatch.setattr(jobs, "start_worker", lambda: None)

    def open_page() -> Any:
        return AppTest.from_file(str(ROOT / "pages" / "library" / "page.py"), default_timeout=60).run()

    return open_page


def press(page: Any, label: str) -> Any:
    return next(button for button in page.button if button.label == label).click().run()


def test_a_folder_is_added_with_labels_that_were_corrected(
    library: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "music" / "scans"
    empty.mkdir()
    page = library()
    assert "No library yet" in everything_said(page)
    page = press(page, "scans")
    assert "No sounds in this folder: choose one that has some." in everything_said(page)
    adding = {button.label: button.disabled for button in page.button}
    assert adding["Add to the map"]
    assert adding["Show labels first"]
    page = press(press(page, "Up"), "notes")
    assert "3 sounds directly in this folder" in everything_said(page)
    page = press(page, "Show labels first")
    assert "Instrument from" in everything_said(page)
    page.session_state["add_labels"] = {"edited_rows": {"0": {"instrument": "my bass", "pitch": "C3"}}}
    page = press(page, "Add to the map")
    assert [(each.name, Path(each.root).name) for each in list_libraries()] == [("notes", "notes")]
    (job,) = jobs.list_jobs(only_open=True)
    assert "waits for its turn" in str([bar.proto for bar in page.get("progress")])
    assert "See notes on the map" in [button.label for button in page.button], "the map fills meanwhile"
    assert jobs.work(until=job.id)
    notes = notes_of(find_library("notes"))
    assert len(notes) == 3
    assert (notes["instrument"] == "my bass").sum() == 1
    assert notes.loc[notes["instrument"] == "my bass", "pitch"].tolist() == [48]
    assert "3 sounds" in everything_said(library())
    assert "puts them where they belong" not in everything_said(library())
    monkeypatch.setattr("timbre_core.catalogue.placing.is_coded_otherwise", lambda checkpoint, columns: bool(columns))
    assert "puts them where they belong" in everything_said(library())


def test_what_is_outside_is_refused_in_a_sentence(library: Callable[..., Any], tmp_path: Path) -> None:
    page = library()
    page = page.text_input[0].set_value(str(tmp_path)).run()
    assert "outside the folders" in everything_said(page)
    assert "start the app with TIMBRE_ROOTS" in everything_said(page).replace("\\", ""), "the cure"
    assert not list_libraries()


def test_layers_work_and_a_drive_that_is_gone(library: Callable[..., Any], checkpoints: Path, tmp_path: Path) -> None:
    made = create_library("music", tmp_path / "music" / "notes", checkpoints / "alpha", {})
    page = library()
    page = page.toggle[0].set_value(False).run()
    assert not find_library("music").shown
    press(page, "Update")
    (job,) = jobs.list_jobs(only_open=True)
    page = press(library(), "Stop")
    assert jobs.job_of_id(job.id).state == "cancelled"
    Path(made.root).rename(tmp_path / "unplugged")
    page = library()
    assert "its folder is not there" in everything_said(page)
    assert next(button for button in page.button if button.label == "Update").disabled


def test_what_was_left_out_of_sent_files_stays_told(library: Callable[..., Any]) -> None:
    page = library()
    page.session_state["add_left_out"] = [("a.wav", "another file of that name was sent with it: rename one")]
    said = everything_said(page.run())
    assert "1 file of those sent left out" in said
    assert "rename one" in said


def test_folders_with_odd_names_are_browsed(library: Callable[..., Any], tmp_path: Path) -> None:
    for name in (b"bad\xff", b"<b>x", b"line\nbreak", b"[a](b) `c` :red[d]"):
        (tmp_path / "music" / os.fsdecode(name)).mkdir()
    page = library()
    assert not page.exception
    assert len([button for button in page.button if (button.key or "").startswith("folder_")]) == 4
    page.text_input(key=f"add_typed_{tmp_path / 'music'}").set_value("a\0b").run()
    assert not page.exception


def test_a_correction_that_is_no_pitch_adds_nothing(library: Callable[..., Any]) -> None:
    page = press(press(library(), "notes"), "Show labels first")
    page.session_state["add_labels"] = {"edited_rows": {"0": {"pitch": "900"}}}
    page = press(page, "Add to the map")
    assert "outside MIDI" in page.error[0].value
    assert not list_libraries()


def test_a_library_of_sent_files_is_removed_with_them(library: Callable[..., Any], checkpoints: Path) -> None:
    kept, _ = keep_uploads("sent", [Sent("a_60.wav", io.BytesIO(b"RIFF"))])
    made = create_library("sent", kept, checkpoints / "alpha", {})
    other = create_library("too", kept, checkpoints / "alpha", {})
    assert made.was_sent
    page = library()
    page = page.menu_button(key=f"more_{made.id}").click(":material/delete: Remove").run()
    assert str(kept) in everything_said(page)
    assert [box.value for box in page.checkbox if box.label == "Delete these copies too"] == [True]
    remove_library(made, sent=True)
    assert kept.is_dir(), "another library has them too"
    remove_library(other, sent=True)
    assert not kept.exists()


def test_a_card_counts_what_was_skipped_and_a_folder_added_again_is_told(
    library: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "music" / "notes" / "broken_60.wav").write_bytes(b"no sound")
    page = press(press(library(), "notes"), "Add to the map")
    (job,) = jobs.list_jobs(only_open=True)
    assert jobs.work(until=job.id)
    page = library()
    assert "3 sounds · 1 file skipped" in everything_said(page)
    page = press(page, "notes")
    page = press(page, "Add to the map")
    assert "Update, above, finds what is new in it" in everything_said(page)
    page.text_input(key="add_name_notes").set_value("again").run()
    page = press(page, "Add to the map")
    assert "notes is this folder too: Update" in str([toast.value for toast in page.toast])


def test_sentences_on_labels_name_the_pages_controls(library: Callable[..., Any], tmp_path: Path) -> None:
    for number, name in enumerate(("C", "D", "E", "F", "G")):
        record(tmp_path / "music" / "low" / f"clarinet_{name}4.wav", (58, 60, 62, 63, 65)[number])
    page = press(library(), "low")
    page.selectbox(key="add_octave").set_value("auto").run()
    page = press(page, "Show labels first")
    said = everything_said(page).replace("\\", "")
    assert "clarinet sounds 2 semitones below its labels" in said
    assert "or “Add semitones: -2” does so for all notes" in said
    assert "file names read by the pattern" in said
    assert "“How names are read” takes another)" in said
    assert not re.search("--[a-z]", said)


@pytest.mark.parametrize(
    ("sentence", "here"),
    [
        ("--octave auto corrects that", "“Labels an octave off: Listen, and correct” corrects that"),
        ("label them with --pattern", "label them with a “Pattern of file names”"),
        (
            "read by the pattern '{pitch}_{take}' ({take} is not used; give another where that is wrong)",
            "read by the pattern '{pitch}_{take}' ({take} is not used; “How names are read” takes another)",
        ),
        ("clarinet from Paris", "clarinet from Paris"),
    ],
)
def test_options_of_commands_are_called_as_on_the_page(sentence: str, here: str) -> None:
    assert in_words_of_page(sentence) == here
