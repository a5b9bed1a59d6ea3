"""The page as Streamlit runs it, with nothing to show or broken checkpoints: said, and nothing else breaks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.app.test_explore import as_researcher, component, everything_said


def test_an_empty_folder_says_how_to_get_a_checkpoint(page: Callable[..., Any], checkpoints: Path) -> None:
    for folder in checkpoints.iterdir():
        shutil.rmtree(folder)
    app = page()
    assert not app.exception
    assert app.subheader[0].value == "No checkpoint yet"
    assert "train_cli.py" in app.code[0].value
    assert not app.get("bidi_component")


def test_a_missing_folder_is_an_empty_one(page: Callable[..., Any], checkpoints: Path) -> None:
    shutil.rmtree(checkpoints)
    app = page()
    assert not app.exception
    assert app.subheader[0].value == "No checkpoint yet"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors is missing"),
        (lambda folder: (folder / "recipe.yaml").write_text("name: ["), "not valid YAML"),
        (lambda folder: (folder / "recipe.yaml").write_text("name: x\nmodle: {}"), "unknown key 'modle'"),
        (lambda folder: (folder / "recipe.yaml").write_bytes(b"\xff\xfe\x00"), "not a text file"),
    ],
)
def test_a_broken_checkpoint_is_listed_and_breaks_nothing(
    page: Callable[..., Any], checkpoints: Path, damage: Callable[[Path], object], reason: str
) -> None:
    damage(checkpoints / "alpha")
    app = page()
    assert not app.exception
    assert app.selectbox(key="pick_checkpoint").options == ["beta · Beta model"]
    assert component(app, "map")["checkpoint"] == "beta"
    assert [expander.label for expander in app.expander][-1] == "1 checkpoint could not be opened"
    said = everything_said(app).replace("\\", "")
    assert "alpha" in said
    assert reason in said
    assert reason in app.warning[0].value.replace("\\", ""), "said where it is seen at once"


def test_only_broken_checkpoints(page: Callable[..., Any], checkpoints: Path) -> None:
    for folder in checkpoints.iterdir():
        (folder / "model.safetensors").unlink()
    app = page()
    assert not app.exception
    assert app.subheader[0].value == "No checkpoint yet"
    assert app.expander[0].label == "2 checkpoints could not be opened"


def test_a_checkpoint_without_a_map_says_which_command_makes_it(page: Callable[..., Any], checkpoints: Path) -> None:
    (checkpoints / "alpha" / "latents.parquet").unlink()
    app = page()
    assert app.selectbox(key="pick_checkpoint").value == "beta", "one with a map is shown first"
    app = page(checkpoint="alpha")
    assert not app.exception
    assert app.subheader[0].value == "This checkpoint has no map yet"
    assert app.code[0].value == f"python -m timbre_core project {checkpoints / 'alpha'}"
    assert not app.get("bidi_component")
    assert len(as_researcher(app).metric) == 5, "the figures are there all the same"


def test_a_damaged_map_says_how_to_make_it_again(page: Callable[..., Any], checkpoints: Path) -> None:
    path = checkpoints / "alpha" / "latents.parquet"
    path.write_bytes(path.read_bytes()[:1000])
    app = page()
    assert not app.exception
    assert "make it again" in app.error[0].value
    app.selectbox(key="pick_checkpoint").set_value("beta").run()
    assert not app.error
    assert component(app, "map")["checkpoint"] == "beta"


def test_missing_and_damaged_figures(page: Callable[..., Any], checkpoints: Path) -> None:
    (checkpoints / "alpha" / "evaluation.json").unlink()
    (checkpoints / "beta" / "evaluation.json").write_text('{"latent": ')
    (checkpoints / "beta" / "history.jsonl").write_text("{\n")
    app = page()
    assert not app.exception
    assert "timbre_core evaluate" in app.info[0].value
    app.session_state["curves"] = True
    as_researcher(app).selectbox(key="pick_checkpoint").set_value("beta").run()
    assert not app.exception
    assert "not valid JSON" in app.warning[0].value
    assert "not JSON" in app.warning[1].value
    assert component(app, "map")["checkpoint"] == "beta"


def test_a_checkpoint_trained_meanwhile_appears_and_a_changed_one_is_read_again(
    page: Callable[..., Any], checkpoints: Path
) -> None:
    app = page()
    before = component(app, "map")["version"]
    shutil.copytree(checkpoints / "beta", checkpoints / "gamma")
    changed = json.loads((checkpoints / "alpha" / "evaluation.json").read_text())
    changed["reconstruction"]["l1"] = 0.5
    (checkpoints / "alpha" / "evaluation.json").write_text(json.dumps(changed))
    app.run()
    assert app.selectbox(key="pick_checkpoint").options == [
        "alpha · Alpha model",
        "beta · Beta model",
        "gamma · Beta model",
    ]
    assert as_researcher(app).metric[0].value == "0.500"
    assert component(app, "map")["version"] != before, "browsers must not show the old map"
