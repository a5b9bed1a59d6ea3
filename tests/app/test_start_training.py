"""Starting, stopping and going on with a training in the app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_explore import everything_said
from timbre_core.catalogue import jobs
from timbre_core.checkpoint import open_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def training(checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(jobs, "start_worker", lambda: None)
    return lambda: AppTest.from_file(str(ROOT / "pages" / "training" / "page.py"), default_timeout=60).run()


def press(page: Any, label: str) -> Any:
    return next(button for button in page.button if button.label == label).click().run()


def test_a_training_is_started_stopped_and_gone_on_with(training: Any, checkpoints: Path, tiny_nsynth: Path) -> None:
    page = training()
    assert page.text_input(key="train_name").value == "mine"
    (checkpoints / "mine.training").mkdir()
    (checkpoints / "mine-2").mkdir()
    assert training().text_input(key="train_name").value == "mine-3", "the first name that is free"
    page.text_input(key="train_name").set_value("alpha").run()
    page = press(page, "Start")
    assert "choose another name" in everything_said(page)
    page.text_input(key="train_name").set_value("fresh").run()
    page = press(page, "Start")
    (job,) = jobs.list_jobs(only_open=True)
    assert (job.kind, job.arguments["data"]) == ("train", ["starter"])
    assert Path(job.arguments["start_from"]).parent == checkpoints
    assert page.text_input(key="train_name").value == "mine-3", "the next one has a name of its own"
    page.text_input(key="train_name").set_value("fresh").run()
    page = press(page, "Start")
    assert "choose another name" in everything_said(page), "one that waits has its name"
    assert "No training is running" not in everything_said(page)
    page = press(training(), "Stop")
    assert not jobs.list_jobs(only_open=True)
    page = press(training(), "Go on")
    (again,) = jobs.list_jobs(only_open=True)
    assert again.arguments == job.arguments


def test_the_queue_trains(training: Any, checkpoints: Path, tiny_nsynth: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from timbre_core.catalogue.training import training_arguments

    start = str(checkpoints / "alpha")
    out = checkpoints / "mine"
    told = training_arguments("nsynth-cvae", [str(tiny_nsynth)], out, 1, start, ["training.pictures=0"])
    job = jobs.ask("train", None, told)
    assert jobs.work(until=job.id)
    done = jobs.job_of_id(job.id)
    assert done.state == "done", done.message
    assert open_checkpoint(out).recipe.training.epochs == 1


def test_a_training_ends_when_its_time_is_up(training: Any, checkpoints: Path, tiny_nsynth: Path) -> None:
    from timbre_core.catalogue.training import training_arguments

    start, out = str(checkpoints / "alpha"), checkpoints / "brief"
    changes = ["training.pictures=0"]
    job = jobs.ask(
        "train", None, training_arguments("nsynth-cvae", [str(tiny_nsynth)], out, 500, start, changes, hours=1e-6)
    )
    assert jobs.work(until=job.id)
    done = jobs.job_of_id(job.id)
    assert done.state == "done", done.message
    assert "time was up" in done.message
    assert 1 <= open_checkpoint(out).recipe.training.epochs < 5


def test_a_training_is_stopped_by_the_queue(training: Any, checkpoints: Path, tiny_nsynth: Path) -> None:
    from timbre_core.catalogue.training import training_arguments

    told = training_arguments("nsynth-cvae", [str(tiny_nsynth)], checkpoints / "long", 500, str(checkpoints / "alpha"))
    job = jobs.ask("train", None, told)
    jobs.work(lambda now: jobs.cancel(now.id) if now.phase == "training" else None, until=job.id)
    assert jobs.job_of_id(job.id).state == "cancelled"
    assert not (checkpoints / "long").exists()
