"""What the server never imports or keeps, whatever is heard: each takes MBs for the whole of its life."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.browser.harness import ROOT

_HEAR = """
import sys
from pages.server.memory import tune
tune()
from pages.server.catalog import find_map
from pages.server.map_data import describe_note
from pages.server.studio import Studio
notes = find_map({name!r})
describe_note(notes, 0)
studio = Studio(notes)
studio.frames(0, "original"), studio.frames(0, "reconstruction")
if notes.checkpoint.name != "mnist-vae":
    studio.audio(0, "inversion"), studio.audio(0, "reconstruction")
    studio.recording(0)
print("latents" in vars(notes.checkpoint))
unwanted = "sklearn sympy librosa numba umap matplotlib torch._dynamo scipy.stats scipy.signal".split()
print(sorted(set(unwanted) & set(sys.modules)))
"""


@pytest.mark.parametrize("name", ["timbre-space", "mnist-vae"])
def test_hearing_and_seeing_a_note_imports_no_more_than_it_needs(name: str) -> None:
    told = _HEAR.format(name=name)
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, timeout=200)
    assert done.stdout.split() == ["False", "[]"], done.stdout + done.stderr
