"""The page Compare as Streamlit runs it: which checkpoints, which note, what is said when something is missing."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pages.compare.note_choice import note_labels, where_told
from pages.controls.several import alike
from pages.server.catalog import note_map
from tests.app.deep_link import open_link
from timbre_core.checkpoint import list_checkpoints, open_checkpoint

ROOT = Path(__file__).resolve().parents[2]
NOTE = "brass_synthetic_001-054-100"
Open = Callable[..., Any]


@pytest.fixture
def compare(checkpoints: Path) -> Open:
    """Opens the page as a browser with this link would: `compare(checkpoint=["alpha"], note="x")`."""
    return partial(open_link, "compare")


def component(app: Any, name: str) -> dict[str, Any]:
    for element in app.get("bidi_component"):
        if element.proto.component_name == f"timbre_{name}":
            return json.loads(element.proto.json)
    raise AssertionError(f"no component {name} on the page")


def linked(app: Any, name: str) -> list[str]:
    """A parameter of the address bar."""
    value = app.query_params[name]
    return [value] if isinstance(value, str) else list(value)


def table(app: Any) -> str:
    return next(
        html.proto.body for html in app.get("html") if "tx-compare" in html.proto.body and "<table" in html.proto.body
    )


def said(app: Any) -> str:
    parts = [*app.warning, *app.info, *app.error, *app.toast, *app.markdown, *app.caption]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def test_first_visit_compares_all(compare: Open) -> None:
    app = compare()
    assert not app.exception
    assert app.multiselect[0].value == ["alpha", "beta"]
    assert linked(app, "checkpoint") == ["alpha", "beta"]
    models = component(app, "models")
    assert [model["checkpoint"] for model in models["models"]] == ["alpha", "beta"]
    assert [model["title"] for model in models["models"]] == ["alpha · Alpha model", "beta · Beta model"]
    assert models["selected"]["note"] in linked(app, "note")
    assert component(app, "maps")["projection"] == "tsne"
    assert len(app.get("plotly_chart")) == 2, "no error by pitch was measured of these"
    assert "not measured" not in table(app)


def test_errors_by_pitch_are_drawn_where_there_are_some(compare: Open, checkpoints: Path) -> None:
    file = checkpoints / "alpha" / "evaluation.json"
    evaluation = json.loads(file.read_text())
    evaluation["reconstruction"]["by_pitch"] = {"60": {"mse": 0.1, "l1": 0.2, "notes": 3}}
    file.write_text(json.dumps(evaluation))
    app = compare()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3


def test_a_link_restores_checkpoints_and_note(compare: Open) -> None:
    app = compare(checkpoint=["beta", "alpha"], note=NOTE)
    assert not app.exception
    assert not app.toast
    assert app.multiselect[0].value == ["beta", "alpha"]
    assert component(app, "models")["selected"] == {"note": NOTE, "seq": 0}
    assert [model["checkpoint"] for model in component(app, "maps")["models"]] == ["beta", "alpha"]
    assert linked(app, "note") == [NOTE]


def test_nonsense_in_a_link_is_refused_kindly(compare: Open) -> None:
    app = compare(checkpoint=["../../etc/passwd", "beta", "beta"], note="<b>x</b>")
    assert not app.exception
    assert app.multiselect[0].value == ["beta"]
    assert linked(app, "checkpoint") == ["beta"]
    assert len(app.toast) == 1
    assert "../../etc/passwd" in app.toast[0].value.replace("\\", "")
    assert "<b>" not in app.toast[0].value.replace("\\<b\\>", "")
    assert linked(app, "note") != ["<b>x</b>"]


def test_a_checkpoint_keeps_its_colour_when_another_goes(compare: Open) -> None:
    both = {model["checkpoint"]: model["colour"] for model in component(compare(), "models")["models"]}
    alone = component(compare(checkpoint=["beta"]), "models")["models"]
    assert alone[0]["colour"] == both["beta"] != both["alpha"]


def test_the_note_follows_picker_and_dice(compare: Open) -> None:
    app = compare()
    labels = app.selectbox(key="compare_note").options
    assert "brass synthetic 001 F♯3 · brass · velocity 100" in labels
    assert len(labels) == 48
    app.selectbox(key="compare_note").set_value(NOTE).run()
    assert component(app, "models")["selected"]["note"] == NOTE
    assert linked(app, "note") == [NOTE]
    seen = set()
    for _ in range(4):
        app.button[0].click().run()
        seen.add(component(app, "models")["selected"]["note"])
    assert not app.exception
    assert len(seen) > 1


def test_nothing_chosen_says_what_to_do(compare: Open) -> None:
    app = compare()
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "Choose the checkpoints" in said(app)
    assert not app.get("bidi_component")


def test_a_checkpoint_that_goes_away_is_dropped(compare: Open, checkpoints: Path) -> None:
    app = compare()
    shutil.rmtree(checkpoints / "beta")
    app.run()
    assert not app.exception
    assert app.multiselect[0].value == ["alpha"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            lambda folder: (folder / "evaluation.json").unlink(),
            "was not evaluated yet: `python -m timbre_core evaluate",
        ),
        (lambda folder: (folder / "evaluation.json").write_text('{"a": '), "not valid JSON"),
        (lambda folder: (folder / "latents.parquet").unlink(), "has no map yet: `python -m timbre_core project"),
        (lambda folder: (folder / "latents.parquet").write_bytes(b"PAR1 x"), "make it again"),
        (
            lambda folder: (folder / "evaluation.json").write_text('{"notes": 3}'),
            "Measured on different notes, as each column says",
        ),
    ],
)
def test_what_is_missing_is_told_and_the_rest_is_shown(
    compare: Open, checkpoints: Path, damage: Callable[[Path], object], words: str
) -> None:
    damage(checkpoints / "alpha")
    app = compare()
    assert not app.exception
    assert words in said(app)
    assert "Beta model" in table(app)
    assert "beta" in [model["checkpoint"] for model in component(app, "maps")["models"]]


def test_an_empty_folder(compare: Open, checkpoints: Path) -> None:
    for folder in checkpoints.iterdir():
        shutil.rmtree(folder)
    app = compare()
    assert not app.exception
    assert app.subheader[0].value == "No checkpoint yet"


def test_few_notes_are_told(compare: Open, checkpoints: Path) -> None:
    file = checkpoints / "alpha" / "evaluation.json"
    assert "is sure to" not in said(compare())
    file.write_text(json.dumps({**json.loads(file.read_text()), "notes": 9}))
    assert "Alpha model: a share of 9 notes is sure to 33 points in 100" in said(compare())


def test_titles_are_no_markup(compare: Open, checkpoints: Path) -> None:
    path = checkpoints / "alpha" / "recipe.yaml"
    path.write_text(re.sub("title: .*", "title: '<img src=x onerror=alert(1)>'", path.read_text()))
    app = compare()
    assert not app.exception
    assert "<img" not in table(app)


def test_the_first_note_is_one_that_all_maps_have(compare: Open, checkpoints: Path) -> None:
    from timbre_core.checkpoint import open_checkpoint, write_latents

    checkpoint = open_checkpoint(checkpoints / "beta")
    latents = checkpoint.latents
    assert latents is not None
    write_latents(checkpoint.path, latents[latents["note_id"] == NOTE], checkpoint.latents_roots)
    app = compare()
    assert not app.exception
    assert component(app, "models")["selected"]["note"] == NOTE
    assert len(app.selectbox(key="compare_note").options) == 48, "the others can be chosen all the same"


def test_it_is_told_on_which_maps_a_note_is(compare: Open, checkpoints: Path) -> None:
    alpha, beta = (note_map(open_checkpoint(checkpoints / name)) for name in ("alpha", "beta"))
    assert alpha is not None
    assert beta is not None
    fewer = dataclasses.replace(beta, labels=beta.labels[beta.labels["note_id"] != NOTE].reset_index(drop=True))
    titles = {"alpha": "Alpha", "beta": "Beta"}
    assert where_told({"alpha": alpha, "beta": beta}, titles, NOTE) == ""
    told = where_told({"beta": fewer, "alpha": alpha}, titles, NOTE)
    assert told == "This note is marked on the map of Alpha: the others do not have it."


def test_large_maps_offer_some_notes_and_the_linked_one(compare: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.compare.note_choice.MOST_OFFERED", 10)
    app = compare(note=NOTE)
    assert len(app.selectbox(key="compare_note").options) in (10, 11)
    assert app.selectbox(key="compare_note").value == NOTE


def test_without_the_heavy_libraries(checkpoints: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from streamlit.testing.v1 import AppTest
for page in ("compare/page.py", "training/page.py"):
    app = AppTest.from_file({str(ROOT / "pages" / "main.py")!r}, default_timeout=60).run().switch_page(page).run()
    assert not app.exception and app.get("bidi_component"), page
print(*sorted({{"torch", "librosa", "numba", "umap", "sklearn"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_what_is_alike_stands_side_by_side_at_first() -> None:
    shipped = {path.name: open_checkpoint(path) for path in list_checkpoints(ROOT / "checkpoints")}
    spaces = {name: shipped[name] for name in ("nsynth-cvae", "fsdd-stft-vae", "vapar-cvae", "nsynth-ae")}
    assert alike(spaces) == ["nsynth-cvae", "nsynth-ae"]
    assert alike({"timbre-space": shipped["timbre-space"], **spaces}) == ["nsynth-cvae", "nsynth-ae"], (
        "not what differs"
    )
    assert alike({name: shipped[name] for name in ("timbre-space", "nsynth-ae", "vapar-cvae")}) == [
        "timbre-space",
        "nsynth-ae",
    ]
    assert alike({}) == []


def test_what_is_not_alike_is_told_once_and_in_the_columns_heads() -> None:
    app = open_link("compare", checkpoint=["timbre-space", "nsynth-cvae"])
    assert not app.exception
    assert not app.warning
    told = [caption.value for caption in app.caption if "balance" in caption.value]
    assert len(told) == 1
    assert "different notes" in told[0]
    assert "different features" in told[0]
    head = table(app).split("</thead>")[0]
    assert "240 notes of 17 instruments, split unseen" in head
    assert "534 notes of 8 instruments, split test" in head


def test_every_take_of_a_digit_can_be_chosen() -> None:
    notes = note_map(open_checkpoint(ROOT / "checkpoints" / "fsdd-stft-vae"))
    assert notes is not None
    labels = note_labels([notes])
    assert labels["0_george_1"] == "0 · george · take 1"
    assert len(set(labels.values())) == len(labels) == len(notes.ids)
