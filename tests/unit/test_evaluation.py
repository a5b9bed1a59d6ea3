"""Evaluation: figures whose value is known, and who counts as unseen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tests.tones import INSTRUMENTS, LATENTS, RATE, small_recipe, tone
from timbre_core.analysis.coding import Coder
from timbre_core.analysis.control import measure_control, requested_pitches
from timbre_core.analysis.evaluation import evaluate, select_rows
from timbre_core.analysis.latents import compute_latents, spread_over
from timbre_core.checkpoint import Checkpoint
from timbre_core.datasets.library import Library
from timbre_core.errors import TimbreError
from timbre_core.features.frames import note_frames
from timbre_core.recipes.networks import build_model
from timbre_core.recipes.schema import Recipe


@dataclass
class FakeModel:
    """A model that encodes to given mu and logvar and decodes by a given function of z and pitch (numpy)."""

    recipe: Recipe
    decoder: Callable[[np.ndarray, np.ndarray], np.ndarray]
    mu: float = 0.0
    logvar: float = 0.0
    prior: Any = field(init=False)

    def __post_init__(self) -> None:
        self.prior = build_model(self.recipe).prior
        self.sampling = self.recipe.model.sampling
        self.refinement = self.recipe.model.refinement

    def encode(self, frames: torch.Tensor, conditions: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        shape = (len(frames), LATENTS)
        return torch.full(shape, self.mu), torch.full(shape, self.logvar)

    def decode(self, z: torch.Tensor, conditions: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.from_numpy(self.decoder(z.numpy(), conditions["pitch"].numpy()).astype(np.float32))


@dataclass
class FakeCheckpoint:
    recipe: Recipe
    fake: Any
    name: str = "fake"

    def model(self, device: torch.device | str = "cpu") -> Any:
        return self.fake


def test_reconstruction_with_a_known_answer(tone_library: Library) -> None:
    """mu = 0, sigma = 0.1, decoded to z's first value everywhere: all errors follow from the frames alone."""
    recipe = small_recipe()

    def first_value(z: np.ndarray, pitch: np.ndarray) -> np.ndarray:
        return np.broadcast_to(z[:, :1, None], (len(z), recipe.features.n_bins, recipe.window.frames))

    logvar = 2 * math.log(0.1)
    result = evaluate(
        FakeCheckpoint(recipe, FakeModel(recipe, first_value, 0.0, logvar)), tone_library, "all", progress=False
    )
    frames = [note_frames(tone_library.load(i, RATE), recipe.features)[0] for i in range(len(tone_library.notes))]
    assert result["notes"] == 40
    assert result["instruments"] == 5
    reconstruction = result["reconstruction"]
    expected_db = np.mean([np.abs(f).mean() for f in frames]) * recipe.features.top_db / 2
    assert reconstruction["log_mel_mae_db"] == pytest.approx(expected_db, rel=1e-5)
    assert reconstruction["mse"] == pytest.approx(np.mean([(f**2).mean() for f in frames]) + 0.01, rel=0.05)
    assert reconstruction["l1"] != reconstruction["l1_mean"]
    assert sorted(reconstruction["by_pitch"], key=int) == [str(p) for p in range(45, 81, 5)]
    assert all(entry["notes"] == 5 for entry in reconstruction["by_pitch"].values())
    latent = result["latent"]
    assert latent["kl_per_dim"] == pytest.approx([0.5 * (0.01 - 1 - logvar)] * LATENTS)
    assert latent["kl_total"] == pytest.approx(sum(latent["kl_per_dim"]))
    assert latent["active_units"] == 0


def test_plain_autoencoder_has_no_kl_and_no_noise(tone_library: Library) -> None:
    recipe = small_recipe(sampling=False)
    torch.manual_seed(0)
    result = evaluate(
        FakeCheckpoint(recipe, build_model(recipe).eval()), tone_library, "all", control_notes=0, progress=False
    )
    assert result["latent"]["kl_total"] == 0
    assert result["reconstruction"]["l1"] == result["reconstruction"]["l1_mean"]
    assert result["control"]["notes"] == 0
    assert result["control"]["within_50_cents"] is None


