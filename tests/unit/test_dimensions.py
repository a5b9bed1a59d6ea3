"""Single latent dimensions walked, and latents swapped between notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from timbre_core.__main__ import main
from timbre_core.checkpoint import open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.generation.dimensions import swapped, traversed
from timbre_core.space import TimbreSpace


@pytest.fixture
def space(tiny_checkpoint: Path) -> TimbreSpace:
    return TimbreSpace(open_checkpoint(tiny_checkpoint))


def two_instruments(space: TimbreSpace) -> tuple[str, str]:
    notes = space.map_notes.drop_duplicates("instrument")["note_id"].tolist()
    return notes[0], notes[-1]


def test_one_dimension_moves_and_the_others_stay(space: TimbreSpace) -> None:
    note = two_instruments(space)[0]
    own = space.trajectory_of(note)
    steps = list(traversed(space, note, 1, reach=1.5, steps=3))
    assert [moved for moved, _ in steps] == [-1.5, 0.0, 1.5]
    for moved, sound in steps:
        wanted = own.copy()
        wanted[:, 1] += moved
        np.testing.assert_allclose(sound.z, wanted, rtol=1e-5)
        assert np.isfinite(sound.audio).all()
    assert not np.allclose(steps[0][1].frames, steps[2][1].frames)


def test_swapped_notes_have_each_others_means_and_their_own_courses(space: TimbreSpace) -> None:
    notes = two_instruments(space)
    own = [space.trajectory_of(note) for note in notes]
    made = swapped(space, notes)
    for sound, course, mean in zip(made, own, own[::-1], strict=True):
        np.testing.assert_allclose(sound.z.mean(axis=0), mean.mean(axis=0), atol=1e-4)
        np.testing.assert_allclose(sound.z - sound.z.mean(axis=0), course - course.mean(axis=0), atol=1e-4)
    some = swapped(space, notes, dimensions=[0])
    np.testing.assert_allclose(some[0].z[:, 1:], own[0][:, 1:])
    np.testing.assert_allclose(some[0].z[:, 0].mean(), own[1][:, 0].mean(), atol=1e-4)


def test_instruments_means_are_swapped_as_a_whole(space: TimbreSpace) -> None:
    notes = two_instruments(space)
    instrument = space.map_notes["instrument"].to_numpy()
    centres = [space.means[instrument == instrument[space.row_of(note)]].mean(axis=0) for note in notes]
    made = swapped(space, notes, "instrument")
    for sound, note, shift in zip(made, notes, (centres[1] - centres[0], centres[0] - centres[1]), strict=True):
        np.testing.assert_allclose(sound.z, space.trajectory_of(note) + shift, atol=1e-5)
    assert np.allclose(swapped(space, (notes[0], notes[0]), "family")[0].z, space.trajectory_of(notes[0]))


def test_what_is_not_there_is_told(space: TimbreSpace) -> None:
    first, second = two_instruments(space)
    with pytest.raises(TimbreError, match=r"dimension 99: .* has \d+, counted from 0"):
        list(traversed(space, first, 99))
    with pytest.raises(TimbreError, match="1 steps: choose from 2"):
        list(traversed(space, first, 0, steps=1))
    with pytest.raises(TimbreError, match="reach -1: choose above 0"):
        list(traversed(space, first, 0, reach=-1))
    with pytest.raises(TimbreError, match="means of 'speaker': choose note, instrument, family"):
        swapped(space, (first, second), "speaker")
    with pytest.raises(TimbreError, match="no note 'nobody'"):
        swapped(space, (first, "nobody"))


def test_the_commands_write_sounds_and_a_picture(
    tiny_checkpoint: Path, space: TimbreSpace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = two_instruments(space)
    walk, swap = tmp_path / "walk", tmp_path / "swap"
    arguments = ["--like", first, "--dim", "0", "2", "--steps", "3", "--out", str(walk)]
    assert main(["traverse", str(tiny_checkpoint), *arguments]) == 0
    assert len(list(walk.glob("dimension-0*.wav"))) == 6
    assert main(["swap", str(tiny_checkpoint), first, second, "--of", "instrument", "--out", str(swap)]) == 0
    assert len(list(swap.glob("*.wav"))) == 4
    for folder in (walk, swap):
        picture = np.asarray(Image.open(folder / "picture.png"))
        assert picture.ndim == 2
        assert len(np.unique(picture)) > 1


def test_what_the_command_cannot_do_is_one_line(
    tiny_checkpoint: Path, space: TimbreSpace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = two_instruments(space)[0]
    for arguments, reason in (
        (["--like", "nobody"], "no note 'nobody'"),
        (["--like", known, "--steps", "100000000"], "100000000 steps: choose"),
        (["--like", known, "--reach", "99"], "reach 99"),
        (["--like", known, "--dim", "99"], "dimension 99"),
    ):
        assert main(["traverse", str(tiny_checkpoint), "--dim", "0", *arguments, "--out", str(tmp_path / "walk")]) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert reason in line
