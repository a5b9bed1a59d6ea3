"""Models as ONNX files: what onnxruntime makes of them, and that torch is not needed to play a note."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre_core.__main__ import main
from timbre_core.checkpoint import open_checkpoint
from timbre_core.generation import onnx_models
from timbre_core.space import TimbreSpace

_WITHOUT = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "timbre_core", "librosa"):
            raise ImportError(name)

sys.meta_path.insert(0, Without())
sys.argv = ["example.py", "57"]
exec(open("example.py").read())
"""


def test_an_exported_model_plays_a_note_without_torch(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name)
    import onnxruntime

    assert main(["export-model", str(tiny_checkpoint), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"opset {onnx_models.OPSET}; within ")
    assert "of torch on 100 notes" in said
    about = json.loads((tmp_path / "out" / "model.json").read_text())
    assert about["largest_difference"] <= 1e-4
    space = TimbreSpace(open_checkpoint(tiny_checkpoint))
    decoder = onnxruntime.InferenceSession(tmp_path / "out" / "decoder.onnx")
    z = np.random.default_rng(1).standard_normal((3, about["latent_dim"])).astype(np.float32)
    pitch = np.array([40, 60, 80], np.float32)
    (frames,) = decoder.run(None, {"z": z, "pitch": pitch})
    assert np.abs(frames - space.decode_windows(z, pitch)).max() < 1e-4, "any number of windows, each at its pitch"
    encoder = onnxruntime.InferenceSession(tmp_path / "out" / "encoder.onnx")
    assert [each.name for each in encoder.get_inputs()] == ["frames"], "this encoder is not told the pitch"
    mu, _ = encoder.run(None, {"frames": frames})
    assert mu.shape == z.shape
    example = (tmp_path / "out" / "example.py").read_text()
    assert len(example.splitlines()) <= 30
    done = subprocess.run([sys.executable, "-c", _WITHOUT], cwd=tmp_path / "out", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    audio, rate = soundfile.read(tmp_path / "out" / "note.wav")
    assert rate == space.sample_rate
    assert len(audio) > rate
    assert np.abs(audio).max() == pytest.approx(0.9, abs=0.01)


def test_what_is_missing_is_named(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(onnx_models, "find_spec", lambda name: None if name == "onnxscript" else object())
    assert main(["export-model", str(tiny_checkpoint), "--out", str(tmp_path / "out")]) == 1
    assert "need onnxscript: pip install" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_files_that_differ_are_not_written(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(onnx_models, "find_spec", lambda name: object())
    monkeypatch.setattr(onnx_models, "_exported", lambda *how: b"")
    monkeypatch.setattr(onnx_models, "_difference", lambda *how: float("nan"))
    assert main(["export-model", str(tiny_checkpoint), "--out", str(tmp_path / "out")]) == 1
    assert "differ from the model" in capsys.readouterr().err
