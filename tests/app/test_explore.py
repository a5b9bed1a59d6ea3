"""The page as Streamlit runs it: pickers, links, figures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOTE = "brass_synthetic_001-054-100"


def component(app: Any, name: str) -> dict[str, Any]:
    """What the page hands to a browser component."""
    for element in app.get("bidi_component"):
        if element.proto.component_name == f"timbre_{name}":
            return json.loads(element.proto.json)
    raise AssertionError(f"no component {name} on the page")


def query(app: Any) -> dict[str, str]:
    return {name: values[0] if isinstance(values, list) else values for name, values in app.query_params.items()}


def everything_said(app: Any) -> str:
    parts = [*app.markdown, *app.error, *app.warning, *app.info, *app.code, *app.subheader, *app.caption, *app.toast]
    return "\n".join(str(part.value) for part in parts)


def as_researcher(app: Any) -> Any:
    """The page with the switch for a researcher's words on."""
    return app.toggle(key="pick_researcher").set_value(True).run()


def test_first_visit_shows_a_conditioned_checkpoint_by_family(page: Callable[..., Any]) -> None:
    app = page()
    assert not app.exception
    assert app.selectbox(key="pick_checkpoint").options == ["alpha · Alpha model", "beta · Beta model"]
    assert app.selectbox(key="pick_checkpoint").value == "alpha"
    shown = component(app, "map")
    assert (shown["projection"], shown["colour"], shown["selected"]) == ("tsne", "family", None)
    assert shown["checkpoint"] == "alpha"
    assert query(app) == {"checkpoint": "alpha", "projection": "tsne", "colour": "family"}


def test_choices_reach_the_map_and_the_address_bar(page: Callable[..., Any]) -> None:
    app = page()
    app.selectbox(key="pick_colour").set_value("pitch").run()
    app.selectbox(key="pick_checkpoint").set_value("beta").run()
    assert not app.exception
    told = app.segmented_control(key="pick_projection").help
    assert "t-SNE" in told
    assert "PaCMAP" not in told, "what is not offered is not explained"
    assert component(app, "map")["colour"] == "pitch"
    assert component(app, "map")["checkpoint"] == "beta"
    assert component(app, "note")["checkpoint"] == "beta"
    assert query(app) == {"checkpoint": "beta", "projection": "tsne", "colour": "pitch"}


def test_an_inverter_is_chosen_kept_in_the_link_and_handed_on(page: Callable[..., Any]) -> None:
    app = page()
    assert component(app, "note")["inverter"] is None
    inverters = app.selectbox(key="pick_inverter")
    assert inverters.options[:4] == ["The model's own", "Fast", "Best", "Source and filter"]
    assert "`excited`" in inverters.help, "the technical term stands in the help"
    app.selectbox(key="pick_inverter").set_value("best").run()
    assert component(app, "note")["inverter"] == "best"
    assert query(app)["inverter"] == "best"
    assert component(page(inverter="fast"), "note")["inverter"] == "fast"
    app.selectbox(key="pick_inverter").set_value("own").run()
    assert component(app, "note")["inverter"] is None
    assert "inverter" not in query(app)
    app = page(inverter="../vocoder")
    assert component(app, "note")["inverter"] is None
    assert "inverter" in app.toast[0].value


def test_labels_that_do_not_differ_are_not_offered_as_colours(page: Callable[..., Any]) -> None:
    # All synthetic notes have velocity 100 and source "synthetic".
    assert page().selectbox(key="pick_colour").options == [
        "Family",
        "Pitch",
        "Instrument",
        "Brightness (Hz)",
        "Reconstruction error (L1)",
        "Split",
    ]


def test_a_link_restores_the_view(page: Callable[..., Any]) -> None:
    link = {"checkpoint": "beta", "projection": "pca", "colour": "instrument", "note": NOTE}
    app = page(**link)
    assert not app.exception
    assert not app.toast
    assert component(app, "map") | {"version": "", "plotly": ""} == {
        "url": "api",
        "sounds": True,
        "checkpoint": "beta",
        "version": "",
        "projection": "pca",
        "colour": "instrument",
        "selected": {"note": NOTE, "seq": 0},
        "filters": {"search": "", "only": {}, "without": {}, "range": {}},
        "plotly": "",
    }
    assert component(app, "note")["selected"] == {"note": NOTE, "seq": 0}
    assert query(app) == link


def test_a_link_with_nonsense_is_refused_kindly(page: Callable[..., Any]) -> None:
    app = page(checkpoint="../../etc/passwd", projection="9", colour="<b>x</b>", note="**no** [a](http://b)")
    assert not app.exception
    assert query(app) == {"checkpoint": "alpha", "projection": "tsne", "colour": "family"}
    said = app.toast[0].value
    assert len(app.toast) == 1
    for word in ("checkpoint", "projection", "colour", "note"):
        assert word in said
    # Nothing in a link may act as Markdown or HTML.
    assert "\\*\\*no\\*\\*" in said
    assert "](http" not in said
    assert "<b>" not in said.replace("\\<b\\>", "")
    assert not app.run().toast, "said once is enough"


def test_a_very_long_link_is_shortened(page: Callable[..., Any]) -> None:
    app = page(note="x" * 100_000)
    assert not app.exception
    assert len(app.toast[0].value) < 200


