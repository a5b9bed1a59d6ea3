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
from timbre_core.recipes.library import parse_recipe

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


def test_a_toy_encoder_is_one_new_file(tmp_path: Path) -> None:
    (tmp_path / "mean.py").write_text(TOY_ENCODER, encoding="utf-8")
    command = [sys.executable, "-c", USE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert "unknown key 'model.encoder.scales': did you mean 'scale'?" in done.stdout


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
