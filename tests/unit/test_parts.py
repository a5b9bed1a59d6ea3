"""A new part is one new file: a toy encoder laid beside the others is found by its kind, read and built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from timbre_core.models.contracts import EncoderSettings
from timbre_core.models.encoders.conv import ConvEncoderSettings
from timbre_core.parts import kinds_in

TOY_ENCODER = '''
"""The mean of each band: the least that an encoder can hear."""

from __future__ import annotations

from typing import Literal

from timbre_core.models.contracts import Encoder, EncoderSettings
from timbre_core.models.network import torch


class MeanEncoderSettings(EncoderSettings):
    """`scale` is what the means are multiplied by."""

    kind: Literal["mean"] = "mean"
    scale: float = 1.0

    def build(self, n_bins: int, n_frames: int) -> MeanEncoder:
        return MeanEncoder(self, n_bins)


class MeanEncoder(Encoder):
    def __init__(self, settings: MeanEncoderSettings, n_bins: int) -> None:
        super().__init__()
        self.scale, self.out_features = settings.scale, n_bins

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(batch, n_bins, T) -> (batch, n_bins)."""
        return self.scale * frames.mean(dim=2)
'''

USE = """
import sys

import timbre_core.models.encoders

timbre_core.models.encoders.__path__.append(sys.argv[1])  # as if the file lay in the folder itself

import timbre_core
from timbre_core.recipes.recipe_files import parse_recipe

recipe = timbre_core.load_recipe("nsynth-cvae", ["model.encoder={kind: mean, scale: 2}"])
assert parse_recipe(recipe.model_dump(mode="json"), "again") == recipe
assert "torch" not in sys.modules, "reading a recipe needs no torch"

import torch
from timbre_core.recipes.networks import build_network

model = build_network(recipe)
assert model.encoder.scale == 2
mu, _ = model.encode(torch.zeros(3, 80, 128), {"pitch": torch.full((3,), 60.0)})
assert mu.shape == (3, recipe.model.latent_dim)
try:
    timbre_core.load_recipe("nsynth-cvae", ["model.encoder={kind: mean, scales: 2}"])
except timbre_core.TimbreError as error:
    print(error)
"""


def used(folder: Path, name: str, part: str, script: str) -> str:
    """What a script says in a process of its own that finds the part's file."""
    (folder / name).write_text(part, encoding="utf-8")
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_toy_encoder_is_one_new_file(tmp_path: Path) -> None:
    said = used(tmp_path, "mean.py", TOY_ENCODER, USE)
    assert "unknown key 'model.encoder.scales': did you mean 'scale'?" in said


def test_kinds_are_found_by_name() -> None:
    kinds = kinds_in("timbre_core.models.encoders", EncoderSettings)
    assert kinds["conv"] is ConvEncoderSettings
    assert set(kinds) >= {"conv", "dense", "lstm"}


def test_two_of_one_kind_are_a_mistake_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twice.py").write_text(
        "from timbre_core.models.contracts import EncoderSettings\n"
        "class Twice(EncoderSettings):\n    kind: str = 'conv'\n    def build(self, n_bins, n_frames): ...\n"
    )
    import timbre_core.models.encoders as folder

    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match="kind 'conv' is taken"):
        kinds_in("timbre_core.models.encoders", EncoderSettings)
    sys.modules.pop("timbre_core.models.encoders.twice")


TOY_FEATURES = '''
"""Loudness alone: a frame is the level of a block, and noise of that level sounds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from timbre_core.features.contract import FeatureSettings

if TYPE_CHECKING:
    from torch import Tensor

    from timbre_core.features.contract import Analysis


class LevelSettings(FeatureSettings):
    kind: Literal["level"] = "level"
    sample_rate: int = 16_000
    hop_length: int = 256
    seconds: float | None = 1.0
    trim_db: float | None = None
    top_db: float = 80.0
    n_bins: int = 1
    silence: ClassVar[float] = -1.0
    inversions: ClassVar[tuple[str, ...]] = ("own",)

    @property
    def window_length(self) -> int:
        return self.hop_length

    def analyse(self, audio: Tensor, pitches: Sequence[float | None]) -> Analysis:
        blocks = audio.unfold(-1, self.hop_length, self.hop_length).square().mean(dim=-1)[:, None]
        decibels = 10 * blocks.clamp(min=1e-10).log10()
        loudest = decibels.amax(dim=(1, 2))
        frames = (1 + 2 * (decibels - loudest[:, None, None]) / self.top_db).clamp(-1, 1)
        return frames, loudest.tolist()

    def invert(self, frames, ref_db, n_samples, pitch, seed):
        level = 10 ** (((frames[0] - 1) * self.top_db / 2 + ref_db) / 20)
        length = n_samples or len(level) * self.hop_length
        at = np.minimum(np.arange(length) // self.hop_length, len(level) - 1)
        return (level[at] * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)

    def frequencies(self) -> np.ndarray:
        return np.zeros(1)
'''

USE_FEATURES = """
import sys

import timbre_core.features.kinds

timbre_core.features.kinds.__path__.append(sys.argv[1])

import timbre_core

recipe = timbre_core.load_recipe("nsynth-cvae", [
    "features={kind: level}", "inversion={kind: own}", "window.frames=16", "model.encoder={kind: dense}",
    "model.decoder={kind: dense}",
])
assert "torch" not in sys.modules, "reading a recipe needs no torch"

import numpy as np

from timbre_core.decoding import TrajectoryCoder
from timbre_core.features.frames import note_frames
from timbre_core.inverters import inverter_names, open_inverter
from timbre_core.models.coder import WindowCoder
from timbre_core.recipes.networks import build_network

note = np.sin(np.arange(16_000) * 0.2).astype(np.float32) * np.linspace(1, 0.1, 16_000, dtype=np.float32)
frames, ref_db = note_frames(note, recipe.features)
coder = TrajectoryCoder(WindowCoder(build_network(recipe).eval(), "cpu"), recipe, "toy")
trajectory, = coder.encode_many([frames], [60])
decoded = coder.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, 62)
assert decoded.shape == frames.shape
assert inverter_names(recipe.features)[0] == "own"
sound = open_inverter(None, recipe.features)(frames, ref_db, n_samples=16_000)
rms = [np.sqrt(np.square(part).mean()) for part in (note, sound)]
assert abs(20 * np.log10(rms[1] / rms[0])) < 1, rms
try:
    timbre_core.load_recipe("nsynth-cvae", ["features={kind: level}"])
except timbre_core.TimbreError as error:
    print(error)
"""


def test_a_toy_feature_kind_is_one_new_file_from_recipe_to_sound(tmp_path: Path) -> None:
    said = used(tmp_path, "level.py", TOY_FEATURES, USE_FEATURES)
    assert "inversion.kind for features of kind level is own, got griffin_lim" in said
