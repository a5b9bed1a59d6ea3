"""The public API: light to import, complete, and enough for a first sound in ten lines."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import timbre_core
from timbre_core import TrainingCancelled, TrainingProgress
from timbre_core.checkpoint import default_checkpoints_folder
from timbre_core.errors import TimbreError
from timbre_core.unfinished import work_folder

SMALL = ["features.seconds=1.0", "window.frames=32", "training.batch_size=8", "training.epochs=2"]


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, timbre_core; print([n for n in ('numpy', 'torch', 'pandas', 'pydantic') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_documented() -> None:
    assert {"open_space", "open_library", "train", "list_checkpoints"} <= set(timbre_core.__all__)
    for name in timbre_core.__all__:
        assert getattr(timbre_core, name).__doc__, name
    assert set(timbre_core.__all__) <= set(dir(timbre_core))
    with pytest.raises(AttributeError, match="open_spice"):
        _ = timbre_core.open_spice  # type: ignore[attr-defined]


SECTIONS = ("Parameters", "Attributes", "Returns", "Yields", "Raises", "Examples")
SEEN_ELSEWHERE = {"write_wav", "Transferred"}  # their part is in another example
ONLY_SHOWN = {"train", "TrainingCancelled"}  # a training takes longer than a test may


@pytest.fixture(scope="module")
def quickly_opened() -> Iterator[None]:
    """Each space and library of the examples is opened once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timbre_core, "open_space", lru_cache(timbre_core.open_space), raising=False)
        library = timbre_core.open_library(["starter"], progress=False)
        patch.setattr(
            timbre_core, "open_library", wraps(timbre_core.open_library)(lambda *_, **__: library), raising=False
        )
        yield


@pytest.mark.usefixtures("quickly_opened")
@pytest.mark.parametrize("name", sorted({*timbre_core.__all__} - {"__version__"}))
def test_a_public_name_has_sections_and_an_example_that_runs(name: str) -> None:
    thing = inspect.unwrap(getattr(timbre_core, name))
    doc = inspect.getdoc(thing) or ""
    headings = [above for above, below in pairwise(doc.splitlines()) if below and set(below) == {"-"}]
    assert not {*headings} - {*SECTIONS}
    assert headings == sorted(headings, key=SECTIONS.index)
    assert "Examples" in headings
    if inspect.isfunction(thing) and inspect.signature(thing).parameters:
        assert "Parameters" in headings
    [test] = [doctest.DocTestParser().get_doctest(doc, {}, name, None, None)]
    run = [example for example in test.examples if not example.options.get(doctest.SKIP)]
    if name not in SEEN_ELSEWHERE | ONLY_SHOWN:
        assert run
    if name not in ONLY_SHOWN:
        assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.usefixtures("quickly_opened")
def test_the_package_shows_an_example_that_runs() -> None:
    outcome = doctest.testmod(timbre_core)
    assert outcome.attempted > 0
    assert not outcome.failed


def test_ten_lines_from_a_recording_to_another_pitch(tiny_checkpoint: Path, tiny_nsynth: Path, tmp_path: Path) -> None:
    space = timbre_core.open_space(tiny_checkpoint)
    audio = timbre_core.load_audio(sorted(tiny_nsynth.rglob("*.wav"))[0], space.sample_rate)
    frames, ref_db = space.analyse(audio)
    trajectory = space.encode(frames, pitch=60)
    assert len(space.neighbours(trajectory.mean, 3)) == 3
    higher = space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch=67)
    timbre_core.write_wav(tmp_path / "higher.wav", space.invert(higher, ref_db, pitch=67), space.sample_rate)
    assert len(timbre_core.load_audio(tmp_path / "higher.wav", space.sample_rate)) >= len(audio) - 256


def test_checkpoints_are_found_by_path_by_name_and_where_the_variable_says(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timbre_core.open_checkpoint(tiny_checkpoint).name == "tiny"
    with pytest.raises(TimbreError, match=r"tiny: no such checkpoint folder: .* Checkpoints in .*nsynth-cvae"):
        timbre_core.open_checkpoint("tiny")
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tiny_checkpoint.parent))
    assert timbre_core.open_checkpoint("tiny").path == tiny_checkpoint.resolve()
    assert [path.name for path in timbre_core.list_checkpoints()] == ["tiny"]
    # An installed package has no checkpoints of its own: those of the current folder are meant.
    monkeypatch.delenv("TIMBRE_CHECKPOINTS")
    place = str(tmp_path / "site-packages/timbre_core/checkpoint_folders.py")
    monkeypatch.setattr("timbre_core.checkpoint_folders.__file__", place)
    assert default_checkpoints_folder() == Path("checkpoints")


def _train(data: Path, out: Path, seen: list[TrainingProgress], cancel: Callable[[], bool], resume: bool) -> str:
    done = timbre_core.train(
        "nsynth-cvae",
        data,
        out,
        seen.append,
        cancel,
        changes=SMALL,
        resume=resume,
        device="cpu",
        workers=1,
        maps=["pca"],
    )
    return done.name


def test_training_tells_how_far_it_is_stops_when_asked_and_goes_on(tiny_nsynth: Path, tmp_path: Path) -> None:
    out, seen = tmp_path / "mine", list[TrainingProgress]()
    with pytest.raises(TrainingCancelled, match="can be resumed"):
        _train(tiny_nsynth, out, seen, lambda: any(each.epoch for each in seen), resume=False)
    assert not out.exists()
    assert [each.epoch["epoch"] for each in seen if each.epoch] == [1]

    again: list[TrainingProgress] = []
    assert _train(tiny_nsynth, out, again, lambda: False, resume=True) == "mine"
    assert [each.epoch["epoch"] for each in again if each.epoch] == [2]
    assert {each.stage for each in again} >= {"training", "evaluation", "map"}
    assert {each.stage for each in seen} >= {"features", "training"}
    course = [each.done for each in again if each.stage == "training" and not each.notice]
    assert course == sorted(course)
    assert course[-1] == 2
    assert any("best epoch" in each.notice for each in again)
    with pytest.raises(TimbreError, match="it exists already"):
        _train(tiny_nsynth, out, [], lambda: False, resume=False)


def test_a_folder_takes_one_training_at_a_time(tiny_nsynth: Path, tmp_path: Path) -> None:
    out, refused = tmp_path / "mine", list[str]()

    def cancel() -> bool:
        """Asked while the first trains: the second begins."""
        if work_folder(out).exists() and len(refused) < 2:
            with pytest.raises(TimbreError, match="another training is at work there") as told:
                _train(tiny_nsynth, out, [], lambda: False, resume=bool(refused))
            refused.append(str(told.value))
        return False

    assert _train(tiny_nsynth, out, [], cancel, resume=False) == "mine"
    assert len(refused) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not list(out.glob("*.lock"))


def test_features_are_stopped_when_asked_and_kept(tiny_nsynth: Path, tmp_path: Path) -> None:
    told: list[TrainingProgress] = []
    with pytest.raises(TrainingCancelled):
        _train(tiny_nsynth, tmp_path / "never", told, lambda: True, resume=False)
    assert not {each.stage for each in told} - {"library", "features"}
    assert np.isfinite([each.done for each in told]).all()
