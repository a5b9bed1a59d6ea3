"""The Morph page and its routes: links, defaults, sounds along paths, contours, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.asgi import Answer, get, heard, unpack
from tests.app.test_explore import component, query
from tests.synthetic import apart

ROOT = Path(__file__).resolve().parents[2]

A, B, C = "brass_synthetic_001-054-100", "flute_synthetic_002-060-100", "bass_synthetic_000-057-100"
CHOSEN = {"notes": [A, B], "view": "pitch", "path": "linear", "key": "64", "contour": "0:60,1:67", "vibrato": "50,5.5"}


def ask(part: str, **parameters: str) -> Answer:
    return get(f"/api/morph/{part}", urlencode({"checkpoint": "alpha", "notes": f"{A},{B}", **parameters}))


@pytest.fixture
def morph(checkpoints: Path) -> Callable[..., Any]:
    """Opens the Morph page as a browser with this link would, and runs it."""

    def open_page(**query: str) -> Any:
        app = AppTest.from_file(str(ROOT / "pages" / "morph" / "page.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page


class TestPage:
    def test_it_begins_with_notes_of_different_families(self, morph: Callable[..., Any]) -> None:
        app = morph()
        assert not app.exception
        told = component(app, "morph")
        assert told["conditioned"] is True
        assert told["sampleRate"] == 16_000
        notes = told["chosen"]["notes"]
        assert len({note.split("_")[0] for note in notes}) == len(notes) == 4
        assert query(app) == {"checkpoint": "alpha", "notes": ",".join(notes)}

    def test_a_link_is_restored(self, morph: Callable[..., Any]) -> None:
        wanted = {**CHOSEN, "notes": f"{A},{B}"}
        app = morph(**wanted)
        assert not app.toast
        assert component(app, "morph")["chosen"] == CHOSEN
        assert query(app) == {"checkpoint": "alpha", **wanted}

    def test_another_page_can_hand_over_its_notes(self, morph: Callable[..., Any]) -> None:
        app = morph(checkpoint="beta", notes=f"{C},{A},{B}")
        assert component(app, "morph")["chosen"]["notes"] == [C, A, B]
        assert component(app, "morph")["conditioned"] is False

    @pytest.mark.parametrize("name", ["notes", "view", "path", "key", "contour", "vibrato"])
    def test_nonsense_in_a_link_is_refused_kindly(self, morph: Callable[..., Any], name: str) -> None:
        app = morph(**{name: "../**x**"})
        assert not app.exception
        assert "../**x**" not in str(component(app, "morph")["chosen"])
        assert name in app.toast[0].value
        assert "**x**" not in app.toast[0].value

    def test_what_is_chosen_goes_into_the_address_bar(self, morph: Callable[..., Any]) -> None:
        app = morph()
        app.session_state["morph"] = {"chosen": CHOSEN}
        app.run()
        assert query(app) == {"checkpoint": "alpha", **CHOSEN, "notes": f"{A},{B}"}
        app.session_state["morph"] = {"chosen": {**CHOSEN, "notes": []}}
        app.run()
        assert component(app, "morph")["chosen"]["notes"] == [], "all notes taken out is a choice, too"

    def test_empty_states(self, morph: Callable[..., Any], checkpoints: Path) -> None:
        (checkpoints / "alpha" / "latents.parquet").unlink()
        app = morph(checkpoint="alpha")
        assert app.subheader[0].value == "This checkpoint has no map yet"
        for folder in checkpoints.iterdir():
            shutil.rmtree(folder)
        assert morph().subheader[0].value == "No checkpoint yet"


@pytest.mark.usefixtures("checkpoints")
class TestRoutes:
    def test_steps_of_a_path_differ_and_end_at_its_notes(self) -> None:
        steps = [heard(ask("sound", place=place, seconds="1", key="60")) for place in ("0", "0.5", "1")]
        assert all(len(step) == 16_000 and np.abs(step).max() > 0.1 for step in steps)
        # An untrained model's steps are alike (0.008 apart); rounding to 16 bits alone is a fiftieth of this.
        assert min(apart(steps[i], steps[j]) for i, j in ((0, 1), (1, 2), (0, 2))) > 5e-3
        turned = heard(ask("sound", notes=f"{B},{A}", place="1", seconds="1", key="60"))
        np.testing.assert_allclose(turned, steps[0], atol=1e-3)

    def test_one_sound_as_long_as_asked(self) -> None:
        one = heard(ask("sound", seconds="3", notes=f"{A},{B},{C}", path="linear"))
        assert len(one) == 48_000
        assert one.any()
        header, _ = unpack(ask("frames", seconds="3", notes=f"{A},{B},{C}", path="linear").body)
        assert (header["n_bins"], header["n_frames"]) == (80, 188)
        assert heard(ask("sound", notes=A, seconds="1")).any(), "a path of one note is the note"

    def test_contours_are_followed_and_measured(self) -> None:
        asked = {"contour": "0:57,1:64", "vibrato": "50,5", "seconds": "1.5"}
        assert len(heard(ask("sound", **asked))) == 24_000
        told = json.loads(ask("pitch", **asked).body)
        assert set(told) == {"seconds", "midi", "asked", "cents"}
        assert told["asked"][0] == 57
        assert abs(told["asked"][-1] - 64) <= 0.5
        answer = ask("sound", checkpoint="beta", **asked)
        assert answer.status == 400
        assert "is not told the pitch" in json.loads(answer.body)["error"]

    def test_the_path_is_drawn_from_note_to_note(self, checkpoints: Path) -> None:
        from pages.server.catalog import find_map

        points = np.array(json.loads(ask("trail", projection="pca", notes=f"{A},{B},{C}").body)["points"])
        notes = find_map("alpha")
        ends = notes.labels.loc[[notes.rows[note] for note in (A, B, C)], ["pca_1", "pca_2"]].to_numpy()
        np.testing.assert_allclose(points[[0, len(points) // 2, -1]], ends, atol=1e-2)

    @pytest.mark.parametrize(
        ("part", "parameters", "status", "message"),
        [
            ("sound", {"notes": "kazoo"}, 404, "no note 'kazoo'"),
            ("sound", {"notes": ""}, 400, "'notes' is missing"),
            ("sound", {"notes": ",".join([A] * 9)}, 400, "8 at most"),
            ("sound", {"notes": "../../etc/passwd"}, 404, "no note"),
            ("sound", {"checkpoint": "../alpha"}, 404, "no checkpoint"),
            ("sound", {"path": "cubic"}, 400, "spherical, linear"),
            ("sound", {"place": "2"}, 400, "between 0 and 1"),
            ("sound", {"place": "nan"}, 400, "between 0 and 1"),
            ("sound", {"seconds": "600"}, 400, "between 0.25 and 12"),
            ("sound", {"key": "-1"}, 400, "between 0 and 127"),
            ("sound", {"contour": "0:sixty"}, 400, "seconds:pitch"),
            ("sound", {"contour": "0:60", "vibrato": "50"}, 400, "cents,Hz"),
            ("sound", {"contour": "0:60,0:61"}, 400, "must come after"),
            ("sound", {"contour": ",".join(f"{i}:60" for i in range(65))}, 400, "are enough"),
            ("trail", {"projection": "umap9"}, 400, "one of"),
            ("pitch", {"contour": "0:200"}, 400, "outside MIDI's"),
        ],
    )
    def test_nonsense_is_refused_in_a_sentence(
        self, part: str, parameters: dict[str, str], status: int, message: str
    ) -> None:
        answer = ask(part, **parameters)
        assert answer.status == status, answer.body
        assert message in json.loads(answer.body)["error"]


def test_spoken_digits_have_no_pitch_to_ask_for(checkpoints: Path, tmp_path: Path, morph: Callable[..., Any]) -> None:
    from tests.app.conftest import make_checkpoint
    from tests.unit.test_digits import write_digits

    make_checkpoint(checkpoints / "digits", write_digits(tmp_path / "spoken", each=1), "fsdd-stft-vae")
    app = morph(checkpoint="digits")
    assert not app.exception
    told = component(app, "morph")
    assert told["conditioned"] is False
    # The first timbres differ in all that they can differ in.
    digits, speakers, _ = zip(*(note.split("_") for note in told["chosen"]["notes"]), strict=True)
    assert len(set(digits[:3])) == len(set(speakers[:3])) == 3
    assert len(set(told["chosen"]["notes"])) == 4
    first = {"checkpoint": "digits", "notes": ",".join(told["chosen"]["notes"][:2]), "seconds": "0.5"}
    for asked in (first, {**first, "place": "0.5"}):
        answer = get("/api/morph/sound", urlencode(asked))
        assert answer.status == 200, answer.body
    told_pitch = get("/api/morph/pitch", urlencode(first))
    assert told_pitch.status == 200, told_pitch.body
    z = json.loads(get("/api/play/start", urlencode({"checkpoint": "digits", "note": "0_ann_0"})).body)["z"]
    pad = get("/api/play/sound", urlencode({"checkpoint": "digits", "z": ",".join(map(str, z)), "key": "60"}))
    assert pad.status == 200, pad.body


def test_note_ids_with_commas_are_found() -> None:
    from pages.morph.routes import notes_in

    rows = {"a": 0, "b,c": 1, "b": 2}
    assert notes_in("a,b,c,b", rows) == ("a", "b,c", "b")
