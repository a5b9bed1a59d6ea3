"""Checkpoint folders: open, list, and what a damaged one says."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from timbre_core.checkpoint import LATENTS, RECIPE, WEIGHTS, list_checkpoints, open_checkpoint, write_evaluation
from timbre_core.errors import TimbreError
from timbre_core.models.weights import read_tensors, write_tensors


def test_parts_come_back(tiny_checkpoint: Path) -> None:
    checkpoint = open_checkpoint(tiny_checkpoint)
    assert checkpoint.recipe.name == "nsynth-cvae"
    assert checkpoint.history.empty
    assert checkpoint.evaluation is None
    latents = checkpoint.latents
    assert latents is not None
    assert len(latents) == 48
    assert latents["note_id"].is_unique
    assert len(latents["mu"].iloc[0]) == 32
    assert {"pca_1", "pca_2", "recon_l1", "trajectory", "family", "pitch"} <= set(latents.columns)
    assert checkpoint.latents_roots
    assert not checkpoint.model().training
    write_evaluation(tiny_checkpoint, {"notes": 3})
    assert open_checkpoint(tiny_checkpoint).evaluation == {"notes": 3}


def test_a_map_opens_without_torch(tiny_checkpoint: Path) -> None:
    """What the app does to draw a map must not pay for the import of torch."""
    program = (
        "import sys; from timbre_core.checkpoint import open_checkpoint; "
        f"c = open_checkpoint({str(tiny_checkpoint)!r}); c.latents; c.history; c.evaluation; "
        "print([m for m in ('torch', 'librosa', 'numba', 'umap', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_listing_leaves_out_unfinished_and_hidden_folders(tiny_checkpoint: Path) -> None:
    folder = tiny_checkpoint.parent
    for name in ("running.training", ".hidden", "notes"):
        (folder / name).mkdir()
        (folder / name / ("x" if name == "notes" else RECIPE)).write_text("name: x")
    (folder / "broken").mkdir()
    (folder / "broken" / RECIPE).write_text("name: broken")
    assert [path.name for path in list_checkpoints(folder)] == ["broken", tiny_checkpoint.name]
    assert list_checkpoints(folder / "nowhere") == []


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        (WEIGHTS, None, r"model\.safetensors is missing"),
        (RECIPE, None, r"recipe\.yaml is missing"),
        (WEIGHTS, b"\x00" * 64, r"model\.safetensors: damaged or truncated"),
        (RECIPE, b"name: Not A Name", r"recipe\.yaml: name"),
        (RECIPE, b"name: x\nmodel: {latent_dim: 7}", "do not belong together|belongs to another recipe|not part of"),
        (LATENTS, b"PAR1 and then nothing", r"latents\.parquet: damaged or truncated: make it again"),
        ("history.jsonl", b'{"epoch": 1}\n{"epo', r"history\.jsonl: a line is not JSON"),
        ("evaluation.json", b'{"notes": ', r"evaluation\.json: not valid JSON at line 1"),
    ],
)
def test_damage_is_told_in_one_sentence(tiny_checkpoint: Path, part: str, content: bytes | None, message: str) -> None:
    path = tiny_checkpoint / part
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TimbreError, match=message) as caught:
        _use_all_parts(tiny_checkpoint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [lambda tensor: tensor * math.nan, lambda tensor: tensor.bool(), lambda tensor: tensor.int()]
)
def test_weights_that_are_no_numbers_are_told(
    tiny_checkpoint: Path, change: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    path = tiny_checkpoint / WEIGHTS
    tensors, metadata = read_tensors(path)
    write_tensors(path, {name: change(tensor) for name, tensor in tensors.items()}, metadata)
    with pytest.raises(TimbreError, match=rf"{WEIGHTS}: weights .* are no finite real numbers"):
        open_checkpoint(tiny_checkpoint).model()


def test_weights_of_half_the_bits_are_read(tiny_checkpoint: Path) -> None:
    path = tiny_checkpoint / WEIGHTS
    tensors, metadata = read_tensors(path)
    write_tensors(path, {name: tensor.bfloat16() for name, tensor in tensors.items()}, metadata)
    read = open_checkpoint(tiny_checkpoint).model().state_dict()
    for name, tensor in tensors.items():
        assert torch.equal(read[name], tensor.bfloat16().to(read[name].dtype))


def _use_all_parts(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    _ = checkpoint.latents, checkpoint.history, checkpoint.evaluation
    checkpoint.model()


def test_missing_folder_names_its_neighbours(tiny_checkpoint: Path) -> None:
    with pytest.raises(TimbreError, match=rf"no such checkpoint folder.*{tiny_checkpoint.name}"):
        open_checkpoint(tiny_checkpoint.parent / "typo")
