"""The page Training as Streamlit runs it: running, stopped, damaged and vanished trainings."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.server.catalog import listing
from pages.server.work import duration
from pages.training.film import film_html
from pages.training.runs import open_run, run_folders
from tests.app.deep_link import open_link

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., Any]


@pytest.fixture
def training(checkpoints: Path) -> Open:
    """Opens the page as a browser with this link would: `training(run=["alpha"])`."""
    return partial(open_link, "training")


def record(epoch: int, **changes: Any) -> dict[str, Any]:
    losses = {"total": 1 / epoch, "recon": 0.5 / epoch, "kl_raw": 0.4, "kl_fb": 0.5}
    return {"epoch": epoch, "step": 10 * epoch, "seconds": 4.0 * epoch, "beta": 0.1, "learning_rate": 1e-3} | {
        "train": losses,
        "val": losses,
        **changes,
    }


@pytest.fixture
def running(checkpoints: Path) -> Path:
    """A training that runs: 4 of 15 epochs are done."""
    folder = checkpoints / "gamma.training"
    folder.mkdir()
    shutil.copy(checkpoints / "alpha" / "recipe.yaml", folder)
    write(folder, [record(epoch) for epoch in (1, 2, 3, 4)])
    return folder


def write(folder: Path, records: list[dict[str, Any] | str]) -> None:
    lines = [line if isinstance(line, str) else json.dumps(line) for line in records]
    (folder / "history.jsonl").write_text("".join(f"{line}\n" for line in lines))


def age(folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    for path in (folder / "history.jsonl", folder):
        if path.exists():
            os.utime(path, (then, then))


def figure(app: Any) -> dict[str, Any]:
    """The plot that the page hands to its component."""
    for element in app.get("bidi_component"):
        if element.proto.component_name == "timbre_plot":
            return json.loads(json.loads(element.proto.json)["figure"])
    raise AssertionError("no plot on the page")


def traces(app: Any) -> list[dict[str, Any]]:
    return figure(app)["data"]


def said(app: Any) -> str:
    parts = [*app.warning, *app.info, *app.error, *app.caption, *app.markdown, *app.toast]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def progress(app: Any) -> list[str]:
    return [bar.proto.text.replace("\\", "") for bar in app.get("progress")]


def test_finished_trainings_are_shown_when_none_runs(training: Open) -> None:
    app = training()
    assert not app.exception
    assert app.multiselect[0].value == ["alpha", "beta"]
    assert app.query_params["run"] == ["alpha", "beta"]
    names = {trace["name"] for trace in traces(app)}
    assert names == {"alpha", "beta", "validation", "training"}
    assert "No training is running" in said(app)
    assert "train_cli.py" in said(app)
    titles = [note["text"] for note in figure(app)["layout"]["annotations"]]
    assert [title.split(" ")[0] for title in titles] == ["Total", "Reconstruction", "KL,", "KL", "Beta:"]


def test_a_running_one_comes_first_with_rate_and_time_left(training: Open, running: Path) -> None:
    app = training()
    assert not app.exception
    assert app.multiselect[0].value == ["gamma"]
    assert "gamma, running" in app.multiselect[0].options
    recipe_epochs = open_run("gamma", running).recipe.training.epochs  # type: ignore[union-attr]
    (text,) = progress(app)
    assert text.startswith(
        f"**gamma** · epoch 4 of {recipe_epochs} · 4.0 s an epoch · 320 windows a second · done in about"
    )
    assert len(figure(app)["layout"]["annotations"]) == 6


def test_states_and_figures_of_a_run(running: Path) -> None:
    now = (running / "history.jsonl").stat().st_mtime
    run = open_run("gamma", running, now=now + 1)
    assert run.recipe is not None
    assert (run.state, run.pace, run.rate, run.done) == ("running", 4.0, 320.0, 4)
    assert run.left == pytest.approx((run.recipe.training.epochs - 4) * 4 - 1)
    assert open_run("gamma", running, now=now + 59).state == "running"
    assert open_run("gamma", running, now=now + 1, ended=now + 1).state == "stopped", "nobody waits to see that"
    assert open_run("gamma", running, now=now + 1, ended=now - 60).state == "running", "it goes on, in a terminal"
    assert open_run("gamma", running, now=now + 61).state == "stopped"
    write(running, [record(epoch, seconds=100.0 * epoch) for epoch in (1, 2)])
    now = (running / "history.jsonl").stat().st_mtime
    assert open_run("gamma", running, now=now + 390).state == "running", "slow epochs take their time"
    write(running, [record(run.recipe.training.epochs)])
    assert open_run("gamma", running).state == "measuring"
    (running / "history.jsonl").unlink()
    assert open_run("gamma", running).state == "starting"
    age(running, 4000)
    assert open_run("gamma", running).state == "stopped"


def test_a_new_epoch_is_drawn(training: Open, running: Path) -> None:
    app = training()
    before = figure(app)["layout"]["uirevision"]
    write(running, [record(epoch) for epoch in range(1, 6)])
    app.run()
    assert "epoch 5 of" in progress(app)[0]
    assert max(len(trace["x"]) for trace in traces(app)) == 5
    assert figure(app)["layout"]["uirevision"] == before, "or the zoom is lost"


def test_a_stopped_one_says_how_to_go_on(training: Open, running: Path) -> None:
    age(running, 3600)
    app = training(run=["gamma"])
    assert "stopped" in progress(app)[0]
    command = next(code.value for code in app.code)
    assert command == f"python train_cli.py {running / 'recipe.yaml'} --out {running.with_name('gamma')} --resume"
    assert "No training is running" in said(app)


def test_a_training_that_finishes_stays_chosen(training: Open, running: Path, checkpoints: Path) -> None:
    app = training()
    shutil.copytree(checkpoints / "alpha", checkpoints / "gamma")
    shutil.rmtree(running)
    app.run()
    assert not app.exception
    assert app.multiselect[0].value == ["gamma"]
    assert not app.warning
    assert not progress(app)


def test_a_folder_that_disappears(training: Open, running: Path) -> None:
    app = training(run=["gamma", "alpha"])
    shutil.rmtree(running)
    app.run()
    assert not app.exception
    assert "gamma is no longer there" in said(app)
    assert app.multiselect[0].value == ["alpha"]
    assert {"alpha"} <= {trace["name"] for trace in traces(app)}


def test_damage_is_told_and_the_curves_go_on(training: Open, running: Path) -> None:
    write(running, [record(1), '{"epoch": 2, "val": {"tot', record(3, val={"total": float("nan")}), record(4)])
    (running / "recipe.yaml").write_text("name: [")
    app = training()
    assert not app.exception
    told = said(app)
    assert "line 2 of history.jsonl is damaged and left out" in told
    assert "epoch 3 has values that are no numbers" in told
    assert "recipe.yaml cannot be read" in told
    drawn = next(trace for trace in traces(app) if trace["name"] == "gamma" and len(trace["x"]) == 3)
    assert drawn["y"][1] is None
    assert drawn["x"] == [1, 3, 4]


def test_choices_of_axis_and_losses(training: Open) -> None:
    app = training(run=["alpha"])
    app.segmented_control(key="curves_axis").set_value("seconds").run()
    app.pills(key="curves_parts").set_value(["val"]).run()
    app.toggle(key="curves_log").set_value(True).run()
    assert not app.exception
    drawn = traces(app)
    assert "training" not in {trace["name"] for trace in drawn}
    assert any(trace["x"] == [1 / 60, 2 / 60, 3 / 60] for trace in drawn)
    assert figure(app)["layout"]["yaxis"]["type"] == "log"
    app.pills(key="curves_parts").set_value([]).run()
    assert not app.exception


def test_nonsense_in_a_link(training: Open) -> None:
    app = training(run=["../..", "alpha"])
    assert not app.exception
    assert app.multiselect[0].value == ["alpha"]
    assert "../.." in said(app)


def test_nothing_at_all(training: Open, checkpoints: Path) -> None:
    shutil.rmtree(checkpoints)
    app = training()
    assert not app.exception
    assert app.subheader[0].value == "No training yet"
    assert app.code[0].value == "python train_cli.py nsynth-cvae"


def test_figures_of_another_kind_of_model_get_panels_of_their_own(training: Open, running: Path) -> None:
    write(running, [{"epoch": 1, "train": {"spectral_distance": 2.0}, "val": {"spectral_distance": 3.0}}])
    app = training()
    assert not app.exception
    titles = [note["text"] for note in figure(app)["layout"]["annotations"]]
    assert titles == ["Spectral distance"]


def test_the_film_shows_every_epoch_and_names_damage(checkpoints: Path) -> None:
    folder = checkpoints / "alpha" / "pictures"
    folder.mkdir()
    frames = np.random.default_rng(0).integers(0, 256, (2, 20, 30), dtype=np.uint8)
    for epoch in (1, 5):
        np.savez_compressed(folder / f"{epoch:06}.npz", originals=frames, reconstructions=frames, samples=frames[:1])
    (folder / "000007.npz").write_bytes(b"x")
    strip, damaged = film_html(folder.parent)
    assert strip.count("<img") == 2 * 3 + 2
    assert "epoch 1" in strip
    assert "000007.npz" in damaged[0]
    assert film_html(checkpoints / "beta") == ("", [])
    assert decoded(strip).shape == (20, 30, 3)


def decoded(strip: str) -> np.ndarray:
    """The first picture of a strip."""
    import base64
    import io

    from PIL import Image

    data = strip.split("base64,", 1)[1].split('"', 1)[0]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_low_bands_are_at_the_bottom(checkpoints: Path) -> None:
    folder = checkpoints / "alpha" / "pictures"
    folder.mkdir()
    frames = np.zeros((1, 20, 30), dtype=np.uint8)
    frames[0, 0] = 255
    np.savez_compressed(folder / "000001.npz", originals=frames, reconstructions=frames, samples=frames[:0])
    strip, _ = film_html(folder.parent)
    assert strip.count("<img") == 2
    assert "prior" not in strip
    picture = decoded(strip).astype(int).sum(axis=2)
    assert picture[-1].min() > 500
    assert picture[:-1].max() < 30


def test_pictures_on_the_page(training: Open, running: Path) -> None:
    app = training()
    assert "The first pictures come after the first epoch" in said(app)
    assert "This training kept no pictures" in said(training(run=["alpha"]))


def test_a_model_has_one_colour_on_both_pages(training: Open, running: Path, checkpoints: Path) -> None:
    from timbre_core.analysis.comparison_plots import line_styles

    # Before "alpha" in the alphabet: running trainings must not shift the colours of finished ones.
    running.rename(checkpoints / "aardvark.training")
    app = training(run=["alpha", "beta"])
    on_compare = line_styles(["alpha", "beta"], ["alpha", "beta"])
    drawn = {
        trace["name"]: trace["line"]["color"]
        for trace in traces(app)
        if trace["name"] in on_compare and "line" in trace
    }
    assert drawn == {name: style.colour for name, style in on_compare.items()}


def test_run_folders_prefers_the_running_one(running: Path, checkpoints: Path) -> None:
    shutil.copytree(checkpoints / "alpha", checkpoints / "gamma")
    (checkpoints / "beta" / "history.jsonl").unlink()
    found = run_folders(listing())
    assert list(found) == ["gamma", "alpha"]
    assert found["gamma"] == running


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.53, "0.5 s"), (42, "42 s"), (89, "89 s"), (91, "2 min"), (5400, "1 h 30 min"), (8000, "2 h 13 min")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text
