"""What Play begins with where nobody chose a sound: a note that was recorded, where there is one."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.app.asgi import told
from tests.app.test_play_routes import ROOT, ask
from timbre_core.checkpoint import open_checkpoint, write_latents


def test_begins_with_a_note_that_was_recorded(checkpoints: Path, tiny_nsynth: Path, tmp_path: Path) -> None:
    modelled = told(ask("start"))["beginning"]
    assert modelled.startswith("brass")
    assert "-060-" in modelled, "the first keys lie around middle C"
    shutil.copytree(ROOT / "checkpoints" / "note-shift", checkpoints / "note-shift")
    assert told(ask("start")) == {"beginning": modelled}
    begun = told(ask("start", note=modelled))
    assert begun["recorded"] is True
    assert 60.0 in begun["recordings"]
    notes = shutil.copytree(tiny_nsynth, tmp_path / "notes")
    for audio in [*notes.rglob("brass*.wav"), *notes.rglob("brass*.flac")]:
        audio.unlink()
    checkpoint = open_checkpoint(checkpoints / "alpha")
    assert checkpoint.latents is not None
    write_latents(checkpoint.path, checkpoint.latents, [str(notes)])
    heard_now = told(ask("start"))["beginning"]
    assert not heard_now.startswith("brass")
    assert told(ask("start", note=heard_now))["recorded"] is True
    write_latents(checkpoint.path, checkpoint.latents, [str(tmp_path / "gone")])
    assert told(ask("start")) == {"beginning": modelled}, "without recordings a note of the model's"
