"""A note that was chosen goes along: to the other pages, and through models of other libraries."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from tests.app.asgi import get
from tests.app.conftest import ROOT
from tests.app.test_explore import query

NOTE = "brass_synthetic_001-054-100"


def shown(app: Any) -> list[str]:
    return [toast.value for toast in app.toast]


@pytest.mark.parametrize("other", ["play", "morph", "transfer", "compare"])
def test_a_note_chosen_on_explore_is_begun_with_and_said(page: Any, other: str) -> None:
    app = page(note=NOTE)
    app.query_params.clear()
    app.switch_page(f"{other}/page.py").run()
    assert not app.exception
    said = [text for text in shown(app) if "Begins with the note you chose" in text]
    assert len(said) == 1, shown(app)
    assert "F♯3" in said[0]
    assert query(app)["notes" if other == "morph" else "note"].split(",")[0] == NOTE
    app.run()
    assert not any("Begins with" in text for text in shown(app)), "said once"


def test_nothing_is_said_where_no_note_was_chosen(page: Any) -> None:
    app = page()
    app.query_params.clear()
    app.switch_page("play/page.py").run()
    assert not any("Begins with" in text for text in shown(app))


@pytest.mark.usefixtures("checkpoints")
def test_a_lasso_says_how_many_notes_morph_took() -> None:
    def morph(**link: str) -> Any:
        app = AppTest.from_file(str(ROOT / "pages" / "morph" / "page.py"), default_timeout=60)
        for name, value in link.items():
            app.query_params[name] = value
        return app.run()

    app = morph(notes=NOTE, of="57")
    assert any("1 of the 57 chosen notes" in text for text in shown(app))
    assert "of" not in app.query_params
    assert not any("chosen" in text for text in shown(morph(notes=NOTE, of="1")))


def ask(path: str, **parameters: str) -> Any:
    return get(f"/api/{path}", urlencode(parameters))


@pytest.fixture
def elsewhere(checkpoints: Path, tmp_path: Path) -> str:
    """A note that is on the map of `alpha` alone."""
    latents = checkpoints / "beta" / "latents.parquet"
    table = pd.read_parquet(latents)
    changed = tmp_path / "latents.parquet"
    table[table["note_id"] != NOTE].to_parquet(changed)
    shutil.move(changed, latents)
    return NOTE


def test_a_note_of_another_library_goes_through_the_model(elsewhere: str) -> None:
    alone = ask("audio", checkpoint="beta", note=elsewhere, kind="reconstruction")
    assert alone.status == 404
    through = {
        name: ask("audio", checkpoint=name, note=elsewhere, kind="reconstruction", among="beta/alpha")
        for name in ("alpha", "beta")
    }
    sounds = {name: soundfile.read(io.BytesIO(answer.body))[0] for name, answer in through.items()}
    assert all(np.abs(sound).max() > 1e-3 for sound in sounds.values())
    apart = np.abs(sounds["alpha"] - sounds["beta"]).max()
    assert apart > 0.01, "each model makes something else of it"
    assert ask("frames", checkpoint="beta", note=elsewhere, kind="original", among="beta/alpha").status == 200


def test_what_no_map_has_is_refused(elsewhere: str) -> None:
    for among in ("", "beta", "beta/../../etc", "alpha/nothing", "/" * 100):
        answer = ask("audio", checkpoint="beta", note=elsewhere + "?", kind="original", among=among)
        assert answer.status == 404, among
        assert b"error" in answer.body
