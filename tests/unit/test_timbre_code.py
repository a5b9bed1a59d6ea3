"""A sound's timbre code: what it does not depend on, what it is refused for, and that its network trains."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from timbre_core.checkpoint import RECIPE, WEIGHTS
from timbre_core.datasets.library import open_library
from timbre_core.errors import TimbreError
from timbre_core.experiment import train
from timbre_core.generation.own_sounds import OwnNote, own_instrument
from timbre_core.generation.timbre_code import timbre_code
from timbre_core.learned_code import TIMBRE_CODE, learned_code
from timbre_core.models.timbre_encoder import TimbreEncoder
from timbre_core.models.weights import save_weights
from timbre_core.recipes.networks import build_network
from timbre_core.recipes.recipe_files import load_recipe, recipe_to_yaml
from timbre_core.space import TimbreSpace
from timbre_core.training.timbre_code_loss import _contrast

RATE = 44_100
SMALL = ["task.width=8", "task.code_dim=6"]
DIRECTION = ["task.direction.width=8", "task.direction.dim=5"]


def tone(pitch: float, seconds: float, brightness: float = 0.8, decay: float = 0.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    sound = sum(brightness**k * np.sin(2 * np.pi * k * f0 * time + k) for k in range(1, 11))
    return (0.1 * sound * np.exp(-decay * time) * np.minimum(1, time / 0.01)).astype(np.float32)


PARTS = {
    "learned": 6,
    "with cepstra": 6 + 210,
    "with a direction": 6 + 5,
    "through a map": 12,
}
"""Numbers of a code by what it is made of."""


@pytest.fixture(params=list(PARTS))
def space(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A space at 44.1 kHz beside a tiny network."""
    changes = {
        "learned": [],
        "with cepstra": ["task.cepstra=1"],
        "with a direction": DIRECTION,
        "through a map": [*DIRECTION, "task.cepstra=1", "task.course=true", "task.metric=12"],
    }
    recipe = load_recipe("timbre-code", [*SMALL, *changes[request.param]])
    torch.manual_seed(0)
    folder = tmp_path / TIMBRE_CODE
    folder.mkdir()
    (folder / RECIPE).write_text(recipe_to_yaml(recipe), encoding="utf-8")
    save_weights(folder / WEIGHTS, build_network(recipe))
    monkeypatch.setenv("TIMBRE_CHECKPOINTS", str(tmp_path / "none"))
    return SimpleNamespace(
        sample_rate=RATE, checkpoint=SimpleNamespace(path=tmp_path / "space"), dim=PARTS[request.param]
    )


def apart(space: SimpleNamespace, one: np.ndarray, other: np.ndarray) -> float:
    """Distance of two sounds, as a share of that of two different timbres."""
    unlike = [tone(60, 1.0, 0.5, 8.0), tone(60, 1.0, 0.95)]
    codes = [learned_code(space.checkpoint.path.parent, audio, RATE) for audio in (one, other, *unlike)]
    return float(np.linalg.norm(codes[0] - codes[1]) / np.linalg.norm(codes[2] - codes[3]))


def test_level_and_silence_around_a_sound_do_not_matter(space: SimpleNamespace) -> None:
    audio = tone(60, 1.0)
    assert learned_code(space.checkpoint.path.parent, audio, RATE).shape == (space.dim,)
    assert apart(space, audio, 0.05 * audio) < 1e-3
    assert apart(space, audio, np.pad(audio, (0, RATE))) < 1e-3
    assert apart(space, audio, np.pad(audio, (RATE // 2, 0))) < 1e-3


def test_length_of_a_held_sound_matters_little(space: SimpleNamespace) -> None:
    assert apart(space, tone(60, 3.0), tone(60, 1.0)) < 0.35


def test_sounds_of_other_timbre_have_other_codes(space: SimpleNamespace) -> None:
    assert apart(space, tone(60, 1.0, 0.5), tone(60, 1.0, 0.95)) > 0.1


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (np.zeros(1000), "silence has no timbre"),
        (np.zeros((2, 10)), "one channel"),
        (np.array([np.inf]), "finite"),
    ],
)
def test_what_has_no_timbre_is_refused(space: SimpleNamespace, audio: np.ndarray, words: str) -> None:
    with pytest.raises(TimbreError, match=words):
        learned_code(space.checkpoint.path.parent, audio, RATE)


def test_contrast_is_least_where_instruments_are_apart() -> None:
    instrument = torch.tensor([0.0, 1.0, 0.0, 1.0])
    apart_, mixed = torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1]]), torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    assert _contrast(apart_, instrument, 0.1) < 0.01
    assert _contrast(mixed, instrument, 0.1) > 5
    assert _contrast(apart_, torch.arange(4.0), 0.1) == 0  # no companions: nothing to find


def test_a_space_compares_notes_by_their_codes(space: SimpleNamespace, tiny_nsynth: Path, tmp_path: Path) -> None:
    """The distance timbre: maps keep codes, neighbours and `timbre_code` use them, pitch asked for or not."""
    changes = ["window.frames=32", "training.batch_size=8", "training.epochs=1", "model.encoder.width=4"]
    recipe = load_recipe("timbre-space", [*changes, "model.decoder.width=4", "features.seconds=1.0"])
    checkpoint = train(recipe, [tiny_nsynth], tmp_path / "mine", maps=["pca"])
    opened = TimbreSpace(checkpoint)
    notes = opened.map_notes
    assert opened.places.shape == (len(notes), space.dim)
    library = open_library([tiny_nsynth])
    row = int(np.flatnonzero(library.notes["note_id"] == notes["note_id"].iloc[0])[0])
    found = opened.near(timbre_code(opened, library.load(row, RATE)), 2)
    assert found["note_id"].iloc[0] == notes["note_id"].iloc[0]
    spread = float(np.linalg.norm(opened.places - opened.places.mean(axis=0), axis=1).mean())
    assert found["distance"].iloc[0] < 0.02 * spread  # maps round
    second = opened.neighbours(notes["note_id"].iloc[0], 1)["distance"].iloc[0]
    assert float(second) == pytest.approx(float(found["distance"].iloc[1]), abs=float(0.02 * spread))
    assert len(opened.neighbours(opened.means[0], 3)) == 3  # a latent has no sound
    for at in range(0, len(library), 3):  # played an octave too fast: sounds that are not on the map
        audio = np.ascontiguousarray(library.load(at, RATE)[::2])
        own = own_instrument(opened, [OwnNote("own", audio, float(library.notes["pitch"].iloc[at]) + 12)])
        nearest = opened.near(timbre_code(opened, audio), 1)["note_id"].iloc[0]
        assert opened.neighbours(own.mean, 1)["note_id"].iloc[0] == nearest, (
            "a recording stands at the note that sounds most like it"
        )
    with pytest.raises(TimbreError, match="a latent must be"):
        opened.neighbours(opened.means[0][:3])
    with pytest.raises(TimbreError, match=f"must be {space.dim} finite numbers"):
        opened.near(opened.means[0])


def test_it_trains(tiny_nsynth: Path, tmp_path: Path) -> None:
    recipe = load_recipe(
        "timbre-code", [*SMALL, *DIRECTION, "features.seconds=1.0", "training.batch_size=8", "training.epochs=1"]
    )
    checkpoint = train(recipe, [tiny_nsynth], tmp_path / "out", maps=[])
    assert isinstance(checkpoint.network(), TimbreEncoder)
    assert checkpoint.history["val.contrast"].notna().all()