def test_the_note_stays_when_another_checkpoint_is_chosen(page: Callable[..., Any]) -> None:
    app = page(note=NOTE)
    app.selectbox(key="pick_checkpoint").set_value("beta").run()
    assert component(app, "note")["selected"] == {"note": NOTE, "seq": 0}
    assert query(app)["note"] == NOTE


def test_filters_of_a_link_reach_the_map_and_nonsense_is_refused(page: Callable[..., Any]) -> None:
    app = page(search="gm0 brass", only=["family:brass,bass", "pitch:48..60.5"], **{"not": "split:train"})
    assert not app.exception
    assert not app.toast
    assert component(app, "map")["filters"] == {
        "search": "gm0 brass",
        "only": {"family": ["brass", "bass"]},
        "without": {"split": ["train"]},
        "range": {"pitch": [48.0, 60.5]},
    }
    assert app.query_params["only"] == ["family:brass,bass", "pitch:48..60.5"]
    app = page(only=["family:kazoo", "pitch:low..high", "mu:1..2", "pitch:9..1", "x" * 5000])
    assert component(app, "map")["filters"] == {"search": "", "only": {}, "without": {}, "range": {}}
    assert "only" not in app.query_params
    assert "kazoo" in app.toast[0].value


def test_strange_values_survive_the_link() -> None:
    from pages.explore.filters import filters_to_link

    link = filters_to_link(
        {"search": " a ", "only": {"speaker": ["a,b:c", "d&e"]}, "range": {"pitch": [1, float("nan")]}}
    )
    assert link == {"search": [" a "], "only": ["speaker:a%2Cb%3Ac,d%26e"], "not": []}
    assert filters_to_link("nonsense") == {"search": [], "only": [], "not": []}


def test_a_3d_view_is_offered_where_there_are_three_dimensions(page: Callable[..., Any]) -> None:
    assert component(page(projection="3d"), "map")["projection"] == "3d"


def test_notes_without_pitch_and_family(page: Callable[..., Any], checkpoints: Path) -> None:
    import numpy as np
    import pandas as pd

    path = checkpoints / "beta" / "latents.parquet"
    table = pd.read_parquet(path)
    table["digit"] = [str(row % 10) for row in range(len(table))]
    table["pitch"] = np.nan
    table.drop(columns=["family", "instrument", "velocity", "brightness", "recon_l1"]).to_parquet(path)
    app = page(checkpoint="beta", note=NOTE)
    assert not app.exception
    assert app.selectbox(key="pick_colour").options[0] == "Split"
    assert "Digit" in app.selectbox(key="pick_colour").options
    assert component(app, "map")["selected"] == {"note": NOTE, "seq": 0}


def test_plain_words_come_first_and_a_researchers_behind_one_switch(page: Callable[..., Any]) -> None:
    app = page()
    assert "**What lies together:** for 66 of 100 the family can be told by the place." in everything_said(app)
    assert "**Pitch:** it can be told for 5 of 100: the map is about timbre, not about pitch." in everything_said(app)
    assert not app.metric
    assert not re.search(r"KL|L1|prior|latent", everything_said(app), re.IGNORECASE)
    said = everything_said(as_researcher(app))
    for word in ("Prior", "Latents", "Likelihood", "Conditions"):
        assert f"**{word}**" in said
    assert "**Conditions**" not in everything_said(as_researcher(page(checkpoint="beta")))


def test_figures_are_those_of_the_evaluation(page: Callable[..., Any]) -> None:
    app = as_researcher(page())
    assert [(metric.label, metric.value, metric.delta) for metric in app.metric] == [
        ("Reconstruction L1", "0.099", ""),
        ("Information (KL)", "12.6 nats", ""),
        ("Active dimensions", "5 of 6", ""),
        ("Family found", "66 %", "chance 25 %"),
        ("Pitch found", "5 %", "chance 2 %"),
    ]
    assert "480 notes that training never saw, of 7 instruments" in everything_said(app)


def test_curves_are_drawn_when_asked_for(page: Callable[..., Any]) -> None:
    app = as_researcher(page())
    assert not app.get("plotly_chart")
    app.session_state["curves"] = True
    app.run()
    assert not app.exception
    charts = app.get("plotly_chart")
    assert len(charts) == 3
    drawn = json.loads(charts[0].proto.spec)["data"]
    assert [trace["name"] for trace in drawn] == ["training", "validation"]


def test_text_from_data_cannot_act_as_markup(page: Callable[..., Any], checkpoints: Path) -> None:
    evil = "<img src=x onerror=alert(1)> [click](http://evil) $x$ :red[x]"
    (checkpoints / "alpha" / "recipe.yaml").write_text(json.dumps({"name": "x", evil: 1}))
    said = everything_said(page())
    assert "onerror" in said
    for sign in "<[($":
        assert not re.search(rf"(?<!\\){re.escape(sign)}", said.split("Measured on")[0]), f"{sign} is not escaped"


def test_the_map_is_drawn_without_the_heavy_libraries(checkpoints: Path) -> None:
    """torch, librosa, numba, umap and sklearn take seconds to import: the first page must not wait for them."""
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(ROOT / "pages" / "main.py")!r}, default_timeout=60).run()
assert not app.exception and app.get("bidi_component")
import app as served
print(*sorted({{"torch", "librosa", "numba", "umap", "sklearn", "scipy"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