@pytest.mark.parametrize(
    ("offset", "exact", "octave"), [(0, True, True), (12, False, True), (1, False, False), (None, False, False)]
)
def test_control_measures_what_sounds(tone_library: Library, offset: int | None, exact: bool, octave: bool) -> None:
    """Models that play the pitch asked for, an octave above, a semitone above, or always the same note."""
    recipe = small_recipe()

    def play(z: np.ndarray, pitch: np.ndarray) -> np.ndarray:
        keys = [41.5 if offset is None else key + offset for key in pitch]
        frames = [note_frames(tone(key), recipe.features)[0] for key in keys]
        return np.stack([frame[:, 10 : 10 + recipe.window.frames] for frame in frames])

    coder = Coder(FakeModel(recipe, play), torch.device("cpu"), recipe)  # type: ignore[arg-type]
    control = measure_control(coder, tone_library, np.arange(40), most=12, progress=False)
    assert control["notes"] == 12
    assert control["unvoiced"] == 0
    assert control["recording_within_50_cents"] == 1
    assert control["inversion_within_50_cents"] > 0.9
    assert (control["within_50_cents"] > 0.9) if exact else (control["within_50_cents"] < 0.1)
    assert (control["within_octave_error"] > 0.9) if octave else (control["within_octave_error"] < 0.1)


def test_requested_pitches_stay_near_and_in_range() -> None:
    notes = pd.DataFrame({"instrument": ["a"] * 3 + ["b"] * 2, "pitch": [60.0, 65.0, 70.0, 30.0, 15.0]})
    asked = requested_pitches(notes, np.arange(5), seed=0)
    assert np.isnan(asked[4]), "no key from 36 up lies within an octave of 15"
    assert 36 <= asked[3] <= 42
    for pitch, key in zip(notes["pitch"][:3], asked[:3], strict=True):
        assert 60 <= key <= 70, "keys that the instrument plays go first"
        assert 3 <= abs(key - pitch) <= 12
    np.testing.assert_array_equal(requested_pitches(notes, np.arange(2), seed=0), asked[:2])


def test_spread_over() -> None:
    notes = pd.DataFrame(
        {
            "note_id": [f"n{i}" for i in range(130)],
            "instrument": ["common"] * 100 + ["rare"] * 30,
            "pitch": [*range(100), *range(30)],
            "velocity": 100.0,
        }
    ).sample(frac=1, random_state=0)
    rows = spread_over(notes, 40)
    chosen = notes.iloc[rows]
    assert chosen["instrument"].value_counts().to_dict() == {"common": 20, "rare": 20}
    assert np.diff(np.sort(chosen.loc[chosen["instrument"] == "common", "pitch"])).max() <= 8
    assert set(spread_over(notes, 10)) <= set(rows)
    np.testing.assert_array_equal(spread_over(notes, None), np.arange(130))
    np.testing.assert_array_equal(spread_over(notes, 500), np.arange(130))


def test_unseen_are_the_instruments_that_training_did_not_see(tone_library: Library) -> None:
    def rows(instruments: list[str] | None, split: str = "unseen") -> set[str]:
        fake = FakeCheckpoint(small_recipe(instruments=instruments), None)
        return set(tone_library.notes.iloc[select_rows(fake, tone_library, split)]["instrument"])

    assert rows(["brass_a", "reed_b", "from another set"]) == {"brass_b", "reed_a", "mallet_a"}
    assert rows(["set+brass_a"]) == set(INSTRUMENTS) - {"brass_a"}, "several roots put their name before it"
    assert rows([]) == set(INSTRUMENTS)
    assert rows(["brass_a"], "all") == set(INSTRUMENTS)
    with pytest.raises(TimbreError, match="every instrument"):
        rows(list(INSTRUMENTS))
    with pytest.raises(TimbreError, match="does not say"):
        rows(None)
    with pytest.raises(TimbreError, match="no split"):
        rows([], "tests")


def test_latents_of_notes_without_pitch(tone_checkpoint: Checkpoint, tone_library: Library) -> None:
    """A conditioned model needs a pitch: it is measured and marked; an unconditioned one leaves it unknown."""
    unknown = Library(tone_library.roots, tone_library.notes.assign(pitch=math.nan))
    table = compute_latents(tone_checkpoint, unknown, np.arange(8), methods=["pca"], progress=False)
    np.testing.assert_allclose(table["pitch"], tone_library.notes["pitch"][:8], atol=0.1)
    assert table["pitch_estimated"].all()
    recipe = small_recipe(conditioned=False)
    table = compute_latents(FakeCheckpoint(recipe, build_model(recipe)), unknown, np.arange(8), ["pca"], progress=False)
    assert table["pitch"].isna().all()
    assert not table["pitch_estimated"].any()
