"""The Transfer page as Streamlit runs it: links, sounds of one's own, empty states."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from pages.transfer.own_sounds import SHELF
from tests.app.test_explore import component, everything_said, query
from tests.unit.test_pitch_track import sung

ROOT = Path(__file__).resolve().parents[2]
NOTE = "brass_synthetic_001-054-100"


def wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 44_100, format="WAV")
    return buffer.getvalue()


@pytest.fixture
def transfer(checkpoints: Path) -> Callable[..., Any]:
    """Opens the Transfer page as a browser with this link would, and runs it."""

    def open_page(**query: str) -> Any:
        app = AppTest.from_file(str(ROOT / "pages" / "transfer" / "page.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page


def test_first_visit_begins_with_a_note(transfer: Callable[..., Any]) -> None:
    app = transfer()
    assert not app.exception
    given = component(app, "transfer")
    assert given["source"]["note"].startswith("flute")
    assert given["settings"] == {"steady": False, "toward": "brass"}
    assert query(app) == {"checkpoint": "alpha", "note": given["source"]["note"], "toward": "brass"}


def test_a_link_restores_everything(transfer: Callable[..., Any]) -> None:
    link = {"checkpoint": "beta", "note": NOTE, "toward": "guitar", "amount": "0.4", "shift": "-5", "steady": "1"}
    app = transfer(**link)
    given = component(app, "transfer")
    assert given["source"] == {"note": NOTE}
    assert given["settings"] == {"toward": "guitar", "amount": 0.4, "shift": -5.0, "steady": True}
    assert query(app) == link
    assert not app.toast


@pytest.mark.parametrize(
    "link", [{"note": "../x"}, {"toward": "**tuba**"}, {"amount": "9"}, {"shift": "nan"}, {"amount": "x"}]
)
def test_nonsense_in_a_link_is_refused_kindly(transfer: Callable[..., Any], link: dict[str, str]) -> None:
    app = transfer(**link)
    assert not app.exception
    assert component(app, "transfer")["settings"] == {"steady": False, "toward": "brass"}
    assert next(iter(link)) in app.toast[0].value
    assert "**tuba**" not in app.toast[0].value


def test_what_was_chosen_goes_into_the_address_bar(transfer: Callable[..., Any]) -> None:
    app = transfer()
    app.session_state["transfer"] = {
        "settings": {"toward": NOTE, "amount": 0, "shift": 3, "steady": False, "note": NOTE}
    }
    app.run()
    assert query(app) == {"checkpoint": "alpha", "note": NOTE, "toward": NOTE, "amount": "0", "shift": "3"}


def test_a_file_of_ones_own(transfer: Callable[..., Any]) -> None:
    app = transfer()
    app.session_state["transfer_from"] = "file"
    app.run()
    assert app.subheader[0].value == "Waiting for your sound"
    app.file_uploader[0].upload("voice.wav", wav(sung(np.full(60, 60.0), 44_100, 700)), "audio/wav").run()
    assert not app.exception
    token = component(app, "transfer")["source"]["sound"]
    assert SHELF.get(token).sample_rate == 44_100
    assert SHELF.get(token).name == "voice.wav"
    app.run()
    assert component(app, "transfer")["source"]["sound"] == token, "decoded once"
    SHELF.drop(token)
    app.run()
    assert component(app, "transfer")["source"]["sound"] in SHELF, "handed in again"
    assert "note" not in query(app)
    other = transfer()
    other.session_state["transfer_from"] = "file"
    other.run()
    assert other.subheader[0].value == "Waiting for your sound", "another visitor has no sound"


def test_a_file_of_which_a_part_is_missing_is_taken_and_told(transfer: Callable[..., Any]) -> None:
    app = transfer()
    app.session_state["transfer_from"] = "file"
    app.run()
    whole = wav(sung(np.full(60, 60.0), 44_100, 700))
    app.file_uploader[0].upload("voice.wav", whole[: len(whole) // 2], "audio/wav").run()
    assert not app.exception
    assert not app.error
    kept = SHELF.get(component(app, "transfer")["source"]["sound"])
    assert len(kept.audio) == pytest.approx(20_650, abs=30)
    assert kept.remarks == (
        "voice.wav: truncated, the last 50% are missing: what is there is used, get the file again to have the rest.",
    )


@pytest.mark.parametrize(
    ("content", "said"), [(b"RIFF no sound", "not readable as audio"), (wav(np.zeros(9000)), "silent"), (b"", "empty")]
)
def test_hostile_files_get_one_sentence(transfer: Callable[..., Any], content: bytes, said: str) -> None:
    app = transfer()
    app.session_state["transfer_from"] = "file"
    app.run()
    app.file_uploader[0].upload("voice.wav", content, "audio/wav").run()
    assert not app.exception
    assert said in app.error[0].value
    assert not app.get("bidi_component")


def test_empty_states(transfer: Callable[..., Any], checkpoints: Path) -> None:
    (checkpoints / "alpha" / "latents.parquet").unlink()
    app = transfer(checkpoint="alpha")
    assert app.subheader[0].value == "This checkpoint has no map yet"
    (checkpoints / "alpha" / "latents.parquet").write_bytes(b"PAR1")
    app = transfer(checkpoint="alpha")
    assert not app.exception
    assert "make it again" in everything_said(app)
    for folder in checkpoints.iterdir():
        shutil.rmtree(folder)
    assert transfer().subheader[0].value == "No checkpoint yet"
