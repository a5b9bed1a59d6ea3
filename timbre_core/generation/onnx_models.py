"""A model for programs without torch: encoder and decoder as ONNX files, checked against torch, with an example.

Open Neural Network Exchange, https://onnx.ai, operator set `OPSET`.
"""

from __future__ import annotations

import io
import json
import logging
import warnings
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from timbre_core.analysis.latents import spread_over
from timbre_core.errors import TimbreError
from timbre_core.features.log_mel import mel_filterbank
from timbre_core.features.settings import LogMelSettings
from timbre_core.features.windows import window_starts
from timbre_core.generation.sources import licence_note

if TYPE_CHECKING:
    from timbre_core.models.vae import VAE
    from timbre_core.space import TimbreSpace

OPSET = 20
TOLERANCE = 1e-4
"""Largest difference to torch, of latents and of frames in [-1, 1], that is accepted."""
CHECKED = 100
"""Notes of the map that it is checked on."""
_NEEDED = ("onnx", "onnxscript", "onnxruntime")


class _Encoder(nn.Module):
    """Windows, and their pitches where the model is told them, to mu and logvar."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor, pitch: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.model.encode(frames, {} if pitch is None else {"pitch": pitch})


class _Decoder(nn.Module):
    """Latents, and pitches where the model is told them, to windows."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor, pitch: Tensor | None = None) -> Tensor:
        return self.model.decode(z, {} if pitch is None else {"pitch": pitch})


def onnx_files(space: TimbreSpace) -> tuple[dict[str, bytes], float]:
    """The files of an exported model by name, and the largest difference to torch over `CHECKED` notes of the map.

    `encoder.onnx`: frames (n, n_bins, T) in [-1, 1], pitch (n,) MIDI where it is told it -> mu, logvar (n, latent_dim).
    `decoder.onnx`: z (n, latent_dim), pitch -> frames. `model.json` says the sizes, features and inputs. For log-mel features
    `example.py` plays a note of the map (`note.npz`) with numpy, scipy and onnxruntime alone.

    Raises TimbreError where the packages are missing, the model cannot be exported, or the files differ from it.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise TimbreError(f"ONNX files need {', '.join(missing)}: pip install {' '.join(_NEEDED)}.")
    recipe, model = space.recipe, space.model.eval()
    into = {place for part in recipe.model.conditions if part.label == "pitch" for place in part.into}
    told = {"encoder": bool(into & {"input", "encoder"}), "decoder": "decoder" in into}
    n_bins = recipe.features.n_bins
    two = {"frames": torch.zeros(2, n_bins, recipe.window.frames), "z": torch.zeros(2, recipe.model.latent_dim)}
    encoder = _exported(_Encoder(model), "frames", two["frames"], told["encoder"], ["mu", "logvar"])
    decoder = _exported(_Decoder(model), "z", two["z"], told["decoder"], ["frames"])
    largest = _difference(space, encoder, decoder, told)
    if not largest <= TOLERANCE:
        raise TimbreError(
            f"the ONNX files differ from the model by {largest:.1e}, more than {TOLERANCE:g}: not written."
        )
    about = {
        "model": space.checkpoint.model_name,
        "opset": OPSET,
        "largest_difference": largest,
        "latent_dim": recipe.model.latent_dim,
        "n_bins": n_bins,
        "window": {"frames": recipe.window.frames, "hop": recipe.window.hop},
        "features": recipe.features.model_dump(mode="json"),
        "told_pitch": told,
    }
    files = {"encoder.onnx": encoder, "decoder.onnx": decoder}
    files["model.json"] = (json.dumps(about, indent=2) + "\n").encode()
    files["LICENCE.txt"] = (licence_note(space.checkpoint) + "\n").encode("utf-8")
    if isinstance(recipe.features, LogMelSettings) and space.has_map:
        files["note.npz"] = _note(space, recipe.features)
        files["example.py"] = resources.files("timbre_core.generation").joinpath("onnx_example.txt").read_bytes()
    return files, largest


def _exported(module: nn.Module, name: str, example: Tensor, pitched: bool, outputs: list[str]) -> bytes:
    inputs: tuple[Tensor, ...] = (example, torch.full((2,), 60.0)) if pitched else (example,)
    batch = torch.export.Dim("n", min=1, max=4096)
    shapes = tuple({0: batch} for _ in inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                module.eval(),
                inputs,
                input_names=[name, *(["pitch"] if pitched else [])],
                output_names=outputs,
                dynamic_shapes=shapes,
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
        except Exception as error:  # what of torch has no counterpart is said in a dozen kinds of errors
            raise TimbreError(f"this model cannot be written as ONNX: {str(error).splitlines()[0][:200]}.") from error
    if program is None:
        raise TimbreError("this model cannot be written as ONNX: torch gave no program.")
    file: bytes = program.model_proto.SerializeToString()
    return file


def _difference(space: TimbreSpace, encoder: bytes, decoder: bytes, told: dict[str, bool]) -> float:
    """The largest difference of mu, logvar and frames between the files and torch, for notes spread over the map."""
    rows = spread_over(space.map_notes, CHECKED) if space.has_map else np.arange(0)
    rng = np.random.default_rng(0)
    drawn = rng.standard_normal((max(1, CHECKED - len(rows)), space.recipe.model.latent_dim)).astype(np.float32)
    z = np.concatenate([space.means[rows], drawn]) if space.has_map else drawn
    pitch = rng.integers(36, 96, len(z)).astype(np.float32)
    if space.has_map and "pitch" in space.map_notes:
        pitch[: len(rows)] = space.map_notes["pitch"].to_numpy(np.float32)[rows]
    pitch = np.nan_to_num(pitch, nan=60.0)
    with torch.inference_mode():
        conditions = {"pitch": torch.from_numpy(pitch)}
        frames = space.model.decode(torch.from_numpy(z), conditions)
        mu, logvar = space.model.encode(frames, conditions)
    wanted = {"decoder": [frames.numpy()], "encoder": [mu.numpy(), logvar.numpy()]}
    given: dict[str, dict[str, Any]] = {"decoder": {"z": z}, "encoder": {"frames": frames.numpy()}}
    largest = 0.0
    for part, file in (("decoder", decoder), ("encoder", encoder)):
        found = _run(file, given[part] | ({"pitch": pitch} if told[part] else {}))
        for ours, theirs in zip(found, wanted[part], strict=True):
            off = float(np.abs(ours - theirs).max())
            largest = max(largest, off if np.isfinite(off) else np.inf)
    return largest


def _run(file: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, inputs)
    return found


def _note(space: TimbreSpace, features: LogMelSettings) -> bytes:
    """A note of the map: its latents, where its windows begin, its pitch, and the mel filters."""
    z = space.trajectory_in(len(space.map_notes) // 2)
    window = space.recipe.window
    starts = window_starts((len(z) - 1) * window.hop + window.frames, window.frames, window.hop)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, z=z, starts=starts, mel=mel_filterbank(features).numpy())
    return buffer.getvalue()


def default_folder(space: TimbreSpace) -> Path:
    """Where a model is written unless told otherwise."""
    return Path(f"{space.checkpoint.model_name}-onnx")
