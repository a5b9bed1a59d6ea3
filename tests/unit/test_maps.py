"""Maps beside a checkpoint's own: added under a name, offered, opened; the first is never lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.synthetic import harmonic_note
from timbre_core.__main__ import main
from timbre_core.checkpoint import open_checkpoint
from timbre_core.maps import list_maps, map_file


@pytest.fixture(autouse=True)
def user_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "user"))
    return tmp_path / "user"


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    folder = tmp_path / "takes"
    folder.mkdir()
    for key in (60, 64, 67):
        soundfile.write(folder / f"kazoo_{key}_soft.wav", harmonic_note(key, 0.5), 16_000)
    return folder


def project(checkpoint: Path | str, *more: str | Path) -> int:
    return main(["project", str(checkpoint), "--methods", "pca", "--device", "cpu", *map(str, more)])


def test_a_named_map_lies_beside_the_checkpoints_own(
    tiny_checkpoint: Path, takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (tiny_checkpoint / "latents.parquet").read_bytes()
    assert project(tiny_checkpoint, "--data", takes, "--pattern", "{instrument}_{pitch}_{take}", "--name", "mine") == 0
    assert (tiny_checkpoint / "latents.parquet").read_bytes() == before
    assert str(tiny_checkpoint / "maps" / "mine" / "latents.parquet") in capsys.readouterr().out
    named = open_checkpoint(f"{tiny_checkpoint}@mine")
    assert (named.name, named.model_name, named.path) == ("tiny@mine", "tiny", tiny_checkpoint)
    assert named.latents is not None
    assert set(named.latents["instrument"]) == {"kazoo"}
    assert sorted(named.latents["pitch"]) == [60, 64, 67]
    assert len(open_checkpoint(tiny_checkpoint).latents) == 48
    note = named.latents["note_id"].iloc[0]
    out = tiny_checkpoint.parent / "out.wav"
    assert main(["generate", f"{tiny_checkpoint}@mine", "--like", note, "--seconds", "0.2", "--out", str(out)]) == 0
    assert main(["generate", str(tiny_checkpoint), "--like", note, "--seconds", "0.2", "--out", str(out)]) == 1


def test_a_map_that_takes_the_first_ones_place_keeps_it(
    tiny_checkpoint: Path, takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = (tiny_checkpoint / "latents.parquet").read_bytes()
    assert project(tiny_checkpoint, "--data", takes) == 0
    assert "the map before is kept" in capsys.readouterr().err
    assert len(open_checkpoint(tiny_checkpoint).latents) == 3
    assert project(tiny_checkpoint, "--data", takes, "--limit", "2") == 0
    assert "kept" not in capsys.readouterr().err
    assert (tiny_checkpoint / "maps" / "original" / "latents.parquet").read_bytes() == first
    assert len(open_checkpoint(f"{tiny_checkpoint}@original").latents) == 48
    for again in (["--name", "original"], ["--name", "Original"], ["--name", ""]):
        assert project(tiny_checkpoint, "--data", takes, *again) == 1
    assert project(f"{tiny_checkpoint}@original", "--data", takes) == 1
    assert len(open_checkpoint(f"{tiny_checkpoint}@original").latents) == 48


def test_maps_are_called_in_any_script_and_told_where_they_are_replaced(
    tiny_checkpoint: Path, takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Flöte 1", "Flo\u0308te 1"):
        assert project(tiny_checkpoint, "--data", takes, "--name", name) == 0
    assert "the map 'Flöte 1' was there already" in capsys.readouterr().err
    assert list(list_maps(tiny_checkpoint)) == ["Flöte 1"]
    assert len(open_checkpoint(f"{tiny_checkpoint}@Flöte 1").latents) == 3


def test_maps_of_what_cannot_be_written_lie_with_the_user(
    tiny_checkpoint: Path, takes: Path, user_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "timbre_core.maps.os.access", lambda place, mode: tiny_checkpoint not in (place, *Path(place).parents)
    )
    assert project(tiny_checkpoint, "--data", takes, "--name", "mine") == 0
    assert not (tiny_checkpoint / "maps").exists()
    (file,) = list_maps(tiny_checkpoint).values()
    assert user_data in file.parents
    assert len(open_checkpoint(f"{tiny_checkpoint}@mine").latents) == 3
    other = tiny_checkpoint.with_name("other") / "tiny"
    shutil.copytree(tiny_checkpoint, other)
    (other / "model.safetensors").write_bytes(b"other weights")
    assert list_maps(other) == {}, "another checkpoint of the same name has maps of its own"


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "a@b", "x" * 80, "con trol\n", "bad."])
def test_names_that_are_none_are_refused(
    tiny_checkpoint: Path, takes: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project(tiny_checkpoint, "--data", takes, "--name", name) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: --name")
    assert error.count("\n") == 1
    assert list_maps(tiny_checkpoint) == {}


def test_sounds_without_a_pitch_are_encoded_where_the_decoder_alone_is_told_it(
    tiny_checkpoint: Path, takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(16_000)
    soundfile.write(takes / "breath.wav", noise, 16_000)
    assert project(tiny_checkpoint, "--data", takes, "--name", "mine") == 0
    assert "skipped" not in capsys.readouterr().err
    latents = open_checkpoint(f"{tiny_checkpoint}@mine").latents.set_index("note_id")
    assert np.isnan(latents.loc["breath", ["pitch", "recon_l1"]].astype(float)).all()
    assert np.isfinite(latents["mu"].loc["breath"]).all()
    assert latents["recon_l1"].drop("breath").notna().all()


def test_a_map_that_is_not_there_is_told(tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", f"{tiny_checkpoint}@nope", "--out", "x.wav"]) == 1
    assert "no map 'nope'" in capsys.readouterr().err
    assert map_file(tiny_checkpoint, "new") == tiny_checkpoint / "maps" / "new" / "latents.parquet"
