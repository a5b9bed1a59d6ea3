"""The listening page: a dozen notes, what its routes answer, and that nothing from outside becomes a path."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.listen.booth import dozen, starter_library
from pages.listen.elsewhere import other_pitch
from tests.app.asgi import Answer, get, heard, unpack
from tests.app.test_explore import component, everything_said, query
from tests.synthetic import apart
from timbre_core.features.pitch import estimate_f0

ROOT = Path(__file__).resolve().parents[2]
NOTE = "reed_acoustic_gm064-061-110"
KNOWN = {"checkpoint": "alpha", "note": NOTE, "variant": "fast", "source": "clean"}


def ask(path: str, **changes: str) -> Answer:
    return get(f"/api/listen/{path}", urlencode({**KNOWN, **changes}))


@pytest.fixture
def listen(checkpoints: Path) -> Callable[..., Any]:
    """Opens the page as a browser with this link would."""

    def open_page(**link: str) -> Any:
        app = AppTest.from_file(str(ROOT / "pages" / "listen" / "page.py"), default_timeout=60)
        for name, value in link.items():
            app.query_params[name] = value
        return app.run()

    return open_page


def test_a_dozen_is_spread_over_families_and_hangs_on_its_number() -> None:
    notes = starter_library().notes
    seen = set()
    for seed in range(5):
        rows = dozen(seed)
        assert len(set(rows)) == 12
        assert rows == dozen(seed)
        assert set(notes["family"].iloc[rows]) == set(notes["family"])
        assert notes["pitch"].iloc[rows].between(36, 84).all()
        seen.add(tuple(rows))
    assert len(seen) == 5


class TestPage:
    def test_the_table_gets_its_notes_and_columns(self, listen: Callable[..., Any]) -> None:
        app = listen()
        assert not app.exception
        shown = component(app, "listen")
        assert [variant["title"] for variant in shown["variants"]][:4] == ["Original", "librosa", "Fast", "Best"]
        assert len(shown["notes"]) == 12
        assert {"id", "title", "family", "colour", "pitch", "pitch_name"} == set(shown["notes"][0])
        assert (shown["checkpoint"], shown["source"]) == ("alpha", "clean")
        assert query(app) == {"checkpoint": "alpha", "source": "clean", "dozen": "0"}

    def test_additive_synthesis_is_no_network(self, checkpoints: Path, listen: Callable[..., Any]) -> None:
        shutil.copytree(ROOT / "checkpoints" / "vapar-ae", checkpoints / "vapar-ae")
        shown = component(listen(checkpoint="vapar-ae"), "listen")
        assert [(v["title"], v["about"]) for v in shown["variants"]][1:] == [
            ("Sum of harmonics", "of the known pitch (additive)")
        ]

    def test_choices_reach_the_table_and_the_link(self, listen: Callable[..., Any]) -> None:
        app = listen()
        before = component(app, "listen")["notes"]
        app.number_input(key="pick_dozen").set_value(7).run()
        app.selectbox(key="pick_checkpoint").set_value("beta").run()
        shown = component(app, "listen")
        assert shown["notes"] != before
        assert shown["checkpoint"] == "beta"
        assert query(app) == {"checkpoint": "beta", "source": "clean", "dozen": "7"}
        again = component(listen(checkpoint="beta", dozen="7", source="reconstruction"), "listen")
        assert again["notes"] == shown["notes"]
        assert again["source"] == "reconstruction"
        elsewhere = component(listen(dozen="7", source="elsewhere"), "listen")
        assert [each["key"] for each in elsewhere["variants"]][:3] == ["original", "wanted", "note_at"]
        assert all(1 <= abs(note["to_pitch"] - note["pitch"]) <= 12 for note in elsewhere["notes"])

    @pytest.mark.parametrize("wanted", ["-1", "99999", "9" * 400, "one", "1.5", "²", ""])
    def test_nonsense_in_the_link_is_refused_kindly(self, listen: Callable[..., Any], wanted: str) -> None:
        app = listen(dozen=wanted, source="../x")
        assert not app.exception
        assert component(app, "listen")["notes"] == component(listen(), "listen")["notes"]
        assert "dozen" in app.toast[0].value
        assert "source" in app.toast[0].value

    def test_what_was_measured_is_shown(self, listen: Callable[..., Any], checkpoints: Path) -> None:
        assert "evaluate" in everything_said(listen())
        path = checkpoints / "alpha" / "evaluation.json"
        evaluation = json.loads(path.read_text(encoding="utf-8"))
        figures = {"log_mel_mae_nats": 0.1234, "within_50_cents": 0.975, "median_cents": None}
        entry = {"milliseconds": 12.3, "clean": figures, "reconstruction": figures | {"within_50_cents": 0.9}}
        told = {"notes": 60, "instruments": 8, "split": "test", "harmonic_notes": 40, "by_name": {"fast": entry}}
        path.write_text(json.dumps(evaluation | {"inverters": told}), encoding="utf-8")
        app = listen()
        assert not app.exception
        clean, reconstruction = (table.value for table in app.table)
        assert list(clean.index) == ["fast"]
        assert (clean.loc["fast", "ms/note"], clean.loc["fast", "log-mel MAE, nats"]) == ("12.3", "0.123")
        assert clean.loc["fast", "right pitch, %"] == "97.5"
        assert reconstruction.loc["fast", "right pitch, %"] == "90.0"
        assert "cents off" not in clean.columns
        assert "60 notes of 8 instruments" in everything_said(app)

    @pytest.mark.parametrize("broken", [[], {"by_name": {}}, {"by_name": []}, "x", 3])
    def test_a_strange_evaluation_is_not_measured(
        self, listen: Callable[..., Any], checkpoints: Path, broken: Any
    ) -> None:
        (checkpoints / "alpha" / "evaluation.json").write_text(json.dumps({"inverters": broken}), encoding="utf-8")
        app = listen()
        assert not app.exception
        assert "Not measured yet" in everything_said(app)

    def test_without_a_checkpoint_or_starter_library(
        self, listen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        from pages.listen import booth as listening
        from timbre_core.errors import TimbreError

        def missing() -> None:
            raise TimbreError("starter.parquet: the starter library is missing: get the project again.")

        with monkeypatch.context() as patched:
            patched.setattr(listening, "starter_library", missing)
            assert "starter library is missing" in listen().error[0].value.replace("\\", "")
        monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tmp_path / "none"))
        assert "No checkpoint yet" in everything_said(listen())


@pytest.mark.usefixtures("checkpoints")
class TestRoutes:
    def test_every_version_sounds_and_is_another(self) -> None:
        sounds = {name: heard(ask("audio", variant=name)) for name in ("original", "librosa", "fast", "best")}
        assert {len(audio) for audio in sounds.values()} == {16_000}
        for name, audio in sounds.items():
            assert np.abs(audio).max() > 0.05, name
            assert estimate_f0(audio, 16_000).midi == pytest.approx(61, abs=0.5), name
        assert min(apart(a, b) for a, b in itertools.combinations(sounds.values(), 2)) > 0.02

    def test_the_model_is_heard_in_all_but_the_original(self) -> None:
        for name, same in (("original", True), ("fast", False)):
            clean, modelled = (heard(ask("audio", variant=name, source=src)) for src in ("clean", "reconstruction"))
            assert apart(clean, modelled) < 1e-6 if same else apart(clean, modelled) > 0.02

    def test_pictures_are_of_what_is_heard(self) -> None:
        pictures = {}
        for name in ("original", "fast"):
            header, arrays = unpack(ask("frames", variant=name).body)
            assert (header["n_bins"], header["n_frames"]) == (80, 63)
            pictures[name] = arrays["frames"].astype(float)
        difference = np.abs(pictures["original"] - pictures["fast"]).mean()
        assert 0 < difference < 6

    def test_a_note_elsewhere_sounds_at_the_other_pitch(self, checkpoints: Path) -> None:
        shutil.copytree(ROOT / "checkpoints" / "note-shift", checkpoints / "note-shift")
        notes = starter_library().notes
        row = starter_library().find(NOTE)
        there = float(notes["pitch"].iloc[other_pitch(notes, row)])
        assert notes["instrument"].iloc[other_pitch(notes, row)] == notes["instrument"].iloc[row]
        names = ("original", "wanted", "note_at", "model", "pitch_shift", "sampler")
        sounds = {name: heard(ask("audio", variant=name, source="elsewhere")) for name in names}
        for name, audio in sounds.items():
            wanted = 61 if name == "original" else there
            if name != "model":  # one that was trained for a moment
                assert estimate_f0(audio, 16_000).midi == pytest.approx(wanted, abs=0.5), name
        assert min(apart(a, b) for a, b in itertools.combinations(sounds.values(), 2)) > 0.02
        header, _ = unpack(ask("frames", variant="note_at", source="elsewhere").body)
        assert (header["n_bins"], header["n_frames"]) == (80, 63)

    def test_a_part_of_a_sound(self) -> None:
        whole = ask("audio").body
        part = get("/api/listen/audio", urlencode(KNOWN), {"range": "bytes=100-199"})
        assert (part.status, part.body) == (206, whole[100:200])

    @pytest.mark.parametrize("path", ["audio", "frames"])
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("checkpoint", "../alpha"),
            ("checkpoint", "nope"),
            ("note", "../../etc/passwd"),
            ("note", "0"),
            ("variant", "alpha"),
            ("variant", "librosa-32"),
            ("variant", "../fast"),
            ("variant", "wanted"),
            ("source", "elsewhere"),
            ("source", "dirty"),
            ("source", ""),
        ],
    )
    def test_nonsense(self, path: str, name: str, value: str) -> None:
        answer = ask(path, **{name: value})
        assert answer.status in (400, 404)
        assert json.loads(answer.body)["error"].endswith(".")

    def test_damaged_weights_leave_the_clean_versions(self, checkpoints: Path) -> None:
        weights = checkpoints / "alpha" / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:5000])
        assert np.abs(heard(ask("audio"))).max() > 0.05
        answer = ask("audio", source="reconstruction")
        assert answer.status == 404
        assert "model.safetensors" in json.loads(answer.body)["error"]
